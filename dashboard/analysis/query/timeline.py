"""Traffic over time, in bins that fit the picture."""

from __future__ import annotations

import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.base import VOLUMES, series_rows
from dashboard.analysis.query.span import Span

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
BIN_WIDTHS_S: tuple[int, ...] = (
    *(n * MINUTE_S for n in (1, 5, 10, 15, 30)),
    *(n * HOUR_S for n in (1, 2, 3, 6, 12)),
    *(n * DAY_S for n in (1, 7)),
)


def binned(span: Span, query: FlowQuery, *, bin_s: int) -> ir.Table:
    """Sum up what fits by bin and action.

    Returns:
        `bin_start` (null: records without a time), `action` (`NONE` where the format has
        none) and VOLUMES, in time order, then by action.
    """
    rows = series_rows(span, query)
    bin_start = rows.minute_start - rows.minute_start % bin_s
    binned_rows = rows.group_by(
        bin_start=bin_start, action=rows.action.fill_null("NONE")
    ).aggregate(**{name: rows[name].sum() for name in VOLUMES})
    return binned_rows.order_by("bin_start", "action")


def series_limits(span: Span, query: FlowQuery) -> ir.Table:
    """Return one row: `first` and `last` minute with traffic; null where there is none."""
    series = series_rows(span, query)
    return series.aggregate(first=series.minute_start.min(), last=series.minute_start.max())


def logged_sums(span: Span, query: FlowQuery) -> ir.Table:
    """Return one row: `logged_packets` and `logged_bytes`, second reports included."""
    rows = series_rows(span, query)
    return rows.aggregate(
        **{name: rows[name].sum().fill_null(0) for name in ("logged_packets", "logged_bytes")}
    )


def bins_for(first_s: int, end_s: int, max_bins: int) -> tuple[int, int, int]:
    """Choose the narrowest bin width that draws a range in at most `max_bins` bins.

    Beyond the widest of BIN_WIDTHS_S, multiples of a week are taken.

    Returns:
        Width in seconds, start and end of the range drawn, both multiples of the width.
    """
    for width in BIN_WIDTHS_S:
        start, end = _aligned(first_s, end_s, width)
        if (end - start) // width <= max_bins:
            return width, start, end
    week = BIN_WIDTHS_S[-1]
    width = week * -(-(end_s - first_s) // (week * max(1, max_bins - 1)))
    return width, *_aligned(first_s, end_s, width)


def _aligned(first_s: int, end_s: int, width: int) -> tuple[int, int]:
    return first_s // width * width, -(-end_s // width) * width
