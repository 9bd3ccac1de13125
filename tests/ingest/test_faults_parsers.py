"""A crafted object costs itself, whatever it does to the process that parses it."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ingest import parser_pool
from ingest.batch import BatchTask
from ingest.errors import CacheError, IngestError
from ingest.parser_pool import ParserLimits, ParserPool
from ingest.pipeline import load
from ingest.sources import LogObject
from ingest.sources.local import LocalSource
from ingest.spool import Piece
from ingest.store.layout import open_catalog
from ingest.store.read import CacheReader
from tests.conftest import log_text, make_flows
from tests.ingest.hostile_parser import MARK
from tests.ingest.loading import cached_rows

MEMORY = 400 << 20


@pytest.fixture(autouse=True)
def hostile(monkeypatch):
    """Objects decide over the parser that they are given to."""
    monkeypatch.setattr(parser_pool, "PARSER_MODULE", "tests.ingest.hostile_parser")


@pytest.fixture
def logs(tmp_path) -> Path:
    """Four objects of one record each."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for n in range(4):
        (folder / f"{n}.log").write_bytes(log_text(make_flows(srcport=n + 1)))
    return folder


def spoil(logs: Path, name: str, wish: str) -> None:
    """Have one object ask for something."""
    path = logs / f"{name}.log"
    path.write_bytes(MARK + wish.encode() + b"\n" + path.read_bytes())


def statuses(cache: Path) -> dict[str, str]:
    """Read from the catalog what became of each object."""
    with closing(open_catalog(cache, read_only=True)) as catalog:
        rows = catalog.execute("SELECT key, status FROM objects ORDER BY key")
        return {Path(key).stem: status for key, status in rows}


def load_(logs: Path, cache: Path, **options):
    limits = ParserLimits(memory_bytes=MEMORY, seconds=options.pop("seconds", 60), seconds_per_mb=0)
    return load(LocalSource(logs), cache, limits=limits, jobs=2, **options)


@pytest.mark.parametrize(
    ("wish", "status", "detail"),
    [
        ("abort", "crashed", "the parser process died (signal 6)"),
        ("kill", "crashed", "the parser process died (signal 9)"),
        ("panic oh", "crashed", "PanicError: oh"),
        ("want 900", "out-of-memory", "it needs more memory than a parser may have"),
        ("grow", "out-of-memory", "parsing took more than 400 MiB"),
    ],
)
def test_an_object_that_ends_its_parser_is_set_aside_alone(logs, tmp_path, wish, status, detail):
    """The other three of its batch are in the cache; rows and objects add up."""
    spoil(logs, "2", wish)

    report = load_(logs, tmp_path / "cache")

    assert statuses(tmp_path / "cache") == {**dict.fromkeys("013", "ok"), "2": status}
    assert sorted(row["srcport"] for row in cached_rows(tmp_path / "cache")) == [1, 2, 4]
    assert report.by_status == {"ok": 3, status: 1}
    assert report.objects_listed == report.objects_new == 4
    assert (report.rows_read, report.rows_stored, report.rows_rejected) == (3, 3, 0)
    (trouble,) = report.troubles
    assert detail in trouble
    assert load_(logs, tmp_path / "cache").objects_known == 4


def test_an_object_that_hangs_runs_into_its_deadline(logs, tmp_path):
    """The deadline is that of a batch; the process is killed, and the others are parsed."""
    for name in "012":
        (logs / f"{name}.log").unlink()
    spoil(logs, "3", "hang")

    report = load_(logs, tmp_path / "cache", seconds=0.3)

    assert report.by_status == {"timeout": 1}
    assert "not parsed within 0 s" in report.troubles[0]


def test_several_culprits_in_one_batch_are_all_found(logs, tmp_path):
    """First and last."""
    for name in "03":
        spoil(logs, name, "kill")

    report = load_(logs, tmp_path / "cache")

    assert report.by_status == {"ok": 2, "crashed": 2}
    assert {n for n, s in statuses(tmp_path / "cache").items() if s == "crashed"} == set("03")


def test_a_parser_killed_from_outside_costs_nothing(logs, tmp_path):
    """As the system does when memory runs out: the object alone is tried once more."""
    for name in "012":
        (logs / f"{name}.log").unlink()
    marker = tmp_path / "pid"
    spoil(logs, "3", f"wait {marker}")
    done = threading.Event()

    def murder() -> None:
        while not marker.exists() and not done.wait(0.01):
            pass
        os.kill(int(marker.read_text()), signal.SIGKILL)

    murderer = threading.Thread(target=murder)
    murderer.start()
    try:
        report = load_(logs, tmp_path / "cache")
    finally:
        done.set()
        murderer.join()

    assert report.by_status == {"ok": 1}
    assert CacheReader(tmp_path / "cache").snapshot().facts.records == 1


def test_what_the_usual_parser_says_is_understood(logs, tmp_path, monkeypatch):
    """Its errors cross the process border as what they are."""
    monkeypatch.undo()
    (tmp_path / "file").touch()
    listed = LogObject("a", "b", 1)
    task = BatchTask(1, [(1, listed, Piece(str(logs / "0.log")))], str(tmp_path / "file/parts"))

    def run() -> None:
        with ParserPool(1, lambda: 2) as pool:
            pool.submit(task)
            while not pool.is_idle:
                pool.wait()

    with pytest.raises(CacheError, match="Not a directory"):
        run()


def test_a_full_disk_is_no_objects_fault(logs, tmp_path):
    """Nothing is set aside: exit code 74, and the next run reads everything."""
    spoil(logs, "3", "disk")

    with pytest.raises(CacheError, match="No space left on device") as caught:
        load_(logs, tmp_path / "cache")

    assert caught.value.exit_code == 74
    assert statuses(tmp_path / "cache") == {}
    assert not list((tmp_path / "cache" / "tmp").iterdir())


def test_a_parser_that_never_starts_is_no_objects_fault(logs, tmp_path, monkeypatch):
    """A broken installation must not set every object aside."""
    monkeypatch.setenv("FLOW_ATLAS_TEST", "--broken")

    with pytest.raises(IngestError, match=r"does not start .*cannot import name 'batch'"):
        load_(logs, tmp_path / "cache")

    assert statuses(tmp_path / "cache") == {}


def test_a_nursery_that_is_killed_takes_no_object_along(logs, tmp_path):
    """Its parser goes on; the next one comes from another nursery."""
    for name in "012":
        (logs / f"{name}.log").unlink()
    marker = tmp_path / "pid"
    spoil(logs, "3", f"wait {marker}")
    done = threading.Event()

    def murder() -> None:
        while not marker.exists() and not done.wait(0.01):
            pass
        parser = int(marker.read_text())
        stat = Path(f"/proc/{parser}/stat").read_text()
        nursery = int(stat.rpartition(")")[2].split()[1])
        os.kill(nursery, signal.SIGKILL)
        os.kill(parser, signal.SIGKILL)

    murderer = threading.Thread(target=murder)
    murderer.start()
    try:
        report = load_(logs, tmp_path / "cache")
    finally:
        done.set()
        murderer.join()

    assert report.by_status == {"ok": 1}
    assert CacheReader(tmp_path / "cache").snapshot().facts.records == 1


def test_no_process_is_left_when_a_pool_is_closed_amid_its_work(logs):
    """Neither parsers nor the process that they were forked from."""
    spoil(logs, "0", "hang")
    listed = LogObject("a", "b", 1)
    with ParserPool(2, lambda: 2) as pool:
        for n in range(2):
            pool.submit(
                BatchTask(n, [(1, listed, Piece(str(logs / "0.log")))], str(logs / "parts"))
            )
        while len(pids := [p.pid for p in pool._parsers if p.pid]) < 2:
            pool.wait()

    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
