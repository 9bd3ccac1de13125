"""Volumes by two or three dimensions: what a Sankey diagram and a matrix draw."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.rows import Rows, volume_sums

DIMENSIONS = ("src", "dst", "port", "protocol", "action")


def breakdown(rows: Rows, query: FlowQuery, *, dimensions: str, top: int) -> ir.Table:
    """Sum up what fits by some dimensions, each cut to its largest values.

    Args:
        rows: What fits.
        query: Its metric ranks the values of each dimension; threshold and top-K do not apply.
        dimensions: Of DIMENSIONS, separated by commas; `port` goes with its protocol.
        top: How many values each dimension keeps.

    Returns:
        For each dimension its column and `<name>_other` (true: the sum of all values that
        were cut), then volumes; largest metric first, ties by the dimensions. The rows
        add up to everything that fits.
    """
    names = dimensions.split(",")
    edges = rows.edges
    edges = edges.mutate(port=edges.service_port, action=edges.action.fill_null("NONE"))
    every = edges.group_by(*names).aggregate(**volume_sums(edges))
    for name in names:
        sums = every.group_by(name).aggregate(size=every[query.metric].sum())
        ordered = sums.order_by(ibis.desc("size"), name).limit(top)
        kept = ordered.select(**{f"{name}_key": _keyed(ordered[name])}).view()
        joined_rows = every.left_join(kept, _keyed(every[name]) == kept[f"{name}_key"])
        is_other = kept[f"{name}_key"].isnull()
        every = joined_rows.select(every, **{f"{name}_other": is_other})
        every = every.mutate(
            **{
                name: ibis.ifelse(
                    every[f"{name}_other"], ibis.null(every[name].type()), every[name]
                )
            }
        )
    keys = [column for name in names for column in (name, f"{name}_other")]
    volumes = ("records", "flows", "packets", "bytes", "accepted", "rejected")
    cut = every.group_by(*keys).aggregate(**{name: every[name].sum() for name in volumes})
    return cut.order_by(ibis.desc(query.metric), *keys)


def _keyed(column: ir.Value) -> ir.Value:
    """Make nulls comparable: they are a value of their own."""
    return column.cast("string").fill_null("")
