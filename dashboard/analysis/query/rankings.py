"""What top lists have in common: a cut, an order, and a sum over everything."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.rows import volume_sums

RANKED, TOTAL = 0, 1  # What a row of `ranked` is, in `part`.


def ranked(
    rows: ir.Table, query: FlowQuery, key: tuple[str, ...], top: int, sides: tuple[str, ...] = ()
) -> ir.Table:
    """Aggregate rows by a key and keep the largest.

    Args:
        rows: The key's columns, `action` and the volumes.
        query: Its metric orders; threshold and top-K are for edges alone.
        key: Columns that name a row of the list.
        top: How many rows are kept.
        sides: More columns to sum up.

    Returns:
        `part`, key, sides, volumes, `accepted_metric`, `rejected_metric`. Where `part` is
        RANKED: largest metric first, ties by key. Then one row TOTAL with the sums over
        everything that fits, unless nothing does.
    """
    metric = rows[query.metric]
    every = rows.group_by(*key).aggregate(
        **{name: rows[name].sum().fill_null(0) for name in sides},
        **volume_sums(rows),
        accepted_metric=metric.sum(where=rows.action == "ACCEPT").fill_null(0),
        rejected_metric=metric.sum(where=rows.action == "REJECT").fill_null(0),
    )
    sums = [name for name in every.columns if name not in key]
    columns = ["part", *key, *sums]
    order = (ibis.desc(query.metric), *key)
    kept = every.order_by(*order).limit(top).mutate(part=ibis.literal(RANKED, "int8"))
    total = every.aggregate(**{name: every[name].sum().fill_null(0) for name in sums})
    total = total.mutate(
        part=ibis.literal(TOTAL, "int8"), **{name: ibis.null(every[name].type()) for name in key}
    )
    return kept.select(*columns).union(total.select(*columns)).order_by("part", *order)
