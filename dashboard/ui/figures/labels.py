"""Which nodes carry a label, and on which side, so that no two labels collide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

_CHARACTER_EM = 0.56  # Mean width in a system font, rounded up.
_LINE_EM = 1.2
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


def label_sides(spots: Sequence[Spot], most: int, font_px: float) -> dict[str, str]:
    """Place labels greedily, the first spots first.

    Args:
        spots: In order of importance.
        most: How many labels at most.
        font_px: Size of the text, in the unit of the spots.

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
        for side, box in _boxes(spot, font_px):
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


def _boxes(spot: Spot, font_px: float) -> Iterator[tuple[str, _Box]]:
    wide, high, half = _CHARACTER_EM * font_px * len(spot.name), _LINE_EM * font_px, spot.size / 2
    x, y = spot.x, spot.y
    below, above = y + half + _GAP_PX, y - half - _GAP_PX
    right, left = x + half + _GAP_PX, x - half - _GAP_PX
    yield "bottom", _Box(x - wide / 2, below, x + wide / 2, below + high)
    yield "top", _Box(x - wide / 2, above - high, x + wide / 2, above)
    yield "right", _Box(right, y - high / 2, right + wide, y + high / 2)
    yield "left", _Box(left - wide, y - high / 2, left, y + high / 2)
