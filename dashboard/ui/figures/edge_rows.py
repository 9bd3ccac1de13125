"""Edges → rows of the table, with "other" and the total below."""

from __future__ import annotations

from typing import Any

from dashboard.analysis.answers import Edges, Volume
from dashboard.analysis.graph.model import graph_edges
from dashboard.ui import wording
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


def edge_rows(edges: Edges) -> list[Row]:
    """Return one row per shown edge, in the answer's order."""
    return [
        {
            "id": edge_id(edge),
            "src": edge.src,
            "dst": edge.dst,
            "port": edge.port,
            "protocol": wording.protocol(edge.protocol),
            **_amounts(edge.volume),
            "first_seen": _moment(edge.first_seen),
            "last_seen": _moment(edge.last_seen),
        }
        for edge in graph_edges(edges)
    ]


def sum_rows(edges: Edges) -> list[Row]:
    """Return the row of what is not shown and the row of everything."""
    shown, cut = len(edges.rows), edges.other_edges
    return [
        {"id": "other", "src": "other", "dst": _count(cut), **_amounts(edges.other)},
        {"id": "total", "src": "total", "dst": _count(shown + cut), **_amounts(edges.total)},
    ]


def _count(edges: int) -> str:
    return "1 edge" if edges == 1 else f"{wording.whole(edges)} edges"


def _amounts(volume: Volume) -> Row:
    return {name: getattr(volume, name) for name in _AMOUNTS}


def _moment(value: int | None) -> str:
    return "" if value is None else wording.moment(value)
