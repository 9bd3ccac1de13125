"""Objects that were set aside are read again when what decided has changed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from ingest import parser_pool
from ingest.pipeline import load
from ingest.report import IngestReport
from ingest.sources.local import LocalSource
from ingest.store.layout import open_catalog
from ingest.store.read import CacheReader
from ingest.store.verify import verify
from tests.conftest import log_text, make_flows, write_log
from tests.ingest.hostile_parser import MARK
from tests.ingest.loading import cached_rows, run_ingest

SHORT = ("srcaddr", "dstaddr", "bytes")
WRONG = ("srcaddr", "dstaddr", "bytes", "packets")


@pytest.fixture
def logs(tmp_path) -> Path:
    """One log in the default format, and one whose fields nobody names."""
    write_log(tmp_path / "logs" / "told.log", make_flows())
    write_log(tmp_path / "logs" / "untold.log", make_flows({}, {}), SHORT, header=False)
    return tmp_path / "logs"


def loaded(logs: Path, fields: tuple[str, ...] | None = None, **options: bool) -> IngestReport:
    return load(LocalSource(logs), logs.parent / "cache", fields=fields, jobs=1, **options)


def statuses(cache: Path) -> dict[str, str]:
    with closing(open_catalog(cache, read_only=True)) as catalog:
        rows = catalog.execute("SELECT key, status FROM objects").fetchall()
    assert len(rows) == len(dict(rows)), "an object is known once"
    return {Path(key).name: status for key, status in rows}


def test_a_given_format_brings_what_had_no_header(logs):
    """The object is read again, its entry takes the place of the old one, and facts agree."""
    assert loaded(logs).by_status == {"ok": 1, "no-header": 1}
    report = loaded(logs, SHORT)
    cache = logs.parent / "cache"

    assert (report.objects_known, report.objects_new, report.rows_stored) == (1, 1, 2)
    assert statuses(cache) == {"told.log": "ok", "untold.log": "ok"}
    facts = CacheReader(cache).snapshot().facts
    assert (facts.objects, facts.objects_set_aside, facts.rows_stored) == (2, 0, 3)
    assert len(cached_rows(cache)) == 3
    assert verify(cache, deep=True).is_whole
    assert loaded(logs, SHORT).known_damaged == 0


def test_a_format_that_did_not_help_is_not_tried_again(logs):
    """The same format gives the same verdict; the right one takes the place of the wrong one."""
    wrong = loaded(logs, WRONG)
    again = loaded(logs, WRONG)
    right = loaded(logs, SHORT)
    cache = logs.parent / "cache"

    assert (wrong.rows_stored, wrong.rows_rejected, again.objects_new) == (1, 2, 0)
    assert (right.objects_new, right.rows_stored) == (1, 2)
    facts = CacheReader(cache).snapshot().facts
    assert (facts.objects, facts.rows_read, facts.rows_rejected) == (2, 3, 0)
    assert statuses(cache) == {"told.log": "ok", "untold.log": "ok"}
    assert verify(cache, deep=True).is_whole


def test_without_a_format_nothing_is_read_again(logs):
    """What is set aside stays so, however often the folder is loaded."""
    loaded(logs)

    assert loaded(logs).objects_new == 0


def test_what_crashed_is_read_again_when_asked(tmp_path, monkeypatch):
    """After the fault is mended, a retry brings the object; without asking it stays aside."""
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "0.log"
    log.write_bytes(MARK + b"kill\n" + log_text(make_flows()))
    mended = parser_pool.PARSER_MODULE
    monkeypatch.setattr(parser_pool, "PARSER_MODULE", "tests.ingest.hostile_parser")
    assert loaded(tmp_path / "logs").by_status == {"crashed": 1}
    monkeypatch.setattr(parser_pool, "PARSER_MODULE", mended)

    assert loaded(tmp_path / "logs").objects_new == 0
    assert loaded(tmp_path / "logs", retry=True, dry_run=True).objects_new == 1
    report = loaded(tmp_path / "logs", retry=True)
    assert (report.objects_new, report.by_status["crashed"]) == (1, 0)
    assert CacheReader(tmp_path / "cache").snapshot().facts.objects == 1


def test_the_command_line_takes_both(logs):
    """`--format` and `--retry` of `load`."""
    cache = logs.parent / "cache"
    run_ingest("load", logs, "--cache", cache)
    retried = run_ingest("load", logs, "--cache", cache, "--retry")
    told = run_ingest("load", logs, "--cache", cache, "--format", " ".join(SHORT))

    assert "1 known + 1 new" in retried.stdout
    assert "1 known + 1 new" in told.stdout
    assert statuses(cache)["untold.log"] == "ok"
