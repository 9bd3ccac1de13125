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


def top_talkers(span: Span, query: FlowQuery, *, top: int, named: bool) -> ir.Table:
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


def distinct_addresses(span: Span, query: FlowQuery) -> ir.Table:
    """Return each address that sent or received anything once, in text order."""
    talkers = talker_rows(span, query)
    addresses = talkers.filter(talkers.address.notnull()).select("address").distinct()
    return addresses.order_by(ibis.asc("address"))
