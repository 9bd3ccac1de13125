"""What differs between two time ranges, edge by edge."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.conversations import KEY, same_edge
from dashboard.analysis.query.rows import Rows

METRICS = ("flows", "bytes", "packets", "accepted", "rejected")
CHANGE, SUM = 0, 1  # What a row of `changes` is, in `part`.
KINDS = ("added", "gone", "grew", "shrank", "same")
_ADDED, _GONE, _GREW, _SHRANK, _SAME = range(len(KINDS))
_SUMS = tuple(f"{name}{suffix}" for name in METRICS for suffix in ("", "_before"))
_SCALE = 1_000_000


def changes(rows: Rows, query: FlowQuery, *, scale: int, kinds: str = "") -> ir.Table:
    """Compare the edges of two ranges.

    Args:
        rows: `compared_edges`: those of the range, and of the one before.
        query: Threshold applies to the larger of both sides, before the top-K cut.
        scale: Length of the range now over that of the range before, in millionths: an
            edge grew where it has more than so much of what it had.
        kinds: Which of KINDS are kept, separated by commas; empty: all but `same`.

    Returns:
        `part`, `change` (of KINDS), KEY, for each of METRICS `<name>` and `<name>_before`,
        `difference` (of the question's metric, against the scaled range before), `edges`.
        Where `part` is CHANGE: the largest differences first, ties by key. Then a row SUM
        for each kind, over everything above the threshold, of the question's metric alone:
        to sum up the others by kind took two fifths of the time.
    """
    both = _with_metrics(rows.table("compared_edges"))
    # As in `conversations.top_conversations`: the metric alone tells what became of an edge.
    every = both.group_by(*KEY).aggregate(**_now_and_before(both, query.metric))
    # A volume is never null, so a sum is where a range has no row of the edge.
    metrics = (query.metric, f"{query.metric}_before")
    every = every.mutate(
        is_gone=every[metrics[0]].isnull(),
        is_added=every[metrics[1]].isnull(),
        **{name: every[name].fill_null(0) for name in metrics},
    )
    now, before = (every[name] for name in metrics)
    every = every.filter(
        every.src.notnull() & every.dst.notnull() & (ibis.greatest(now, before) >= query.threshold)
    )
    every = _with_difference(every, query.metric, scale)
    expected = _expected(before, scale)
    every = every.mutate(
        change=ibis.cases(
            (every.is_added, _ADDED),
            (every.is_gone, _GONE),
            (now > expected, _GREW),
            (now < expected, _SHRANK),
            else_=_SAME,
        ).cast("int8")
    )
    wanted = [KINDS.index(kind) for kind in (kinds.split(",") if kinds else KINDS[:4])]
    kept = every.filter(every.change.isin(wanted))
    kept = kept.order_by(ibis.desc(kept["difference"].abs()), *(kept[name] for name in KEY))
    of_edges = _sums_of(both, kept.limit(query.top_k))
    of_edges = of_edges.mutate(part=ibis.literal(CHANGE, "int8"), edges=ibis.literal(1, "int64"))
    totals = every.group_by("change").aggregate(
        **{name: every[name].sum() for name in metrics}, edges=every.count()
    )
    # Of the sums: doubles that several threads add up differ in their last digits.
    totals = _with_difference(totals, query.metric, scale).mutate(
        part=ibis.literal(SUM, "int8"),
        src=ibis.null(every.src.type()),
        dst=ibis.null(every.dst.type()),
        port=ibis.null("int32"),
        protocol=ibis.null("int16"),
        **{name: ibis.null("int64") for name in _SUMS if name not in metrics},
    )
    names = ("part", "change", *KEY, *_SUMS, "difference", "edges")
    answer = of_edges.select(*names).union(totals.select(*names))
    answer = answer.mutate(
        change=ibis.cases(*((answer.change == n, k) for n, k in enumerate(KINDS)))
    )
    return answer.order_by("part", ibis.desc(answer["difference"].abs()), *KEY, "change")


def _with_metrics(rows: ir.Table) -> ir.Table:
    flows = {
        name: ibis.ifelse((rows.action == action).fill_null(False), rows.flows, 0)
        for name, action in (("accepted", "ACCEPT"), ("rejected", "REJECT"))
    }
    return rows.select(
        "src", "dst", "protocol", "flows", "bytes", "packets", "is_now",
        port=rows.service_port, **flows,
    )  # fmt: skip


def _now_and_before(rows: ir.Table, *metrics: str) -> dict[str, ir.Value]:
    return {
        f"{name}{suffix}": rows[name].sum(where=is_meant)
        for name in metrics
        for suffix, is_meant in (("", rows.is_now), ("_before", ~rows.is_now))
    }


def _expected(before: ir.Value, scale: int) -> ir.Value:
    # Engines differ in what a whole number times a fraction is; not in doubles.
    return before.cast("float64") * scale / _SCALE if scale != _SCALE else before


def _with_difference(edges: ir.Table, metric: str, scale: int) -> ir.Table:
    difference = edges[metric] - _expected(edges[f"{metric}_before"], scale)
    return edges.mutate(difference=difference.cast("float64"))


def _sums_of(both: ir.Table, kept: ir.Table) -> ir.Table:
    """Sum up the edges that are kept.

    Returns:
        KEY, `change`, `difference`, and for each of METRICS `<name>` and `<name>_before`.
    """
    kept = kept.select("change", "difference", **{f"kept_{name}": kept[name] for name in KEY})
    rows = both.join(kept, same_edge(both, kept, tuple(f"kept_{name}" for name in KEY)))
    sums = rows.group_by(*KEY, "change", "difference").aggregate(**_now_and_before(rows, *METRICS))
    return sums.fill_null(dict.fromkeys(_SUMS, 0))
