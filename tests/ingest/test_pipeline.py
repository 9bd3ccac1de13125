"""From a folder of log objects to a cache, again and again."""

import gzip
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ingest import batching, pipeline
from ingest.batch import BatchResult
from ingest.fetching import Fetcher
from ingest.parser_pool import TICK_S, ParserPool
from ingest.pipeline import load
from ingest.report import IngestReport, Progress
from ingest.sources import LogObject
from ingest.sources.local import LocalSource
from ingest.store.layout import open_catalog
from ingest.store.read import CacheReader
from ingest.store.write import CacheWriter
from tests.conftest import START, log_text, make_flows, no_data, write_log
from tests.ingest.loading import cached_rows, run_python, start_python


class CountingSource(LocalSource):
    """A folder that says which of its objects were wanted."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.opened: list[str] = []

    def local_path(self, log_object: LogObject) -> Path | None:
        """Note the name of the object, and return its file."""
        self.opened.append(Path(log_object.key).name)
        return super().local_path(log_object)


class WatchedPool(ParserPool):
    """Parsers that note whom they were told to wait for while they had no room."""

    waited_for: tuple[int, ...] = ()

    def wait(
        self, wakers: Sequence[socket.socket] = (), seconds: float = TICK_S
    ) -> list[BatchResult]:
        """Note how many wakers there are where nothing could be taken."""
        if not self.has_room:
            WatchedPool.waited_for += (len(wakers),)
        return super().wait(wakers, seconds)


@pytest.fixture
def logs(tmp_path) -> Path:
    """Three objects of one, two and three records."""
    for n in (1, 2, 3):
        flows = make_flows(*({"bytes": 10 * n + i} for i in range(n)))
        write_log(tmp_path / "logs" / f"{n}.log.gz", flows)
    return tmp_path / "logs"


def state(cache: Path) -> dict[str, bytes]:
    """Every file of a cache but the lock, by its bytes."""
    return {
        str(path): path.read_bytes()
        for path in cache.rglob("*")
        if path.is_file() and path.suffix == ".parquet"
    }


def catalog_rows(cache: Path) -> list[str]:
    catalog = open_catalog(cache, read_only=True)
    rows = []
    for table in ("objects", "parts", "batches", "meta", "rejects", "reject_counts"):
        rows += [f"{table} {row}" for row in catalog.execute(f"SELECT * FROM {table}")]  # noqa: S608
    catalog.close()
    return rows


def adds_up(report: IngestReport) -> bool:
    return report.rows_read == report.rows_stored + report.rows_rejected


def test_a_load_brings_every_record_and_reports_it(tmp_path, logs):
    """The report counts objects and rows, and the cache holds them."""
    seen: list[tuple[int, int, int]] = []

    def follow(progress: Progress) -> None:
        seen.append((progress.objects, progress.objects_total, progress.rows))

    report = load(LocalSource(logs), tmp_path / "cache", jobs=1, on_progress=follow)

    assert (report.objects_listed, report.objects_known, report.objects_new) == (3, 0, 3)
    assert (report.rows_read, report.rows_stored, report.rows_rejected) == (6, 6, 0)
    assert dict(report.by_status) == {"ok": 3}
    assert report.bytes_new == sum(path.stat().st_size for path in logs.iterdir())
    # The total grows while the listing runs beside.
    assert (seen[0][0], seen[0][2], seen[-1]) == (0, 0, (3, 3, 6))
    flows = cached_rows(tmp_path / "cache")
    assert sorted(row["bytes"] for row in flows) == [10, 20, 21, 30, 31, 32]


def test_a_second_load_opens_nothing_and_changes_nothing(tmp_path, logs):
    """Known objects are not read again; catalog and parts stay as they are, to the byte."""
    load(LocalSource(logs), tmp_path / "cache", jobs=1)
    before = state(tmp_path / "cache"), catalog_rows(tmp_path / "cache")
    source = CountingSource(logs)
    report = load(source, tmp_path / "cache", jobs=1)

    assert source.opened == []
    assert (report.objects_listed, report.objects_known, report.objects_new) == (3, 3, 0)
    assert (state(tmp_path / "cache"), catalog_rows(tmp_path / "cache")) == before


def test_added_objects_alone_are_read(tmp_path, logs):
    """A later load brings what is new, whatever its name sorts after."""
    load(LocalSource(logs), tmp_path / "cache", jobs=1)
    write_log(logs / "0.log.gz", make_flows({"bytes": 99}))
    source = CountingSource(logs)
    seen: list[Progress] = []
    report = load(source, tmp_path / "cache", jobs=1, on_progress=seen.append)

    assert source.opened == ["0.log.gz"]
    assert (report.objects_known, report.objects_new, report.rows_stored) == (3, 1, 1)
    size = (logs / "0.log.gz").stat().st_size
    assert (seen[-1].bytes, seen[-1].bytes_total) == (size, size)
    assert len(cached_rows(tmp_path / "cache")) == 7


def test_a_changed_object_alone_is_read(tmp_path, logs):
    """An object with another content under the same key is read again, no other one."""
    load(LocalSource(logs), tmp_path / "cache", jobs=1)
    write_log(logs / "2.log.gz", make_flows(*({"bytes": 70 + n} for n in range(5))))
    source = CountingSource(logs)
    report = load(source, tmp_path / "cache", jobs=1)

    assert source.opened == ["2.log.gz"]
    assert (report.objects_known, report.objects_new) == (2, 1)
    assert {70, 71, 72, 73, 74} <= {row["bytes"] for row in cached_rows(tmp_path / "cache")}


def test_a_changed_object_replaces_its_former_rows(tmp_path, logs):
    """An object that grew counts its first records once."""
    load(LocalSource(logs), tmp_path / "cache", jobs=1)
    grown = make_flows(*({"bytes": 20 + i} for i in range(3)))
    write_log(logs / "2.log.gz", grown)
    load(LocalSource(logs), tmp_path / "cache", jobs=1)

    flows = cached_rows(tmp_path / "cache")
    assert sorted(row["bytes"] for row in flows) == [10, 20, 21, 22, 30, 31, 32]


def test_a_touched_object_counts_once(tmp_path, logs):
    """A copy of the same files with other times adds no record."""
    load(LocalSource(logs), tmp_path / "cache", jobs=1)
    for path in logs.iterdir():
        os.utime(path, (START, START))
    load(LocalSource(logs), tmp_path / "cache", jobs=1)

    assert len(cached_rows(tmp_path / "cache")) == 6


def test_a_dry_run_reads_nothing(tmp_path, logs):
    """It counts what a load would read."""
    source = CountingSource(logs)
    report = load(source, tmp_path / "cache", dry_run=True)

    assert source.opened == []
    assert (report.objects_new, report.rows_read, report.dry_run) == (3, 0, True)
    assert not (tmp_path / "cache").exists()


def test_bad_objects_are_set_aside_and_the_others_go_on(tmp_path, logs):
    """Every object gets its status and one line; good ones are whole."""
    (logs / "4.log.gz").write_bytes(gzip.compress(log_text(make_flows()))[:-4])
    (logs / "5.log.gz").write_bytes(b"")
    (logs / "6.html").write_bytes(b"<html>")
    write_log(logs / "7.log", make_flows({}, {"packets": "+5"}, {"bytes": "x"}))
    report = load(LocalSource(logs), tmp_path / "cache", jobs=1)

    assert dict(report.by_status) == {
        "ok": 3, "corrupt": 1, "empty": 1, "not-a-log": 1, "partial": 1,
    }  # fmt: skip
    assert (report.rows_read, report.rows_stored, report.rows_rejected) == (9, 7, 2)
    assert dict(report.reject_counts) == {"not-a-number": 2}
    told = [trouble.removeprefix(f"{logs}/") for trouble in report.troubles]
    assert told[0].startswith("4.log.gz: corrupt: the gzip data ends early, after")
    assert told[1] == "5.log.gz: empty: the object has no bytes"
    assert told[2].startswith("6.html: not-a-log: line 1 is no header and no flow record")
    assert told[3].startswith(
        "7.log: 2 of 3 lines rejected, the first at line 3: not-a-number in packets: 2 1234"
    )
    assert CacheReader(tmp_path / "cache").snapshot().facts.objects_set_aside == 2


def test_each_object_has_its_own_format(tmp_path):
    """One folder may hold several formats, each read by its own header."""
    write_log(tmp_path / "logs/a.log", make_flows({"bytes": 1}))
    write_log(tmp_path / "logs/b.log.gz", make_flows({"bytes": 2}), ("bytes", "dstaddr", "srcaddr"))
    write_log(tmp_path / "logs/c.log", [*make_flows({"bytes": 3}), no_data()])
    report = load(LocalSource(tmp_path / "logs"), tmp_path / "cache", jobs=1)

    assert adds_up(report)
    assert (report.rows_stored, report.nodata) == (4, 1)
    rows = {row["bytes"]: row for row in cached_rows(tmp_path / "cache")}
    assert {row["srcaddr"] for n, row in rows.items() if n} == {"192.0.2.10"}
    facts = CacheReader(tmp_path / "cache").snapshot().facts
    assert (facts.records, facts.undated, facts.logged_bytes) == (3, 1, 6)


def test_records_lie_in_the_hour_of_their_own_start(tmp_path):
    """The time of a record decides its partition, not the object's name or neighbors."""
    flows = make_flows(
        {"start": START - 1, "bytes": 1}, {"bytes": 2}, {"start": START + 86_400, "bytes": 3},
        end=START + 90_000,
    )  # fmt: skip
    write_log(tmp_path / "2020/01/01.log", flows)
    load(LocalSource(tmp_path / "2020"), tmp_path / "cache", jobs=1)
    snapshot = CacheReader(tmp_path / "cache").snapshot()

    folders = [
        Path(path).parent.relative_to(tmp_path / "cache") for path in snapshot.files("flows")
    ]
    assert [str(folder) for folder in folders] == [
        "flows/date=2026-03-02/hour=09", "flows/date=2026-03-02/hour=10",
        "flows/date=2026-03-03/hour=10",
    ]  # fmt: skip
    assert len(snapshot.files("talkers")) == 2


WATCH = """
import sys
from pathlib import Path
import pyarrow.parquet as pq
from ingest.store.read import CacheReader

cache, until = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
versions = set()
while True:
    try:
        snapshot = CacheReader(cache).snapshot()
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")
    facts = snapshot.facts
    flows = sum(pq.read_metadata(path).num_rows for path in snapshot.files("flows"))
    edges = 0
    for path in snapshot.files("edges"):
        edges += sum(pq.read_table(path, partitioning=None)["records"].to_pylist())
    if not flows == edges == facts.rows_stored or facts.rows_stored % 20:
        sys.exit(f"half a batch: {flows} {edges} {facts}")
    versions.add(facts.version)
    if facts.rows_stored == until:
        break
print(len(versions))
"""
SMALL_BATCHES = """
from ingest import batching
from ingest.cli import main

batching.BATCH_OBJECTS = 10
main()
"""


def test_a_reader_sees_whole_batches_while_a_load_runs(tmp_path):
    """A reader in another process never meets half a batch, nor a part that is not there."""
    for n in range(600):
        write_log(tmp_path / "logs" / f"{n:03}.log", make_flows({"srcport": 1_025 + n}, {}))
    with CacheWriter(tmp_path / "cache"):
        pass
    watcher = start_python("-c", WATCH, tmp_path / "cache", "1200", stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)  # fmt: skip
    assert watcher.stdout is not None
    assert watcher.stdout.readline() == "ready\n"
    loaded = run_python("-c", SMALL_BATCHES, "load", tmp_path / "logs", "--cache",
                        tmp_path / "cache")  # fmt: skip
    versions, trouble = watcher.communicate(timeout=30)

    assert loaded.returncode == 0, loaded.stderr
    assert (watcher.returncode, trouble) == (0, "")
    assert int(versions) > 3


def test_an_object_that_is_gone_is_set_aside_and_tried_again(tmp_path, logs):
    """A file deleted between listing and reading costs only itself."""

    class Vanishing(LocalSource):
        def objects(self, made_after=None):
            listed = list(super().objects(made_after))
            (logs / "2.log.gz").unlink()
            return iter(listed)

    report = load(Vanishing(logs), tmp_path / "cache", jobs=1)

    assert report.rows_stored == 4
    assert report.by_status["ok"] == 2
    assert len(report.troubles) == 1


def test_a_cache_may_be_moved(tmp_path, logs):
    """Paths in the catalog are below the cache, so a copied folder is a cache."""
    load(LocalSource(logs), tmp_path / "cache", jobs=1)
    shutil.move(tmp_path / "cache", tmp_path / "moved")

    assert len(cached_rows(tmp_path / "moved")) == 6


def test_an_object_that_fails_late_leaves_none_of_its_rows(tmp_path, logs):
    """Damage at the end of a large object takes back what was already written of it."""
    line = log_text(make_flows({"bytes": 123_456_789}), header=False)
    body = b"".join(line.replace(b"123456789 ", b"%d " % (n * n)) for n in range(450_000))
    large = gzip.compress(log_text([]) + body, compresslevel=1)
    (logs / "9.log.gz").write_bytes(large[:-20])
    report = load(LocalSource(logs), tmp_path / "cache", jobs=1)

    assert len(body) > 42_000_000, "more than a parser holds at once"
    assert dict(report.by_status) == {"ok": 3, "corrupt": 1}
    assert (report.rows_read, report.rows_stored) == (6, 6)
    assert len(cached_rows(tmp_path / "cache")) == 6


def test_a_load_sleeps_while_all_parsers_work(tmp_path, logs, monkeypatch):
    """What has arrived and cannot be taken yet wakes nobody: it would do so without end."""
    monkeypatch.setattr(batching, "BATCH_OBJECTS", 1)
    monkeypatch.setattr(WatchedPool, "waited_for", ())
    for n in range(12):
        write_log(logs / f"more-{n}.log.gz", make_flows({"bytes": n}))

    report = load(LocalSource(logs), tmp_path / "cache", jobs=1, make_pool=WatchedPool)

    assert report.rows_stored == 18
    assert WatchedPool.waited_for
    assert set(WatchedPool.waited_for) == {0}


@pytest.mark.parametrize(("listing_s", "sizes"), [(30.0, [8, 7]), (0.0, [10, 5])])
def test_batches_are_alike_where_the_listing_is_short(tmp_path, monkeypatch, listing_s, sizes):
    """It is waited for, but not for long: a batch that is full goes without.

    A thread that has said its last word may live on for a while.
    """
    end = Fetcher._end
    monkeypatch.setattr(Fetcher, "_end", lambda fetcher: (end(fetcher), time.sleep(0.2)))
    for n in range(15):
        write_log(tmp_path / "logs" / f"{n:02}.log", make_flows({"bytes": 10 + n}))
    size = (tmp_path / "logs" / "00.log").stat().st_size
    monkeypatch.setattr(batching, "BATCH_BYTES", 10 * size)
    monkeypatch.setattr(batching, "_SMALL_BATCH", 1)
    monkeypatch.setattr(pipeline, "_LISTING_S", listing_s)

    class SlowlyListed(LocalSource):
        def objects(self):
            for log_object in super().objects():
                yield log_object
                time.sleep(0.01)

    load(SlowlyListed(tmp_path / "logs"), tmp_path / "cache", jobs=2)

    with closing(open_catalog(tmp_path / "cache", read_only=True)) as catalog:
        rows = catalog.execute("SELECT objects FROM batches ORDER BY batch_id").fetchall()
    assert [objects for (objects,) in rows] == sizes
