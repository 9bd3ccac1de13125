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
    cut = f"other · {wording.whole(edges.other_edges)} edges"
    return [_sums("other", cut, edges.other), _sums("total", "total", edges.total)]


def _sums(row_id: str, title: str, volume: Volume) -> Row:
    return {"id": row_id, "src": title, **_amounts(volume)}


def _amounts(volume: Volume) -> Row:
    return {name: getattr(volume, name) for name in _AMOUNTS}


def _moment(value: int | None) -> str:
    return "" if value is None else wording.moment(value)
