"""Retention by whole days: rows go, facts stay true, objects stay known."""

from datetime import date, timedelta

import pytest

from ingest.cli import app
from ingest.errors import ExitCode, UsageError
from ingest.store.prune import prune, pruned_before
from ingest.store.read import CacheReader
from ingest.store.verify import verify
from ingest.store.write import CacheWriter
from tests.conftest import START, make_flows, no_data, write_log
from tests.ingest.loading import cached_rows
from tests.ingest.maintaining import commit_objects, contents, traffic

DAY = 86_400
KEPT = date(2026, 3, 3)  # START lies on the day before.


@pytest.fixture
def two_days(tmp_path):
    """An object of the old day, one of the new day, and one of both with undated rows."""
    old = traffic(1, 20)
    new = [flow | {"start": flow["start"] + DAY, "end": flow["end"] + DAY} for flow in old]
    logs = [
        (write_log(tmp_path / "old.log", old + make_flows({"packets": "many"})), "v1"),
        (write_log(tmp_path / "new.log", new), "v1"),
        (write_log(tmp_path / "both.log", old[:6] + new[:4] + make_flows(start=None, end=None)),
         "v1"),
    ]  # fmt: skip
    commit_objects(tmp_path / "cache", logs[:1])
    commit_objects(tmp_path / "cache", logs[1:])
    commit_objects(tmp_path / "kept", logs[1:2])
    return tmp_path / "cache"


def test_old_days_go_and_facts_stay_true(two_days):
    """Sums, limits and rows are those of the rows that are left."""
    before = CacheReader(two_days).snapshot().facts
    with CacheWriter(two_days, grace_s=0) as writer:
        report = prune(writer, KEPT)
        known = writer.known_objects()
    after = CacheReader(two_days).snapshot()
    rows = cached_rows(two_days)

    assert (report.days, report.rows, report.objects) == (1, 41 + 6, 2)
    assert len(rows) == 41 + 4 + 1
    traffic_rows = [row for row in rows if row["is_counted"] is not None]
    facts = after.facts
    assert facts.rows_stored == len(rows) == before.rows_stored - report.rows
    assert facts.rows_read == facts.rows_stored + facts.rows_rejected
    assert (facts.rows_rejected, facts.nodata, facts.undated) == (1, 1, 1)
    assert facts.logged_bytes == sum(row["bytes"] for row in traffic_rows)
    assert facts.first == min(row["start"] for row in traffic_rows if row["start"])
    assert facts.last == before.last
    assert facts.version == before.version + 1
    assert len(known) == facts.objects == 3, "known objects are not read again"
    assert not [part for part in after.parts if "date=2026-03-02" in part.path]
    assert verify(two_days, deep=True).is_whole


def test_a_dry_run_only_counts(two_days):
    """Nothing changes, the report is the same."""
    before = contents(two_days)
    with CacheWriter(two_days) as writer:
        planned = prune(writer, KEPT, dry_run=True)
        assert contents(two_days) == before
        done = prune(writer, KEPT)
        again = prune(writer, KEPT)
        assert pruned_before(writer.catalog) == KEPT
        assert prune(writer, KEPT + timedelta(days=1)).days == 1
        assert pruned_before(writer.catalog) == KEPT + timedelta(days=1)

    assert (planned.days, planned.rows, planned.bytes) == (done.days, done.rows, done.bytes)
    assert (again.days, again.rows) == (0, 0)


def test_a_cache_may_lose_all_of_its_days(tmp_path):
    """An emptied cache has no first and no last record, and can be filled again."""
    commit_objects(tmp_path / "cache", [(write_log(tmp_path / "a.log", traffic(0, 5)), "v1")])
    with CacheWriter(tmp_path / "cache") as writer:
        prune(writer, KEPT)
    facts = CacheReader(tmp_path / "cache").snapshot().facts
    assert (facts.rows_stored, facts.first, facts.last, facts.logged_bytes) == (0, None, None, 0)

    late = write_log(tmp_path / "b.log", [*make_flows(), no_data(start=START, end=START)])
    commit_objects(tmp_path / "cache", [(late, "v1")])
    facts = CacheReader(tmp_path / "cache").snapshot().facts
    assert (facts.rows_stored, facts.first, facts.last) == (2, START, START + 59)
    assert verify(tmp_path / "cache", deep=True).is_whole


@pytest.mark.parametrize("age", ["30", "0d", "30h", "-3d", "999999d"])
def test_an_age_is_whole_days(tmp_path, age):
    """Anything else is refused with the form that is right."""
    with pytest.raises(UsageError, match=r"Write 30d\.") as refused:
        app(["prune", f"--older-than={age}", "--cache", str(tmp_path)], standalone_mode=False)
    assert refused.value.exit_code == ExitCode.USAGE
