"""Compiled once for each shape of a question, run with its numbers.

Building and compiling an expression takes longer than DuckDB takes to answer it from a
small cache. Questions mostly differ in times and thresholds, so an expression is compiled
with marks in their place, and the marks become named parameters.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir
from ibis.config import Config

from dashboard.analysis.filters.expression import AddressRange, Filter, Not, Term, Value
from dashboard.analysis.filters.fields import FIELDS, Place
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.coverage import coverage_by_interface
from dashboard.analysis.query.filtering import claim_of, needs_of
from dashboard.analysis.query.fitting import Asked, Sources, relation
from dashboard.analysis.query.gaps import coverage_by_hour
from dashboard.analysis.query.nodes import Joined
from dashboard.analysis.query.rows import SCHEMAS, Rows, TimelineFrom
from dashboard.analysis.query.span import Span
from ingest.schema import READ_TABLES

View = Callable[..., ir.Table]

BY_RANGE = (coverage_by_interface, coverage_by_hour)  # These read the cache by hours of their own.

# No time, no threshold and no number that anybody types in a filter is such a number.
_FIRST_MARK = 4_205_069_001_873_450_000
_TIMES = ("start", "end", "low", "high", "from_1", "to_1", "from_2", "to_2")
_MAX_TYPED = 400
_MARKS = {
    name: _FIRST_MARK + position
    for position, name in enumerate(
        (
            *_TIMES,
            *(f"base_{name}" for name in _TIMES),
            "threshold",
            *(f"typed_{number}" for number in range(_MAX_TYPED)),
        )
    )
}
_NAMES = {str(mark): name for name, mark in _MARKS.items()}
_MARK = re.compile(r"\b420506900187345\d{4}\b")

# Ibis says nothing about compiling in several threads, and who waits finds it done.
_COMPILING = threading.Lock()


class _SparkOptions(Config):  # type: ignore[misc]
    treat_nan_as_null: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A query that is ready to run.

    Attributes:
        sql: Text for the engine, numbers as `$name`.
        values: The numbers that it names.
        tables: The tables of the cache that it reads.
    """

    sql: str
    values: dict[str, int]
    tables: frozenset[str]


def prepare(
    view: View,
    span: Span,
    query: FlowQuery,
    joined: Joined,
    *,
    base: Span | None = None,
    dialect: str = "duckdb",
    sources: Sources | None = None,
    **options: int | str | bool,
) -> Prepared:
    """Compile `view(rows, query, **options)` over what fits, or take texts of equal shapes.

    Args:
        view: Makes an expression over `query.rows.Rows`.
        span: The time range.
        query: The question; level, internet and expansions are in `joined` alone.
        joined: How facts of addresses are joined.
        base: A second time range, for views that compare.
        dialect: Of the engine that runs it, in Ibis's words.
        sources: With codes: what is read of the whole hours.
        options: Further arguments of the view.
    """
    marked, values = _marked(span, "")
    expression, typed = _marked_filter(query.expression)
    values |= typed | {"threshold": query.threshold}
    asked = Asked(marked, query.action, expression, joined, sources or Sources())
    rows = replace(_rows(marked, query.expression), codes=joined.codes)
    shape = FlowQuery(
        start=query.start if view in BY_RANGE else None,
        end=query.end if view in BY_RANGE else None,
        metric=query.metric,
        threshold=_MARKS["threshold"],
        top_k=query.top_k,
    )
    with _COMPILING:
        if ibis.options.pyspark is None:
            # Its compiler reads what only its whole back end, which needs Spark, would set.
            ibis.options.pyspark = _SparkOptions()
        sql = _compiled_view(view, rows, shape, dialect, tuple(sorted(options.items())))
        relations: dict[str, str] = {}
        for name in SCHEMAS:
            if names(sql, name):
                part = asked
                if name == "compared_edges" and base is not None:
                    earlier, more = _marked(base, "base_")
                    values |= more
                    part = replace(asked, earlier=earlier)
                is_spread = rows.timeline_from == "spread"
                relations[name] = _compiled_relation(name, part, dialect, is_spread)
    whole = _put_together(sql, relations, dialect)
    found = {_NAMES[mark] for mark in _MARK.findall(whole)}
    text = _MARK.sub(lambda match: f"${_NAMES[match[0]]}", whole)
    parts = [sql, *relations.values()]
    tables = frozenset(kind for kind in READ_TABLES if any(names(part, kind) for part in parts))
    return Prepared(text, {name: values[name] for name in sorted(found)}, tables)


@functools.lru_cache(maxsize=512)
def _compiled_view(
    view: View,
    rows: Rows,
    query: FlowQuery,
    dialect: str,
    options: tuple[tuple[str, int | str | bool], ...],
) -> str:
    return str(ibis.to_sql(view(rows, query, **dict(options)), dialect=dialect))


@functools.lru_cache(maxsize=1_024)
def _compiled_relation(name: str, asked: Asked, dialect: str, is_spread: bool) -> str:
    return str(ibis.to_sql(relation(name, asked, is_spread=is_spread), dialect=dialect))


def _put_together(sql: str, relations: Mapping[str, str], dialect: str) -> str:
    """Put the relations before a view, as common table expressions."""
    if not relations:
        return sql
    # DuckDB would work out the whole relation first where a view reads it twice.
    inline = "NOT MATERIALIZED " if dialect == "duckdb" else ""
    quote = '"' if dialect != "pyspark" else "`"
    parts = ", ".join(
        f"{quote}{name}{quote} AS {inline}({text})" for name, text in relations.items()
    )
    # Ibis puts its own expressions behind one leading WITH.
    return f"WITH {parts}, {sql[5:]}" if sql.startswith("WITH ") else f"WITH {parts} {sql}"


def names(sql: str, table: str) -> bool:
    """Tell whether a compiled query reads a table; columns may have the name of one."""
    return re.search(rf"\b(?:FROM|JOIN) [\"`]{table}[\"`]", sql) is not None


def _rows(span: Span, expression: Filter | None) -> Rows:
    needs = needs_of(expression)
    is_plain = not (needs.records or needs.claims or needs.crossings or needs.measures)
    timeline: TimelineFrom = "spread" if span.hours is None else "hours"
    if is_plain and needs.columns <= {"protocol", "action"}:
        timeline = "series"
    return Rows(
        is_filtered=expression is not None,
        has_port_rollup=is_plain and needs.columns <= {"service_port", "protocol", "action"},
        timeline_from=timeline,
        end=span.end,
    )


def is_in_series(expression: Filter | None) -> bool:
    """Tell whether the series, exact to the minute, know what a filter asks."""
    return _rows(Span(None, None, None), expression).timeline_from == "series"


def _marked_filter(expression: Filter | None) -> tuple[Filter | None, dict[str, int]]:
    """Put marks in the place of a filter's numbers, and of its texts that no query compares.

    Equal ends of a range get equal marks. What a filter claims of an end in texts is told by
    the facts that are joined: a query reads by the claim's number alone.
    """
    values: dict[str, int] = {}
    claims = needs_of(expression).claims

    def mark(number: int) -> int:
        name = f"typed_{len(values)}"
        if name not in _MARKS:
            return number
        values[name] = number
        return _MARKS[name]

    def marked_value(value: Value) -> Value:
        if isinstance(value, str) or (isinstance(value, AddressRange) and value.version != 4):
            return value
        low = mark(value.low)
        high = low if value.low == value.high else mark(value.high)
        return replace(value, low=low, high=high, text="")

    def marked_term(term: Term) -> Term:
        values = term.values
        claim = claim_of(term) if FIELDS[term.field].place is Place.END else None
        if claim is not None:
            ranges = (value for value in values if not isinstance(value, str))
            values = (*ranges, f"claim {claims.index(claim)}")
        return replace(term, values=tuple(map(marked_value, values)))

    def marked_part(part: Filter) -> Filter:
        if isinstance(part, Term):
            return marked_term(part)
        if isinstance(part, Not):
            return Not(marked_part(part.inner))
        return replace(part, parts=tuple(marked_part(inner) for inner in part.parts))

    return (None if expression is None else marked_part(expression)), values


def _marked(span: Span, prefix: str) -> tuple[Span, dict[str, int]]:
    """Put marks in the place of a range's numbers, and say which number each stands for."""
    values: dict[str, int] = {}

    def mark(name: str, number: int | None) -> int | None:
        if number is None:
            return None
        values[f"{prefix}{name}"] = number
        return _MARKS[f"{prefix}{name}"]

    hours = None
    if span.hours is not None:
        hours = mark("low", span.hours[0]), mark("high", span.hours[1])
    ragged = tuple(
        (mark(f"from_{position}", begin), mark(f"to_{position}", end))
        for position, (begin, end) in enumerate(span.ragged, 1)
    )
    return Span(mark("start", span.start), mark("end", span.end), hours, ragged), values
