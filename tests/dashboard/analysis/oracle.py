"""Every answer again, in plain Python over the same records."""

from __future__ import annotations

import fnmatch
import ipaddress
import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.analysis.answers import VOLUME_COLUMNS, Volume
from dashboard.analysis.filters.expression import (
    AddressRange,
    And,
    Filter,
    Not,
    NumberRange,
    Or,
    Term,
)
from dashboard.analysis.flow_query import FlowQuery
from tests.dashboard.analysis.hand_made import (
    Record,
    ends,
    last_at,
    seen_at,
    spread,
    sums_of,
    vpc_of,
)

NONE_LAST = (1, 0)
_ORDERS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@dataclass(frozen=True)
class Oracle:
    """Answers over records, with names from `(network, name)` pairs, most specific first."""

    records: list[Record]
    names: tuple[tuple[str, str], ...] = ()

    def node(self, address: str, query: FlowQuery) -> str:
        """Name an address."""
        if query.mask is not None:
            bits = query.mask if ":" not in address else 64 if query.mask >= 16 else 4 * query.mask
            return str(ipaddress.ip_network((address, bits), strict=False))
        return address if query.level == "address" else self.name(address)

    def name(self, address: str) -> str:
        """Return the most specific name of an address, else the address."""
        number = ipaddress.ip_address(address)
        best = max(
            (
                (ipaddress.ip_network(network).prefixlen, name)
                for network, name in self.names
                if number in ipaddress.ip_network(network)
            ),
            default=(0, address),
        )
        return best[1]

    def fitting(self, query: FlowQuery) -> list[Record]:
        """Return traffic records that fit the question."""
        wanted = {"all": None, "accept": "ACCEPT", "reject": "REJECT"}[query.action]
        return [
            r
            for r in self._in_range(query)
            if r["is_counted"] is not None and wanted in (None, r.get("action"))
        ]

    def filtered(self, query: FlowQuery) -> list[Record]:
        """Return of these the ones that the filter lets through."""
        fitting = self.fitting(query)
        if query.expression is None:
            return fitting
        sums: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
        for record in fitting:
            sums[_conversation(record)].update(sums_of(record))
        return [
            r for r in fitting if self._holds(query.expression, r, sums[_conversation(r)], query)
        ]

    def _holds(
        self, part: Filter, record: Record, sums: Mapping[str, int], query: FlowQuery
    ) -> bool:
        if isinstance(part, Not):
            return not self._holds(part.inner, record, sums, query)
        if isinstance(part, And):
            return all(self._holds(inner, record, sums, query) for inner in part.parts)
        if isinstance(part, Or):
            return any(self._holds(inner, record, sums, query) for inner in part.parts)
        if part.field in ("ip", "name", "node"):
            sides = {"src": (0,), "dst": (1,), "any": (0, 1)}[part.side]
            return any(self._end_holds(part, ends(record)[side], query) for side in sides)
        if part.field == "action":
            return (record.get("action") or "NONE").lower() in part.values
        if part.field == "direction":
            told = {"src": "egress", "dst": "ingress"}.get(record.get("reporter") or "", "none")
            return told in part.values
        columns = {"port": "service_port"}
        value = sums.get(part.field, record.get(columns.get(part.field, part.field)))
        if part.field in ("bytes", "packets", "flows"):
            value = sums[part.field]
        ranges = [v for v in part.values if isinstance(v, NumberRange)]
        if value is None:
            return False
        if part.operator in _ORDERS:
            return bool(_ORDERS[part.operator](value, ranges[0].low))
        return any(r.low <= value <= r.high for r in ranges)

    def _end_holds(self, term: Term, address: str | None, query: FlowQuery) -> bool:
        if address is None:
            return False
        number = ipaddress.ip_address(address)
        name = self.name(address)
        texts = [] if name == address else [name]
        if term.field == "node":
            texts = [self.node(address, query)]
        if term.field == "ip":
            texts += [address, self.node(address, query)]
        for value in term.values:
            if isinstance(value, AddressRange):
                if value.version == number.version and value.low <= int(number) <= value.high:
                    return True
            elif isinstance(value, str):
                if term.operator == "~" and any(
                    fnmatch.fnmatchcase(t.lower(), value.lower()) for t in texts
                ):
                    return True
                if term.operator == "in" and value.lower() in [t.lower() for t in texts]:
                    return True
        return False

    def volume(self, records: Iterable[Record]) -> Volume:
        """Sum up records."""
        sums: Counter[str] = Counter()
        for record in records:
            values = sums_of(record)
            sums.update({name: values[name] for name in values if name in VOLUME_COLUMNS})
            sums["accepted"] += values["flows"] * (record.get("action") == "ACCEPT")
            sums["rejected"] += values["flows"] * (record.get("action") == "REJECT")
        return Volume(**sums)

    def edges(self, query: FlowQuery) -> tuple[list[tuple[Any, ...]], int]:
        """Return the edges shown, as key and volume, and how many there are in all."""
        groups = self._grouped(query, self._edge_key)
        addressed = {key: self.volume(found) for key, found in groups.items() if key[0] is not None}
        kept = [
            (key, volume)
            for key, volume in addressed.items()
            if getattr(volume, query.metric) >= query.threshold
        ]
        kept.sort(key=lambda item: (-getattr(item[1], query.metric), _sortable(item[0])))
        return kept[: query.top_k], len(addressed)

    def addressless(self, query: FlowQuery) -> Volume:
        """Sum up records that name no two ends."""
        return self.volume(r for r in self.filtered(query) if r["initiator_is_src"] is None)

    def talkers(self, query: FlowQuery, top: int) -> list[tuple[str, Volume]]:
        """Rank nodes; each record counts at both ends."""
        found: dict[str, list[Record]] = defaultdict(list)
        for record in self.filtered(query):
            for address in ends(record):
                if address is not None:
                    found[self.node(address, query)].append(record)
        return self._ranked(found, query, top)

    def ports(self, query: FlowQuery, top: int) -> list[tuple[tuple[Any, ...], Volume]]:
        """Rank service ports by protocol."""
        return self._ranked(
            self._grouped(query, lambda r, _: (r["service_port"], r.get("protocol"))), query, top
        )

    def timeline(
        self, query: FlowQuery, bin_s: int, *, is_spread: bool
    ) -> dict[tuple[int | None, str], Volume]:
        """Sum up by bin and action; `is_spread`: records lie in all minutes that they lasted."""
        found: dict[tuple[int | None, str], Counter[str]] = defaultdict(Counter)
        for record in self.filtered(query):
            shares = spread(record) if is_spread else [(seen_at(record), sums_of(record))]
            for at, share in shares:
                if at is not None and query.end is not None:
                    at = min(at, query.end - 1)  # noqa: PLW2901
                start = None if at is None else at // bin_s * bin_s
                found[start, record.get("action") or "NONE"].update(share)
        names = ("records", "flows", "packets", "bytes")
        return {key: Volume(**{n: sums[n] for n in names}) for key, sums in found.items()}

    def logged(self, query: FlowQuery) -> tuple[int, int]:
        """Sum up packets and bytes as logged."""
        sums = [sums_of(r) for r in self.fitting(query)]
        return sum(s["logged_packets"] for s in sums), sum(s["logged_bytes"] for s in sums)

    def gaps(self, query: FlowQuery, status: str) -> int:
        """Count rows that say what the logs lack."""
        return sum(
            r["is_counted"] is None and r["log_status"] == status for r in self._in_range(query)
        )

    def seen(self, query: FlowQuery) -> tuple[int | None, int | None]:
        """Return smallest start and largest end."""
        fitting = self.filtered(query)
        firsts = [t for t in map(seen_at, fitting) if t is not None]
        lasts = [t for t in map(last_at, fitting) if t is not None]
        return min(firsts, default=None), max(lasts, default=None)

    def _in_range(self, query: FlowQuery) -> Iterable[Record]:
        for record in self.records:
            at = seen_at(record)
            if at is None:
                if query.start is None and query.end is None:
                    yield record
            elif (query.start is None or at >= query.start) and (
                query.end is None or at < query.end
            ):
                yield record

    def _edge_key(self, record: Record, query: FlowQuery) -> tuple[Any, ...]:
        src, dst = ends(record)
        if src is None or dst is None:
            return None, None, None, None
        return (
            self.node(src, query),
            self.node(dst, query),
            record["service_port"],
            record.get("protocol"),
        )

    def _grouped(
        self, query: FlowQuery, key: Callable[[Record, FlowQuery], tuple[Any, ...]]
    ) -> dict[tuple[Any, ...], list[Record]]:
        found: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
        for record in self.filtered(query):
            found[key(record, query)].append(record)
        return found

    def _ranked(self, found: Any, query: FlowQuery, top: int) -> list[tuple[Any, Volume]]:
        ranked = [(key, self.volume(records)) for key, records in found.items()]
        ranked.sort(key=lambda item: (-getattr(item[1], query.metric), _sortable(item[0])))
        return ranked[:top]


def _conversation(record: Record) -> tuple[Any, ...]:
    vpcs = (vpc_of(record, is_initiator=True), vpc_of(record, is_initiator=False))
    return (*ends(record), *vpcs, record["service_port"], record.get("protocol"))


def _sortable(key: Any) -> tuple[Any, ...]:
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(NONE_LAST if part is None else (0, part) for part in parts)
