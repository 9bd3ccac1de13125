"""A graph → Cytoscape elements."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.graph.model import Graph, GraphEdge, GraphNode
from dashboard.ui import wording
from dashboard.ui.figures.labels import Spot, label_sides

Positions = Mapping[str, tuple[float, float]]
Element = dict[str, Any]

MIN_WIDTH, MAX_WIDTH = 1.2, 7.0
MIN_SIZE, MAX_SIZE = 18.0, 52.0
MAX_LABELS = 60
_RATE_LABELS = 8
_LABEL_PX = 16.0
_PANEL_PX = (880.0, 460.0)  # A network panel on a laptop, without its margins.
_LEGIBLE = 0.72  # At a smaller zoom, labels and marks are drawn larger.
_MOST_ENLARGED = 3.0


@dataclass(slots=True)
class _Sums:
    amount: int = 0
    decided: int = 0
    rejected: int = 0
    peers: set[str] = field(default_factory=set)


def network_elements(graph: Graph, positions: Positions, query: FlowQuery) -> list[Element]:
    """Draw every edge and every node of a graph.

    Ids are stable: the same node or edge has the same id in every answer, so
    that an update moves nothing that stays.

    Args:
        graph: What to draw.
        positions: Place of each node, in pixels at zoom 1.
        query: Its metric sets widths and sizes.

    Returns:
        Nodes in the graph's order, then edges, largest first.
    """
    places = {node.node: positions.get(node.node, (0.0, 0.0)) for node in graph.nodes}
    enlarged = _enlargement(list(places.values()))
    return [
        *_node_elements(graph, places, query, enlarged),
        *_edge_elements(graph.edges, query, enlarged),
    ]


def edge_id(edge: GraphEdge) -> str:
    """Return the id of an edge: its full key."""
    port = "-" if edge.port is None else edge.port
    protocol = "-" if edge.protocol is None else edge.protocol
    return f"e:{edge.src}→{edge.dst}:{port}/{protocol}"


def amount(edge: GraphEdge, query: FlowQuery) -> int:
    """Return an edge's volume in the question's metric."""
    return int(getattr(edge.volume, query.metric))


def _sums(graph: Graph, query: FlowQuery) -> dict[str, _Sums]:
    sums = {node.node: _Sums() for node in graph.nodes}
    for edge in graph.edges:
        for own, peer in {(edge.src, edge.dst), (edge.dst, edge.src)}:
            node = sums[own]
            node.amount += amount(edge, query)
            node.decided += edge.volume.accepted + edge.volume.rejected
            node.rejected += edge.volume.rejected
            node.peers.add(peer)
    return sums


def _enlargement(places: Sequence[tuple[float, float]]) -> float:
    """Return how much larger to draw, so that a far-flung network can be read as a whole."""
    if not places:
        return 1.0
    wide, high = (max(axis) - min(axis) for axis in zip(*places, strict=True))
    zoom: float = min(_PANEL_PX[0] / max(wide, 1.0), _PANEL_PX[1] / max(high, 1.0))
    return round(min(max(_LEGIBLE / zoom, 1.0), _MOST_ENLARGED), 2)


def _node_elements(
    graph: Graph, places: Positions, query: FlowQuery, enlarged: float
) -> list[Element]:
    sums = _sums(graph, query)
    # Discs grow less than text: neighbors are only so far apart.
    low, high = (size * math.sqrt(enlarged) for size in (MIN_SIZE, MAX_SIZE))
    scale = _log_scale([node.amount for node in sums.values()], low, high)
    sizes = {name: scale(node.amount) for name, node in sums.items()}
    font = _LABEL_PX * enlarged
    order = sorted(sums, key=lambda name: (-sums[name].amount, name))
    spots = [Spot(name, *places[name], sizes[name]) for name in order]
    sides = label_sides(spots, MAX_LABELS, font)
    elements: list[Element] = []
    for node in graph.nodes:
        name = node.node
        place = dict(zip("xy", places[name], strict=True))
        data = {
            "id": f"n:{name}",
            "name": name,
            "label": name if name in sides else "",
            "label_side": sides.get(name, "bottom"),
            "size": sizes[name],
            "font": font,
            "scope": node.facts.scope if node.facts else "internal",
            "tip": _node_tip(node, sums[name], query),
        }
        elements.append({"data": data, "position": place})
    return elements


def _edge_elements(edges: Sequence[GraphEdge], query: FlowQuery, enlarged: float) -> list[Element]:
    low, high = MIN_WIDTH * enlarged, MAX_WIDTH * enlarged
    scale = _log_scale([amount(edge, query) for edge in edges], low, high)
    rates_left = _RATE_LABELS
    elements: list[Element] = []
    for edge in edges:
        label = ""
        if edge.state == "mixed" and rates_left:
            label = _denied(edge.volume.rejected, edge.volume.accepted + edge.volume.rejected)
            rates_left -= 1
        data = {
            "id": edge_id(edge),
            "source": f"n:{edge.src}",
            "target": f"n:{edge.dst}",
            "width": scale(amount(edge, query)),
            "state": edge.state,
            "label": label,
            "font": 13 * enlarged,
            "tip": _edge_tip(edge, query),
        }
        elements.append({"data": data})
    return elements


def _node_tip(node: GraphNode, sums: _Sums, query: FlowQuery) -> str:
    lines = [node.node]
    if node.facts and node.facts.kind:
        lines.append(node.facts.kind)
    peers = "1 peer" if len(sums.peers) == 1 else f"{wording.whole(len(sums.peers))} peers"
    lines.append(f"{wording.volume(sums.amount, query.metric)} with {peers}")
    if sums.rejected:
        lines.append(_denied(sums.rejected, sums.decided))
    return "\n".join(lines)


def _edge_tip(edge: GraphEdge, query: FlowQuery) -> str:
    lines = [
        f"{edge.src} → {edge.dst}",
        wording.service(edge.port, edge.protocol),
        wording.volume(amount(edge, query), query.metric),
    ]
    if edge.volume.rejected:
        lines.append(_denied(edge.volume.rejected, edge.volume.accepted + edge.volume.rejected))
    return "\n".join(lines)


def _denied(rejected: int, decided: int) -> str:
    return f"{wording.percent(rejected, decided)} denied"


def _log_scale(values: Sequence[int], low: float, high: float) -> Callable[[int], float]:
    """Map amounts to `[low, high]` by their logarithm; `low` where all are equal."""
    logs = [math.log1p(max(value, 0)) for value in values] or [0.0]
    least, most = min(logs), max(logs)
    width = most - least

    def scaled(value: int) -> float:
        share = (math.log1p(max(value, 0)) - least) / width if width else 0.0
        return round(low + share * (high - low), 2)

    return scaled
