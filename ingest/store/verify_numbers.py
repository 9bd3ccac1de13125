"""Verification of what compaction adds: numbers of places, whole days and weeks."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.schema import NUMBER_COLUMNS, PLACES, SPAN_TABLES
from ingest.store.engine import Engine
from ingest.store.layout import made_of, span_dates
from ingest.store.rows import LivePart

_SUMS = {
    "edges": ("sum(records)", "sum(flows)", 'sum("bytes")', "min(first_seen)", "max(last_seen)"),
    "talkers": ("sum(records)", "sum(flows)", "sum(sent_bytes)", "sum(received_bytes)"),
}


def wrong_numbers(engine: Engine, whole: Iterable[LivePart]) -> list[tuple[LivePart, str]]:
    """Return the places and the days and weeks that are not what other parts say.

    Args:
        engine: Reads them.
        whole: Parts that are not damaged. A day or week of which a part is missing here,
            or that no reader takes any more, is not looked at.
    """
    parts = list(whole)
    places = [part for part in parts if part.kind == PLACES]
    wrong = [(part, "it numbers places wrong") for part in places] if _lie(engine, parts) else []
    for part in parts:
        base = SPAN_TABLES.get(part.kind)
        if base is None or part.first is None or part.last is None:
            continue
        dates = span_dates(part.first, part.last)
        behind = [p for p in parts if p.kind == base and p.date in dates]
        if part.made_of != made_of(p.part_id for p in behind):
            continue
        told = engine.row(engine.read(part.kind, [part.path]), *_SUMS[base])
        if told != engine.row(engine.read(base, [p.path for p in behind]), *_SUMS[base]):
            wrong.append((part, f"its sums differ from those of {base}"))
    return wrong


def _lie(engine: Engine, parts: list[LivePart]) -> bool:
    """Tell whether the numbers of some part stand for other places than its texts."""
    places = [part.path for part in parts if part.kind == PLACES]
    if not places:
        return False
    known = engine.read(PLACES, places)
    if engine.row(known, "count(*) - count(DISTINCT place_id)") != (0,):
        return True
    for kind, columns in NUMBER_COLUMNS.items():
        paths = [part.path for part in parts if part.kind == kind and part.is_numbered]
        for number in columns if paths else ():
            end, vpc = ("address", "vpc_id") if number == "place" else _end(number)
            rows = engine.read(kind, paths).project(
                f'"{number}" AS named, "{end}" AS own, "{vpc}" AS own_vpc'
            )
            rows = rows.filter("own IS NOT NULL").distinct().set_alias("rows")
            joined = rows.join(known.set_alias("known"), "rows.named = known.place_id", how="left")
            same = "known.address = own AND known.vpc_id IS NOT DISTINCT FROM own_vpc"
            if engine.row(joined, f"count(*) FILTER (({same}) IS NOT TRUE)") != (0,):
                return True
    return False


def _end(number: str) -> tuple[str, str]:
    end = number.removesuffix("_place")
    return end, f"{end}_vpc_id"
