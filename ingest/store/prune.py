"""Retention: whole days leave the cache, what is known of their objects stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ingest.schema import PLACES
from ingest.store.layout import UNDATED
from ingest.store.numbering import keep_named_places
from ingest.store.plan import Plan
from ingest.store.rows import SEVERAL_BATCHES, LivePart
from ingest.store.write import CacheWriter

PRUNED_BEFORE = "pruned_before"


@dataclass(slots=True)
class PruneReport:
    """What a pruning released, or would release.

    Attributes:
        days: How many whole UTC days.
        parts, bytes: Files of all tables, and their size.
        rows: Rows of `flows` in them.
        objects: Objects that have rows in them; they stay known.
        dry_run: Nothing was changed.
    """

    days: int = 0
    parts: int = 0
    bytes: int = 0
    rows: int = 0
    objects: int = 0
    dry_run: bool = False


def prune(writer: CacheWriter, before: date, *, dry_run: bool = False) -> PruneReport:
    """Release the parts of all days before a date, in one transaction.

    Records without a time stay. Objects stay known, so that a later load does not bring
    their rows back.

    Args:
        writer: The open cache.
        before: First UTC day to keep.
        dry_run: Count only.

    Raises:
        CacheError: The disk refuses, or a part cannot be read.
    """
    with Plan(writer) as plan:
        old = [
            part
            for part in plan.live.values()
            if part.kind != PLACES and part.date != UNDATED and part.date < before.isoformat()
        ]
        report = PruneReport(
            days=len({part.date for part in old}),
            parts=len(old),
            bytes=sum(part.bytes for part in old),
            rows=sum(part.rows for part in old if part.kind == "flows"),
            dry_run=dry_run,
        )
        if not old:
            return report
        pruned = _rows_by_object(plan, old)
        report.objects = len(pruned)
        if not dry_run:
            plan.replace(old, None, SEVERAL_BATCHES)
            keep_named_places(plan)
            plan.measure()

            def remember(catalog: sqlite3.Connection) -> None:
                catalog.executemany(
                    "UPDATE objects SET rows_pruned = rows_pruned + ? WHERE object_id = ?",
                    [(rows, object_id) for object_id, rows in pruned],
                )
                catalog.execute(
                    "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name)"
                    " DO UPDATE SET value = max(value, excluded.value)",
                    (PRUNED_BEFORE, before.isoformat()),
                )

            plan.changes.append(remember)
            writer.apply(plan)
    writer.remove_replaced()
    return report


def pruned_before(catalog: sqlite3.Connection) -> date | None:
    """Return the first day that the last pruning kept; None where nothing was pruned."""
    row = catalog.execute("SELECT value FROM meta WHERE name = ?", (PRUNED_BEFORE,)).fetchone()
    return date.fromisoformat(row[0]) if row else None


def _rows_by_object(plan: Plan, parts: Iterable[LivePart]) -> list[tuple[int, int]]:
    paths = [part.path for part in parts if part.kind == "flows"]
    if not paths:
        return []
    flows = plan.engine.read("flows", paths)
    return flows.aggregate("object_id, count(*)", "object_id").fetchall()
