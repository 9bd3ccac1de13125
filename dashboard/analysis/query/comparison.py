"""What differs between two time ranges, edge by edge."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.conversations import KEY
from dashboard.analysis.query.rows import Rows

METRICS = ("flows", "bytes", "packets", "accepted", "rejected")
CHANGE, SUM = 0, 1  # What a row of `changes` is, in `part`.
KINDS = ("added", "gone", "grew", "shrank", "same")
_SCALE = 1_000_000


def changes(rows: Rows, query: FlowQuery, *, scale: int, kinds: str = "") -> ir.Table:
    """Compare the edges of two ranges.

    Args:
        rows: Those of the range now are `fitting_edges`, those of before `base_edges`.
        query: Threshold applies to the larger of both sides, before the top-K cut.
        scale: Length of the range now over that of the range before, in millionths: an
            edge grew where it has more than so much of what it had.
        kinds: Which of KINDS are kept, separated by commas; empty: all but `same`.

    Returns:
        `part`, `change` (of KINDS), KEY, for each of METRICS `<name>` and `<name>_before`,
        `difference` (of the question's metric, against the scaled range before), `edges`.
        Where `part` is CHANGE: the largest differences first, ties by key. Then a row SUM
        for each kind, over everything above the threshold.
    """
    both = _period(rows.edges, is_now=True).union(_period(rows.table("base_edges"), is_now=False))
    sums = {name: both[name].sum().fill_null(0) for name in both.columns if name not in KEY}
    every = both.group_by(*KEY).aggregate(**sums)
    now, before = every[query.metric], every[f"{query.metric}_before"]
    # Engines differ in what a whole number times a fraction is; not in doubles.
    expected = before.cast("float64") * scale / _SCALE if scale != _SCALE else before
    every = every.filter(
        every.src.notnull() & every.dst.notnull() & (ibis.greatest(now, before) >= query.threshold)
    )
    every = every.mutate(
        difference=(now - expected).cast("float64"),
        change=ibis.cases(
            (every.seen_before == 0, "added"),
            (every.seen == 0, "gone"),
            (now > expected, "grew"),
            (now < expected, "shrank"),
            else_="same",
        ),
    )
    wanted = kinds.split(",") if kinds else list(KINDS[:4])
    kept = every.filter(every.change.isin(wanted))
    order = (ibis.desc(kept["difference"].abs()), *(kept[name] for name in KEY))
    columns = [*(f"{n}{b}" for n in METRICS for b in ("", "_before")), "difference"]
    kept = kept.order_by(*order).limit(query.top_k)
    kept = kept.mutate(part=ibis.literal(CHANGE, "int8"), edges=ibis.literal(1, "int64"))
    totals = every.group_by("change").aggregate(
        **{name: every[name].sum() for name in columns}, edges=every.count()
    )
    totals = totals.mutate(
        part=ibis.literal(SUM, "int8"),
        src=ibis.null(every.src.type()),
        dst=ibis.null(every.dst.type()),
        port=ibis.null("int32"),
        protocol=ibis.null("int16"),
    )
    names = ("part", "change", *KEY, *columns, "edges")
    found = kept.select(*names).union(totals.select(*names))
    return found.order_by("part", ibis.desc(found["difference"].abs()), *KEY, "change")


def _period(rows: ir.Table, *, is_now: bool) -> ir.Table:
    nothing = ibis.literal(0, "int64")
    values: dict[str, ir.Value] = {}
    for name in METRICS:
        if name in ("accepted", "rejected"):
            action = "ACCEPT" if name == "accepted" else "REJECT"
            value = ibis.ifelse((rows.action == action).fill_null(False), rows.flows, 0)
        else:
            value = rows[name]
        values[name], values[f"{name}_before"] = (value, nothing) if is_now else (nothing, value)
    values["seen"], values["seen_before"] = (
        (rows.records, nothing) if is_now else (nothing, rows.records)
    )
    return rows.select("src", "dst", "protocol", port=rows.service_port, **values)
