"""Talkers: nodes ranked by what they sent plus received."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.base import talker_rows
from dashboard.analysis.query.nodes import with_nodes
from dashboard.analysis.query.rankings import ranked
from dashboard.analysis.query.span import Span

SIDES = ("sent_packets", "sent_bytes", "received_packets", "received_bytes")


def top_talkers(span: Span, query: FlowQuery, top: int, *, named: bool) -> ir.Table:
    """Rank nodes; a flow counts at each of its two ends.

    Returns:
        As `ranked`, keyed by `node`, with SIDES beside the volumes.
    """
    rows = with_nodes(talker_rows(span, query), named=named, node="address")
    rows = rows.mutate(
        packets=rows.sent_packets + rows.received_packets,
        bytes=rows.sent_bytes + rows.received_bytes,
    )
    return ranked(rows, query, ("node",), top, sides=SIDES)


def distinct_addresses(talkers: ir.Table) -> ir.Table:
    """Return each address of the whole cache once, in text order."""
    return (
        talkers.select("address")
        .filter(talkers.address.notnull())
        .distinct()
        .order_by(ibis.asc("address"))
    )
