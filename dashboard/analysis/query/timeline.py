"""Traffic over time, in bins that fit the picture."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.rows import VOLUMES, Rows

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
BIN_WIDTHS_S: tuple[int, ...] = (
    *(n * MINUTE_S for n in (1, 5, 10, 15, 30)),
    *(n * HOUR_S for n in (1, 2, 3, 6, 12)),
    *(n * DAY_S for n in (1, 7)),
)


def binned(rows: Rows, _query: FlowQuery, *, bin_s: int) -> ir.Table:
    """Sum up what fits by bin and action.

    What a record carried after the end of the range lies in the range's last bin, so
    that the bins add up to the header.

    Returns:
        `bin_start` (null: records without a time), `action` (`NONE` where the format has
        none) and VOLUMES, in time order, then by action.
    """
    if rows.timeline_from == "hours":
        found = rows.edges
        moment = found.time
    else:
        found = rows.table("fitting_series")
        moment = found.minute_start
    if rows.end is not None:
        moment = ibis.least(moment, ibis.literal(rows.end, "int64") - 1)
    bin_start = moment - moment % bin_s
    binned_rows = found.group_by(
        bin_start=bin_start, action=found.action.fill_null("NONE")
    ).aggregate(**{name: found[name].sum() for name in VOLUMES})
    return binned_rows.order_by("bin_start", "action")


def series_limits(rows: Rows, _query: FlowQuery) -> ir.Table:
    """Return one row: `first` and `last` minute with traffic; null where there is none."""
    series = rows.table("fitting_series")
    return series.aggregate(first=series.minute_start.min(), last=series.minute_start.max())


def logged_sums(rows: Rows, _query: FlowQuery) -> ir.Table:
    """Return one row: `logged_packets` and `logged_bytes`, second reports included."""
    series = rows.table("fitting_series")
    return series.aggregate(
        **{name: series[name].sum().fill_null(0) for name in ("logged_packets", "logged_bytes")}
    )


def bins_for(
    first_s: int, end_s: int, max_bins: int, least_s: int = MINUTE_S
) -> tuple[int, int, int]:
    """Choose the narrowest bin width that draws a range in at most `max_bins` bins.

    Beyond the widest of BIN_WIDTHS_S, multiples of a week are taken; none is narrower
    than `least_s`.

    Returns:
        Width in seconds, start and end of the range drawn, both multiples of the width.
    """
    for width in BIN_WIDTHS_S:
        start, end = _aligned(first_s, end_s, width)
        if width >= least_s and (end - start) // width <= max_bins:
            return width, start, end
    week = BIN_WIDTHS_S[-1]
    width = week * -(-(end_s - first_s) // (week * max(1, max_bins - 1)))
    return width, *_aligned(first_s, end_s, width)


def _aligned(first_s: int, end_s: int, width: int) -> tuple[int, int]:
    return first_s // width * width, -(-end_s // width) * width
