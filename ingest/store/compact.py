"""Compaction: the small parts of closed hours and days become one part each."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import duckdb

from ingest.errors import CacheError
from ingest.store.commit import NewPart
from ingest.store.disk import require_space
from ingest.store.layout import HOUR_S, HOURLY_TABLES, partition_range
from ingest.store.merge import summed
from ingest.store.plan import SEVERAL_BATCHES, Plan
from ingest.store.rows import LivePart, live_parts
from ingest.store.write import CacheWriter

LARGEST_PART = 512_000_000
# The narrow tables of a day that is not over grow a part with every load; they are small.
OPEN_PARTS = 32

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class CompactReport:
    """What a compaction did.

    Attributes:
        parts_before, parts_after: Live parts of the whole cache.
        bytes_before, bytes_after: Their sizes.
        partitions: How many were rewritten.
        not_merged: Partitions that were left as they are, and why.
        files_removed: Replaced files whose grace time was over.
    """

    parts_before: int = 0
    parts_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    partitions: int = 0
    not_merged: list[str] = field(default_factory=list)
    files_removed: int = 0


def compact(
    writer: CacheWriter,
    *,
    include_open: bool = False,
    largest_part: int = LARGEST_PART,
    on_progress: Callable[[int, int], None] | None = None,
) -> CompactReport:
    """Merge the parts of every closed hour and day, one transaction a day.

    An hour or day is closed when it ended an hour before the newest record. Readers are
    not disturbed: they see the old parts or the new ones, and the files of the old ones
    stay for the writer's grace time.

    Args:
        writer: The open cache.
        include_open: Merge the newest hours too.
        largest_part: Flow parts that are larger together stay apart, in bytes.
        on_progress: Called with the days done, and all of them.

    Raises:
        CacheError: The disk refuses, or a part cannot be read; what was done so far stays.
    """
    report = CompactReport()
    parts = live_parts(writer.catalog, writer.cache)
    groups = _groups(parts, largest_part, include_open=include_open)
    report.parts_before, report.bytes_before = len(parts), sum(part.bytes for part in parts)
    for done, day in enumerate(sorted(groups)):
        if on_progress is not None:
            on_progress(done, len(groups))
        _compact_day(writer, groups[day], report)
    parts = live_parts(writer.catalog, writer.cache)
    report.parts_after, report.bytes_after = len(parts), sum(part.bytes for part in parts)
    report.files_removed = writer.remove_replaced()
    return report


def _compact_day(writer: CacheWriter, groups: list[list[LivePart]], report: CompactReport) -> None:
    require_space(writer.cache, 2 * sum(part.bytes for group in groups for part in group))
    with Plan(writer) as plan:
        for parts in groups:
            place = _name(parts[0])
            try:
                new = _merge(plan, parts)
            except duckdb.ConversionException:
                report.not_merged.append(f"{place}: a sum exceeds 63 bits")
                continue
            plan.replace(parts, new, SEVERAL_BATCHES)
            report.partitions += 1
            _log.info("merged %d parts of %s", len(parts), place)
        if plan.replaced:
            writer.apply(plan)


def _merge(plan: Plan, parts: list[LivePart]) -> NewPart | None:
    kind, date, hour = parts[0].kind, parts[0].date, parts[0].hour
    engine, cache = plan.engine, plan.writer.cache
    old = engine.read(kind, [part.path for part in parts])
    count = "count(*)" if kind == "flows" else "sum(records)"
    new = engine.write(kind, date, hour, old if kind == "flows" else summed(kind, old))
    before = engine.row(old, count)[0] or 0
    after = engine.row(engine.read(kind, [new.tmp]), count)[0] or 0 if new else 0
    if before != after or (kind == "flows" and before != sum(part.rows for part in parts)):
        msg = (
            f"{cache}: {_name(parts[0])} has {before:,} records and would have "
            f"{after:,} after merging; it stays as it is. Check the cache with: "
            f"python -m ingest verify --cache {cache}"
        )
        raise CacheError(msg)
    return new


def _groups(
    parts: Sequence[LivePart], largest_part: int, *, include_open: bool
) -> dict[str, list[list[LivePart]]]:
    """Return, by date, the parts that become one."""
    partitions: dict[tuple[str, str, str | None], list[LivePart]] = defaultdict(list)
    for part in parts:
        partitions[part.kind, part.date, part.hour].append(part)
    newest = max((part.last for part in parts if part.last is not None), default=0)
    by_date: dict[str, list[list[LivePart]]] = defaultdict(list)
    for (kind, date, hour), found in sorted(partitions.items(), key=str):
        span = partition_range(date, hour)
        closed = include_open or span is None or span[1] + HOUR_S <= newest
        if not closed and (kind in HOURLY_TABLES or len(found) < OPEN_PARTS):
            continue
        limit = largest_part if kind == "flows" else None
        by_date[date] += [group for group in _cut(found, limit) if len(group) > 1]
    return {date: groups for date, groups in by_date.items() if groups}


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
