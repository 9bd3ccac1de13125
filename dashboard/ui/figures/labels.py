"""Which nodes carry a label, and on which side, so that no two labels collide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

_CHARACTER_PX = 7.9  # Mean width in a 14 px system font, rounded up.
_LINE_PX = 17.0
_GAP_PX = 5.0
SIDES = ("bottom", "top", "right", "left")


class Spot(NamedTuple):
    """A drawn node: its name, center and diameter in pixels."""

    name: str
    x: float
    y: float
    size: float


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def label_sides(spots: Sequence[Spot], most: int) -> dict[str, str]:
    """Place labels greedily, the first spots first.

    Args:
        spots: In order of importance.
        most: How many labels at most.

    Returns:
        Name → one of SIDES. A node whose label would cover a label placed before
        or another node is left out; it shows its name under the pointer.
    """
    discs = [_disc(spot) for spot in spots]
    taken: list[_Box] = []
    sides: dict[str, str] = {}
    for index, spot in enumerate(spots):
        if len(sides) >= most:
            break
        for side, box in _boxes(spot):
            covers_label = any(box.meets(other) for other in taken)
            covers_node = any(box.meets(disc) for i, disc in enumerate(discs) if i != index)
            if not covers_label and not covers_node:
                sides[spot.name] = side
                taken.append(box)
                break
    return sides


def _disc(spot: Spot) -> _Box:
    half = spot.size / 2
    return _Box(spot.x - half, spot.y - half, spot.x + half, spot.y + half)


def _boxes(spot: Spot) -> Iterator[tuple[str, _Box]]:
    wide, half = _CHARACTER_PX * len(spot.name), spot.size / 2
    x, y = spot.x, spot.y
    below, above = y + half + _GAP_PX, y - half - _GAP_PX
    right, left = x + half + _GAP_PX, x - half - _GAP_PX
    yield "bottom", _Box(x - wide / 2, below, x + wide / 2, below + _LINE_PX)
    yield "top", _Box(x - wide / 2, above - _LINE_PX, x + wide / 2, above)
    yield "right", _Box(right, y - _LINE_PX / 2, right + wide, y + _LINE_PX / 2)
    yield "left", _Box(left - wide, y - _LINE_PX / 2, left, y + _LINE_PX / 2)
