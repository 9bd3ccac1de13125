"""Edges of the graph: conversations by initiator, responder, service port and protocol."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.base import edge_rows, volume_sums
from dashboard.analysis.query.nodes import with_nodes
from dashboard.analysis.query.span import Span

KEY = ("src", "dst", "port", "protocol")
SUMS = (
    "records",
    "flows",
    "accepted",
    "rejected",
    "packets",
    "bytes",
    "return_packets",
    "return_bytes",
)
EDGE, ADDRESSED, ADDRESSLESS = 0, 1, 2  # What a row of `top_conversations` is, in `part`.
_COLUMNS = ("part", *KEY, *SUMS, "first_seen", "last_seen", "edges")


def conversations(span: Span, query: FlowQuery, *, named: bool) -> ir.Table:
    """Sum up everything that fits by edge, threshold and top-K left aside.

    Returns:
        `src`, `dst`, `port`, `protocol`, SUMS, `first_seen`, `last_seen`; unordered.
        Records that name no two ends are rows without `src` and `dst`.
    """
    rows = with_nodes(edge_rows(span, query), named=named, src="initiator", dst="responder")
    return rows.group_by("src", "dst", "protocol", port=rows.service_port).aggregate(
        **volume_sums(rows),
        return_packets=rows.return_packets.sum().fill_null(0),
        return_bytes=rows.return_bytes.sum().fill_null(0),
        first_seen=rows.first_seen.min(),
        last_seen=rows.last_seen.max(),
    )


def top_conversations(span: Span, query: FlowQuery, *, named: bool) -> ir.Table:
    """Cut edges by threshold and top-K and sum up all, in one pass over the rows.

    Returns:
        `part`, KEY, SUMS, `first_seen`, `last_seen`, `edges` (how many a row stands for).
        Where `part` is EDGE: the edges kept, largest metric first, ties by key. Then at
        most one row ADDRESSED and one ADDRESSLESS with the sums over everything that fits.
    """
    every = conversations(span, query, named=named)
    addressed = every.src.notnull() & every.dst.notnull()
    kept = every.filter(addressed, every[query.metric] >= query.threshold)
    order = (ibis.desc(query.metric), *KEY)
    kept = kept.order_by(*order).limit(query.top_k)
    kept = kept.mutate(part=ibis.literal(EDGE, "int8"), edges=ibis.literal(1, "int64"))
    part = ibis.ifelse(addressed, ADDRESSED, ADDRESSLESS).cast("int8")
    sums = every.group_by(part=part).aggregate(
        **{name: every[name].sum() for name in SUMS},
        first_seen=every.first_seen.min(),
        last_seen=every.last_seen.max(),
        edges=every.count(),
    )
    sums = sums.mutate(
        src=ibis.null("string"),
        dst=ibis.null("string"),
        port=ibis.null("int32"),
        protocol=ibis.null("int16"),
    )
    return kept.select(*_COLUMNS).union(sums.select(*_COLUMNS)).order_by("part", *order)
