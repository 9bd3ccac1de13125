"""Service ports, ranked."""

from __future__ import annotations

import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.rankings import ranked
from dashboard.analysis.query.rows import Rows


def top_ports(rows: Rows, query: FlowQuery, *, top: int) -> ir.Table:
    """Rank service ports by protocol; protocols without ports have a null port.

    Returns:
        As `ranked`, keyed by `port` and `protocol`.
    """
    return ranked(rows.ports.rename(port="service_port"), query, ("port", "protocol"), top)
