"""Coverage of the logs hour by hour."""

from __future__ import annotations

import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.rows import Rows
from dashboard.analysis.query.tables import cache_table
from ingest.store.layout import HOUR_S


def coverage_by_hour(_rows: Rows, query: FlowQuery) -> ir.Table:
    """Return how much of each hour was logged, silent or lost.

    Args:
        query: Hours that touch its range count whole; nothing else of it applies.

    Returns:
        `hour_start` (epoch s), `ok` (traffic records), `nodata` and `skipdata` (rows that say
        so), in time order. Hours of which nothing at all is logged are absent.
    """
    rows = cache_table("coverage")
    if query.start is not None:
        rows = rows.filter(rows.hour_start > query.start - HOUR_S)
    if query.end is not None:
        rows = rows.filter(rows.hour_start < query.end)

    def sums(status: str) -> ir.Value:
        return rows.records.sum(where=rows.log_status == status).fill_null(0)

    found = rows.group_by("hour_start").aggregate(
        ok=sums("OK"), nodata=sums("NODATA"), skipdata=sums("SKIPDATA")
    )
    return found.order_by("hour_start")
