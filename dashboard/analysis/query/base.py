"""The relations that views aggregate: whole hours from a rollup, ragged minutes from records."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query import raw
from dashboard.analysis.query.span import Span
from dashboard.analysis.query.tables import cache_table

RawRows = Callable[[Sequence[tuple[int, int]]], ir.Table]

_ACTION = {"accept": "ACCEPT", "reject": "REJECT"}
VOLUMES = ("records", "flows", "packets", "bytes")


def edge_rows(span: Span, query: FlowQuery) -> ir.Table:
    """Return what fits as rows of `edges`: not aggregated, keys and sums only."""
    return _with_action(_joined(span, "edges", raw.edge_records), query)


def talker_rows(span: Span, query: FlowQuery) -> ir.Table:
    """Return what fits as rows of `talkers`."""
    return _with_action(_joined(span, "talkers", raw.talker_records), query)


def port_rows(span: Span, query: FlowQuery) -> ir.Table:
    """Return what fits as rows of `ports`."""
    return _with_action(_joined(span, "ports", raw.port_records), query)


def coverage_rows(span: Span) -> ir.Table:
    """Return NODATA and SKIPDATA rows; they have no action."""
    return _joined(span, "coverage", raw.coverage_records)


def series_rows(span: Span, query: FlowQuery) -> ir.Table:
    """Return what fits as rows of `series`, which is exact to the minute by itself."""
    rows = _in_range(cache_table("series"), "minute_start", (span.start, span.end))
    return _with_action(rows, query)


def volume_sums(rows: ir.Table) -> dict[str, ir.Value]:
    """Sum up VOLUMES and split the flows by action; nothing is zero, never null."""
    return {name: rows[name].sum().fill_null(0) for name in VOLUMES} | {
        "accepted": rows.flows.sum(where=rows.action == "ACCEPT").fill_null(0),
        "rejected": rows.flows.sum(where=rows.action == "REJECT").fill_null(0),
    }


def _joined(span: Span, kind: str, raw_rows: RawRows) -> ir.Table:
    parts: list[ir.Table] = []
    if span.ragged:
        parts.append(raw_rows(span.ragged))
    if span.hours is not None:
        whole = _in_range(cache_table(kind), "hour_start", span.hours)
        columns = parts[0].columns if parts else [c for c in whole.columns if c != "hour_start"]
        parts.append(whole.select(*columns))
    return functools.reduce(ibis.union, parts)


def _in_range(rows: ir.Table, column: str, limits: tuple[int | None, int | None]) -> ir.Table:
    start, end = limits
    if start is not None:
        rows = rows.filter(rows[column] >= start)
    if end is not None:
        rows = rows.filter(rows[column] < end)
    return rows


def _with_action(rows: ir.Table, query: FlowQuery) -> ir.Table:
    if query.action == "all":
        return rows
    return rows.filter(rows.action == _ACTION[query.action])
