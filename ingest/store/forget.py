"""Take the rows of some objects out of the cache, and everything that was derived of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ingest.store.plan import Plan
from ingest.store.rows import SEVERAL_BATCHES, LivePart, unsettle

_IDS_AT_ONCE = 10_000


def forget_objects(plan: Plan, object_ids: Sequence[int], lost: Collection[int] = ()) -> None:
    """Plan that some objects were never read.

    Only the flow parts that hold their rows are written again; the rollups of the hours
    and days of these parts are made again from what stays.

    Args:
        plan: Takes the changes; apply it with `CacheWriter.apply`, after `Plan.measure`.
        object_ids: Their numbers in the catalog.
        lost: Numbers of flow parts that cannot be read any more; they go as a whole.
    """
    wanted = set(object_ids)
    gone = [plan.live[part_id] for part_id in lost]
    plan.replace(gone, None, SEVERAL_BATCHES)
    hours = {(part.date, part.hour) for part in gone}
    for part in _parts_with(plan, wanted):
        rest = plan.engine.read("flows", [part.path])
        for ids in _lists(wanted):
            rest = rest.filter(f"object_id NOT IN ({ids})")
        new = plan.engine.write("flows", part.date, part.hour, rest)
        plan.replace([part], new, part.batch_id)
        hours.add((part.date, part.hour))
    plan.forgotten |= wanted
    plan.rebuild_all(hours)
    plan.changes.append(
        lambda catalog: unsettle(catalog, {(date, hour) for date, hour in hours if hour})
    )


def _parts_with(plan: Plan, object_ids: set[int]) -> list[LivePart]:
    """List the flow parts with rows of some objects: of their batches, or of several."""
    objects = plan.writer.catalog.execute("SELECT object_id, batch_id FROM objects")
    batches = {batch_id for object_id, batch_id in objects if object_id in object_ids}
    batches.add(SEVERAL_BATCHES)
    candidates = {p.path: p for p in plan.live_in("flows") if p.batch_id in batches}
    if not candidates or not object_ids:
        return []
    flows = plan.engine.read("flows", list(candidates), with_file=True)
    found: set[str] = set()
    for ids in _lists(object_ids):
        holders = flows.filter(f"object_id IN ({ids})").project("filename").distinct()
        found.update(path for (path,) in holders.fetchall())
    return [part for path, part in candidates.items() if path in found]


def _lists(object_ids: set[int]) -> list[str]:
    """Write whole numbers as SQL lists of bounded length."""
    ids = sorted(object_ids)
    return [
        ", ".join(str(int(i)) for i in ids[begin : begin + _IDS_AT_ONCE])
        for begin in range(0, len(ids), _IDS_AT_ONCE)
    ]
