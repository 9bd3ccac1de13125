"""Edges of the graph: conversations by initiator, responder, service port and protocol."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.rows import Rows, volume_sums

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
_ALL_SUMS = (*SUMS, "named_bytes")
_COLUMNS = ("part", *KEY, *_ALL_SUMS, "first_seen", "last_seen", "edges")


def conversations(edges: ir.Table) -> ir.Table:
    """Sum up everything that fits by edge, threshold and top-K left aside.

    Returns:
        `src`, `dst`, `port`, `protocol`, SUMS, `named_bytes` (of the bytes, those between
        two ends with names), `first_seen`, `last_seen`; unordered. Records that name no
        two ends are rows without `src` and `dst`.
    """
    return edges.group_by("src", "dst", "protocol", port=edges.service_port).aggregate(
        **volume_sums(edges),
        return_packets=edges.return_packets.sum().fill_null(0),
        return_bytes=edges.return_bytes.sum().fill_null(0),
        named_bytes=edges.bytes.sum(where=edges.src_named & edges.dst_named).fill_null(0),
        first_seen=edges.first_seen.min(),
        last_seen=edges.last_seen.max(),
    )


def top_conversations(rows: Rows, query: FlowQuery) -> ir.Table:
    """Cut edges by threshold and top-K and sum up all, in one pass over the rows.

    Returns:
        `part`, KEY, SUMS, `named_bytes`, `first_seen`, `last_seen`, `edges` (how many a
        row stands for). Where `part` is EDGE: the edges kept, largest metric first, ties
        by key. Then at most one row ADDRESSED and one ADDRESSLESS with the sums over
        everything that fits.
    """
    every = conversations(rows.edges)
    addressed = every.src.notnull() & every.dst.notnull()
    kept = every.filter(addressed, every[query.metric] >= query.threshold)
    order = (ibis.desc(query.metric), *KEY)
    kept = kept.order_by(*order).limit(query.top_k)
    kept = kept.mutate(part=ibis.literal(EDGE, "int8"), edges=ibis.literal(1, "int64"))
    part = ibis.ifelse(addressed, ADDRESSED, ADDRESSLESS).cast("int8")
    sums = every.group_by(part=part).aggregate(
        **{name: every[name].sum() for name in _ALL_SUMS},
        first_seen=every.first_seen.min(),
        last_seen=every.last_seen.max(),
        edges=every.count(),
    )
    sums = sums.mutate(
        src=ibis.null(every.src.type()),
        dst=ibis.null(every.dst.type()),
        port=ibis.null("int32"),
        protocol=ibis.null("int16"),
    )
    return kept.select(*_COLUMNS).union(sums.select(*_COLUMNS)).order_by("part", *order)


def edge_bins(rows: Rows, query: FlowQuery, *, bin_s: int) -> ir.Table:
    """Sum up the metric of each edge by time, all edges; for a few, filter by their keys.

    Returns:
        KEY, `bin_start` and the metric under its name, in the order of key and time.
    """
    edges = rows.edges
    edges = edges.filter(edges.src.notnull() & edges.dst.notnull() & edges.time.notnull())
    edges = edges.mutate(bin_start=edges.time - edges.time % bin_s, port=edges.service_port)
    sums = edges.group_by(*KEY, "bin_start").aggregate(
        **{query.metric: edges[query.metric].sum().fill_null(0)}
    )
    return sums.order_by(*KEY, "bin_start")
