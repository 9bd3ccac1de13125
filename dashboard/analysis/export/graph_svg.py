"""The whole graph as one SVG: no script, no font, nothing from elsewhere."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dashboard.analysis.export.graph_markup import service_text
from dashboard.analysis.export.markup import escaped
from dashboard.analysis.export.picture import Picture
from dashboard.analysis.graph.model import GraphEdge

Place = tuple[float, float]
Places = Mapping[str, Place]
_Box = tuple[float, float, float, float]

# Colors of the page's light scheme: a file is read on white, and printed.
INK, MUTED, PAPER = "#1b2330", "#586274", "#ffffff"
EDGE_COLORS = {
    "accepted": "#4f8a9b", "rejected": "#cf2f2f", "mixed": "#b8780b", "unlogged": "#8993a1",
}  # fmt: skip
STATE_WORDS = {
    "accepted": "accepted", "rejected": "rejected", "mixed": "both", "unlogged": "no action logged",
}  # fmt: skip
_NODE_COLORS = {
    "internal": "#33566b", "internet": "#7a5ea8", "multicast": "#8993a1", "mixed": "#33566b",
}  # fmt: skip
_MARGIN = 90.0
_FONT_PX = 12.0
_LETTER_PX = 6.4
_LONGEST_LABEL = 34
_BEND_PX = 16.0
_SCREEN_PX = 950.0  # Wider drawings are read at a smaller zoom: letters and marks grow.
_MOST_ENLARGED = 2.5


@dataclass(frozen=True, slots=True)
class _Drawn:
    node: str
    x: float
    y: float
    radius: float
    scope: str
    amount: int


def write_svg(picture: Picture, places: Places) -> bytes:
    """Draw a picture.

    Args:
        picture: What is drawn.
        places: Place of each of its nodes, in pixels, y downwards.
    """
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return (head + svg_element(picture, places)).encode()


def svg_element(picture: Picture, places: Places) -> str:
    """Draw a picture as an element that HTML can hold."""
    nodes = _drawn_nodes(picture, places)
    left, top, width, height = _extent(list(nodes.values()))
    zoom = min(max(width / _SCREEN_PX, 1.0), _MOST_ENLARGED)
    nodes = {name: replace(n, radius=n.radius * math.sqrt(zoom)) for name, n in nodes.items()}
    legend_y = top + height - 18
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{len(nodes)} nodes, {len(picture.edges)} edges</title>",
        f"<defs>{''.join(_arrow(state, color) for state, color in EDGE_COLORS.items())}</defs>",
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="{PAPER}"/>',
        *_edges(picture, nodes),
        *(_node(node) for node in nodes.values()),
        *_labels(list(nodes.values()), zoom),
        f'<g transform="translate({left + 20:.1f} {legend_y:.1f}) scale({zoom:.2f})">',
        *_legend(),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _drawn_nodes(picture: Picture, places: Places) -> dict[str, _Drawn]:
    amounts: Counter[str] = Counter(dict.fromkeys(picture.nodes, 0))
    for edge in picture.edges:
        for end in {edge.src, edge.dst}:
            amounts[end] += getattr(edge.volume, picture.query.metric)
    radius = _log_scale(list(amounts.values()), 7.0, 20.0)
    return {
        node: _Drawn(node, *places[node], radius(amounts[node]), facts.scope, amounts[node])
        for node, facts in picture.nodes.items()
    }


def _extent(nodes: Sequence[_Drawn]) -> _Box:
    if not nodes:
        return -300.0, -60.0, 600.0, 120.0
    left, right = min(node.x for node in nodes), max(node.x for node in nodes)
    top, bottom = min(node.y for node in nodes), max(node.y for node in nodes)
    width = max(right - left + 2 * _MARGIN, 600.0)
    middle = (left + right) / 2
    return middle - width / 2, top - _MARGIN / 2, width, bottom - top + _MARGIN * 1.5


def _edges(picture: Picture, nodes: Mapping[str, _Drawn]) -> Iterator[str]:
    width = _log_scale([getattr(e.volume, picture.query.metric) for e in picture.edges], 1.0, 6.0)
    seen: Counter[frozenset[str]] = Counter()
    # The largest are drawn last, on top.
    for edge in reversed(picture.edges):
        pair = frozenset((edge.src, edge.dst))
        path = _path(nodes[edge.src], nodes[edge.dst], seen[pair])
        seen[pair] += 1
        amount = getattr(edge.volume, picture.query.metric)
        dash = ' stroke-dasharray="7 4"' if edge.state == "rejected" else ""
        yield (
            f'<path d="{path}" fill="none" stroke="{EDGE_COLORS[edge.state]}"'
            f' stroke-width="{width(amount):g}" stroke-opacity="0.8"{dash}'
            f' marker-end="url(#arrow-{edge.state})">'
            f"<title>{escaped(_edge_tip(edge, amount, picture.query.metric))}</title></path>"
        )


def _edge_tip(edge: GraphEdge, amount: int, metric: str) -> str:
    return f"{edge.src} → {edge.dst}, {service_text(edge)}, {amount:,} {metric}"


def _path(src: _Drawn, dst: _Drawn, number: int) -> str:
    """Bend the second and further edges of a pair to both sides in turn."""
    if src.node == dst.node:
        reach = src.radius + 14 + 8 * number
        return (
            f"M{src.x - 3:.1f},{src.y - src.radius:.1f} c{-reach:.1f},{-reach * 1.4:.1f}"
            f" {reach + 6:.1f},{-reach * 1.4:.1f} 6,0"
        )
    # Seen from the same end whichever way the edge points, so that no two lie on each other.
    first, last = sorted((src, dst), key=lambda node: node.node)
    length = math.dist((first.x, first.y), (last.x, last.y)) or 1.0
    bend = (number + 1) // 2 * (_BEND_PX if number % 2 else -_BEND_PX)
    across = (-(last.y - first.y) / length * bend, (last.x - first.x) / length * bend)
    control = (src.x + dst.x) / 2 + across[0], (src.y + dst.y) / 2 + across[1]
    start = _towards(src, control, src.radius)
    end = _towards(dst, control, dst.radius + 5)
    return (
        f"M{start[0]:.1f},{start[1]:.1f} Q{control[0]:.1f},{control[1]:.1f}"
        f" {end[0]:.1f},{end[1]:.1f}"
    )


def _towards(node: _Drawn, point: Place, distance: float) -> Place:
    length = math.dist((node.x, node.y), point) or 1.0
    share = min(distance / length, 0.9)
    return node.x + (point[0] - node.x) * share, node.y + (point[1] - node.y) * share


def _arrow(state: str, color: str) -> str:
    return (
        f'<marker id="arrow-{state}" viewBox="0 0 8 8" refX="5" refY="4" markerWidth="9"'
        f' markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0,0 L8,4 L0,8 z" fill="{color}"/></marker>'
    )


def _node(node: _Drawn) -> str:
    look = f'fill="{_NODE_COLORS.get(node.scope, MUTED)}" stroke="{PAPER}" stroke-width="1.5"'
    title = f"<title>{escaped(f'{node.node}: {node.amount:,}')}</title>"
    x, y, r = node.x, node.y, node.radius
    if node.scope == "internet":
        points = f"{x:g},{y - r:g} {x + r:g},{y:g} {x:g},{y + r:g} {x - r:g},{y:g}"
        return f'<polygon points="{points}" {look}>{title}</polygon>'
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" {look}>{title}</circle>'


def _labels(nodes: Sequence[_Drawn], zoom: float) -> Iterator[str]:
    """Label the largest nodes first; a label that would lie on another is left to its title."""
    taken: list[_Box] = [
        (n.x - n.radius, n.y - n.radius, n.x + n.radius, n.y + n.radius) for n in nodes
    ]
    for node in sorted(nodes, key=lambda node: (-node.amount, node.node)):
        text = node.node
        if len(text) > _LONGEST_LABEL:
            text = text[: _LONGEST_LABEL - 1] + "…"
        wide = len(text) * _LETTER_PX * zoom
        for x, y, anchor in _sides(node, zoom):
            left = x - {"middle": wide / 2, "start": 0.0, "end": wide}[anchor]
            box = (left, y - _FONT_PX * zoom, left + wide, y + 3 * zoom)
            if not any(_overlap(box, other) for other in taken):
                taken.append(box)
                yield (
                    f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}"'
                    f' font-size="{_FONT_PX * zoom:.1f}"'
                    f' stroke="{PAPER}" stroke-width="3" paint-order="stroke">'
                    f"{escaped(text)}</text>"
                )
                break


def _sides(node: _Drawn, zoom: float) -> tuple[tuple[float, float, str], ...]:
    gap = node.radius + 4
    return (
        (node.x, node.y + gap + 10 * zoom, "middle"),
        (node.x, node.y - gap, "middle"),
        (node.x + gap, node.y + 4 * zoom, "start"),
        (node.x - gap, node.y + 4 * zoom, "end"),
    )


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _legend() -> Iterator[str]:
    x, y = 0.0, 0.0
    for state, color in EDGE_COLORS.items():
        dash = ' stroke-dasharray="7 4"' if state == "rejected" else ""
        yield (
            f'<path d="M{x:.1f},{y:.1f} h28" stroke="{color}" stroke-width="3" fill="none"{dash}/>'
        )
        yield f'<text x="{x + 34:.1f}" y="{y + 4:.1f}" fill="{MUTED}">{STATE_WORDS[state]}</text>'
        x += 46 + len(STATE_WORDS[state]) * _LETTER_PX + 14
    yield (
        f'<polygon points="{x:g},{y - 7:g} {x + 7:g},{y:g} {x:g},{y + 7:g} {x - 7:g},{y:g}"'
        f' fill="{_NODE_COLORS["internet"]}"/>'
    )
    yield f'<text x="{x + 12:.1f}" y="{y + 4:.1f}" fill="{MUTED}">internet</text>'


def _log_scale(values: Sequence[int], low: float, high: float) -> Callable[[int], float]:
    logs = [math.log1p(max(value, 0)) for value in values] or [0.0]
    least, width = min(logs), max(logs) - min(logs)

    def scaled(value: int) -> float:
        share = (math.log1p(max(value, 0)) - least) / width if width else 0.0
        return round(low + share * (high - low), 2)

    return scaled
