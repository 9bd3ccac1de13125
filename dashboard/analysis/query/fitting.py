"""What fits a question: whole hours from a rollup, ragged minutes from records."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir

from dashboard.analysis.filters.expression import Filter
from dashboard.analysis.query import raw
from dashboard.analysis.query.filtering import RECORD_COLUMNS, condition, needs_of, with_measures
from dashboard.analysis.query.nodes import Joined, with_facts, with_place_facts
from dashboard.analysis.query.rows import EDGE_ROWS, RECORD_ROWS, SCHEMAS, TALKER_ROWS
from dashboard.analysis.query.span import Range, Span
from dashboard.analysis.query.tables import cache_table
from ingest.schema import BASE, SPAN_TABLES

RawRows = Callable[[Sequence[Range]], ir.Table]

_ACTION = {"accept": "ACCEPT", "reject": "REJECT"}


@dataclass(frozen=True, slots=True)
class Sources:
    """What a question reads where nodes are codes, beside numbered hours; a part of its shape.

    Attributes:
        texts: Hours whose rows hold no numbers of places.
        spans: Whole days and weeks.
    """

    texts: bool = True
    spans: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What makes rows fit; the shape of a relation.

    Attributes:
        span: The time range.
        action: As in FlowQuery.
        expression: The filter; None: anything.
        joined: How facts of addresses are joined.
        sources: With codes: what is read of the whole hours.
        is_base: It is the range before, whose numbered parts have names of their own.
        earlier: A range to compare with.
    """

    span: Span
    action: str
    expression: Filter | None
    joined: Joined
    sources: Sources = Sources()
    is_base: bool = False
    earlier: Span | None = None


def edge_rows(asked: Asked, more: Sequence[str] = ()) -> ir.Table:
    """Return rows of `edges` with node ids; null for records that name no two ends."""
    if asked.joined.codes:
        return _coded_edge_rows(asked)
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


def compared_rows(asked: Asked) -> ir.Table:
    """Return rows of `edges` as `edge_rows` does, of both ranges; `is_now` tells which."""
    if asked.joined.codes:
        return _coded_compared_rows(asked)
    both = (_labelled(edge_rows(part), part) for part in _both(asked))
    return _united(list(both))


def record_rows(asked: Asked) -> ir.Table:
    """Return raw records with what they say; the span is made for raw records."""
    return edge_rows(asked, more=tuple(RECORD_ROWS))


def talker_rows(asked: Asked) -> ir.Table:
    """Return rows of `talkers` with node ids; there is no filter."""
    if asked.joined.codes:
        return _coded_talker_rows(asked)
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


def _coded_edge_rows(asked: Asked) -> ir.Table:
    """Return the rows of `edge_rows` with codes for nodes, each source with facts of its own.

    The filter asks for nothing that sums over conversations, nor for raw records.
    """
    texts, numbers = _texts_and_numbers(asked, "edges", raw.edge_records)
    return _with_codes(asked, texts, numbers).select(*EDGE_ROWS)


def _coded_compared_rows(asked: Asked) -> ir.Table:
    """Return both ranges; numbers of places get their facts once, which is much of the work."""
    texts: list[ir.Table] = []
    numbers: list[ir.Table] = []
    for part in _both(asked):
        by_text, by_number = _texts_and_numbers(part, "edges", raw.edge_records)
        texts += [_labelled(rows, part) for rows in by_text]
        numbers += [_labelled(rows, part) for rows in by_number]
    return _with_codes(asked, texts, [_united(numbers)] if numbers else [])


def _both(asked: Asked) -> tuple[Asked, Asked]:
    if asked.earlier is None:
        msg = "no range to compare with"
        raise ValueError(msg)
    return asked, replace(asked, span=asked.earlier, is_base=True)


def _labelled(rows: ir.Table, asked: Asked) -> ir.Table:
    return rows.mutate(is_now=ibis.literal(not asked.is_base))


def _with_codes(asked: Asked, texts: Sequence[ir.Table], numbers: Sequence[ir.Table]) -> ir.Table:
    expression, joined = asked.expression, asked.joined
    parts = [
        with_facts(
            rows, joined,
            src=("initiator", "initiator_vpc_id"), dst=("responder", "responder_vpc_id"),
        )
        for rows in texts
    ]  # fmt: skip
    places = {"src": ("initiator_place", "initiator"), "dst": ("responder_place", "responder")}
    ranges = needs_of(expression).ranges
    parts += [with_place_facts(rows, joined, ranges, **places) for rows in numbers]
    if expression is not None:
        parts = [rows.filter(condition(rows, expression)) for rows in parts]
    columns = [name for name in (*EDGE_ROWS, "is_now") if name in parts[0].columns]
    return _united([rows.select(*columns) for rows in parts])


def _coded_talker_rows(asked: Asked) -> ir.Table:
    texts, numbers = _texts_and_numbers(asked, "talkers", raw.talker_records)
    parts = [with_facts(rows, asked.joined, node=("address", "vpc_id")) for rows in texts]
    for rows in numbers:
        found = with_place_facts(rows, asked.joined, False, node=("place", "address"))
        # No view that takes nodes reads these.
        nothing = {name: ibis.null("string") for name in ("address", "vpc_id")}
        parts.append(found.mutate(**nothing))
    return _united([rows.select(*TALKER_ROWS) for rows in parts])


def _texts_and_numbers(
    asked: Asked, kind: str, raw_rows: RawRows
) -> tuple[list[ir.Table], list[ir.Table]]:
    """Return the rows that name their ends by texts, and those that do by numbers."""
    texts, numbered, span = [], [], asked.span
    if span.ragged:
        texts.append(raw_rows(span.ragged))
    if span.hours is not None:
        if asked.sources.texts:
            texts.append(_whole_hours(kind, span.hours))
        prefix = BASE if asked.is_base else ""
        numbered.append(_whole_hours(f"{prefix}numbered_{kind}", span.hours))
        if asked.sources.spans:
            name = next(name for name, table in SPAN_TABLES.items() if table == kind)
            # Their files are chosen: each lies in the range.
            whole = cache_table(f"{prefix}{name}").rename(time="span_start")
            numbered[0] = numbered[0].union(whole.select(*numbered[0].columns))
    return [_with_action(rows, asked) for rows in texts], [
        _with_action(rows, asked) for rows in numbered
    ]


def _whole_hours(kind: str, hours: Range) -> ir.Table:
    return _in_range(cache_table(kind), "hour_start", hours).rename(time="hour_start")


def _united(parts: Sequence[ir.Table]) -> ir.Table:
    return functools.reduce(lambda left, right: left.union(right), parts)


_BUILDERS: Mapping[str, Callable[[Asked], ir.Table]] = {
    "fitting_edges": edge_rows,
    "compared_edges": compared_rows,
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
    return _united(parts)


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
