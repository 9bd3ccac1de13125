"""Compiled once for each shape of a question, run with its numbers.

Building and compiling an expression takes longer than DuckDB takes to answer it from a
small cache. Questions mostly differ in times and thresholds, so an expression is compiled
with marks in their place, and the marks become named parameters.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.span import Span

View = Callable[..., ir.Table]

# No time, and no threshold that anybody types, is such a number.
_FIRST_MARK = 4_205_069_001_873_450_000
_MARKS = {
    name: _FIRST_MARK + position
    for position, name in enumerate(
        ("start", "end", "low", "high", "from_1", "to_1", "from_2", "to_2", "threshold")
    )
}
_NAMES = {str(mark): name for name, mark in _MARKS.items()}
_MARK = re.compile(r"\b420506900187345\d{4}\b")

_COMPILING = threading.Lock()  # Ibis says nothing about compiling in several threads.


@dataclass(frozen=True, slots=True)
class Prepared:
    """A query that is ready to run.

    Attributes:
        sql: Text for DuckDB, numbers as `$name`.
        values: The numbers that it names.
    """

    sql: str
    values: dict[str, int]


def prepare(view: View, span: Span, query: FlowQuery, **options: int | bool) -> Prepared:
    """Compile `view(span, query, **options)`, or take the text of an equal shape."""
    marked, values = _marked(span)
    values["threshold"] = query.threshold
    shape = FlowQuery(
        action=query.action,
        metric=query.metric,
        threshold=_MARKS["threshold"],
        top_k=query.top_k,
        level=query.level,
    )
    sql, names = _compiled(view, marked, shape, tuple(sorted(options.items())))
    return Prepared(sql, {name: values[name] for name in names})


@functools.lru_cache(maxsize=512)
def _compiled(
    view: View, span: Span, query: FlowQuery, options: tuple[tuple[str, int | bool], ...]
) -> tuple[str, tuple[str, ...]]:
    with _COMPILING:
        sql = str(ibis.to_sql(view(span, query, **dict(options)), dialect="duckdb"))
    names = {_NAMES[mark] for mark in _MARK.findall(sql)}
    return _MARK.sub(lambda found: f"${_NAMES[found[0]]}", sql), tuple(sorted(names))


def _marked(span: Span) -> tuple[Span, dict[str, int]]:
    """Put marks in the place of a range's numbers, and say which number each stands for."""
    values: dict[str, int] = {}

    def mark(name: str, number: int | None) -> int | None:
        if number is None:
            return None
        values[name] = number
        return _MARKS[name]

    hours = None
    if span.hours is not None:
        hours = mark("low", span.hours[0]), mark("high", span.hours[1])
    ragged = []
    for position, (begin, end) in enumerate(span.ragged, 1):
        values |= {f"from_{position}": begin, f"to_{position}": end}
        ragged.append((_MARKS[f"from_{position}"], _MARKS[f"to_{position}"]))
    marked = Span(mark("start", span.start), mark("end", span.end), hours, tuple(ragged))
    return marked, values
