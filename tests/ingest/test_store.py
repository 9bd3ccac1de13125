"""One writer, whole batches, nothing left behind."""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ingest.errors import CacheError, CacheLockedError, ExitCode
from ingest.schema import SCHEMA_VERSION
from ingest.sources import LogObject
from ingest.store.disk import checksum_of
from ingest.store.layout import CATALOG_NAME, UNDATED, part_path, partition_of
from ingest.store.read import CacheMissingError, CacheReader, CacheUnusableError
from ingest.store.write import BatchTotals, CacheWriter, NewPart, ObjectOutcome
from tests.conftest import START, make_flows, write_log
from tests.ingest.loading import run_ingest


def outcome(object_id: int, key: str = "", **facts) -> ObjectOutcome:
    return ObjectOutcome(object_id, LogObject(key or f"object-{object_id}", "etag", 5), **facts)


def new_part(writer: CacheWriter, name: str = "a", content: bytes = b"rows", **facts) -> NewPart:
    """Write a finished part into the writer's temporary folder; its content does not matter."""
    path = writer.tmp / name
    path.write_bytes(content)
    defaults = {"kind": "flows", "date": "2026-03-02", "hour": "10", "first": START, "last": START}
    size, checksum = len(content), checksum_of(path)
    return NewPart(tmp=str(path), rows=1, bytes=size, checksum=checksum, **(defaults | facts))


def part_files(cache: Path) -> list[str]:
    return sorted(str(path.relative_to(cache)) for path in cache.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("kind", "start", "expected"),
    [
        ("flows", START, ("2026-03-02", "10")),
        ("talkers", START, ("2026-03-02", None)),
        ("edges", START + 13 * 3_600 + 3_599, ("2026-03-02", "23")),
        ("edges", None, (UNDATED, UNDATED)),
        ("ports", None, (UNDATED, None)),
    ],
)
def test_partitions_are_hours_and_days_of_utc(kind, start, expected):
    """Wide tables are cut by hour, narrow ones by day; no time has a place of its own."""
    assert partition_of(kind, start) == expected


def test_paths_are_those_of_hive():
    """Other engines find the partitions by their folders."""
    assert part_path("flows", "2026-03-02", "10", "p") == "flows/date=2026-03-02/hour=10/p"
    assert part_path("ports", "2026-03-02", None, "p") == "ports/date=2026-03-02/p"


def test_a_batch_becomes_visible_as_a_whole(tmp_path):
    """Before the commit a reader sees nothing of a batch, after it everything."""
    with CacheWriter(tmp_path) as writer:
        part = new_part(writer)
        assert CacheReader(tmp_path).snapshot().parts == ()
        objects = [outcome(1, rows_read=3, rows_stored=2, rows_rejected=1)]
        writer.commit(1, objects, [part], BatchTotals(logged_bytes=7, first=START, last=START + 9))
        reader = CacheReader(tmp_path)
        facts = reader.snapshot().facts

    assert (reader.version(), facts.version, facts.objects) == (1, 1, 1)
    assert (facts.rows_read, facts.rows_stored, facts.rows_rejected) == (3, 2, 1)
    assert (facts.logged_bytes, facts.first, facts.last) == (7, START, START + 9)
    path = tmp_path / "flows/date=2026-03-02/hour=10/part-00000001-0000.parquet"
    assert reader.snapshot().files("flows") == [str(path)]
    assert path.read_bytes() == b"rows"


def test_a_snapshot_is_not_changed_by_later_commits(tmp_path):
    """Who holds a snapshot keeps its answer."""
    with CacheWriter(tmp_path) as writer:
        writer.commit(1, [outcome(1)], [new_part(writer)], BatchTotals())
        before = CacheReader(tmp_path).snapshot()
        writer.commit(2, [outcome(2)], [new_part(writer)], BatchTotals())
        after = CacheReader(tmp_path).snapshot()

    assert (before.facts.version, len(before.parts)) == (1, 1)
    assert (after.facts.version, len(after.parts)) == (2, 2)


def test_a_commit_that_fails_names_nothing(tmp_path):
    """An object that is there twice undoes the whole transaction, with one message."""
    twins = [outcome(2, "twin"), outcome(3, "twin")]
    with CacheWriter(tmp_path) as writer:
        writer.commit(1, [outcome(1)], [new_part(writer)], BatchTotals())
        with pytest.raises(CacheError) as caught:
            writer.commit(2, twins, [new_part(writer)], BatchTotals())
        snapshot = CacheReader(tmp_path).snapshot()

    assert re.fullmatch(
        rf"{tmp_path}: writing failed \(UNIQUE constraint failed: .*\)\. What was committed before "
        r"is safe; make space or fix the disk, then run the same command again\.",
        str(caught.value),
    )
    assert caught.value.exit_code == ExitCode.IO == 74
    assert (snapshot.facts.version, len(snapshot.parts)) == (1, 1)


def test_what_no_row_names_is_swept_at_the_next_start(tmp_path):
    """Parts and temporary files of a killed run go; named parts stay."""
    with CacheWriter(tmp_path) as writer:
        writer.commit(1, [outcome(1)], [new_part(writer)], BatchTotals())
    named = part_files(tmp_path)
    (tmp_path / "edges/date=2026-03-02/hour=10").mkdir(parents=True)
    for orphan in ("flows/date=2026-03-02/hour=10/part-9.parquet",
                   "edges/date=2026-03-02/hour=10/part-9.parquet", "tmp/rest"):  # fmt: skip
        (tmp_path / orphan).write_bytes(b"half")
    with CacheWriter(tmp_path) as writer:
        assert list(writer.tmp.iterdir()) == []

    assert part_files(tmp_path) == named


def test_numbers_go_on_after_a_restart(tmp_path):
    """Objects and batches get numbers that no earlier run has used."""
    with CacheWriter(tmp_path) as writer:
        assert writer.next_ids() == (1, 1)
        writer.commit(4, [outcome(7), outcome(9)], [], BatchTotals())
    with CacheWriter(tmp_path) as writer:
        assert writer.next_ids() == (10, 5)
        assert writer.known_objects() == {("object-7", "etag"), ("object-9", "etag")}


def test_files_are_listed_for_a_time_range(tmp_path):
    """A range takes the files that may hold its times; undated records belong to no range."""
    with CacheWriter(tmp_path) as writer:
        parts = [
            new_part(writer, "a", first=START, last=START + 99),
            new_part(writer, "b", hour="11", first=START + 3_600, last=START + 3_700),
            new_part(writer, "c", date=UNDATED, hour=UNDATED, first=None, last=None),
        ]
        writer.commit(1, [outcome(1)], parts, BatchTotals())
    snapshot = CacheReader(tmp_path).snapshot()

    def hours(start: int | None, end: int | None) -> list[str]:
        return [Path(path).parent.name for path in snapshot.files("flows", start, end)]

    assert hours(None, None) == ["hour=10", "hour=11", f"hour={UNDATED}"]
    assert hours(START + 99, START + 3_600) == ["hour=10"]
    assert hours(START + 100, START + 3_601) == ["hour=11"]
    assert hours(None, START) == []
    assert hours(START + 3_700, None) == ["hour=11"]
    assert snapshot.files("edges") == []


def test_a_second_writer_is_refused_and_told_who_holds_the_cache(tmp_path):
    """The message names process and host of the writer."""
    with CacheWriter(tmp_path), pytest.raises(CacheLockedError) as caught, CacheWriter(tmp_path):
        pass

    assert str(caught.value) == (
        f"{tmp_path}: process {os.getpid()} on {os.uname().nodename} is writing to this cache. "
        "Wait for it, or stop it."
    )
    with CacheWriter(tmp_path):
        pass


def test_a_second_load_exits_with_75(tmp_path):
    """A load beside another writer stops at once and changes nothing."""
    log = write_log(tmp_path / "a.log", make_flows())
    with CacheWriter(tmp_path / "cache"):
        second = run_ingest("load", log, "--cache", tmp_path / "cache")

    assert second.returncode == 75
    assert second.stderr == (
        f"error: {tmp_path}/cache: process {os.getpid()} on {os.uname().nodename} is writing to "
        "this cache. Wait for it, or stop it.\n"
    )


def test_a_missing_cache_says_how_to_fill_one(tmp_path):
    """No folder, and a folder without catalog, are told apart."""
    with pytest.raises(CacheMissingError) as no_folder:
        CacheReader(tmp_path / "none")
    with pytest.raises(CacheMissingError) as no_catalog:
        CacheReader(tmp_path)

    advice = "Fill a cache with: python -m ingest load SOURCE --cache"
    assert str(no_folder.value) == f"{tmp_path}/none: does not exist. {advice} {tmp_path}/none"
    assert str(no_catalog.value) == f"{tmp_path}: is no Flow Atlas cache. {advice} {tmp_path}"


def test_a_cache_of_a_newer_version_is_left_alone(tmp_path):
    """Neither reader nor writer touches what it does not understand."""
    log = write_log(tmp_path / "a.log", make_flows())
    cache = tmp_path / "cache"
    with CacheWriter(cache) as writer:
        writer.catalog.execute("UPDATE meta SET value = '99' WHERE name = 'schema_version'")
    loaded = run_ingest("load", log, "--cache", cache)
    status = run_ingest("status", "--cache", cache)

    advice = "Load the logs into a new cache folder.\n"
    assert (loaded.returncode, status.returncode) == (74, 74)
    assert loaded.stderr == (
        f"error: {cache}: this cache has schema version 99, this program writes "
        f"{SCHEMA_VERSION}. {advice}"
    )
    assert status.stderr == (
        f"error: {cache}: this cache has schema version 99, this program reads "
        f"{SCHEMA_VERSION}. {advice}"
    )
    with pytest.raises(CacheUnusableError, match="has schema version 99"):
        CacheReader(cache)


def test_a_damaged_catalog_is_told_in_one_sentence(tmp_path):
    """A catalog overwritten by something else is no traceback."""
    (tmp_path / CATALOG_NAME).write_bytes(b"not a database, but longer than its header" * 99)

    with pytest.raises(CacheUnusableError) as caught:
        CacheReader(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/{CATALOG_NAME}: the catalog cannot be read (file is not a database). "
        f"Check it with: python -m ingest verify --cache {tmp_path}"
    )
    with pytest.raises(CacheError, match="the catalog cannot be used"), CacheWriter(tmp_path):
        pass


def test_a_file_in_place_of_the_folder_exits_with_73(tmp_path):
    """A cache cannot be made where a file lies."""
    log = write_log(tmp_path / "a.log", make_flows())
    result = run_ingest("load", log, "--cache", log)

    assert result.returncode == 73
    assert result.stderr == (
        f"error: {log}: this cache folder cannot be written (File exists). "
        "Give --cache a folder that you may write to.\n"
    )


def test_a_cache_that_is_being_made_is_not_called_damaged(tmp_path):
    """A page that is opened while the first load begins says that there is nothing yet."""
    (tmp_path / CATALOG_NAME).touch()

    with pytest.raises(CacheMissingError):
        CacheReader(tmp_path)


def test_the_catalog_waits_for_the_disk(tmp_path):
    """A commit is on the disk when it returns: write-ahead log, synchronous FULL."""
    with CacheWriter(tmp_path) as writer:
        assert writer.catalog.execute("PRAGMA synchronous").fetchone() == (2,)
        assert writer.catalog.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_reader_cannot_write(tmp_path):
    """The read side opens the catalog read-only."""
    with CacheWriter(tmp_path):
        pass
    reader = CacheReader(tmp_path)
    with closing(reader._open()) as catalog, pytest.raises(sqlite3.OperationalError):
        catalog.execute("DELETE FROM meta")
