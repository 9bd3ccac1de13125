"""What AWS's own inventory says of addresses, and from when until when."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.analysis.enrich.stretches import NOWHERE, Packed, Stretches, bounds_of_cidr
from dashboard.errors import DashboardError
from ingest.errors import IngestError
from ingest.store.read import no_names, read_names

EVER, NEVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max
"""An open beginning, and an open end."""

Numbers = npt.NDArray[np.int64]
_ANY_VPC, _OTHER_VPC = -1, -2


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of time that together cover all of it, for each end asked.

    Attributes:
        ends: Which end, ascending; its spans follow each other in time.
        rows: Its row of the inventory's addresses then, -1: none.
        begins: First second, `EVER` where open.
        finishes: End, not included, `NEVER` where open.
    """

    ends: Numbers
    rows: Numbers
    begins: Numbers
    finishes: Numbers


@dataclass(frozen=True, slots=True)
class Inventory:
    """The dated names of a cache, ready to look up.

    Attributes:
        addresses: As `ingest.store.read.read_names` returns them.
        networks: The same; one row for each id and CIDR, the newest.
        history: All rows of networks.
    """

    addresses: pa.Table
    networks: pa.Table
    history: pa.Table
    _by_address: _Groups = field(repr=False)
    _vpc_codes: Numbers = field(repr=False)
    _vpc_values: pa.Array = field(repr=False)
    _valid: tuple[Numbers, Numbers] = field(repr=False)
    _subnets: _Networks = field(repr=False)
    _vpcs: _Networks = field(repr=False)

    @classmethod
    def none(cls) -> Inventory:
        """Know nothing."""
        return cls.of(no_names())

    @classmethod
    def of(cls, tables: dict[str, pa.Table]) -> Inventory:
        """Prepare the tables of a cache's names."""
        addresses = tables["addresses"].combine_chunks()
        vpcs = _combined(addresses.column("vpc_id")).dictionary_encode()
        networks = _newest(tables["networks"])
        kinds = networks.column("kind").to_pylist()
        is_vpc = np.array([kind == "vpc" for kind in kinds], dtype=bool)
        return cls(
            addresses,
            networks,
            tables["networks"],
            _Groups.of(addresses.column("address")),
            _filled(vpcs.indices, _ANY_VPC),
            vpcs.dictionary,
            (
                _filled(addresses.column("valid_from"), EVER),
                _filled(addresses.column("valid_to"), NEVER),
            ),
            _Networks.of(networks, np.flatnonzero(~is_vpc), "vpc_id"),
            _Networks.of(networks, np.flatnonzero(is_vpc), "id"),
        )

    def spans(self, addresses: pa.Array, vpc_ids: pa.Array) -> Spans:
        """Tell which interface each end belonged to, over all time.

        Where both the end's VPC and the interface's are known they must be equal; where
        the end's is not, an address that two VPCs have at a time is neither's.
        """
        ends, rows = self._by_address.pairs(addresses)
        asked = _filled(pc.index_in(vpc_ids, value_set=self._vpc_values), _OTHER_VPC)
        asked = np.where(vpc_ids.is_null().to_numpy(zero_copy_only=False), _ANY_VPC, asked)
        own = self._vpc_codes[rows]
        fits = (asked[ends] == _ANY_VPC) | (own == _ANY_VPC) | (asked[ends] == own)
        ends, rows = ends[fits], rows[fits]
        begins, finishes = (times[rows] for times in self._valid)
        counts = np.bincount(ends, minlength=len(addresses))
        is_plain = (counts[ends] == 1) & (begins == EVER) & (finishes == NEVER)
        unknown = np.flatnonzero(counts == 0)
        swept = self._swept(ends[~is_plain], rows[~is_plain])
        n_whole = len(unknown) + int(is_plain.sum())
        spans = Spans(
            np.concatenate([unknown, ends[is_plain], swept[0]]),
            np.concatenate([np.full(len(unknown), NOWHERE), rows[is_plain], swept[1]]),
            np.concatenate([np.full(n_whole, EVER), swept[2]]),
            np.concatenate([np.full(n_whole, NEVER), swept[3]]),
        )
        order = np.lexsort((spans.begins, spans.ends))
        return Spans(*(getattr(spans, name)[order] for name in Spans.__slots__))

    def places(self, packed: Packed, vpc_ids: pa.Array) -> tuple[Numbers, Numbers]:
        """Tell the subnet and the VPC of each end by CIDR: rows of `networks`, -1: none.

        Within the end's VPC where it is known; else where one subnet, or VPC, alone has it.
        """
        subnets = self._subnets.positions(packed, vpc_ids)
        vpcs = self._vpcs.by_vpc(vpc_ids)
        vpcs = np.where(vpcs == NOWHERE, self._vpcs.positions(packed, vpc_ids), vpcs)
        of_subnet = self.networks.column("vpc_id").take(_or_null(subnets))
        found = self._vpcs.by_vpc(_combined(of_subnet))
        return subnets, np.where(found == NOWHERE, vpcs, found)

    def _swept(self, ends: Numbers, rows: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        order = np.argsort(ends, kind="stable")
        ends, rows = ends[order], rows[order]
        firsts = np.flatnonzero(np.diff(ends, prepend=-1))
        found = [
            (int(ends[first]), *span)
            for first, last in itertools.pairwise([*firsts.tolist(), len(ends)])
            for span in self._partition(rows[first:last].tolist())
        ]
        columns = np.array(found, dtype=np.int64).reshape(-1, 4).T
        return columns[0], columns[1], columns[2], columns[3]

    def _partition(self, rows: list[int]) -> Iterator[tuple[int, int, int]]:
        """Cut all time where the answer changes: row, begin and end of each piece."""
        begins, finishes = self._valid
        times = sorted((int(begins[row]), int(finishes[row]), row) for row in rows)
        if any(first[1] > second[0] for first, second in itertools.pairwise(times)):
            times = self._disputed(times)
        now = EVER
        for begin, finish, row in times:
            if now < begin:
                yield NOWHERE, now, begin
            yield row, begin, finish
            now = finish
        if now < NEVER:
            yield NOWHERE, now, NEVER

    def _disputed(self, times: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
        """Let the newest of several rows hold; none where they lie in different VPCs."""
        cuts = sorted({moment for begin, finish, _ in times for moment in (begin, finish)})
        pieces: list[tuple[int, int, int]] = []
        for begin, finish in itertools.pairwise(cuts):
            holding = [time for time in times if time[0] <= begin and finish <= time[1]]
            if len({int(self._vpc_codes[row]) for _, _, row in holding}) != 1:
                continue
            row = max(holding)[2]
            goes_on = bool(pieces) and pieces[-1][1:] == (begin, row)
            pieces.append((pieces.pop()[0] if goes_on else begin, finish, row))
        return pieces


@dataclass(frozen=True, slots=True)
class _Groups:
    """Rows of a table by the text of one column."""

    values: pa.Array
    rows: Numbers
    firsts: Numbers

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> _Groups:
        encoded = _combined(column).dictionary_encode()
        codes = _filled(encoded.indices, NOWHERE)
        order = np.argsort(codes, kind="stable")
        firsts = np.searchsorted(codes[order], np.arange(len(encoded.dictionary) + 1))
        return cls(encoded.dictionary, order, firsts)

    def pairs(self, asked: pa.Array) -> tuple[Numbers, Numbers]:
        """Return every pair of a position in `asked` and a row with the same text."""
        codes = _filled(pc.index_in(asked, value_set=self.values), NOWHERE)
        known = np.flatnonzero(codes != NOWHERE)
        counts = np.diff(self.firsts)[codes[known]]
        ends = np.repeat(known, counts)
        within = np.arange(len(ends)) - np.repeat(np.cumsum(counts) - counts, counts)
        return ends, self.rows[np.repeat(self.firsts[codes[known]], counts) + within]


@dataclass(frozen=True, slots=True)
class _Networks:
    """Networks of one sort, by CIDR: all together, and those of each VPC."""

    rows: Numbers
    vpc_values: pa.Array
    anywhere: Stretches
    within: tuple[tuple[Stretches, Numbers], ...]

    @classmethod
    def of(cls, networks: pa.Table, rows: Numbers, vpc_column: str) -> _Networks:
        cidrs = networks.column("cidr").take(pa.array(rows)).to_pylist()
        bounds = [bounds_of_cidr(cidr) for cidr in cidrs]
        vpcs = _combined(networks.column(vpc_column).take(pa.array(rows))).dictionary_encode()
        codes = _filled(vpcs.indices, NOWHERE)
        within = []
        for code in range(len(vpcs.dictionary)):
            own = np.flatnonzero(codes == code)
            within.append((Stretches.of([bounds[row] for row in own]), rows[own]))
        return cls(rows, vpcs.dictionary, Stretches.unshared(bounds), tuple(within))

    def positions(self, packed: Packed, vpc_ids: pa.Array) -> Numbers:
        """Return the row of the network of each end, -1 where it has none."""
        is_known = vpc_ids.is_valid().to_numpy(zero_copy_only=False)
        found = np.full(len(packed), NOWHERE, dtype=np.int64)
        free = np.flatnonzero(~is_known)
        found[free] = _looked_up(self.anywhere, self.rows, packed[free])
        codes = _filled(pc.index_in(vpc_ids, value_set=self.vpc_values), NOWHERE)
        order = np.argsort(codes, kind="stable")
        firsts = np.searchsorted(codes[order], np.arange(len(self.within) + 1))
        for code, (stretches, rows) in enumerate(self.within):
            own = order[firsts[code] : firsts[code + 1]]
            found[own] = _looked_up(stretches, rows, packed[own])
        return found

    def by_vpc(self, vpc_ids: pa.Array) -> Numbers:
        """Return a row of each VPC, -1 where it is not known."""
        codes = _filled(pc.index_in(vpc_ids, value_set=self.vpc_values), NOWHERE)
        firsts = np.array([rows[0] for _, rows in self.within] + [NOWHERE], dtype=np.int64)
        return np.where(pc.is_null(vpc_ids).to_numpy(zero_copy_only=False), NOWHERE, firsts[codes])


def read_inventory(cache: Path) -> Inventory:
    """Read the dated names of a cache.

    Raises:
        DashboardError: They are damaged.
    """
    try:
        return Inventory.of(read_names(cache))
    except IngestError as error:
        raise DashboardError(str(error)) from error


def _looked_up(stretches: Stretches, rows: Numbers, packed: Packed) -> Numbers:
    positions = stretches.positions(packed)
    return np.where(positions == NOWHERE, NOWHERE, np.append(rows, NOWHERE)[positions])


def _newest(networks: pa.Table) -> pa.Table:
    """Return the newest row of each id and CIDR, in order of CIDR and id."""
    ends = _filled(networks.column("valid_to"), NEVER).tolist()
    keys = zip(networks.column("id").to_pylist(), networks.column("cidr").to_pylist(), strict=True)
    last: dict[Any, int] = {}
    for row, key in enumerate(keys):
        if key not in last or ends[last[key]] <= ends[row]:
            last[key] = row
    return networks.take(pa.array(sorted(last.values()), pa.int64())).combine_chunks()


def _combined(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _filled(column: Any, null: int) -> Numbers:
    filled = pc.fill_null(pc.cast(column, pa.int64()), null)
    return np.asarray(_combined(filled).to_numpy(zero_copy_only=False), dtype=np.int64)


def _or_null(positions: Numbers) -> pa.Array:
    return pa.array(positions, mask=positions == NOWHERE)
