"""Repair: damaged rollups are made again, the objects behind damaged flows are read again."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field

from ingest.schema import PLACES, SPAN_TABLES
from ingest.store.forget import forget_objects
from ingest.store.numbering import forget_places
from ingest.store.plan import ROLLUPS, Plan
from ingest.store.rows import SEVERAL_BATCHES
from ingest.store.verify import VerifyReport
from ingest.store.write import CacheWriter

LOST = "lost"  # Reason of rows that were stored once and cannot be had again.


@dataclass(slots=True)
class RepairReport:
    """What a repair did.

    Attributes:
        parts_replaced: Damaged parts that no reader uses any more.
        rollups_rebuilt: Of these, rollups that were made again from flows.
        to_refetch: Keys of the objects whose rows were taken out, to be read again.
        refetched: Of these, how many are whole again.
        not_refetched: One line for each of the others; a later load tries them again.
        lost: Rows that are gone for good, by key: their objects are no longer to be had.
    """

    parts_replaced: int = 0
    rollups_rebuilt: int = 0
    to_refetch: list[str] = field(default_factory=list)
    refetched: int = 0
    not_refetched: list[str] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)


def take_out_damage(
    writer: CacheWriter, found: VerifyReport, refetchable: Collection[int]
) -> RepairReport:
    """Replace every damaged part, in one transaction; afterwards the cache is whole.

    Objects that can be read again are forgotten: the next load brings them. Of the other
    ones the rows that are left stay, and the missing ones count as rejected, as `lost`.

    Args:
        writer: The open cache, as it was verified.
        found: What the verification found.
        refetchable: Numbers of the incomplete objects whose source still has them.

    Raises:
        CacheError: The disk refuses; nothing has changed then.
    """
    report = RepairReport()
    again = [object_id for object_id in found.incomplete if object_id in refetchable]
    lost = {i: n for i, n in found.incomplete.items() if i not in refetchable and n > 0}
    keys = dict(writer.catalog.execute("SELECT object_id, key FROM objects"))
    flows = [d.part.part_id for d in found.damages if d.part.kind == "flows"]
    with Plan(writer) as plan:
        forget_objects(plan, again, flows)
        # Those beside damaged flows are made again already.
        left = [d.part for d in found.damages if d.part.part_id not in plan.replaced]
        for kind in ROLLUPS:
            plan.rebuild(kind, {(part.date, part.hour) for part in left if part.kind == kind})
        # Of days and weeks, hours answer until the next compaction.
        plan.replace([part for part in left if part.kind in SPAN_TABLES], None, SEVERAL_BATCHES)
        if any(damage.part.kind == PLACES for damage in found.damages):
            forget_places(plan)
        plan.measure(newly_rejected=sum(lost.values()))

        def count_lost(catalog: sqlite3.Connection) -> None:
            for object_id, n in lost.items():
                _count_lost(catalog, object_id, n)

        plan.changes.append(count_lost)
        if not found.is_whole:
            writer.apply(plan)
    report.parts_replaced = len(found.damages)
    report.rollups_rebuilt = sum(d.part.kind != "flows" for d in found.damages)
    report.to_refetch = [keys[object_id] for object_id in again if object_id in keys]
    report.lost = {keys[object_id]: n for object_id, n in lost.items() if object_id in keys}
    return report


def _count_lost(catalog: sqlite3.Connection, object_id: int, n: int) -> None:
    catalog.execute(
        "UPDATE objects SET rows_stored = rows_stored - ?, rows_rejected = rows_rejected + ?,"
        " nodata = min(nodata, rows_stored - ?), skipdata = min(skipdata, rows_stored - ?),"
        " status = 'partial', detail = ? WHERE object_id = ?",
        (n, n, n, n, "rows were lost with a damaged file, and the object is gone", object_id),
    )
    catalog.execute(
        "INSERT INTO reject_counts VALUES (?, ?, ?)"
        " ON CONFLICT (object_id, reason) DO UPDATE SET rows = rows + excluded.rows",
        (object_id, LOST, n),
    )
