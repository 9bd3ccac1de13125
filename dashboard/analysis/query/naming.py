"""What is known of the addresses of a cache, and what a node is at each level."""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.analysis.answers import NodeFacts
from dashboard.analysis.filters.fields import WIDE_SCOPES
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.claims import Known, holds
from dashboard.analysis.query.filtering import needs_of
from dashboard.analysis.query.node_ids import (
    LEVEL_COLUMNS,
    UNKNOWN_VPC,
    Texts,
    address_ids,
    node_ids,
    reads_as_network,
)
from dashboard.analysis.query.nodes import Joined
from dashboard.analysis.query.numbers import Codes, by_place, rows_of_places
from dashboard.analysis.query.tables import FACTS, PLACE_FACTS
from dashboard.analysis.query.unknown_times import dated, unknown_times

MAX_LISTED = 20
ATTRIBUTES = (
    "name", "kind", "owner", "subnet_id", "subnet_name", "vpc_name", "account_id", "account_name",
    "region", "az_id", "interface_id", "instance_id", "security_groups", "tags", "aws_service",
    "cloud", "country", "asn", "scope",
)  # fmt: skip
# What the logs themselves say of an interface's own address.
OWN = ("account_id", "subnet_id", "interface_id", "instance_id", "az_id", "region")
# What a book that knows coarse scopes alone says, in the finer words.
_NARROW = {wide: narrow[0] for wide, narrow in WIDE_SCOPES.items()}


class NameBook(Protocol):
    """What is known of addresses beside the logs; `enrich` holds them."""

    def stamp(self) -> Hashable:
        """Return a value that changes when the names do; cheap, asked on every call."""

    def attributes(self, ends: pa.Table) -> pa.Table:
        """Return what is known of `address` in `vpc_id` (null: not known).

        Returns:
            `address`, `vpc_id`, `valid_from`, `valid_to` (epoch s; null: open) and
            ATTRIBUTES, null where not known; at least one row for each row asked, several
            where something changed. May leave out columns that it knows nothing of.
        """

    def scope(self, address: str) -> str:
        """Return `internal`, `internet` or `multicast`."""


@dataclass(frozen=True, slots=True)
class Places:
    """Everything known of the addresses of one state of a cache.

    Attributes:
        frame: A row for each address, VPC and stretch of time: `address`, `vpc_id`,
            `vpc_key` (null: the address lies in one VPC), `valid_from`, `valid_to`,
            `node` (its id at address level) and ATTRIBUTES.
        scopes: Where the scope of an address comes from.
        numbers: As `query.numbers.rows_of_places` gives them; None: no part of the cache
            names places by numbers.
    """

    frame: pd.DataFrame
    scopes: NameBook
    numbers: pa.Table | None = None

    @classmethod
    def of(
        cls, book: NameBook, places: pa.Table, own: pa.Table, numbers: pa.Table | None = None
    ) -> Places:
        """Look up the distinct ends of a cache.

        Args:
            book: What is known beside the logs.
            places: Distinct `address` and `vpc_id`.
            own: `address`, `vpc_id` and OWN, as the logs say of interfaces.
            numbers: `place_id`, `address`, `vpc_id`, `ip4` and `ip6` of numbered places.
        """
        rows = _resolved(_texts(places))
        told = _texts(book.attributes(pa.table({n: rows[n] for n in ("address", "vpc_id")})))
        for name in ("valid_from", "valid_to"):
            if name not in told:
                told[name] = None
        frame = rows.merge(told, on=["address", "vpc_id"], how="left")
        for name in ATTRIBUTES:
            if name not in frame:
                frame[name] = None
        logged = _texts(own).drop_duplicates(["address", "vpc_id"])
        frame = frame.merge(logged, on=["address", "vpc_id"], how="left", suffixes=("", "_logged"))
        for name in OWN:
            frame[name] = frame[name].where(frame[name].notna(), frame.pop(f"{name}_logged"))
        if "inventory_vpc_id" in frame:
            known = frame.pop("inventory_vpc_id")
            frame["vpc_id"] = frame["vpc_id"].where(frame["vpc_id"].notna(), known)
        missing = frame["scope"].isna()
        frame.loc[missing, "scope"] = frame.loc[missing, "address"].map(
            lambda address: _NARROW.get(book.scope(address), book.scope(address))
        )
        frame["node"] = address_ids(frame)
        whole = frame.astype(object).where(frame.notna(), None)
        told_by = None if numbers is None else rows_of_places(numbers, whole, UNKNOWN_VPC)
        return cls(whole, book, told_by)

    @property
    def changes(self) -> tuple[int, ...]:
        """Times at which what is known of some address changes, epoch s, in order."""
        times = pd.concat([self.frame["valid_from"], self.frame["valid_to"]])
        return tuple(sorted({int(time) for time in times.dropna()}))

    def view(self, query: FlowQuery) -> NodeView:
        """Work out the node of every address at a question's level."""
        return NodeView(self, node_ids(self.frame, query))

    def values(self, column: str) -> list[str]:
        """Return the distinct values of a column, in text order."""
        return sorted({str(value) for value in self.frame[column] if value is not None})


@dataclass(frozen=True)
class NodeView:
    """The nodes of a cache at one level.

    Attributes:
        places: What is known.
        nodes: Node id of each of their rows.
    """

    places: Places
    nodes: Texts = field(repr=False)

    @cached_property
    def codes(self) -> Codes:
        """Numbers for the nodes and then for the addresses of `unknown`, in text order."""
        addresses = self.places.frame["address"].to_numpy(object)[self.unknown["row"]]
        return Codes.of(np.concatenate([self.nodes, addresses]))

    @cached_property
    def unknown(self) -> pd.DataFrame:
        """Times at which an address is its own node, as `query.unknown_times` gives them."""
        return unknown_times(self.places.frame)

    def joined(
        self, query: FlowQuery, *, codes: bool = False
    ) -> tuple[Joined, dict[str, pa.Table]]:
        """Return how facts are joined for a question, and the tables that are.

        Args:
            query: The question.
            codes: Nodes are codes; then every address is listed, and every place.
        """
        frame = self.places.frame
        needs = needs_of(query.expression)
        held = [holds(claim, self._known) for claim in needs.claims]
        crossed = {name: frame[LEVEL_COLUMNS[name][1]] for name in needs.crossings}
        told = {f"claim_{n}": pa.array(column) for n, column in enumerate(held)}
        told |= {n: pa.array(column.to_numpy(object), pa.string()) for n, column in crossed.items()}
        about = {"n_claims": len(held), "crossings": needs.crossings, "codes": codes}
        if codes:
            return self._shape(self._coded, **about), self._coded_with(told)
        known = [column.notna().to_numpy() for column in crossed.values()]
        listed = _any_of([self._differs, self._named, *held, *known])
        if not (listed.any() or held or crossed):
            return Joined(), {}
        table = self._facts_table(pa.array(self.nodes, pa.string()))
        table = _with_columns(table, told).filter(pa.array(listed))
        return self._shape(table, **about), {FACTS: table}

    @cached_property
    def _known(self) -> Known:
        return Known(self.places.frame, self.nodes)

    @cached_property
    def _named(self) -> npt.NDArray[np.bool_]:
        return self.places.frame["name"].notna().to_numpy()

    @cached_property
    def _differs(self) -> npt.NDArray[np.bool_]:
        differs: npt.NDArray[np.bool_] = self.nodes != self.places.frame["address"].to_numpy(object)
        return differs

    def _facts_table(self, nodes: pa.Array) -> pa.Table:
        frame = self.places.frame
        begins, ends = dated(frame)
        return pa.table(
            {
                "address": pa.array(frame["address"].to_numpy(object), pa.string()),
                "vpc_id": pa.array(frame["vpc_key"].to_numpy(object), pa.string()),
                "valid_from": _numbers(begins),
                "valid_to": _numbers(ends),
                "node": nodes,
                "is_named": pa.array(self._named),
            }
        )

    @staticmethod
    def _shape(table: pa.Table, **about: Any) -> Joined:
        def is_told(name: str) -> bool:
            return bool(table.column(name).null_count < len(table))

        return Joined(
            any=True,
            by_vpc=is_told("vpc_id"),
            by_time=is_told("valid_from") or is_told("valid_to"),
            **about,
        )

    @cached_property
    def _coded(self) -> pa.Table:
        """Every address with the code of its node, and the times of `unknown`."""
        codes = self.codes.codes
        table = self._facts_table(codes.slice(0, len(self.nodes)))
        more = table.take(pa.array(self.unknown["row"]))
        told = {
            "address": more["address"],
            "vpc_id": more["vpc_id"],
            "valid_from": pa.array(self.unknown["valid_from"], pa.int64()),
            "valid_to": pa.array(self.unknown["valid_to"], pa.int64()),
            "node": codes.slice(len(self.nodes)),
            "is_named": pa.nulls(len(more), pa.bool_()),
        }
        return pa.concat_tables([table, pa.table(told)]).combine_chunks()

    @cached_property
    def _coded_places(self) -> pa.Table | None:
        numbers = self._numbers
        return None if numbers is None else by_place(numbers, self._coded)

    def _coded_with(self, told: Mapping[str, pa.Array]) -> dict[str, pa.Table]:
        """Return all facts with columns of a question, by address and by place."""
        n_unknown = len(self.unknown)
        told = {
            name: pa.concat_arrays([column, pa.nulls(n_unknown, column.type)])
            for name, column in told.items()
        }
        tables = {FACTS: _with_columns(self._coded, told)}
        if self._coded_places is not None and self._numbers is not None:
            rows = self._numbers["row"]
            by_row = {name: pc.take(column, rows) for name, column in told.items()}
            tables[PLACE_FACTS] = _with_columns(self._coded_places, by_row)
        return tables

    @cached_property
    def _numbers(self) -> pa.Table | None:
        """The numbers of places, with those of the rows that `unknown` adds."""
        numbers = self.places.numbers
        unknown = self.unknown
        if numbers is None or unknown.empty:
            return numbers
        added = unknown[["row"]].assign(new=len(self.nodes) + np.arange(len(unknown)))
        at = pd.DataFrame({"row": numbers["row"].to_numpy(), "at": np.arange(len(numbers))})
        found = at.merge(added, on="row")
        more = numbers.take(pa.array(found["at"])).drop_columns(["row"])
        more = more.append_column("row", pa.array(found["new"], pa.int64()))
        return pa.concat_tables([numbers, more.select(numbers.column_names)])

    def facts_of(self, nodes: Iterable[str]) -> dict[str, NodeFacts]:
        """Return what is known of these node ids; of others, what their text says."""
        return {node: self._facts(node) for node in nodes}

    @cached_property
    def _rows(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for place, node in enumerate(self.nodes.tolist()):
            rows.setdefault(node, []).append(place)
        return rows

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        frame = self.places.frame
        return {str(name): frame[name].tolist() for name in frame.columns}

    def _facts(self, node: str) -> NodeFacts:
        places = self._rows.get(node, [])
        if not places:
            return NodeFacts(node, False, None, None, self._scope([node]), (node,), 1)
        columns = self._columns
        addresses = sorted({columns["address"][place] for place in places}, key=_numeric)
        details = {
            name: _shared([columns[name][place] for place in places])
            for name in (*ATTRIBUTES, "vpc_id")
        }
        is_address = len(addresses) == 1 and node in (addresses[0], columns["node"][places[0]])
        is_network = not is_address and reads_as_network(node)
        return NodeFacts(
            node=node,
            is_named=not (is_address or is_network),
            kind=details.pop("kind"),
            owner=details.pop("owner"),
            scope=self._scope(addresses),
            addresses=tuple(addresses[:MAX_LISTED]),
            n_addresses=len(addresses),
            details=tuple((name, text) for name, text in details.items() if text is not None),
        )

    def _scope(self, addresses: Iterable[str]) -> str:
        scopes: set[str] = set()
        for address in addresses:
            try:
                scopes.add(self.places.scopes.scope(address))
            except ValueError:
                return "mixed"
        return scopes.pop() if len(scopes) == 1 else "mixed"


def _resolved(places: pd.DataFrame) -> pd.DataFrame:
    """Give each end its VPC: an address that lies in one VPC lies there always."""
    known = places[places["vpc_id"].notna()]
    counts = known.groupby("address")["vpc_id"].nunique()
    several = set(counts[counts > 1].index)
    is_several = places["address"].isin(several)
    one = places[~is_several].sort_values("vpc_id", na_position="last")
    one = one.drop_duplicates("address").assign(vpc_key=None)
    many = places[is_several].drop_duplicates()
    many = many.assign(vpc_key=many["vpc_id"].where(many["vpc_id"].notna(), UNKNOWN_VPC))
    rows = pd.concat([one, many]) if len(many) else one
    rows = rows.sort_values(["address", "vpc_id"], na_position="last").reset_index(drop=True)
    return rows.astype(object).where(rows.notna(), None)


def _texts(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(integer_object_nulls=True).astype(object)
    return frame.where(frame.notna(), None)


def _with_columns(table: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def _numbers(values: Texts) -> pa.Array:
    return pa.array([None if v is None else int(v) for v in values], pa.int64())


def _any_of(columns: Sequence[npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
    """Tell of each row whether any column is true."""
    found = columns[0].copy()
    for column in columns[1:]:
        found |= column
    return found


def _shared(values: Iterable[Any]) -> str | None:
    """Return the one value of several rows; None where there is none, or more than one."""
    found = {value for value in values if value is not None}
    return str(found.pop()) if len(found) == 1 else None


def _numeric(address: str) -> tuple[int, int]:
    number = ipaddress.ip_address(address)
    return number.version, int(number)
