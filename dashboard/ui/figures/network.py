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
MIN_SIZE, MAX_SIZE = 15.0, 46.0
MAX_LABELS = 60
_RATE_LABELS = 8


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
    return [
        *_node_elements(graph, positions, query),
        *_edge_elements(graph.edges, query),
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


def _node_elements(graph: Graph, positions: Positions, query: FlowQuery) -> list[Element]:
    sums = _sums(graph, query)
    scale = _log_scale([node.amount for node in sums.values()], MIN_SIZE, MAX_SIZE)
    sizes = {name: scale(node.amount) for name, node in sums.items()}
    places = {name: positions.get(name, (0.0, 0.0)) for name in sums}
    order = sorted(sums, key=lambda name: (-sums[name].amount, name))
    sides = label_sides([Spot(name, *places[name], sizes[name]) for name in order], MAX_LABELS)
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
            "scope": node.facts.scope if node.facts else "internal",
            "tip": _node_tip(node, sums[name], query),
        }
        elements.append({"data": data, "position": place})
    return elements


def _edge_elements(edges: Sequence[GraphEdge], query: FlowQuery) -> list[Element]:
    scale = _log_scale([amount(edge, query) for edge in edges], MIN_WIDTH, MAX_WIDTH)
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
