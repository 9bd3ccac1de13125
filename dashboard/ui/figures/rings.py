"""The concentric layout: who exchanges most stands in the middle."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from dashboard.ui.figures.places import STRETCH, Place, angle_of

RING_PX = 92.0  # From one ring to the next.
_APART_PX = 104.0  # Along a ring: room for most of a label.


def ring_places(order: Sequence[str], near: Mapping[str, Place]) -> dict[str, Place]:
    """Fill rings from the middle outwards.

    Args:
        order: Nodes, the one that exchanges most first.
        near: Places of another layout. Along its ring a node keeps the direction that it
            has there, so that nodes with the same peers stay on one side.
    """
    places: dict[str, Place] = {}
    for radius, members in _rings(order):
        by_direction = sorted(members, key=lambda node: (_direction(node, near), node))
        step = math.tau / len(members)
        # Of all ways to turn the ring, the one that turns its nodes least on the whole.
        turns = [_direction(node, near) - i * step for i, node in enumerate(by_direction)]
        start = math.atan2(sum(map(math.sin, turns)), sum(map(math.cos, turns)))
        for i, node in enumerate(by_direction):
            angle = start + i * step
            x, y = radius * STRETCH * math.cos(angle), radius * math.sin(angle)
            places[node] = (round(x, 1), round(y, 1))
    return places


def _rings(order: Sequence[str]) -> Iterator[tuple[float, Sequence[str]]]:
    yield 0.0, order[:1]
    taken, number = 1, 1
    while taken < len(order):
        radius = number * RING_PX
        room = int(math.tau * radius * (1 + STRETCH) / 2 / _APART_PX)
        yield radius, order[taken : taken + room]
        taken, number = taken + room, number + 1


def _direction(node: str, near: Mapping[str, Place]) -> float:
    place = near.get(node)
    if place is None or place == (0.0, 0.0):
        return angle_of(node)
    return math.atan2(place[1], place[0] / STRETCH)
