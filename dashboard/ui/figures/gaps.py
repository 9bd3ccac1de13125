"""What the logs lack, beside the chart over time: lost records, hours without any log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from dashboard.analysis.answers import Timeline
from dashboard.ui import wording
from dashboard.ui.figures.axes import iso
from dashboard.ui.theme import Palette

Kind = Literal["lost", "missing"]
TITLES: dict[Kind, str] = {"lost": "Records lost", "missing": "No logs"}
_HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of how whole the logs are.

    Attributes:
        hours: `hour_start`, `skipdata`, as `query.gaps` describes.
        first: Oldest time in the cache, epoch s; None: it is not known.
        last: Newest time in the cache.
    """

    hours: pd.DataFrame
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Hours in a row that lack something.

    Attributes:
        kind: `lost`: some records of them; `missing`: everything.
        start: First second, epoch s.
        end: First second after it.
        intervals: How many aggregation intervals say so; 0 for `missing`.
    """

    kind: Kind
    start: int
    end: int
    intervals: int = 0


def gaps(coverage: Coverage, start: int, end: int) -> list[Gap]:
    """Return the gaps in a range, in time order.

    Hours before the oldest record of the cache lack nothing, and neither does the hour of the
    newest, which may have none yet that began in it.
    """
    if coverage.first is None or coverage.last is None:
        return []
    skipped = {
        int(hour): int(count)
        for hour, count in zip(
            coverage.hours["hour_start"], coverage.hours["skipdata"], strict=True
        )
    }
    first, last = max(start, coverage.first), min(end - 1, coverage.last)
    found: list[Gap] = []
    for hour in range(first - first % _HOUR_S, last + 1, _HOUR_S):
        count = skipped.get(hour)
        is_open = hour + _HOUR_S > coverage.last
        if count == 0 or (count is None and is_open):
            continue
        gap = Gap("missing" if count is None else "lost", hour, hour + _HOUR_S, count or 0)
        before = found[-1] if found else None
        if before and (before.kind, before.end) == (gap.kind, gap.start):
            found[-1] = Gap(gap.kind, before.start, gap.end, before.intervals + gap.intervals)
        else:
            found.append(gap)
    return found


def shades(found: list[Gap], timeline: Timeline, colors: Palette) -> list[dict[str, Any]]:
    """Return one trace for each kind of gap, as high as the chart, on its second axis."""
    traces = []
    for kind, title in TITLES.items():
        # Drawn where the chart is: an hour may begin before it.
        parts = [
            (gap, max(gap.start, timeline.start), min(gap.end, timeline.end))
            for gap in found
            if gap.kind == kind
        ]
        if not parts:
            continue
        color = colors.mixed if kind == "lost" else colors.unlogged
        traces.append(
            {
                "type": "bar",
                "x": [iso((start + end) / 2) for _, start, end in parts],
                "y": [1] * len(parts),
                "width": [(end - start) * 1000 for _, start, end in parts],
                "yaxis": "y2",
                "name": title,
                "opacity": 0.45,
                "marker": {
                    "color": "rgba(0,0,0,0)",
                    "line": {"width": 0},
                    "pattern": {
                        "shape": "/" if kind == "lost" else "x",
                        "fgcolor": color,
                        "size": 6,
                        "solidity": 0.25,
                    },
                },
                "customdata": [["", _sentence(gap)] for gap, _, _ in parts],
                "hovertemplate": "%{customdata[1]}<extra></extra>",
            }
        )
    return traces


def _sentence(gap: Gap) -> str:
    where = wording.span(gap.start, gap.end)
    if gap.kind == "missing":
        return f"{where}<br><b>No logs</b>: no object of these hours was loaded"
    count = "1 interval" if gap.intervals == 1 else f"{wording.whole(gap.intervals)} intervals"
    return f"{where}<br><b>Records lost</b> (SKIPDATA) in {count}: there was more traffic"
