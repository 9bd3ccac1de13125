"""What fits a question: whole hours from a rollup, ragged minutes from records."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from dashboard.analysis.filters.expression import Filter
from dashboard.analysis.query import raw
from dashboard.analysis.query.filtering import RECORD_COLUMNS, condition, needs_of, with_measures
from dashboard.analysis.query.nodes import Joined, with_facts
from dashboard.analysis.query.rows import EDGE_ROWS, RECORD_ROWS, SCHEMAS
from dashboard.analysis.query.span import Range, Span
from dashboard.analysis.query.tables import cache_table

RawRows = Callable[[Sequence[Range]], ir.Table]

_ACTION = {"accept": "ACCEPT", "reject": "REJECT"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What makes rows fit; the shape of a relation.

    Attributes:
        span: The time range.
        action: As in FlowQuery.
        expression: The filter; None: anything.
        joined: How facts of addresses are joined.
    """

    span: Span
    action: str
    expression: Filter | None
    joined: Joined


def edge_rows(asked: Asked, more: Sequence[str] = ()) -> ir.Table:
    """Return rows of `edges` with node ids; null for records that name no two ends."""
    needs = needs_of(asked.expression)
    kept = tuple(dict.fromkeys([*more, *(RECORD_COLUMNS if needs.records else ())]))
    rows = _joined(asked.span, "edges", functools.partial(raw.edge_records, more=kept))
    rows = with_measures(_with_action(rows, asked), asked.expression)
    rows = with_facts(
        rows, asked.joined,
        src=("initiator", "initiator_vpc_id"), dst=("responder", "responder_vpc_id"),
    )  # fmt: skip
    if asked.expression is not None:
        rows = rows.filter(condition(rows, asked.expression))
    return rows.select(*EDGE_ROWS, *more)


def record_rows(asked: Asked) -> ir.Table:
    """Return raw records with what they say; the span is made for raw records."""
    return edge_rows(asked, more=tuple(RECORD_ROWS))


def talker_rows(asked: Asked) -> ir.Table:
    """Return rows of `talkers` with node ids; there is no filter."""
    rows = _with_action(_joined(asked.span, "talkers", raw.talker_records), asked)
    return with_facts(rows, asked.joined, node=("address", "vpc_id"))


def port_rows(asked: Asked) -> ir.Table:
    """Return rows of `ports`; the filter asks for nothing else."""
    return _filtered(_with_action(_joined(asked.span, "ports", raw.port_records), asked), asked)


def series_rows(asked: Asked) -> ir.Table:
    """Return rows of `series`; the filter asks for protocol and action at most."""
    return _filtered(_with_action(_joined(asked.span, "series", raw.series_records), asked), asked)


def spread_rows(asked: Asked) -> ir.Table:
    """Return raw records spread over the minutes they lasted, in the shape of `series`."""
    rows = raw.spread(edge_rows(asked).rename(seen_at="first_seen", last_at="last_seen"))
    return rows.mutate(logged_packets=rows.packets, logged_bytes=rows.bytes)


def gap_rows(asked: Asked) -> ir.Table:
    """Return NODATA and SKIPDATA rows; they have no action."""
    return _joined(asked.span, "coverage", raw.coverage_records)


_BUILDERS: Mapping[str, Callable[[Asked], ir.Table]] = {
    "fitting_edges": edge_rows,
    "base_edges": edge_rows,
    "fitting_talkers": talker_rows,
    "fitting_ports": port_rows,
    "fitting_series": series_rows,
    "fitting_gaps": gap_rows,
    "fitting_records": record_rows,
}


def relation(name: str, asked: Asked, *, is_spread: bool = False) -> ir.Table:
    """Return a relation of `query.rows.SCHEMAS`, with its columns in that order."""
    builder = spread_rows if is_spread and name == "fitting_series" else _BUILDERS[name]
    return builder(asked).select(*SCHEMAS[name])


def _joined(span: Span, kind: str, raw_rows: RawRows) -> ir.Table:
    parts: list[ir.Table] = []
    if span.ragged:
        parts.append(raw_rows(span.ragged))
    if span.hours is not None:
        whole = _in_range(cache_table(kind), "hour_start", span.hours)
        whole = whole.rename(time="hour_start")
        parts.append(whole.select(*parts[0].columns) if parts else whole)
    return functools.reduce(lambda left, right: left.union(right), parts)


def _in_range(rows: ir.Table, column: str, limits: Range) -> ir.Table:
    start, end = limits
    tests = [] if start is None else [rows[column] >= start]
    tests += [] if end is None else [rows[column] < end]
    return rows.filter(*tests) if tests else rows


def _with_action(rows: ir.Table, asked: Asked) -> ir.Table:
    action = _ACTION.get(asked.action)
    return rows if action is None else rows.filter(rows.action == ibis.literal(action))


def _filtered(rows: ir.Table, asked: Asked) -> ir.Table:
    if asked.expression is None:
        return rows
    return rows.filter(condition(rows, asked.expression))
