"""Edges over time → least, average, 95th percentile and most of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from dashboard.analysis.answers import EdgeBins

Key = tuple[str, str, int | None, int | None]


def statistics(bins: EdgeBins, metric: str) -> dict[Key, dict[str, Any]]:
    """Sum up the bins of each edge; bins without traffic count as zero.

    Returns:
        By key of the edge: `least`, `average`, `p95`, `most` of the metric in a bin, and
        `series`, its value in each bin.
    """
    n_bins = max(1, (bins.end - bins.start) // bins.bin_s)
    columns = ["src", "dst", "port", "protocol", "bin_start", metric]
    series: dict[Key, list[int]] = {}
    for src, dst, port, protocol, start, value in bins.rows[columns].itertuples(
        index=False, name=None
    ):
        key = (str(src), str(dst), _whole(port), _whole(protocol))
        values = series.setdefault(key, [0] * n_bins)
        place = (int(start) - bins.start) // bins.bin_s
        # What began before the range and ended in it lies in its first bin.
        values[min(max(place, 0), n_bins - 1)] += int(value)
    return {key: {**_summary(values), "series": values} for key, values in series.items()}


def _summary(values: Sequence[int]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "least": ordered[0],
        "average": sum(ordered) / len(ordered),
        "p95": ordered[nearest_rank(len(ordered), 0.95)],
        "most": ordered[-1],
    }


def nearest_rank(count: int, share: float) -> int:
    """Return the index of a percentile by the nearest-rank method: a value that occurred."""
    return max(0, math.ceil(share * count) - 1)


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
