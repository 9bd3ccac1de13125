"""Ticks that Plotly does not know: local time, binary prefixes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dashboard.ui.display import display

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_STEPS_S: tuple[int, ...] = (
    *(n * _MINUTE_S for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR_S for n in (1, 2, 3, 6, 12)),
    *(n * _DAY_S for n in (1, 2, 7, 14, 28, 91, 364)),
)
_SIGN_PX, _GAP_PX = 6.6, 12  # Of a tick, at the width of a digit, and around it.
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def iso(epoch_s: float) -> str:
    """Write a time as Plotly reads it, in UTC whatever the reader's zone.

    Local time would show an hour twice when clocks are set back.
    """
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def time_ticks(start: int, end: int, most: int = 9) -> dict[str, Any]:
    """Return the ticks of a time axis in the reader's zone; `{}`: Plotly's own are right.

    Args:
        start: First second drawn.
        end: First second after it.
        most: Ticks at most.
    """
    if display().is_utc:
        return {}
    step = next((s for s in _STEPS_S if (end - start) / s <= most), (end - start) // most)
    places, texts, day = [], [], None
    for moment in _local_steps(start, end, step):
        clock = display().at(moment)
        text = clock.strftime("%H:%M") if step < _DAY_S else clock.strftime("%b %-d")
        if step < _DAY_S and clock.date() != day:
            text += clock.strftime("<br>%b %-d, %Y")
        day = clock.date()
        places.append(iso(moment))
        texts.append(text)
    return {"tickmode": "array", "tickvals": places, "ticktext": texts}


def _local_steps(start: int, end: int, step: int) -> list[int]:
    """Return the times in a range at which clocks show a multiple of a step."""
    found: list[int] = []
    moment = start
    while True:
        # The offset may be another one after the step: clocks were changed in between.
        for _ in range(2):
            over = (moment + _offset(moment)) % step
            moment += (step - over) % step
        if moment >= end:
            return found
        found.append(moment)
        moment += max(step // 2, 1)


def _offset(moment: int) -> int:
    offset = display().at(moment).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def amount_axis(metric: str, most: float) -> dict[str, Any]:
    """Return the ticks of an axis of amounts.

    Args:
        metric: What it measures.
        most: The largest amount drawn, as it is drawn.
    """
    units = display().units
    if metric != "bytes":
        return {"tickformat": "~s"}
    if units == "bits":
        return {"tickformat": "~s", "ticksuffix": "bit/s"}
    if units == "si":
        return {"tickformat": "~s", "ticksuffix": "B"}
    step = 1
    while step * 4 <= most:
        step *= 2
    places = [step * n for n in range(int(most // step) + 1)]
    return {"tickmode": "array", "tickvals": places, "ticktext": list(map(_binary, places))}


def tick_room(axis: Mapping[str, Any]) -> int:
    """Return the pixels that the ticks of an `amount_axis` take beside the columns."""
    # Plotly's own have up to five signs, such as 12.5k.
    longest = max(map(len, axis.get("ticktext", ("12.5k",))), default=0)
    return round(_SIGN_PX * (longest + len(axis.get("ticksuffix", "")))) + _GAP_PX


def _binary(amount: int) -> str:
    power = 0
    while amount >= 1024 ** (power + 1) and power < len(_BINARY) - 1:
        power += 1
    return f"{amount / 1024**power:g} {_BINARY[power]}B" if amount else "0"
