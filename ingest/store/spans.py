"""Whole days and weeks as one part: what questions over long ranges read in place of hours.

A part of a span sums up the numbered parts of its days. The catalog keeps which ones these
were, and readers take it only while they are the live ones: a load that brings a late
record need not know of spans.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import date as calendar_day
from datetime import timedelta
from functools import partial

import duckdb

from ingest.schema import SPAN_TABLES, STORED_TABLES
from ingest.store.layout import HOUR_S, UNDATED, made_of, partition_range, span_dates
from ingest.store.merge import summed_columns
from ingest.store.plan import Plan
from ingest.store.rows import SEVERAL_BATCHES, LivePart

# What a span has to save to be worth its file: two of three rows, and so many for each of
# its days that a question can tell (about 10 ms, and as much for the files of its hours).
_SHARE, ROWS_A_DAY = 3, 50_000
_WEEK_DAYS = 7


def week_of(date: str) -> list[str]:
    """Name the seven dates, from a Monday on, of the week that a date lies in."""
    day = calendar_day.fromisoformat(date)
    monday = day - timedelta(days=day.weekday())
    return [(monday + timedelta(days=n)).isoformat() for n in range(_WEEK_DAYS)]


def sum_up(plan: Plan, dates: Sequence[str], rows_a_day: int | None = ROWS_A_DAY) -> int:
    """Plan one part for each of SPAN_TABLES over some days, where it is worth its file.

    Parts of the same span that were made before go.

    Args:
        plan: Its numbered parts are summed up as they will be once it is applied.
        dates: One date, or the dates of a week in order; none of them can still grow.
        rows_a_day: A part that saves fewer rows for each of its days, or fewer than two of
            three, is not made; None: every part is.

    Returns:
        How many parts were made.
    """
    return sum(_sum_up(plan, kind, dates, rows_a_day) for kind in SPAN_TABLES)


def _sum_up(plan: Plan, kind: str, dates: Sequence[str], rows_a_day: int | None) -> bool:
    base, (begin, end) = SPAN_TABLES[kind], _range(dates)
    live = [part for date in dates for part in plan.live_in(base, date)]
    new = [part for _, part in plan.added if part.kind == base and part.date in dates]
    is_numbered = all(p.is_numbered for p in live) and all(p.is_numbered for p in new)
    found = {part.date for part in live} | {part.date for part in new}
    plan.replace(_made_before(plan, kind, dates), None, SEVERAL_BATCHES)
    if not is_numbered or len(found) < min(2, len(dates)):
        return False
    rows = plan.engine.read(base, [part.path for part in live] + [part.tmp for part in new])
    names = ", ".join(f'"{name}"' for name in STORED_TABLES[kind] if name != "span_start")
    keys, sums = summed_columns(kind)
    whole = rows.project(f"CAST({begin} AS BIGINT) AS span_start, {names}")
    whole = whole.aggregate(", ".join(keys + sums), ", ".join(keys))
    try:
        part = plan.engine.write(kind, dates[0], None, whole)
    except duckdb.ConversionException:  # A sum exceeds 63 bits: the hours answer.
        return False
    if part is None:
        return False
    days = {p.date: p.rows for date in dates for p in _made_before(plan, kind, [date])}
    instead = sum(days.values())
    instead += sum(p.rows for p in live if p.date not in days)
    instead += sum(p.rows for p in new if p.date not in days)
    if rows_a_day is not None and (
        part.rows * _SHARE > instead or instead - part.rows < rows_a_day * len(dates)
    ):
        plan.discard(part)
        return False
    plan.replace([], replace(part, first=begin, last=end - 1), SEVERAL_BATCHES)
    plan.changes.append(partial(_note, kind=kind, dates=dates, span=(begin, end - 1)))
    return True


def _made_before(plan: Plan, kind: str, dates: Sequence[str]) -> list[LivePart]:
    begin, end = _range(dates)
    return [part for part in plan.live_in(kind) if (part.first, part.last) == (begin, end - 1)]


def outdated_spans(plan: Plan) -> list[LivePart]:
    """List the parts of spans that no reader takes any more once a plan is applied."""
    bases = set(SPAN_TABLES.values())
    touched = {part.date for _, part in plan.added if part.kind in bases}
    outdated = []
    for part in plan.live.values():
        if part.kind in SPAN_TABLES and part.part_id not in plan.replaced:
            dates = set(span_dates(part.first or 0, part.last or 0))
            base = SPAN_TABLES[part.kind]
            ids = [p.part_id for p in plan.live_in(base) if p.date in dates]
            if dates & touched or not part.is_numbered or part.made_of != made_of(ids):
                outdated.append(part)
    return outdated


def is_closed(dates: Sequence[str], newest: int) -> bool:
    """Tell whether days ended an hour before the newest record, as hours do that are merged."""
    return UNDATED not in dates and _range(dates)[1] + HOUR_S <= newest


def _range(dates: Sequence[str]) -> tuple[int, int]:
    first, last = partition_range(dates[0], None), partition_range(dates[-1], None)
    if first is None or last is None:
        msg = "records without a time lie in no span"
        raise ValueError(msg)
    return first[0], last[1]


def _note(
    catalog: sqlite3.Connection, *, kind: str, dates: Sequence[str], span: tuple[int, int]
) -> None:
    """Name the parts that a span sums up; they have their numbers only in the transaction."""
    live = catalog.execute(
        "SELECT part_id, date FROM parts WHERE replaced_at IS NULL AND kind = ?",
        (SPAN_TABLES[kind],),
    )
    ids = made_of(part_id for part_id, date in live if date in dates)
    catalog.execute(
        "UPDATE parts SET made_of = ?"
        " WHERE replaced_at IS NULL AND kind = ? AND first = ? AND last = ?",
        (ids, kind, *span),
    )
