"""Talkers: nodes ranked by what they sent plus received."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.rankings import ranked
from dashboard.analysis.query.rows import Rows
from dashboard.analysis.query.tables import cache_table

SIDES = ("sent_packets", "sent_bytes", "received_packets", "received_bytes")


def top_talkers(rows: Rows, query: FlowQuery, *, top: int) -> ir.Table:
    """Rank nodes; a flow counts at each of its two ends.

    Returns:
        As `ranked`, keyed by `node`, with SIDES beside the volumes.
    """
    ends = rows.talkers
    ends = ends.mutate(
        packets=ends.sent_packets + ends.received_packets,
        bytes=ends.sent_bytes + ends.received_bytes,
    )
    return ranked(ends, query, ("node",), top, sides=SIDES)


def top_sides(rows: Rows, query: FlowQuery, *, top: int, side: str) -> ir.Table:
    """Rank initiators (`src`), responders (`dst`) or pairs (`pair`); a flow counts once.

    Returns:
        As `ranked`, keyed by `src`, `dst` or both. Records that name no two ends are in
        the total alone.
    """
    key = ("src", "dst") if side == "pair" else (side,)
    return ranked(rows.edges, query, key, top)


def distinct_places(rows: Rows, _query: FlowQuery) -> ir.Table:
    """Return each `address` and `vpc_id` that sent or received anything once."""
    talkers = rows.talkers
    places = talkers.filter(talkers.address.notnull()).select("address", "vpc_id").distinct()
    return places.order_by(ibis.asc("address"), ibis.asc("vpc_id"))


def own_ends(_rows: Rows, _query: FlowQuery) -> ir.Table:
    """Return what the logs last said of each interface's own `address` in its `vpc_id`."""
    ends = cache_table("ends")
    ends = ends.filter(ends.address.notnull())
    known = ("account_id", "subnet_id", "interface_id", "instance_id", "az_id", "region")
    latest = ends.group_by("address", "vpc_id").aggregate(
        **{name: ends[name].argmax(ends.last_seen) for name in known}
    )
    return latest.order_by("address", "vpc_id")
