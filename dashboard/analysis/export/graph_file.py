"""A graph.json that somebody hands over, read strictly and answered from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pandas as pd

from dashboard.analysis.answers import VOLUME_COLUMNS, NodeFacts, Volume
from dashboard.analysis.flow_query import MAX_TOP_K
from dashboard.errors import DashboardError

MAX_FILE_BYTES = 5_000_000
_LONGEST_NAME = 1_000
_MOST = 2**62
_SCOPES = ("internal", "internet", "multicast", "mixed")
_COUNTS = (
    "accepted", "rejected", "bytes", "packets", "return_bytes", "return_packets",
)  # fmt: skip
_OTHER_COUNTS = ("flows", *_COUNTS)


class GraphFileError(DashboardError):
    """A file is no graph.json.

    Attributes:
        name: Of the file.
        place: Path to what does not fit, such as `edges[3].count`.
    """

    def __init__(self, name: str, place: str, found: str, wanted: str) -> None:
        self.name, self.place = name, place
        super().__init__(f"{name}: {place} {found}. Give {wanted}.")


@dataclass(frozen=True, slots=True)
class GraphFile:
    """What a graph.json holds.

    Attributes:
        name: Of the file.
        version: 1 or 2.
        nodes: What it says of each node, in the file's order.
        rows: Its edges, with the columns of `Edges.rows`; what version 1 lacks is 0 or null.
        other: What the file says was cut.
        other_edges: How many edges were cut.
        meta: Its `meta` as it came; empty in version 1.
    """

    name: str
    version: int
    nodes: Mapping[str, NodeFacts]
    rows: pd.DataFrame
    other: Volume = field(default_factory=Volume)
    other_edges: int = 0
    meta: Mapping[str, Any] = field(default_factory=dict)


def read_graph(content: bytes, name: str) -> GraphFile:
    """Read a graph.json of version 1 or 2; keys it does not know are left alone.

    Raises:
        GraphFileError: It is none; names the first place that does not fit.
    """
    if len(content) > MAX_FILE_BYTES:
        raise GraphFileError(
            name, "the file", f"has {len(content):,} bytes", f"one of at most {MAX_FILE_BYTES:,}"
        )
    return _Reading(name).graph(_parsed(content, name))


def _parsed(content: bytes, name: str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise GraphFileError(name, place, f"is no JSON ({error.msg})", "a graph.json") from error


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads one file; each method names the place of what it reads."""

    file_name: str

    def graph(self, content: Any) -> GraphFile:
        top = self.mapping(content, "the file")
        nodes = self.names(self.wanted(top, "nodes", ""), "nodes")
        edges = self.sequence(self.wanted(top, "edges", ""), "edges", MAX_TOP_K)
        known = frozenset(nodes)
        if "meta" not in top:
            rows = [self.edge(e, f"edges[{n}]", known, full=False) for n, e in enumerate(edges)]
            facts = {node: NodeFacts(node, True, None, None, "mixed", (), 0) for node in nodes}
            return GraphFile(self.file_name, 1, facts, _frame(rows))
        meta = self.mapping(top["meta"], "meta")
        if meta.get("version") != 2:
            self.refuse("meta.version", meta.get("version"), "2")
        rows = [self.edge(e, f"edges[{n}]", known, full=True) for n, e in enumerate(edges)]
        details = self.mapping(self.wanted(top, "node_details", ""), "node_details")
        facts = {node: self.details(details, node) for node in nodes}
        other = self.mapping(self.wanted(meta, "other", "meta."), "meta.other")
        volume = {n: self.whole(other.get(n, 0), f"meta.other.{n}") for n in _OTHER_COUNTS}
        n_cut = self.whole(other.get("edges", 0), "meta.other.edges")
        self.mapping(self.wanted(meta, "query", "meta."), "meta.query")
        return GraphFile(self.file_name, 2, facts, _frame(rows), Volume(**volume), n_cut, meta)

    def edge(self, value: Any, place: str, nodes: frozenset[str], *, full: bool) -> dict[str, Any]:
        edge = self.mapping(value, place)
        row: dict[str, Any] = dict.fromkeys(VOLUME_COLUMNS, 0)
        for end in ("src", "dst"):
            row[end] = self.wanted(edge, end, f"{place}.")
            if not isinstance(row[end], str) or row[end] not in nodes:
                self.refuse(f"{place}.{end}", row[end], "one of the nodes")
        row["flows"] = self.whole(self.wanted(edge, "count", f"{place}."), f"{place}.count")
        row |= dict.fromkeys(("port", "protocol", "first_seen", "last_seen"))
        if full:
            for name in _COUNTS:
                row[name] = self.whole(self.wanted(edge, name, f"{place}."), f"{place}.{name}")
            for name, highest in (("port", 65_535), ("protocol", 255)):
                found = self.wanted(edge, name, f"{place}.")
                row[name] = None if found is None else self.whole(found, f"{place}.{name}", highest)
            for name in ("first_seen", "last_seen"):
                row[name] = self.time(self.wanted(edge, name, f"{place}."), f"{place}.{name}")
        return row

    def details(self, details: Mapping[str, Any], node: str) -> NodeFacts:
        place = f"node_details[{_short(node)}]"
        if node not in details:
            self.refuse(place, None, "what is known of this node")
        known = self.mapping(details[node], place)
        is_named: Any = known.get("is_named")
        scope: Any = known.get("scope")
        if not isinstance(is_named, bool):
            self.refuse(f"{place}.is_named", is_named, "true or false")
        if scope not in _SCOPES:
            self.refuse(f"{place}.scope", scope, "one of " + ", ".join(_SCOPES))
        kind, owner = (
            self.text_or_null(known.get(name), f"{place}.{name}") for name in ("kind", "owner")
        )
        addresses = self.names(known.get("addresses", []), f"{place}.addresses")
        n_addresses = self.whole(known.get("n_addresses", 0), f"{place}.n_addresses")
        return NodeFacts(node, is_named, kind, owner, scope, tuple(addresses), n_addresses)

    def names(self, value: Any, place: str) -> list[str]:
        names = self.sequence(value, place, 2 * MAX_TOP_K)
        for number, name in enumerate(names):
            if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
                self.refuse(
                    f"{place}[{number}]", name, f"a text of 1 to {_LONGEST_NAME:,} characters"
                )
        if len(set(names)) < len(names):
            twice = next(name for number, name in enumerate(names) if name in names[:number])
            self.refuse(place, twice, "each text once")
        return list(names)

    def wanted(self, mapping: Mapping[str, Any], key: str, place: str) -> Any:
        if key not in mapping:
            raise GraphFileError(
                self.file_name, f"{place}{key}", "is missing", "a file with this key"
            )
        return mapping[key]

    def mapping(self, value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.refuse(place, value, "an object")
        found: dict[str, Any] = value
        return found

    def sequence(self, value: Any, place: str, most: int) -> Sequence[Any]:
        if not isinstance(value, list):
            self.refuse(place, value, "a list")
        if len(value) > most:
            raise GraphFileError(
                self.file_name, place, f"has {len(value):,} entries", f"at most {most:,}"
            )
        found: list[Any] = value
        return found

    def whole(self, value: Any, place: str, highest: int = _MOST) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= highest:
            self.refuse(place, value, f"a whole number from 0 to {highest:,}")
        number: int = value
        return number

    def text_or_null(self, value: Any, place: str) -> str | None:
        if value is not None and (not isinstance(value, str) or len(value) > _LONGEST_NAME):
            self.refuse(place, value, "a text or null")
        text: str | None = value
        return text

    def time(self, value: Any, place: str) -> int | None:
        if value is None:
            return None
        try:
            moment = datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except (ValueError, TypeError):
            self.refuse(place, value, "a time such as 2026-03-02T10:05:00Z, or null")
        return int(moment.timestamp())

    def refuse(self, place: str, value: Any, wanted: str) -> Any:
        raise GraphFileError(self.file_name, place, f"is {_short(value)}", wanted)


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = ["src", "dst", "port", "protocol", *VOLUME_COLUMNS, "first_seen", "last_seen"]
    frame = pd.DataFrame(rows, columns=columns)
    types: dict[str, str] = dict.fromkeys(columns[2:], "Int64")
    typed: pd.DataFrame = frame.astype({"src": "string", "dst": "string", **types})
    return typed


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
