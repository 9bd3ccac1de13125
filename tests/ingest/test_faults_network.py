"""Rows N1 to N8, O1 and O2 of the fault table, from a bucket to the cache and the exit code."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ingest import batching, pipeline
from ingest.pipeline import load
from ingest.report import IngestReport
from ingest.sources.local import LocalSource
from ingest.sources.s3 import S3Source
from tests.conftest import log_text, make_flows
from tests.fault_proxy import FOR_EVER
from tests.ingest.loading import cached_rows, run_ingest

pytestmark = pytest.mark.s3


@pytest.fixture
def stored(s3_server, bucket):
    """Three objects of one record each, with checksums as S3 keeps them."""
    for n in (1, 2, 3):
        put(s3_server, bucket, n)
    return bucket


def put(s3_server, bucket: str, n: int, srcport: int | None = None) -> None:
    s3_server.client().put_object(
        Bucket=bucket, Key=f"{n}.log", Body=log_text(make_flows(srcport=srcport or n)),
        ChecksumAlgorithm="CRC64NVME",
    )  # fmt: skip


@pytest.fixture
def load_(stored, proxy, aws, tmp_path):
    """Load the bucket through the proxy; every report has to add up."""

    def loaded(source_type: type[S3Source] = S3Source, **changes) -> IngestReport:
        settings = aws(proxy.url, **{"attempts": 2, **changes})
        report = load(source_type(stored, settings=settings), tmp_path / "cache", jobs=1)
        assert report.objects_listed == (
            report.objects_known
            + report.objects_new
            + report.objects_pending
            + report.objects_vanished
        )
        assert report.rows_read == report.rows_stored + report.rows_rejected
        return report

    return loaded


def ports(cache: Path) -> list[int]:
    return sorted(row["srcport"] for row in cached_rows(cache))


@pytest.mark.parametrize("mode", ["stall", "slow-down", "reset-mid", "500"])
def test_an_object_that_does_not_come_is_left_for_later(load_, proxy, tmp_path, mode):
    """N1 to N3: the others are committed, exit code 69, and the next load reads it alone."""
    proxy.fail(mode, FOR_EVER, where="/2.log")

    first = load_(read_timeout_s=0.5 if mode == "stall" else 10)
    assert ports(tmp_path / "cache") == [1, 3]
    proxy.heal()
    second = load_()

    assert (first.objects_new, first.objects_pending, first.exit_code()) == (2, 1, 69)
    assert first.retries.total() == 1
    assert (second.objects_known, second.objects_new, second.exit_code()) == (2, 1, 0)
    assert ports(tmp_path / "cache") == [1, 2, 3]


@pytest.mark.parametrize(
    ("mode", "cause"), [("reset-mid", "connection"), ("slow-down", "throttled")]
)
def test_a_passing_fault_costs_a_retry(load_, proxy, tmp_path, mode, cause):
    """N2, N3: every record once; the report tells how often S3 was asked again, and why."""
    proxy.fail(mode, 2, where="/2.log")

    report = load_(attempts=4)

    assert (report.objects_new, report.exit_code()) == (3, 0)
    assert report.retries == {cause: 2}
    assert ports(tmp_path / "cache") == [1, 2, 3]


@pytest.mark.parametrize("mode", ["bit-flip", "short-body"])
def test_an_object_damaged_every_time_is_set_aside(load_, proxy, tmp_path, mode):
    """N4: three readings, then `corrupt`; exit code 0, with --strict 65, now and later."""
    proxy.fail(mode, FOR_EVER, where="/2.log")

    first, second = load_(), load_()

    assert first.by_status == {"ok": 2, "corrupt": 1}
    assert "damaged on the way 3 times" in first.troubles[0]
    assert proxy.faults[mode] == 3
    assert (first.exit_code(), first.exit_code(strict=True)) == (0, 65)
    assert (second.objects_known, second.exit_code(strict=True)) == (3, 65)
    assert ports(tmp_path / "cache") == [1, 3]


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("403", "Allow s3:GetObject on s3://{bucket}/2.log."),
        ("403-kms", "Allow kms:Decrypt on arn:aws:kms:eu-west-1:123456789012:key/1234."),
        ("403-skew", "The clock of this machine reads 20261123T060000Z, that of S3 2026"),
        ("400-expired", "the AWS session has expired"),
    ],
)
def test_what_is_denied_is_named_after_the_rest_is_committed(
    load_, stored, proxy, tmp_path, mode, message
):
    """N5: exit code 77, and what could be read is in the cache."""
    proxy.fail(mode, FOR_EVER, where="/2.log")

    report = load_()

    assert (report.objects_new, report.objects_pending, report.exit_code()) == (2, 1, 77)
    assert message.format(bucket=stored) in (report.refusal or "")
    assert ports(tmp_path / "cache") == [1, 3]


def test_a_bucket_that_is_denied_throughout_is_given_up(s3_server, bucket, proxy, aws, tmp_path):
    """N5: nobody asks ten thousand times for what is refused."""
    s3_server.fill(bucket, [f"{n:03}.log" for n in range(200)])
    proxy.fail("403", FOR_EVER, where=f"GET /{bucket}/")

    report = load(S3Source(bucket, settings=aws(proxy.url)), tmp_path / "cache", jobs=1)

    assert (report.objects_new, report.exit_code()) == (0, 77)
    assert report.objects_pending == report.objects_listed
    assert proxy.faults["403"] < 100


def test_a_session_that_expires_is_refreshed_once(load_, proxy):
    """N5: the object is read with new credentials."""
    proxy.fail("400-expired", 1, where="/2.log")

    assert (load_().exit_code(), proxy.faults["400-expired"]) == (0, 1)


def test_the_command_tells_what_is_denied(stored, proxy, tmp_path):
    """N5 as a user meets it: the report, one sentence, exit code 77, no secret."""
    proxy.fail("403", FOR_EVER, where="/2.log")
    env = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "marker", "NO_PROXY": "127.0.0.1"}

    result = run_ingest(
        "load", f"s3://{stored}", "--cache", tmp_path / "cache", "--endpoint-url", proxy.url,
        "--request-payer", env=env,
    )  # fmt: skip

    assert result.returncode == 77
    assert "objects  3 listed = 0 known + 2 new + 1 not read\n" in result.stdout
    assert result.stderr.startswith(f"error: s3://{stored}/2.log: access denied to ")
    assert "marker" not in result.stdout + result.stderr
    assert all("x-amz-request-payer: requester" in h for h in proxy.heads if "2.log" in h)


def changing(change) -> type[S3Source]:
    """A bucket in which something happens between listing and reading."""

    class Changing(S3Source):
        def objects(self, made_after=None):
            listed = list(super().objects(made_after))
            change()
            return iter(listed)

    return Changing


def test_a_deleted_object_is_a_warning(load_, s3_server, stored):
    """N6: counted as vanished, exit code 0, also with --strict."""
    source = changing(lambda: s3_server.client().delete_object(Bucket=stored, Key="2.log"))

    report = load_(source)

    assert (report.objects_new, report.objects_vanished) == (2, 1)
    assert (report.exit_code(), report.exit_code(strict=True)) == (0, 0)
    assert report.troubles == [f"s3://{stored}/2.log: deleted after it was listed."]


def test_a_replaced_object_is_read_by_its_new_version_once(load_, s3_server, stored, tmp_path):
    """N7: the old ETag is refused, the key looked up, the new content read; then it is known."""
    first = load_(changing(lambda: put(s3_server, stored, 2, 22)))
    second = load_()

    assert (first.objects_new, first.exit_code()) == (3, 0)
    assert (second.objects_known, second.objects_new) == (3, 0)
    assert ports(tmp_path / "cache") == [1, 3, 22]


def test_an_object_that_is_replaced_all_the_time_is_left_for_later(load_, s3_server, stored):
    """N7: twice in one load, and a later one tries again."""

    class Restless(S3Source):
        def fetch(self, log_object, file):
            if log_object.key.endswith("2.log"):
                put(s3_server, stored, 2, 100 + len(s3_server.requests) % 900)
            super().fetch(log_object, file)

    report = load_(Restless)

    assert (report.objects_new, report.objects_pending, report.exit_code()) == (2, 1, 69)


def test_a_listing_that_breaks_off_costs_nothing_that_was_listed(
    s3_server, bucket, proxy, aws, tmp_path
):
    """N8: the first page is committed, exit code 69; the next load reads the second alone."""
    for name in ("0000", "0999", "1000"):
        s3_server.fill(bucket, [f"{name}.log"], log_text(make_flows(srcport=int(name) + 1)))
    s3_server.fill(bucket, [f"{n:04}.log" for n in range(1, 999)], b"")
    settings = aws(proxy.url, attempts=2)
    proxy.fail("500", 2, where="start-after=0999.log")

    first = load(S3Source(bucket, settings=settings), tmp_path / "cache", jobs=1)
    second = load(S3Source(bucket, settings=settings), tmp_path / "cache", jobs=1)

    assert (first.objects_listed, first.objects_new, first.exit_code()) == (1_000, 1_000, 69)
    assert (second.objects_known, second.objects_new, second.exit_code()) == (1_000, 1, 0)
    assert ports(tmp_path / "cache") == [1, 1_000, 1_001]


def test_a_copy_under_another_key_is_kept_and_told(load_, s3_server, stored, tmp_path):
    """O1, O2: the same key with the same content is known; another key is a warning."""
    load_()
    put(s3_server, stored, 1)
    s3_server.client().copy_object(Bucket=stored, Key="copy.log", CopySource=f"{stored}/1.log")

    report = load_()

    assert (report.objects_known, report.objects_new, report.same_content) == (3, 1, 1)
    assert report.exit_code(strict=True) == 0
    assert f"same content as s3://{stored}/1.log" in report.troubles[0]
    assert ports(tmp_path / "cache") == [1, 1, 2, 3]


def test_parsing_goes_on_while_objects_are_fetched(monkeypatch, tmp_path, stored, aws):
    """The last object is handed over only after the first is committed."""
    monkeypatch.setattr(batching, "BATCH_OBJECTS", 1)
    committed = threading.Event()

    class Waiting(S3Source):
        def fetch(self, log_object, file):
            if log_object.key.endswith("3.log"):
                assert committed.wait(30)
            super().fetch(log_object, file)

    report = load(
        Waiting(stored, settings=aws(max_transfers=1)), tmp_path / "cache", jobs=1,
        on_progress=lambda progress: committed.set() if progress.rows else None,
    )  # fmt: skip

    assert report.objects_new == 3


def test_fetched_bytes_wait_within_their_budget(s3_server, bucket, aws, tmp_path, monkeypatch):
    """Sixteen transfers and a spool of two objects: never more than two lie there."""
    body = log_text(make_flows(*({"srcport": n} for n in range(100))))
    s3_server.fill(bucket, [f"{n}.log" for n in range(12)], body)
    monkeypatch.setattr(batching, "BATCH_OBJECTS", 1)
    monkeypatch.setattr(pipeline, "SPOOL_BYTES", 2 * len(body) + 10)
    most = []
    spool = tmp_path / "cache" / "tmp"

    class Watched(S3Source):
        def fetch(self, log_object, file):
            super().fetch(log_object, file)
            most.append(sum(map(size_left, spool.glob("run-*/copies-*"))))

    report = load(Watched(bucket, settings=aws()), tmp_path / "cache", jobs=1)

    assert report.rows_stored == 1_200
    assert max(most) <= 2 * len(body)


def size_left(path: Path) -> int:
    """Return the size of a file; 0 where it was done with meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def content(cache: Path) -> tuple[list[str], dict[str, list[int]]]:
    """Return records and summed edges without the numbers of objects and lines."""
    rows = sorted(
        str({k: v for k, v in row.items() if k not in {"object_id", "line"}})
        for row in cached_rows(cache)
    )
    volumes = ("records", "flows", "packets", "bytes", "return_packets", "return_bytes")
    edges: dict[str, list[int]] = {}
    for row in cached_rows(cache, "edges"):
        seen = {"first_seen", "last_seen"}
        key = str({k: v for k, v in row.items() if k not in {*volumes, *seen}})
        sums = edges.setdefault(key, [0] * len(volumes))
        for place, name in enumerate(volumes):
            sums[place] += row[name]
    return rows, edges


def test_the_same_records_in_other_objects_give_the_same_cache(tmp_path):
    """Split differently, shuffled, and delivered twice."""
    flows = make_flows(*({"srcport": n, "dstport": 443 + n % 3, "bytes": n} for n in range(60)))
    layouts = {"one": [flows], "split": [flows[:7], flows[7:31], flows[31:]], "shuffled": [
        flows[::-2], flows[::2][::-1], []]}  # fmt: skip
    seen = []
    for name, pieces in layouts.items():
        folder = tmp_path / name
        folder.mkdir()
        for n, piece in enumerate(pieces):
            (folder / f"{n}.log").write_bytes(log_text(piece))
        for _ in range(2):
            load(LocalSource(folder), tmp_path / f"cache-{name}", jobs=1)
        seen.append(content(tmp_path / f"cache-{name}"))

    assert len(seen[0][0]) == 60
    assert seen[0] == seen[1] == seen[2]
