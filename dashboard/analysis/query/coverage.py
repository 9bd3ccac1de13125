"""What the logs themselves say they lack."""

from __future__ import annotations

import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.base import coverage_rows
from dashboard.analysis.query.span import Span


def coverage_sums(span: Span, _query: FlowQuery) -> ir.Table:
    """Return one row: how many NODATA (`nodata`) and SKIPDATA (`skipdata`) rows there are.

    They have no action, so no filter of the question but its range applies.
    """
    rows = coverage_rows(span)
    return rows.aggregate(
        nodata=rows.records.sum(where=rows.log_status == "NODATA").fill_null(0),
        skipdata=rows.records.sum(where=rows.log_status == "SKIPDATA").fill_null(0),
    )
