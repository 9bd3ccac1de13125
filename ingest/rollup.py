"""The narrow tables that views read, made from one chunk of records.

Every table is additive: partial rows of several chunks sum up to the rows of all. The
loops over records are in `ingest.kernels.groups`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.conversation import Derived
from ingest.kernels import groups, own
from ingest.kernels.tables import new_slots
from ingest.kernels.text import fill_slots
from ingest.parse.text import Narrow, ParsedText, Wide
from ingest.places import Places
from ingest.schema import ACTIONS, LOG_STATUSES
from ingest.store.columns import AddressColumns, Codes, Column, Numbers, Table, Texts
from ingest.store.layout import HOUR_S

_MINUTE_S = 60
_FIRST_GROUPS = 1 << 14
_EDGE_SUMS = (
    "records", "flows", "packets", "bytes", "return_packets", "return_bytes",
    "first_seen", "last_seen",
)  # fmt: skip
_SERIES_SUMS = ("records", "flows", "packets", "bytes", "logged_packets", "logged_bytes")
_TALKER_SUMS = (
    "records", "flows", "initiated_flows", "sent_packets", "sent_bytes",
    "received_packets", "received_bytes",
)  # fmt: skip
_PORT_SUMS = ("records", "flows", "packets", "bytes")
_ENDS_SUMS = ("records", "first_seen", "last_seen")
_NO_TIME = 2**63 - 1
_LINE_BYTES = 64
_DAY_S, _DAY_HOURS = 86_400, 24
# What an interface's own end belongs to.
_BELONGS = (
    "account_id", "vpc_id", "subnet_id", "interface_id", "instance_id", "az_id", "region",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the traffic records of a chunk, as logged.

    Attributes:
        undated: Records without a time.
        packets, bytes: Their sums.
        first: Smallest start; None for none.
        last: Largest end; None for none.
    """

    undated: int
    packets: int
    bytes: int
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Rollups:
    """What a chunk's records add up to.

    Attributes:
        tables: `edges`, `series`, `talkers`, `ports`, `coverage` and `ends`; columns and
            types as in `ingest.schema.TABLES`. Rows of `edges` without both addresses have
            null ends. Times are null for records without `start` and `end`.
        hours: Each record's hour since 1970; -1 for those without a time.
        totals: Over all traffic records.
    """

    tables: dict[str, Table]
    hours: Narrow
    totals: Totals


class _Groups:
    """Groups by key with their sums; see `ingest.kernels.groups`."""

    def __init__(self, n_sums: int, room: int = _FIRST_GROUPS) -> None:
        self.slots = new_slots(room)
        self.keys = np.empty((room, 2), np.int64)
        self.hashes = np.empty(room, np.uint64)
        self.sums = _new_sums(room, n_sums)
        self.count = np.zeros(1, np.int64)

    def __len__(self) -> int:
        return int(self.count[0])

    @property
    def arrays(self) -> tuple[object, ...]:
        return self.slots, self.keys, self.hashes, self.sums, self.count

    def grow(self) -> None:
        """Make room for four times as many, where half is taken."""
        room, taken = len(self.keys), len(self)
        if 2 * taken < room:
            return
        # Copied is what is taken: room that nothing was written to costs nothing.
        keys, hashes, sums = self.keys, self.hashes, self.sums
        self.keys = np.empty((4 * room, 2), np.int64)
        self.hashes = np.empty(4 * room, np.uint64)
        self.sums = _new_sums(4 * room, sums.shape[1])
        self.keys[:taken], self.hashes[:taken] = keys[:taken], hashes[:taken]
        self.sums[:taken] = sums[:taken]
        self.slots = new_slots(4 * room)
        fill_slots(self.hashes[:taken], np.arange(taken, dtype=np.int32), self.slots)

    def upper(self, shift: int, bits: int) -> Narrow:
        """Return a part of each key's first number."""
        return _part(self.keys[: len(self), 0], shift, bits)

    def lower(self, shift: int, bits: int) -> Narrow:
        """Return a part of each key's second number."""
        return _part(self.keys[: len(self), 1], shift, bits)

    def named(self, names: Sequence[str]) -> dict[str, Column]:
        """Return the sums as columns."""
        sums = np.ascontiguousarray(self.sums[: len(self)].T)
        return {name: Numbers(sums[place]) for place, name in enumerate(names)}


def _new_sums(room: int, n_sums: int) -> Wide:
    """Return rows of zeros; those of an edge fill one line of the processor's cache."""
    zeros = np.zeros(room * n_sums + _LINE_BYTES // 8, np.int64)
    begin = -zeros.ctypes.data % _LINE_BYTES // 8
    return zeros[begin : begin + room * n_sums].reshape(room, n_sums)


def rollups(parsed: ParsedText, derived: Derived, addresses: AddressColumns) -> Rollups:
    """Add up a chunk of records.

    Args:
        parsed: Typed rows of one layout.
        derived: Their facts.
        addresses: What columns make of the addresses' codes.
    """
    edges, series = _Groups(groups.EDGE_SUMS), _Groups(groups.SERIES_SUMS)
    coverage = _Groups(groups.COVERAGE_SUMS)
    hours = np.empty(parsed.n_rows, np.int32)
    totals = np.array([0, 0, 0, _NO_TIME, -1])
    status = parsed.small("log_status")
    if "log_status" not in parsed.names:
        no_data = LOG_STATUSES.index("NODATA")
        status = np.where(derived.is_traffic > 0, 0, no_data).astype(np.int32)
    _add(
        groups.add_records,
        lambda state: (
            state, parsed.large("start"), parsed.large("end"), int("end" in parsed.names),
            parsed.large("packets"), parsed.large("bytes"), parsed.small("protocol"),
            parsed.small("action"), parsed.small("account_id"), parsed.small("interface_id"),
            status, derived.src, derived.dst, derived.is_traffic, derived.initiator_is_src,
            derived.rule, derived.service_port, derived.is_counted, hours, totals,
            *edges.arrays, *series.arrays, *coverage.arrays,
        ),
        (edges, series, coverage),
    )  # fmt: skip
    groups.finish_series(series.sums[: len(series)])
    talkers, ports = _Groups(groups.TALKER_SUMS), _Groups(groups.PORT_SUMS)
    _add(
        groups.add_edges,
        lambda state: (
            state, edges.keys[: len(edges)], edges.sums[: len(edges)],
            *talkers.arrays, *ports.arrays,
        ),
        (talkers, ports),
    )  # fmt: skip
    places = derived.places
    tables = {
        "edges": _edges(edges, addresses, places),
        "series": _series(series),
        "talkers": _talkers(talkers, addresses, places),
        "ports": _ports(ports),
        "coverage": _coverage(coverage, parsed),
        "ends": _ends(parsed, derived, addresses),
    }
    undated, packets, n_bytes, first, last = totals.tolist()
    return Rollups(
        tables, hours,
        Totals(undated, packets, n_bytes, None if first == _NO_TIME else first,
               None if last < 0 else last),
    )  # fmt: skip


def _add(
    kernel: Callable[..., int],
    arguments: Callable[[Wide], tuple[object, ...]],
    tables: Sequence[_Groups],
) -> None:
    """Run a kernel until all is added, with more room for groups where it asks for it."""
    state = np.zeros(1, np.int64)
    while kernel(*arguments(state)) == groups.FULL:
        for table in tables:
            table.grow()


def _part(keys: Wide, shift: int, bits: int) -> Narrow:
    return (((keys >> shift) & ((1 << bits) - 1)) - 1).astype(np.int32)


def _facts(table: _Groups) -> dict[str, Column]:
    """Return the columns that edges, series and ports have in common."""
    return {
        "protocol": Numbers(table.lower(groups.ACTION_BITS, groups.PROTOCOL_BITS)),
        "action": Codes(table.lower(0, groups.ACTION_BITS), Texts.of(ACTIONS)),
    }


def _service_port(table: _Groups) -> Numbers:
    return Numbers(table.lower(groups.ACTION_BITS + groups.PROTOCOL_BITS, groups.PORT_BITS))


def _timed(columns: dict[str, Column], name: str, slots: Narrow) -> Table:
    """Make a table whose rows belong to hours since 1970."""
    seconds = np.where(slots < 0, -1, slots.astype(np.int64) * HOUR_S)
    return Table({name: Numbers(seconds), **columns}, slots, seconds)


def _address(
    prefix: str, name: str, codes: Narrow, addresses: AddressColumns, places: Places
) -> dict[str, Column]:
    ends = places.addresses(codes)
    return {
        name: addresses.text(ends),
        f"{prefix}vpc_id": Codes(places.vpcs(codes), Texts.of(places.vpc_ids)),
        f"{prefix}ip4": addresses.ip4(ends),
        f"{prefix}ip6": addresses.ip6(ends),
    }


_KEY_BITS = groups.ACTION_BITS + groups.PROTOCOL_BITS + groups.PORT_BITS
_TIME_BITS = 31


def _edges(table: _Groups, addresses: AddressColumns, places: Places) -> Table:
    initiator = table.upper(groups.ADDRESS_BITS, _TIME_BITS)
    responder = table.upper(0, groups.ADDRESS_BITS)
    columns = {
        **_address("initiator_", "initiator", initiator, addresses, places),
        **_address("responder_", "responder", responder, addresses, places),
        "service_port": _service_port(table),
        **_facts(table),
        **table.named(_EDGE_SUMS),
    }
    return _timed(columns, "hour_start", table.lower(_KEY_BITS, _TIME_BITS))


def _series(table: _Groups) -> Table:
    minutes = table.lower(_KEY_BITS, _TIME_BITS)
    seconds = np.where(minutes < 0, -1, minutes.astype(np.int64) * _MINUTE_S)
    columns = {
        "minute_start": Numbers(seconds),
        **_facts(table),
        **table.named(_SERIES_SUMS),
    }
    hours = _timed(columns, "hour_start", table.upper(0, _TIME_BITS))
    return Table(hours.columns, hours.hours, hours.times, seconds)


def _talkers(table: _Groups, addresses: AddressColumns, places: Places) -> Table:
    columns = {
        **_address("", "address", table.upper(0, groups.ADDRESS_BITS), addresses, places),
        "action": Codes(table.lower(0, groups.ACTION_BITS), Texts.of(ACTIONS)),
        **table.named(_TALKER_SUMS),
    }
    return _timed(columns, "hour_start", table.lower(groups.ACTION_BITS, _TIME_BITS))


def _ports(table: _Groups) -> Table:
    columns = {
        "service_port": _service_port(table), **_facts(table), **table.named(_PORT_SUMS),
    }  # fmt: skip
    return _timed(columns, "hour_start", table.lower(_KEY_BITS, _TIME_BITS))


def _coverage(table: _Groups, parsed: ParsedText) -> Table:
    account = table.upper(groups.ADDRESS_BITS, _TIME_BITS)
    interface = table.upper(0, groups.ADDRESS_BITS)
    columns: dict[str, Column] = {
        "account_id": Codes(account, Texts.of(parsed.texts.get("account_id", []))),
        "interface_id": Codes(interface, Texts.of(parsed.texts.get("interface_id", []))),
        "log_status": Codes(table.lower(0, groups.STATUS_BITS), Texts.of(LOG_STATUSES)),
        **table.named(("records",)),
    }
    return _timed(columns, "hour_start", table.lower(groups.STATUS_BITS, _TIME_BITS))


def _ends(parsed: ParsedText, derived: Derived, addresses: AddressColumns) -> Table:
    """Add up what the interfaces' own ends belong to."""
    names = [name for name in _BELONGS if name in parsed.texts]
    codes = np.empty((len(names), parsed.n_rows), np.int32)
    for place, name in enumerate(names):
        codes[place] = parsed.narrow[name]
    is_relay = np.zeros(parsed.n_rows, np.bool_)
    for name in ("tgw_id", "tgw_attachment_id"):
        if name in parsed.narrow:
            is_relay |= parsed.narrow[name] >= 0
    table = _Groups(own.SUMS)
    latest = np.zeros(len(parsed.addresses), np.int32)
    _add(
        own.add_ends,
        lambda state: (
            state, parsed.large("start"), parsed.large("end"), derived.reporter,
            parsed.small("srcaddr"), parsed.small("dstaddr"), is_relay.view(np.uint8), codes,
            latest, *table.arrays,
        ),
        (table,),
    )  # fmt: skip
    found = table.keys[: len(table)]
    rows = table.sums[: len(table), own.ROW]
    address = found[:, 1].astype(np.int32)
    seconds = np.where(found[:, 0] < 0, -1, found[:, 0] * _DAY_S)
    columns: dict[str, Column] = {
        "day_start": Numbers(seconds),
        "address": addresses.text(address),
        "ip4": addresses.ip4(address),
        "ip6": addresses.ip6(address),
        **table.named(_ENDS_SUMS),
    }
    for name in _BELONGS:
        known = (
            codes[names.index(name)][rows] if name in names else np.full(len(rows), -1, np.int32)
        )
        columns[name] = Codes(known, Texts.of(parsed.texts.get(name, [])))
    hours = np.where(found[:, 0] < 0, -1, found[:, 0] * _DAY_HOURS).astype(np.int32)
    return Table(columns, hours, seconds)
