"""Numbers of places, and whole days and weeks: what compaction adds, and when it counts."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingest.schema import NUMBER_COLUMNS, SPAN_TABLES
from ingest.store.compact import compact
from ingest.store.layout import open_catalog
from ingest.store.plan import Plan
from ingest.store.prune import prune
from ingest.store.read import CacheReader
from ingest.store.repair import take_out_damage
from ingest.store.spans import week_of
from ingest.store.verify import verify
from ingest.store.write import CacheWriter
from tests.conftest import START, write_log
from tests.ingest.maintaining import commit_objects, copied, traffic

DAY_HOURS = 24
MONDAY = "2026-03-02"  # START lies on it.


def rows_of(cache: Path, kind: str) -> list[dict[str, Any]]:
    """Read every column of the parts that readers take."""
    files = CacheReader(cache).snapshot().files(kind)
    return [row for path in files for row in pq.ParquetFile(path).read().to_pylist()]


def compacted(cache: Path) -> None:
    """Compact everything; every day and week is summed up."""
    with CacheWriter(cache, grace_s=0) as writer:
        compact(writer, include_open=True, rows_a_day=None)


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hours of three days of one week, in two batches, compacted."""
    folder = tmp_path_factory.mktemp("three-days").resolve()
    for batch in range(2):
        logs = [
            write_log(folder / f"{batch}-{hour}.log", traffic(hour, 10 + batch))
            for hour in (0, 1, DAY_HOURS, 2 * DAY_HOURS + 3)
        ]
        commit_objects(folder / "cache", [(log, "v1") for log in logs])
    compacted(folder / "cache")
    return folder / "cache"


def test_every_place_has_one_number(three_days: Path) -> None:
    """The number of an end stands for its address and VPC, in all tables."""
    places = {
        row["place_id"]: (row["address"], row["vpc_id"]) for row in rows_of(three_days, "places")
    }

    assert len(places) == len(set(places.values())) == 2
    for row in rows_of(three_days, "edges"):
        assert places[row["initiator_place"]] == (row["initiator"], row["initiator_vpc_id"])
        assert places[row["responder_place"]] == (row["responder"], row["responder_vpc_id"])
    for row in rows_of(three_days, "talkers"):
        assert places[row["place"]] == (row["address"], row["vpc_id"])


def test_places_keep_their_numbers(three_days: Path, tmp_path: Path) -> None:
    """A later compaction numbers what is new, and leaves the rest as it is."""
    cache = copied(three_days, tmp_path / "cache")
    before = {row["address"]: row["place_id"] for row in rows_of(cache, "places")}
    flows = [flow | {"srcaddr": "10.9.9.9"} for flow in traffic(5, 4)[:1]]
    commit_objects(cache, [(write_log(tmp_path / "new.log", flows), "v1")])
    compacted(cache)
    after = {row["address"]: row["place_id"] for row in rows_of(cache, "places")}

    assert before.items() < after.items()
    assert after["10.9.9.9"] == max(before.values()) + 1
    assert verify(cache, deep=True).is_whole


@pytest.mark.parametrize("kind", SPAN_TABLES)
def test_days_and_weeks_are_the_sums_of_their_hours(three_days: Path, kind: str) -> None:
    """Row by row, in plain Python."""
    snapshot = CacheReader(three_days).snapshot()
    spans = {(part.first, part.last): part.path for part in snapshot.found(kind)}
    day_s, midnight = 86_400, START // 86_400 * 86_400

    assert set(spans) == {
        *((midnight + n * day_s, midnight + (n + 1) * day_s - 1) for n in range(3)),
        (midnight, midnight + 7 * day_s - 1),
    }
    for (first, last), path in spans.items():
        hours = [
            row
            for row in rows_of(three_days, SPAN_TABLES[kind])
            if first <= row["hour_start"] <= last
        ]
        keys = [*NUMBER_COLUMNS[SPAN_TABLES[kind]], "action"]
        keys += ["service_port", "protocol"] if kind == "edge_spans" else []
        expected: dict[tuple[Any, ...], dict[str, Any]] = {}
        found = pq.ParquetFile(path).read().to_pylist()
        for row in hours:
            kept = expected.setdefault(tuple(row[k] for k in keys), {})
            for name in set(found[0]) - {*keys, "span_start"}:
                choose = {"first_seen": min, "last_seen": max}.get(name)
                before = kept.get(name)
                if before is None:
                    kept[name] = row[name]
                else:
                    kept[name] = choose(before, row[name]) if choose else before + row[name]
        assert {
            tuple(row[k] for k in keys): {n: row[n] for n in expected[tuple(row[k] for k in keys)]}
            for row in found
        } == expected
        assert {row["span_start"] for row in found} == {first}


def test_a_late_record_takes_its_day_and_week_out(three_days: Path, tmp_path: Path) -> None:
    """No writer needs to know of spans; the next compaction makes them again."""
    cache = copied(three_days, tmp_path / "cache")
    commit_objects(cache, [(write_log(tmp_path / "late.log", traffic(1, 3)), "v1")])
    left = CacheReader(cache).snapshot().found("edge_spans")
    compacted(cache)
    again = CacheReader(cache).snapshot().found("edge_spans")

    assert [(part.last or 0) - (part.first or 0) for part in left] == [86_399, 86_399]
    assert all("date=2026-03-02" not in part.path for part in left)
    assert len(again) == 4
    assert sum(row["records"] for row in rows_of(cache, "edge_spans")) == 2 * sum(
        row["records"] for row in rows_of(cache, "edges")
    )
    assert verify(cache, deep=True).is_whole
    with CacheWriter(cache, grace_s=0):
        pass
    named = {part.path for part in CacheReader(cache).snapshot().parts}
    assert {str(path) for path in cache.rglob("*.parquet")} == named, "none is left behind"


def test_spans_that_save_little_are_not_made(three_days: Path, tmp_path: Path) -> None:
    """A file must be worth reading; hours answer as well."""
    cache = copied(three_days, tmp_path / "cache")
    commit_objects(cache, [(write_log(tmp_path / "late.log", traffic(1, 3)), "v1")])
    with CacheWriter(cache) as writer:
        compact(writer, include_open=True)

    assert len(CacheReader(cache).snapshot().found("edge_spans")) == 2


def test_pruned_addresses_leave_the_places(three_days: Path, tmp_path: Path) -> None:
    """What no record names any more is gone, and the rest keeps its numbers."""
    cache = copied(three_days, tmp_path / "cache")
    flows = [flow | {"srcaddr": "10.9.9.9"} for flow in traffic(1, 4)[:1]]
    commit_objects(cache, [(write_log(tmp_path / "old.log", flows), "v1")])
    compacted(cache)
    before = {row["address"]: row["place_id"] for row in rows_of(cache, "places")}
    with CacheWriter(cache, grace_s=0) as writer:
        prune(writer, date(2026, 3, 3))
    after = {row["address"]: row["place_id"] for row in rows_of(cache, "places")}

    assert before.keys() - after.keys() == {"10.9.9.9"}
    assert after.items() < before.items()
    assert all(part.is_numbered for part in CacheReader(cache).snapshot().found("edges"))
    assert [part.kind for part in CacheReader(cache).snapshot().found("edge_spans")] == 2 * [
        "edge_spans"
    ]
    assert verify(cache, deep=True).is_whole


def test_numbers_without_all_places_are_not_believed(three_days: Path, tmp_path: Path) -> None:
    """A program that knows nothing of places may prune them with the first days."""
    cache = copied(three_days, tmp_path / "cache")
    with closing(open_catalog(cache, read_only=False)) as catalog:
        catalog.execute(
            "UPDATE parts SET replaced_at = 1 WHERE kind = 'places' AND date = ?", (MONDAY,)
        )
    snapshot = CacheReader(cache).snapshot()

    assert not any(part.is_numbered for part in snapshot.parts)
    assert snapshot.found("edge_spans") == []


@pytest.mark.parametrize("kind", ["places", "edge_spans"])
def test_damage_is_found_and_taken_out(three_days: Path, tmp_path: Path, kind: str) -> None:
    """Nothing is lost: the next compaction makes it again."""
    cache = copied(three_days, tmp_path / "cache")
    victim = Path(CacheReader(cache).snapshot().files(kind)[0])
    table = pq.ParquetFile(victim).read()
    pq.write_table(table.slice(1), victim)
    found = verify(cache)
    assert [damage.part.kind for damage in found.damages] == [kind]
    with CacheWriter(cache) as writer:
        report = take_out_damage(writer, verify(cache), set())
    assert (report.parts_replaced, verify(cache, deep=True).is_whole) == (1, True)
    with CacheWriter(cache) as writer, Plan(writer) as plan:
        assert all(part.is_numbered == (kind != "places") for part in plan.live_in("edges"))

    compacted(cache)

    assert all(part.is_numbered for part in CacheReader(cache).snapshot().found("edges"))
    assert verify(cache, deep=True).is_whole


@pytest.mark.parametrize("column", ["address", "place_id"])
def test_numbers_that_lie_are_found(three_days: Path, tmp_path: Path, column: str) -> None:
    """Deep verification compares each number with the texts beside it."""
    cache = copied(three_days, tmp_path / "cache")
    victim = Path(CacheReader(cache).snapshot().files("places")[0])
    table = pq.ParquetFile(victim).read()
    place = table.schema.get_field_index(column)
    swapped = table.column(place).take([1, 0, *range(2, len(table))])
    pq.write_table(table.set_column(place, column, swapped), victim)
    with closing(open_catalog(cache, read_only=False)) as catalog:
        catalog.execute(
            "UPDATE parts SET bytes = ?, checksum = NULL WHERE path = ?",
            (victim.stat().st_size, str(victim.relative_to(cache))),
        )

    report = verify(cache, deep=True)

    assert {damage.reason for damage in report.damages} == {"it numbers places wrong"}


def test_weeks_begin_on_monday() -> None:
    """Seven dates, whichever of them is given."""
    week = week_of("2026-03-04")

    assert (week[0], week[-1], len(week)) == (MONDAY, "2026-03-08", 7)
    assert all(week_of(date) == week for date in week)
