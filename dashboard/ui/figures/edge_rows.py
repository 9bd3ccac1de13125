"""Edges → rows of the table, with "other" and the total below."""

from __future__ import annotations

from typing import Any

from dashboard.analysis.answers import EdgeBins, Edges, Volume
from dashboard.analysis.enrich.services import service_name
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.graph.model import GraphEdge, graph_edges
from dashboard.ui import wording
from dashboard.ui.claims import edge_claim
from dashboard.ui.figures.edge_statistics import statistics
from dashboard.ui.figures.network import edge_id

_AMOUNTS = (
    "flows",
    "accepted",
    "rejected",
    "packets",
    "bytes",
    "return_packets",
    "return_bytes",
)
Row = dict[str, Any]


def edge_rows(edges: Edges, query: FlowQuery) -> list[Row]:
    """Return one row per shown edge, in the answer's order; shares are of the metric."""
    total = int(getattr(edges.total, query.metric))
    return [
        {
            "id": edge_id(edge),
            "claim": edge_claim(*_key(edge), query.level),
            "src": edge.src,
            "dst": edge.dst,
            "port": edge.port,
            "service": service_name(edge.port, edge.protocol) or "",
            "number": edge.protocol,
            "protocol": wording.protocol(edge.protocol),
            **_amounts(edge.volume),
            "share": _share(edge.volume, total, query.metric),
            "first_seen": _moment(edge.first_seen),
            "last_seen": _moment(edge.last_seen),
        }
        for edge in graph_edges(edges)
    ]


def statistics_by_id(edges: Edges, query: FlowQuery, bins: EdgeBins) -> dict[str, Row]:
    """Return what rows hold of their course over time, by the row's `id`.

    Args:
        edges: The answer that the rows are of.
        query: Its metric is summed up.
        bins: The same edges over time.
    """
    over_time = statistics(bins, query.metric)
    return {edge_id(edge): over_time.get(_key(edge), {}) for edge in graph_edges(edges)}


def sum_rows(edges: Edges, query: FlowQuery) -> list[Row]:
    """Return the row of what is not shown and the row of everything."""
    shown, cut = len(edges.rows), edges.other_edges
    total = int(getattr(edges.total, query.metric))
    return [
        {
            "id": name,
            "src": name,
            "dst": _count(n_edges),
            **_amounts(volume),
            "share": _share(volume, total, query.metric),
        }
        for name, n_edges, volume in (
            ("other", cut, edges.other),
            ("total", shown + cut, edges.total),
        )
    ]


def bins_note(bins: EdgeBins, query: FlowQuery) -> str:
    """Say what the statistics over time are of."""
    what = wording.METRIC_NOUNS[query.metric]
    statistics_of = f"min, average, p95, max: {what} per {wording.duration(bins.bin_s)}"
    return f"{statistics_of}{wording.zone_note()}"


def _key(edge: GraphEdge) -> tuple[str, str, int | None, int | None]:
    return edge.src, edge.dst, edge.port, edge.protocol


def _count(edges: int) -> str:
    return "1 edge" if edges == 1 else f"{wording.whole(edges)} edges"


def _amounts(volume: Volume) -> Row:
    return {name: getattr(volume, name) for name in _AMOUNTS}


def _share(volume: Volume, total: int, metric: str) -> float | None:
    return 100 * int(getattr(volume, metric)) / total if total else None


def _moment(value: int | None) -> str:
    return "" if value is None else wording.moment(value)
