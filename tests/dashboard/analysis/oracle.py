"""Every answer again, in plain Python over the same records."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dashboard.analysis.answers import VOLUME_COLUMNS, Volume
from dashboard.analysis.flow_query import FlowQuery
from tests.dashboard.analysis.hand_made import Record, ends, last_at, seen_at, sums_of

NONE_LAST = (1, 0)


@dataclass(frozen=True)
class Oracle:
    """Answers over records, with names from `(network, name)` pairs, most specific first."""

    records: list[Record]
    names: tuple[tuple[str, str], ...] = ()

    def node(self, address: str, query: FlowQuery) -> str:
        """Name an address."""
        if query.level == "address":
            return address
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
        return self.volume(r for r in self.fitting(query) if r["initiator_is_src"] is None)

    def talkers(self, query: FlowQuery, top: int) -> list[tuple[str, Volume]]:
        """Rank nodes; each record counts at both ends."""
        found: dict[str, list[Record]] = defaultdict(list)
        for record in self.fitting(query):
            for address in ends(record):
                if address is not None:
                    found[self.node(address, query)].append(record)
        return self._ranked(found, query, top)

    def ports(self, query: FlowQuery, top: int) -> list[tuple[tuple[Any, ...], Volume]]:
        """Rank service ports by protocol."""
        return self._ranked(
            self._grouped(query, lambda r, _: (r["service_port"], r.get("protocol"))), query, top
        )

    def timeline(self, query: FlowQuery, bin_s: int) -> dict[tuple[int | None, str], Volume]:
        """Sum up by bin and action."""
        found: dict[tuple[int | None, str], list[Record]] = defaultdict(list)
        for record in self.fitting(query):
            at = seen_at(record)
            start = None if at is None else at // bin_s * bin_s
            found[start, record.get("action") or "NONE"].append(record)
        return {key: self.volume(records) for key, records in found.items()}

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
        fitting = self.fitting(query)
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
        for record in self.fitting(query):
            found[key(record, query)].append(record)
        return found

    def _ranked(self, found: Any, query: FlowQuery, top: int) -> list[tuple[Any, Volume]]:
        ranked = [(key, self.volume(records)) for key, records in found.items()]
        ranked.sort(key=lambda item: (-getattr(item[1], query.metric), _sortable(item[0])))
        return ranked[:top]


def _sortable(key: Any) -> tuple[Any, ...]:
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(NONE_LAST if part is None else (0, part) for part in parts)
