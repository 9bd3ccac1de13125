"""The force layout: who talks with whom stands near, in a place of its own.

Kamada and Kawai's algorithm keeps the core of such a network apart,
where force-directed ones pull hosts with the same peers into one spot. The many nodes
around it fan out from the node that they exchange most with, away from the middle.
"""

from __future__ import annotations

import functools
import hashlib
import math
import random
import statistics
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import igraph

Place = tuple[float, float]
Link = tuple[str, str]

CORE_LINKS = 120
APART = (125.0, 82.0)  # Pixels between nodes of the core, at least: room for a label.
_NEAR = 85.0  # Pixels between neighbors of the core, about.
STRETCH = 1.35  # Screens are wider than high.
_CELL = (56.0, 32.0)  # Around the core, one node a cell.
_FAN = 0.75 * math.pi  # Half the angle that a fan opens.
_GOLDEN = (math.sqrt(5) - 1) / 2
_TRIES = 200
_TRIES_A_RING = 26  # The way out grows by _NEAR in so many.
_FILLED = 0.8  # Nearer than this share of the room that nodes take, few cells are free.
_ROUNDS = 200
_RANDOM = threading.Lock()  # igraph has one random number generator a process.


def ring_around(places: Iterable[Place]) -> Callable[[str], Place]:
    """Return what gives a node a place around all others, at an angle made of its id."""
    reach = max((math.hypot(x / STRETCH, y) for x, y in places), default=0.0)
    return lambda node: _around((0, 0), angle_of(node), reach + 120)


def force_places(links: Sequence[Link]) -> dict[str, Place]:
    """Place the core, then what hangs on it.

    Args:
        links: Both ends of each edge, largest edge first.
    """
    pairs = list(dict.fromkeys((min(link), max(link)) for link in links if link[0] != link[1]))
    places = core_places(pairs)
    taken = {_cell(place) for place in places.values()}
    around: dict[str, int] = defaultdict(int)  # How many fan out from each.
    waiting = pairs
    while waiting:
        rest: list[Link] = []
        for pair in waiting:
            new = [node for node in pair if node not in places]
            if len(new) == 1:
                hub = pair[0] if new[0] == pair[1] else pair[1]
                places[new[0]] = _fanned(new[0], places[hub], taken, around[hub])
                around[hub] += 1
            elif new:
                rest.append(pair)
        if len(rest) == len(waiting):
            break
        waiting = rest
    return places


def core_places(pairs: Sequence[Link]) -> dict[str, Place]:
    """Lay out the nodes of the first pairs; equal pairs give equal places."""
    nodes = sorted({node for pair in pairs[:CORE_LINKS] for node in pair})
    if not nodes:
        return {}
    number = {node: index for index, node in enumerate(nodes)}
    inner = [(number[a], number[b]) for a, b in pairs if a in number and b in number]
    graph = igraph.Graph(n=len(nodes), edges=inner)
    with _RANDOM:
        igraph.set_random_number_generator(random.Random(1))  # noqa: S311 - no secret
        try:
            seed = [_around((0, 0), angle_of(node), math.sqrt(len(nodes))) for node in nodes]
            layout = graph.layout_kamada_kawai(seed=seed, maxiter=2_000)
        finally:
            igraph.set_random_number_generator(random)
    layout.center(0, 0)
    points = _lying([(float(x), float(y)) for x, y in layout.coords])
    scale = _NEAR / max(statistics.median(map(_nearest(points), points)), 1e-3)
    places = [(x * scale * STRETCH, y * scale) for x, y in points]
    return dict(zip(nodes, _apart(places), strict=True))


def _lying(points: Sequence[Place]) -> list[Place]:
    """Turn points around the origin so that their longest extent is horizontal."""
    xx, yy = sum(x * x for x, _ in points), sum(y * y for _, y in points)
    turn = -math.atan2(2 * sum(x * y for x, y in points), xx - yy) / 2
    cos, sin = math.cos(turn), math.sin(turn)
    return [(x * cos - y * sin, x * sin + y * cos) for x, y in points]


def _nearest(points: Sequence[Place]) -> functools.partial[float]:
    def distance(points: Sequence[Place], point: Place) -> float:
        return min((math.dist(point, other) for other in points if other is not point), default=1.0)

    return functools.partial(distance, points)


def _apart(places: Sequence[Place]) -> list[Place]:
    """Push apart what is nearer than APART, pair by pair, until nothing is."""
    moved = [list(place) for place in places]
    for _ in range(_ROUNDS):
        settled = True
        for i, one in enumerate(moved):
            for j, other in enumerate(moved[:i]):
                dx, dy = (one[0] - other[0]) / APART[0], (one[1] - other[1]) / APART[1]
                distance = math.hypot(dx, dy)
                if distance >= 1:
                    continue
                settled = False
                if distance < 1e-6:
                    # Two nodes in one spot leave it in a direction of their own.
                    dx, dy, distance = math.cos(i + j) * 1e-3, math.sin(i + j) * 1e-3, 1e-3
                push = (1 - distance) / distance / 2
                one[0] += dx * push * APART[0]
                one[1] += dy * push * APART[1]
                other[0] -= dx * push * APART[0]
                other[1] -= dy * push * APART[1]
        if settled:
            break
    return [(round(x, 1), round(y, 1)) for x, y in moved]


def _fanned(node: str, hub: Place, taken: set[tuple[int, int]], n_before: int) -> Place:
    """Find a free place around a hub, on the side away from the middle.

    Args:
        node: Its id gives the direction that is tried first.
        hub: Where what it hangs on stands.
        taken: Cells that are not free; the one found is added.
        n_before: How many fan out from the hub already: they fill what is nearer.
    """
    outward = math.atan2(hub[1], hub[0] / STRETCH)
    place, first = hub, angle_of(node) / math.tau
    full = math.sqrt(n_before * _CELL[0] * _CELL[1] / (_FAN * STRETCH)) * _FILLED
    begin = max(0, int((full / _NEAR - 1) * _TRIES_A_RING))
    for attempt in range(begin, begin + _TRIES):
        # Steps of the golden section spread evenly, however many there are.
        turn = ((first + attempt * _GOLDEN) % 1 * 2 - 1) * _FAN
        place = _around(hub, outward + turn, _NEAR * (1 + attempt / _TRIES_A_RING))
        if _cell(place) not in taken:
            break
    taken.add(_cell(place))
    return place


def _around(center: Place, angle: float, radius: float) -> Place:
    x = center[0] + radius * STRETCH * math.cos(angle)
    return round(x, 1), round(center[1] + radius * math.sin(angle), 1)


def _cell(place: Place) -> tuple[int, int]:
    return round(place[0] / _CELL[0]), round(place[1] / _CELL[1])


def angle_of(text: str) -> float:
    """Return an angle in radians that a text always has."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * math.tau
