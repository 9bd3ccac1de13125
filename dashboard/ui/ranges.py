"""The range of time, moved by its own length or made wider."""

from __future__ import annotations

from dashboard.ui.display import display
from dashboard.ui.view_state import ALL, CUSTOM, SPANS

MOVES = ("earlier", "later", "wider")
_MINUTE_S = 60
Range = tuple[str, int | None, int | None]


def moved(
    how: str, span: str, start: int | None, end: int | None, oldest: int, newest: int
) -> Range:
    """Return the range one step on; it stays within what is cached.

    Args:
        how: One of MOVES. `earlier` and `later` go on by the range's own length, `wider`
            doubles it round its middle.
        span: Preset that the range follows, or CUSTOM.
        start: First second, epoch s; None: from the first record.
        end: First second after it; None: to the last record.
        oldest: Oldest time in the cache.
        newest: Newest time in the cache.

    Returns:
        Preset, start and end. A range that ends with the newest record and is as long as
        a preset is that preset, and one that holds everything is ALL.
    """
    low, high = oldest - oldest % _MINUTE_S, -(-newest // _MINUTE_S) * _MINUTE_S
    if span == ALL or high <= low:
        return span, start, end
    first, after = start if start is not None else low, end if end is not None else high
    length = after - first
    if how == "wider":
        half = max(length // 2 // _MINUTE_S, 1) * _MINUTE_S
        first, after = max(first - half, low), min(after + half, high)
        # A range beside all records has its middle there, too.
        if after <= first:
            first, after = low, high
    else:
        first += length if how == "later" else -length
        first = max(min(first, high - length), low)
        after = min(first + length, high)
    if (first, after) == (low, high):
        return ALL, None, None
    if after == high:
        for preset, seconds in SPANS.items():
            if seconds == after - first:
                return preset, first, None
    return CUSTOM, first, after


def typed_time(value: object) -> object:
    """Return a typed time with the reader's zone, where it names none; other texts as they are.

    A time that clocks showed twice is the first of both.
    """
    text = str(value or "").strip()
    if not text or display().is_utc:
        return value
    moment = display().read(text)
    return value if moment is None else moment
