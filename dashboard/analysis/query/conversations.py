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


def top_conversations(rows: Rows, query: FlowQuery) -> ir.Table:
    """Cut edges by threshold and top-K, and sum up all.

    Returns:
        `part`, KEY, SUMS, `named_bytes` (of the bytes, those between two ends with names),
        `first_seen`, `last_seen`, `edges` (how many a row stands for). Where `part` is EDGE:
        the edges kept, largest metric first, ties by key. Then at most one row ADDRESSED and
        one ADDRESSLESS with the sums over everything that fits.
    """
    edges = rows.edges.rename(port="service_port")
    edges = edges.mutate(
        part=ibis.ifelse(edges.src.notnull() & edges.dst.notnull(), ADDRESSED, ADDRESSLESS)
    )
    order = (ibis.desc(query.metric), *KEY)
    # Hardly any edge comes twice in a whole day or week: a row of twelve sums for each would
    # be most of the work. The metric alone tells which edges need them.
    every = edges.group_by("part", *KEY).aggregate(
        **{query.metric: edges[query.metric].sum().fill_null(0)}
    )
    kept = every.filter(every.part == ADDRESSED, every[query.metric] >= query.threshold)
    kept = kept.order_by(*order).limit(query.top_k)
    found = _sums_of(edges, kept)
    of_edges = found.filter(found.src.notnull())
    of_edges = of_edges.mutate(part=ibis.literal(EDGE, "int8"), edges=ibis.literal(1, "int64"))
    sums = found.group_by("part").aggregate(
        **{name: found[name].sum() for name in _ALL_SUMS},
        first_seen=found.first_seen.min(),
        last_seen=found.last_seen.max(),
    )
    counts = every.group_by(counted="part").aggregate(edges=every.count())
    sums = sums.join(counts, sums.part == counts.counted).mutate(
        part=sums.part.cast("int8"),
        src=ibis.null(edges.src.type()),
        dst=ibis.null(edges.dst.type()),
        port=ibis.null("int32"),
        protocol=ibis.null("int16"),
    )
    return of_edges.select(*_COLUMNS).union(sums.select(*_COLUMNS)).order_by("part", *order)


def same_edge(
    left: ir.Table, right: ir.Table, ends: tuple[str, ...] = KEY
) -> list[ir.BooleanValue]:
    """Say that rows are of one edge, for a join; a port that is null is as good as another.

    Args:
        left: Rows with KEY.
        right: Rows with KEY, under the names `ends`.
        ends: Its names.
    """
    src, dst, *numbers = zip(KEY, ends, strict=True)
    tests = [left[mine] == right[theirs] for mine, theirs in (src, dst)]
    # No port and no protocol is negative. Not every engine joins by what is null.
    return tests + [
        left[mine].fill_null(-1) == right[theirs].fill_null(-1) for mine, theirs in numbers
    ]


def _sums_of(edges: ir.Table, kept: ir.Table) -> ir.Table:
    """Sum up the edges that are kept, one by one, and all others together, by `part`.

    Returns:
        `part`, KEY (all null for the others), SUMS, `named_bytes`, `first_seen`, `last_seen`.
    """
    names = {f"kept_{name}": name for name in KEY}
    kept = kept.select(**{name: kept[of] for name, of in names.items()})
    rows = edges.left_join(kept, same_edge(edges, kept, tuple(names)))
    return rows.group_by("part", **{of: rows[name] for name, of in names.items()}).aggregate(
        **volume_sums(rows),
        return_packets=rows.return_packets.sum().fill_null(0),
        return_bytes=rows.return_bytes.sum().fill_null(0),
        named_bytes=rows.bytes.sum(where=rows.src_named & rows.dst_named).fill_null(0),
        first_seen=rows.first_seen.min(),
        last_seen=rows.last_seen.max(),
    )


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
