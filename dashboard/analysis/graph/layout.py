"""Where nodes stand: the same place whatever is filtered.

Positions come from a base graph, the largest edges of the whole cache. A filter changes
which nodes are drawn, never where.
"""

from __future__ import annotations

import functools
import hashlib
import math
import random
import threading
from collections.abc import Iterable

import igraph

from dashboard.analysis.answers import FlowAnswers
from dashboard.analysis.flow_query import MAX_TOP_K, FlowQuery, Level
from dashboard.errors import EmptyCacheError

BASE_EDGES = 600
GRID_NODES = 1_000  # Above, the grid variant of the algorithm: much faster, hardly worse.
ITERATIONS = 500
NODE_DISTANCE = 60.0  # Pixels between neighbors, about, at zoom 1.
STRETCH = 1.4  # Screens are wider than high.
_BESIDE = 0.9  # Distance of a placed node from its neighbor, in NODE_DISTANCE.
_SEED = 20_240_229

Position = tuple[float, float]
Link = tuple[str, str]

_RANDOM = threading.Lock()  # igraph has one random number generator a process.


def positions(
    source: FlowAnswers, node_ids: Iterable[str], level: Level = "name"
) -> dict[str, Position]:
    """Return x and y of nodes in pixels, y downwards, around the origin.

    Nodes of the base graph stand where Fruchterman and Reingold's algorithm puts them.
    Others stand beside the node that they exchange most with, at an angle made of their
    id; nodes that no large edge reaches stand on a ring around all, again by their id.

    Args:
        source: Asked for the largest edges of the whole cache, without any filter.
        node_ids: Which nodes are wanted.
        level: What a node is.
    """
    try:
        rows = source.edges(FlowQuery(threshold=0, top_k=MAX_TOP_K, level=level)).rows
    except EmptyCacheError:
        return {}
    links = tuple(zip(rows["src"].tolist(), rows["dst"].tolist(), strict=True))
    placed = _placed(links)
    ring = _ring_radius(placed)
    return {node: placed.get(node) or _on_ring(node, ring) for node in node_ids}


@functools.lru_cache(maxsize=8)
def _placed(links: tuple[Link, ...]) -> dict[str, Position]:
    """Place the nodes of the largest edges, then the ones that hang on them.

    Kept by the edges themselves: another commit that leaves them alone changes nothing.
    """
    base = dict.fromkeys(tuple(sorted(link)) for link in links[:BASE_EDGES])
    places = base_positions(tuple(base))  # type: ignore[arg-type]
    taken: set[tuple[int, int]] = {_cell(place) for place in places.values()}
    waiting = list(links[BASE_EDGES:])
    while waiting:
        rest = []
        for src, dst in waiting:
            for node, neighbor in ((src, dst), (dst, src)):
                if node not in places and neighbor in places:
                    places[node] = _beside(node, places[neighbor], taken)
            if src not in places:
                rest.append((src, dst))
        if len(rest) == len(waiting):
            break
        waiting = rest
    return places


def base_positions(links: tuple[Link, ...]) -> dict[str, Position]:
    """Lay out a graph; equal links give equal positions, to the last digit."""
    nodes = sorted({node for link in links for node in link})
    if not nodes:
        return {}
    number = {node: position for position, node in enumerate(nodes)}
    graph = igraph.Graph(n=len(nodes), edges=[(number[a], number[b]) for a, b in links if a != b])
    start = [_on_ring(node, math.sqrt(len(nodes))) for node in nodes]
    with _RANDOM:
        igraph.set_random_number_generator(random.Random(_SEED))  # noqa: S311 - no secret
        try:
            layout = graph.layout_fruchterman_reingold(
                seed=start,
                niter=ITERATIONS,
                start_temp=math.sqrt(len(nodes)) / 2,
                grid="grid" if len(nodes) > GRID_NODES else "nogrid",
            )
        finally:
            igraph.set_random_number_generator(random)
    layout.center(0, 0)
    return {
        node: (round(x * NODE_DISTANCE * STRETCH, 1), round(y * NODE_DISTANCE, 1))
        for node, (x, y) in zip(nodes, layout.coords, strict=True)
    }


def _beside(node: str, neighbor: Position, taken: set[tuple[int, int]]) -> Position:
    """Find a free place near a neighbor; links come in a fixed order, so it is the same one."""
    angle, turn = _angle(node), math.pi * (3 - math.sqrt(5))
    place = neighbor
    for attempt in range(24):
        radius = NODE_DISTANCE * _BESIDE * (1 + attempt / 8)
        direction = angle + attempt * turn
        place = (
            round(neighbor[0] + radius * STRETCH * math.cos(direction), 1),
            round(neighbor[1] + radius * math.sin(direction), 1),
        )
        if _cell(place) not in taken:
            break
    taken.add(_cell(place))
    return place


def _cell(place: Position) -> tuple[int, int]:
    width = NODE_DISTANCE / 2
    return round(place[0] / width), round(place[1] / width)


def _ring_radius(placed: dict[str, Position]) -> float:
    reach = max((math.hypot(x / STRETCH, y) for x, y in placed.values()), default=0.0)
    return reach + 2 * NODE_DISTANCE


def _on_ring(node: str, radius: float) -> Position:
    angle = _angle(node)
    return round(radius * STRETCH * math.cos(angle), 1), round(radius * math.sin(angle), 1)


def _angle(node: str) -> float:
    digest = hashlib.blake2b(node.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * math.tau
