"""Following a source: late, repeated and replaced objects, trouble, and the end."""

from __future__ import annotations

import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.errors import PermissionDeniedError
from ingest.sources.local import LocalSource
from ingest.sources.s3 import S3Source
from ingest.store.write import CacheWriter
from tests.conftest import log_text, make_flows, write_log
from tests.fault_proxy import FOR_EVER
from tests.ingest.following import following
from tests.ingest.loading import cached_rows, start_python

TODAY = datetime.now(UTC)


def key_of(age: timedelta, name: str = "a") -> str:
    return f"AWSLogs/123456789012/vpcflowlogs/eu-west-1/{TODAY - age:%Y/%m/%d}/{name}.log"


def put(s3_server, bucket: str, key: str, srcport: int) -> None:
    body = log_text(make_flows(srcport=srcport))
    s3_server.client().put_object(Bucket=bucket, Key=key, Body=body)


def ports(cache: Path) -> list[int]:
    return sorted(row["srcport"] for row in cached_rows(cache))


@pytest.mark.s3
def test_late_objects_are_found_however_old_their_key(s3_server, bucket, aws, tmp_path):
    """O3: the day before is looked at in every poll, older days by the full listing."""
    put(s3_server, bucket, key_of(timedelta(0)), 1)
    source = S3Source(bucket, settings=aws())
    settings = {"full_s": 0.5}

    with following(source, tmp_path / "cache", settings=settings) as at_work:
        assert at_work.next_round().objects_new == 1
        put(s3_server, bucket, key_of(timedelta(days=1), "late"), 2)
        assert at_work.next_round().objects_new == 1
        put(s3_server, bucket, key_of(timedelta(days=30), "very-late"), 3)
        assert at_work.next_round().objects_new == 1

    assert at_work.error is None
    assert ports(tmp_path / "cache") == [1, 2, 3]


@pytest.mark.s3
def test_a_poll_lists_only_recent_days(s3_server, bucket, aws, tmp_path):
    """Thousands of old keys cost one full listing, then a page a poll."""
    old = [key_of(timedelta(days=400), f"{n:05}") for n in range(1_100)]
    s3_server.fill(bucket, old, b"")
    put(s3_server, bucket, key_of(timedelta(0)), 1)

    with following(S3Source(bucket, settings=aws()), tmp_path / "cache") as at_work:
        assert at_work.next_round().objects_new == 1_101
        s3_server.requests.clear()
        put(s3_server, bucket, key_of(timedelta(0), "b"), 2)
        report = at_work.next_round()
        lists = s3_server.lists()

    assert (report.objects_listed, report.objects_known, report.objects_new) == (2, 1, 1)
    pages = [line for line in lists if "delimiter" not in line]
    assert pages
    assert all("start-after" in line for line in pages)


@pytest.mark.s3
def test_an_object_put_again_is_read_when_its_content_changed(s3_server, bucket, aws, tmp_path):
    """O1, O4: equal bytes are known by key and ETag, other bytes within the second are new."""
    put(s3_server, bucket, key_of(timedelta(0)), 1)

    with following(S3Source(bucket, settings=aws()), tmp_path / "cache") as at_work:
        at_work.next_round()
        put(s3_server, bucket, key_of(timedelta(0)), 1)
        put(s3_server, bucket, key_of(timedelta(0), "b"), 2)
        report = at_work.next_round()
        assert (report.objects_known, report.objects_new) == (1, 1)
        put(s3_server, bucket, key_of(timedelta(0), "b"), 3)
        assert at_work.next_round().objects_new == 1

    assert ports(tmp_path / "cache")[-1] == 3


def test_the_lock_is_free_between_rounds(tmp_path):
    """Another writer works meanwhile; the follower waits for it and goes on."""
    write_log(tmp_path / "logs/a.log", make_flows())
    cache = tmp_path / "cache"

    with following(LocalSource(tmp_path / "logs"), cache) as at_work:
        at_work.next_round()
        with CacheWriter(cache):
            write_log(tmp_path / "logs/b.log", make_flows({}, {"srcport": 7}))
            assert "is writing to this cache" in at_work.next_trouble()
        assert at_work.next_round().rows_stored == 2


def test_a_folder_may_start_empty(tmp_path):
    """Nothing there yet is no error when following."""
    (tmp_path / "logs").mkdir()

    with following(LocalSource(tmp_path / "logs"), tmp_path / "cache") as at_work:
        write_log(tmp_path / "logs/a.log", make_flows())
        assert at_work.next_round().objects_new == 1


@pytest.mark.s3
def test_an_outage_is_outlived(s3_server, bucket, proxy, aws, tmp_path):
    """Listing fails for a while: one sentence, and the next poll finds everything."""
    put(s3_server, bucket, key_of(timedelta(0)), 1)
    proxy.fail("500", 4, where="list-type=2")
    source = S3Source(bucket, settings=aws(proxy.url, attempts=2))

    with following(source, tmp_path / "cache") as at_work:
        assert "S3 kept answering InternalError" in at_work.next_trouble()
        assert at_work.next_round().objects_new == 1


@pytest.mark.s3
def test_a_denied_listing_ends_the_follower(bucket, proxy, aws, tmp_path):
    """What no later poll can mend is told, with exit code 77."""
    proxy.fail("403", FOR_EVER, where="list-type=2")

    with following(S3Source(bucket, settings=aws(proxy.url)), tmp_path / "cache") as at_work:
        at_work.join()

    assert isinstance(at_work.error, PermissionDeniedError)
    assert at_work.error.exit_code == 77


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_with_0(tmp_path, number):
    """P5: the follower is told to stop, and does so within seconds; what was read stays."""
    write_log(tmp_path / "logs/a.log", make_flows())
    child = start_python(
        "-m", "ingest", "load", tmp_path / "logs", "--cache", tmp_path / "cache", "--follow",
        "--poll", "0.1", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    assert '"objects_new": 1' in child.stdout.readline()

    child.send_signal(number)
    _, told = child.communicate(timeout=10)

    assert (child.returncode, told) == (0, "")
    assert len(cached_rows(tmp_path / "cache")) == 1


STUCK = """
import threading
from ingest import cli, opening
from ingest.sources.local import LocalSource

class Stuck(LocalSource):
    def objects(self, made_after=None):
        yield from super().objects()
        print("listed", flush=True)
        threading.Event().wait()

cli.open_source = lambda config: Stuck(config.source)
cli.main()
"""


def test_a_signal_ends_a_load_that_hangs(tmp_path):
    """P5: the batch that is parsed is committed, the listing that hangs is left, exit code 0."""
    write_log(tmp_path / "logs/a.log", make_flows())
    child = start_python(
        "-c", STUCK, "load", tmp_path / "logs", "--cache", tmp_path / "cache",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "listed\n"

    child.send_signal(signal.SIGTERM)
    told, trouble = child.communicate(timeout=10)

    assert (child.returncode, trouble) == (0, "")
    assert "objects  1 listed = 0 known + 0 new + 1 not read" in told
    assert "stopped  what was committed stays; run the same command to go on" in told
