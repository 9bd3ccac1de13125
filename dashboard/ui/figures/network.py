"""A graph → Cytoscape elements."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.analysis.answers import Volume
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.graph.model import Graph, GraphEdge, GraphNode
from dashboard.ui import wording
from dashboard.ui.figures.layouts import LAYOUTS, Places

Positions = Mapping[str, Places]
Element = dict[str, Any]

OTHER_ID = "o:other"
MIN_WIDTH, MAX_WIDTH = 1.2, 7.0
MIN_SIZE, MAX_SIZE = 18.0, 52.0
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
        positions: Place of each node in each layout, in pixels at zoom 1.
        query: Its metric sets widths and sizes.

    Returns:
        Nodes in the graph's order, then edges, largest first. Labels and places in the
        chosen layout are the browser's: see assets/11-network-places.js.
    """
    enlarged = _enlargement([places["force"] for places in positions.values()])
    return [
        *_node_elements(graph, positions, query, enlarged),
        *_edge_elements(graph.edges, query, enlarged),
    ]


def other_element(other: Volume, edges: int, positions: Positions, query: FlowQuery) -> Element:
    """Draw what is cut as one node below all others.

    Args:
        other: Sums of what is cut.
        edges: How many edges are cut.
        positions: Places of the nodes that are drawn, one at least.
        query: Its metric is shown.
    """
    places: Places = {}
    for layout in LAYOUTS:
        xs, ys = zip(*(place[layout] for place in positions.values()), strict=True)
        places[layout] = (round((min(xs) + max(xs)) / 2, 1), max(ys) + 110)
    cut = "1 edge" if edges == 1 else f"{wording.whole(edges)} edges"
    shown = wording.volume(int(getattr(other, query.metric)), query.metric)
    return _node_element(
        OTHER_ID,
        {
            "name": f"other: {cut}",
            "weight": 1.0,
            "size": MIN_SIZE + MAX_SIZE / 2,
            "scope": "other",
            "search": "other",
            "tip": f"other\n{cut} cut by threshold or top\n{shown}",
        },
        places,
    )


def edge_id(edge: GraphEdge) -> str:
    """Return the id of an edge: its full key."""
    return key_id(edge.src, edge.dst, edge.port, edge.protocol)


def key_id(src: str, dst: str, port: int | None, protocol: int | None) -> str:
    """Return the id of the edge with this key."""
    shown_port = "-" if port is None else port
    return f"e:{src}→{dst}:{shown_port}/{'-' if protocol is None else protocol}"


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
    graph: Graph, positions: Positions, query: FlowQuery, enlarged: float
) -> list[Element]:
    sums = _sums(graph, query)
    # Discs grow less than lines: neighbors are only so far apart.
    low, high = (size * math.sqrt(enlarged) for size in (MIN_SIZE, MAX_SIZE))
    scale = _log_scale([node.amount for node in sums.values()], low, high)
    weight = _log_scale([node.amount for node in sums.values()], 0.0, 1.0)
    return [
        _node_element(
            f"n:{node.node}",
            {
                "name": node.node,
                "weight": weight(sums[node.node].amount),
                "size": scale(sums[node.node].amount),
                "scope": node.facts.scope if node.facts else "internal",
                "search": _searched(node),
                "tip": _node_tip(node, sums[node.node], query),
            },
            positions[node.node],
        )
        for node in graph.nodes
    ]


def _node_element(element_id: str, data: dict[str, Any], places: Places) -> Element:
    x, y = places["force"]
    return {"data": {"id": element_id, **data, "places": places}, "position": {"x": x, "y": y}}


def _searched(node: GraphNode) -> str:
    """Return what a search may find beside the name."""
    if node.facts is None:
        return ""
    parts = (node.facts.kind, node.facts.owner, *node.facts.addresses)
    return " ".join(part for part in parts if part and part != node.node)


def _edge_elements(edges: Sequence[GraphEdge], query: FlowQuery, enlarged: float) -> list[Element]:
    low, high = MIN_WIDTH * enlarged, MAX_WIDTH * enlarged
    scale = _log_scale([amount(edge, query) for edge in edges], low, high)
    return [
        {
            "data": {
                "id": edge_id(edge),
                "source": f"n:{edge.src}",
                "target": f"n:{edge.dst}",
                "src": edge.src,
                "dst": edge.dst,
                "port": edge.port,
                "protocol": edge.protocol,
                "width": scale(amount(edge, query)),
                "state": edge.state,
                "label": _edge_label(edge),
                "tip": _edge_tip(edge, query),
            }
        }
        for edge in edges
    ]


def _edge_label(edge: GraphEdge) -> str:
    service = wording.service(edge.port, edge.protocol)
    return f"{service}, {_denied(edge.volume)}" if edge.state == "mixed" else service


def _node_tip(node: GraphNode, sums: _Sums, query: FlowQuery) -> str:
    lines = [node.node]
    if node.facts and node.facts.kind:
        lines.append(node.facts.kind)
    peers = "1 peer" if len(sums.peers) == 1 else f"{wording.whole(len(sums.peers))} peers"
    lines.append(f"{wording.volume(sums.amount, query.metric)} with {peers}")
    if sums.rejected:
        lines.append(f"{wording.percent(sums.rejected, sums.decided)} denied")
    return "\n".join(lines)


def _edge_tip(edge: GraphEdge, query: FlowQuery) -> str:
    lines = [
        f"{edge.src} → {edge.dst}",
        wording.service(edge.port, edge.protocol),
        wording.volume(amount(edge, query), query.metric),
    ]
    if edge.volume.rejected:
        lines.append(_denied(edge.volume))
    return "\n".join(lines)


def _denied(volume: Volume) -> str:
    return f"{wording.percent(volume.rejected, volume.accepted + volume.rejected)} denied"


def _log_scale(values: Sequence[int], low: float, high: float) -> Callable[[int], float]:
    """Map amounts to `[low, high]` by their logarithm; `low` where all are equal."""
    logs = [math.log1p(max(value, 0)) for value in values] or [0.0]
    least, most = min(logs), max(logs)
    width = most - least

    def scaled(value: int) -> float:
        share = (math.log1p(max(value, 0)) - least) / width if width else 0.0
        return round(low + share * (high - low), 2)

    return scaled
