"""What `status` tells, in three forms."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from ingest.cli import app
from ingest.store.read import CacheReader
from ingest.store.status import cache_status
from tests.conftest import SERVER_ENI, START, make_flows, no_data, write_log
from tests.ingest.maintaining import commit_objects, parts_of

HOUR = 3600
OTHER_ENI = "eni-0aaaaaaaaaaaaaaaa"


@pytest.fixture
def cache(tmp_path) -> Path:
    """Traffic with a silent hour, an interface with a gap, lost records and bad objects."""
    good = write_log(tmp_path / "good.log", [
        *make_flows({}, {"start": START + HOUR, "end": START + HOUR + 9}),
        *make_flows(start=START + 3 * HOUR, end=START + 3 * HOUR + 9, interface_id=OTHER_ENI),
        *make_flows(start=START + 4 * HOUR, end=START + 4 * HOUR + 9),
        no_data("SKIPDATA", start=START + 4 * HOUR, end=START + 4 * HOUR + 59),
    ])  # fmt: skip
    bad = write_log(
        tmp_path / "bad.log", make_flows({}, {"packets": "many"}, {"dstport": 70_000}, {})
    )
    broken = write_log(tmp_path / "broken.log.gz", make_flows())
    broken.write_bytes(broken.read_bytes()[:-3])
    commit_objects(tmp_path / "cache", [(path, "v1") for path in (good, bad, broken)])
    return tmp_path / "cache"


def printed(*arguments: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert not app(list(arguments), standalone_mode=False)
    return out.getvalue()


def test_json_tells_everything(cache):
    """Facts at the top; objects, rejects, gaps and sizes below."""
    told: dict[str, Any] = json.loads(printed("status", "--json", "--cache", str(cache)))
    facts = CacheReader(cache).snapshot().facts

    assert told["rows_read"] == told["rows_stored"] + told["rows_rejected"] == 9
    assert told["records"] == facts.records == 6
    assert told["objects_by_status"] == {"corrupt": 1, "ok": 1, "partial": 1}
    assert sum(told["rejects"].values()) == 2
    assert told["gaps"]["hours"] == [START + 2 * HOUR]
    assert told["gaps"]["interfaces"] == 1
    assert told["gaps"]["interface_gaps"] == [
        {"interface_id": SERVER_ENI, "hours": 2, "first": START, "last": START + 4 * HOUR}
    ]
    assert told["gaps"]["skipdata"] == 1
    assert told["gaps"]["skipped"] == [
        {"hour_start": START + 4 * HOUR, "interface_id": SERVER_ENI, "records": 1}
    ]
    assert [worst["status"] for worst in told["worst"]] == ["corrupt", "partial"]
    assert told["worst"][1]["line"] == 3
    assert told["worst"][1]["field"] == "packets"
    assert told["parts"]["flows"] == len(parts_of(cache, "flows"))
    assert told["disk_free"] > 0
    assert told["next_run"].endswith("--dry-run")


def test_text_tells_the_same(cache):
    """For people: one fact a line."""
    text = printed("status", "--cache", str(cache))
    assert "objects   3 (1 set aside): 1 corrupt, 1 ok, 1 partial" in text
    assert "rows      9 read = 7 stored + 2 rejected" in text
    assert "gaps      1 hours without any row, 1 interfaces" in text
    assert "no rows in the hour from 2026-03-02 12:00:00 UTC" in text
    assert "bad.log: 2 of 4 rows rejected, line 3:" in text


def test_prometheus_reads_the_metrics(cache):
    """Every sample has a type; labels are few."""
    lines = printed("status", "--prometheus", "--cache", str(cache)).splitlines()
    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    typed = {line.split()[2] for line in lines if line.startswith("# TYPE")}

    assert samples['flow_atlas_objects_total{result="quarantined"}'] == "1"
    assert samples["flow_atlas_rows_total"] == "9"
    assert samples["flow_atlas_newest_record_timestamp_seconds"] == str(START + 4 * HOUR + 9)
    assert samples["flow_atlas_skipdata_intervals_total"] == "1"
    assert {name.partition("{")[0] for name in samples} <= typed


def test_age_is_counted_from_the_newest_record(cache):
    """Freshness is the delay of the records, not of the load."""
    assert cache_status(cache, now=START + 5 * HOUR).delay_s == HOUR - 9


def test_a_damaged_coverage_file_hides_only_the_gaps(cache):
    """Status goes on and points to verify."""
    Path(parts_of(cache, "coverage")[0]).write_bytes(b"no parquet")
    assert "gaps      not known" in printed("status", "--cache", str(cache))
