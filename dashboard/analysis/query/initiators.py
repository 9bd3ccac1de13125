"""Which rules named the initiator."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.rows import Rows


def records_by_rule(rows: Rows, _query: FlowQuery) -> ir.Table:
    """Return how many traffic records that fit each rule has decided.

    Returns:
        `rule` (as ingest names it; null: the records name no two ends) and `records`, most
        first, then by rule.
    """
    records = rows.table("fitting_records")
    found = records.group_by(rule=records.initiator_rule).aggregate(
        records=records.records.sum().fill_null(0)
    )
    return found.order_by(ibis.desc("records"), "rule")
