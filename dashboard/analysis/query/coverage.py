"""What the logs themselves say they lack."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.rows import Rows
from dashboard.analysis.query.tables import cache_table
from ingest.store.layout import HOUR_S


def coverage_sums(rows: Rows, _query: FlowQuery) -> ir.Table:
    """Return one row: how many NODATA (`nodata`) and SKIPDATA (`skipdata`) rows there are.

    They have no action, so no filter of the question but its range applies.
    """
    gaps = rows.table("fitting_gaps")
    return gaps.aggregate(
        nodata=gaps.records.sum(where=gaps.log_status == "NODATA").fill_null(0),
        skipdata=gaps.records.sum(where=gaps.log_status == "SKIPDATA").fill_null(0),
    )


def coverage_by_interface(_rows: Rows, query: FlowQuery) -> ir.Table:
    """Return how many hours of each interface were logged, silent or lost.

    Args:
        query: Hours that touch its range count whole.

    Returns:
        `account_id`, `interface_id`, `hours` (with any row), `ok_hours`, `nodata_hours`,
        `skipdata_hours`, `records` (traffic rows), `skipdata` (rows that say that records
        were lost), `first_hour`, `last_hour`; most losses first, then by interface.
    """
    rows = cache_table("coverage")
    if query.start is not None:
        rows = rows.filter(rows.hour_start > query.start - HOUR_S)
    if query.end is not None:
        rows = rows.filter(rows.hour_start < query.end)

    def hours(status: str) -> ir.Value:
        return rows.hour_start.nunique(where=rows.log_status == status)

    found = rows.group_by("account_id", "interface_id").aggregate(
        hours=rows.hour_start.nunique(),
        ok_hours=hours("OK"),
        nodata_hours=hours("NODATA"),
        skipdata_hours=hours("SKIPDATA"),
        records=rows.records.sum(where=rows.log_status == "OK").fill_null(0),
        skipdata=rows.records.sum(where=rows.log_status == "SKIPDATA").fill_null(0),
        first_hour=rows.hour_start.min(),
        last_hour=rows.hour_start.max(),
    )
    return found.order_by(ibis.desc("skipdata_hours"), "account_id", "interface_id")
