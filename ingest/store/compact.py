"""Compaction: the small parts of closed hours and days become one part each.

What a load derives depends a little on which records came together. Compaction derives
every closed hour again from all of them, so that no trace of the delivery stays.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from ingest.errors import CacheError
from ingest.schema import TABLES
from ingest.store.commit import NewPart
from ingest.store.disk import require_space
from ingest.store.layout import HOUR_S, HOURLY_TABLES, UNDATED, partition_range
from ingest.store.merge import summed
from ingest.store.numbering import Numbering, unnumbered
from ingest.store.plan import ROLLUPS, Plan, unreadable
from ingest.store.rewrite import rewritten
from ingest.store.rows import SEVERAL_BATCHES, LivePart, live_parts, settle, settled_hours
from ingest.store.settle import LARGEST_HOUR, Settler
from ingest.store.spans import ROWS_A_DAY, is_closed, outdated_spans, sum_up, week_of
from ingest.store.write import CacheWriter

LARGEST_PART = 512_000_000
# The narrow tables of a day that is not over grow a part with every load; they are small.
OPEN_PARTS = 32
_FAR = 10**9  # Seconds: nothing in a cache lies as far ahead.

DAILY_ROLLUPS = tuple(kind for kind in ROLLUPS if kind not in HOURLY_TABLES)
Partition = tuple[str, str, str | None]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class CompactReport:
    """What a compaction did.

    Attributes:
        parts_before, parts_after: Live parts of the whole cache.
        bytes_before, bytes_after: Their sizes.
        partitions: How many were rewritten.
        settled: Hours that were derived again from all of their records.
        not_settled: Hours that are too large for that; their records count as delivered.
        not_merged: Partitions that were left as they are, and why.
        files_removed: Replaced files whose grace time was over.
    """

    parts_before: int = 0
    parts_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    partitions: int = 0
    settled: int = 0
    not_settled: list[str] = field(default_factory=list)
    not_merged: list[str] = field(default_factory=list)
    files_removed: int = 0


def compact(
    writer: CacheWriter,
    *,
    include_open: bool = False,
    largest_part: int = LARGEST_PART,
    largest_hour: int = LARGEST_HOUR,
    rows_a_day: int | None = ROWS_A_DAY,
    on_progress: Callable[[int, int], None] | None = None,
) -> CompactReport:
    """Derive closed hours again, and merge the parts of hours and days; one transaction a day.

    An hour or day is closed when it ended an hour before the newest record. Readers are
    not disturbed: they see the old parts or the new ones, and the files of the old ones
    stay for the writer's grace time.

    Args:
        writer: The open cache.
        include_open: Merge the newest hours too.
        largest_part: Flow parts that are larger together stay apart, in bytes.
        largest_hour: Hours with more rows are not derived again.
        rows_a_day: As `spans.sum_up` takes it.
        on_progress: Called with the days done, and all of them.

    Raises:
        CacheError: The disk refuses, or a part cannot be read; what was done so far stays.
    """
    report = CompactReport()
    parts = live_parts(writer.catalog, writer.cache)
    settled = settled_hours(writer.catalog)
    known = (part.last for part in parts if part.last is not None and part.kind in TABLES)
    newest = max(known, default=0)
    # What ended an hour before this is over.
    until = newest + _FAR if include_open else newest
    days = _due(parts, settled, until)
    settler = Settler(writer.tmp, largest_hour)
    report.parts_before, report.bytes_before = len(parts), sum(part.bytes for part in parts)
    for done, day in enumerate(sorted(days)):
        if on_progress is not None:
            on_progress(done, len(days))
        _compact_day(writer, days[day], settled, settler, largest_part, report, until, rows_a_day)
    for week in sorted({tuple(week_of(day)) for day in days if day != UNDATED}):
        if is_closed(week, until):
            with Plan(writer) as plan:
                if sum_up(plan, week, rows_a_day):
                    writer.apply(plan)
    parts = live_parts(writer.catalog, writer.cache)
    report.parts_after, report.bytes_after = len(parts), sum(part.bytes for part in parts)
    report.files_removed = writer.remove_replaced()
    return report


def _compact_day(
    writer: CacheWriter,
    day: dict[Partition, list[LivePart]],
    settled: set[tuple[str, str]],
    settler: Settler,
    largest_part: int,
    report: CompactReport,
    until: int,
    rows_a_day: int | None,
) -> None:
    require_space(writer.cache, 2 * sum(part.bytes for found in day.values() for part in found))
    with Plan(writer) as plan:
        plan.numbering = Numbering(plan)
        changed = _settle(plan, day, settled, settler, report)
        for (kind, date, hour), parts in day.items():
            facts = changed.get((date, str(hour))) if kind == "flows" else None
            if kind != "flows" and changed and (hour is None or (date, hour) in changed):
                continue
            for group in _cut(parts, largest_part if kind == "flows" else None):
                if len(group) > 1 or facts is not None or unnumbered(group):
                    _replace(plan, group, facts, report)
        if changed:
            ((date, _), *_) = changed
            plan.rebuild("edges", changed)
            for kind in DAILY_ROLLUPS:
                plan.rebuild_hours(kind, date, [hour for _, hour in changed])
        date = next(iter(day))[1]
        plan.numbering.finish(date)
        if plan.replaced:
            plan.replace(outdated_spans(plan), None, SEVERAL_BATCHES)
            if is_closed([date], until):
                sum_up(plan, [date], rows_a_day)
        for facts in changed.values():
            facts.unlink()
        if plan.replaced or plan.changes:
            writer.apply(plan)


def _settle(
    plan: Plan,
    day: dict[Partition, list[LivePart]],
    settled: set[tuple[str, str]],
    settler: Settler,
    report: CompactReport,
) -> dict[tuple[str, str], Path]:
    """Derive hours again; return where the facts of those lie in which some have changed."""
    changed = {}
    done = []
    settler.begin(plan)
    for kind, date, hour in day:
        if kind != "flows" or hour is None or (date, hour) in settled:
            continue
        if settler.is_too_large(date, hour):
            report.not_settled.append(f"{kind} {date} hour {hour}")
            continue
        try:
            facts = settler.changed_facts(date, hour)
        except (OSError, pa.ArrowException) as error:
            raise unreadable(plan.writer, error) from error
        done.append((date, hour))
        if facts is not None:
            changed[date, hour] = facts
            _log.info("derived again flows %s hour %s", date, hour)
    settler.end()
    if done:
        plan.changes.append(lambda catalog: settle(catalog, done))
        report.settled += len(done)
    return changed


def _replace(plan: Plan, parts: list[LivePart], facts: Path | None, report: CompactReport) -> None:
    place = _name(parts[0])
    try:
        new = _merge(plan, parts, facts)
    except duckdb.ConversionException:
        report.not_merged.append(f"{place}: a sum exceeds 63 bits")
        return
    plan.replace(parts, new, SEVERAL_BATCHES)
    report.partitions += 1
    _log.info("merged %d parts of %s", len(parts), place)


def _merge(plan: Plan, parts: list[LivePart], facts: Path | None) -> NewPart | None:
    kind, date, hour = parts[0].kind, parts[0].date, parts[0].hour
    engine, cache = plan.engine, plan.writer.cache
    paths = [part.path for part in parts]
    count = "count(*)" if kind == "flows" else "sum(records)"
    new = None
    if kind == "flows":
        try:
            new = rewritten(paths, facts, plan.writer.tmp, f"merged-{Path(paths[0]).stem}")
        except pa.ArrowException as error:
            raise unreadable(plan.writer, error) from error
    if new is None:
        old = engine.read(kind, paths) if facts is None else engine.with_facts(paths, facts)
        new = plan.write(kind, date, hour, old if kind == "flows" else summed(kind, old))
    before = engine.row(engine.read(kind, paths), count)[0] or 0
    after = engine.row(engine.read(kind, [new.tmp]), count)[0] or 0 if new else 0
    if before != after or (kind == "flows" and before != sum(part.rows for part in parts)):
        msg = (
            f"{cache}: {_name(parts[0])} has {before:,} records and would have "
            f"{after:,} after merging; it stays as it is. Check the cache with: "
            f"python -m ingest verify --cache {cache}"
        )
        raise CacheError(msg)
    return new


def _due(
    parts: Sequence[LivePart], settled: set[tuple[str, str]], until: int
) -> dict[str, dict[Partition, list[LivePart]]]:
    """Return, by date, the partitions to look after: several parts, or not settled yet."""
    partitions: dict[Partition, list[LivePart]] = defaultdict(list)
    for part in parts:
        partitions[part.kind, part.date, part.hour].append(part)
    by_date: dict[str, dict[Partition, list[LivePart]]] = defaultdict(dict)
    for (kind, date, hour), found in sorted(partitions.items(), key=str):
        span = partition_range(date, hour)
        closed = span is None or span[1] + HOUR_S <= until
        if not closed and (kind in HOURLY_TABLES or len(found) < OPEN_PARTS):
            continue
        is_due = len(found) > 1 or (kind == "flows" and (date, hour) not in settled)
        if kind in TABLES and (is_due or unnumbered(found)):
            by_date[date][kind, date, hour] = found
    return by_date


def _cut(parts: list[LivePart], limit: int | None) -> Iterator[list[LivePart]]:
    """Cut parts, in the order of their time, into groups that are not too large together."""
    group: list[LivePart] = []
    for part in sorted(parts, key=lambda part: (part.first or 0, part.path)):
        if group and limit is not None and sum(p.bytes for p in group) + part.bytes > limit:
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _name(part: LivePart) -> str:
    return f"{part.kind} {part.date}" + (f" hour {part.hour}" if part.hour else "")
