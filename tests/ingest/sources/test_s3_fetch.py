"""Objects arrive whole or not at all, whatever the network does."""

from __future__ import annotations

import gzip
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest.errors import PermissionDeniedError, SourceError
from ingest.sources import (
    CorruptTransferError,
    LogObject,
    ReplacedError,
    TransferError,
    VanishedError,
)
from ingest.sources.s3 import S3Source
from tests.fault_proxy import FOR_EVER
from tests.ingest.loading import fetch

pytestmark = pytest.mark.s3

BODY = gzip.compress(random.Random(7).randbytes(200_000), mtime=0)  # noqa: S311 - no secret
KEY = "flows/a.log.gz"


@pytest.fixture
def stored(s3_server, bucket):
    """One object with a checksum, as S3 keeps it for every upload."""
    s3 = s3_server.client()
    s3.put_object(Bucket=bucket, Key=KEY, Body=BODY, ChecksumAlgorithm="CRC64NVME")
    return bucket


@pytest.fixture
def source(stored, proxy, aws):
    """The bucket, seen through the proxy."""
    return S3Source(stored, "flows", settings=aws(proxy.url))


def only_object(source: S3Source) -> LogObject:
    (log_object,) = source.objects()
    return log_object


@pytest.mark.parametrize(
    ("mode", "times", "cause"),
    [
        ("slow-down", 2, "throttled"),
        ("429", 2, "throttled"),
        ("500", 3, "server"),
        ("400-timeout", 2, "timeout"),
        ("hang", 1, "timeout"),
        ("stall", 1, "timeout"),
        ("reset-before", 2, "connection"),
        ("reset-mid", 2, "connection"),
        ("fin-mid", 2, "connection"),
        ("short-body", 2, "damaged"),
        ("bit-flip", 2, "damaged"),
    ],
)
def test_a_passing_fault_is_outlived(stored, proxy, aws, tmp_path, mode, times, cause):
    """The bytes are the object's, and each retry is counted by its cause."""
    patience_s = 0.5 if mode in {"hang", "stall"} else 10
    source = S3Source(stored, "flows", settings=aws(proxy.url, read_timeout_s=patience_s))
    log_object = only_object(source)
    proxy.fail(mode, times, where=KEY)

    fetch(source, log_object, tmp_path / "a")

    assert (tmp_path / "a").read_bytes() == BODY
    assert proxy.faults[mode] == times
    assert proxy.count(f"GET /{log_object.key[5:]}") == times + 1
    assert source.retries == {cause: times}


@pytest.mark.parametrize(
    ("mode", "error", "message"),
    [
        ("slow-down", TransferError, "S3 kept answering SlowDown"),
        ("500", TransferError, "S3 kept answering InternalError"),
        ("hang", TransferError, "the connection broke every time"),
        ("stall", TransferError, "the connection broke every time"),
        ("reset-mid", TransferError, "the connection broke every time"),
        ("fin-mid", TransferError, "the connection broke every time"),
        ("reset-before", TransferError, "cannot be reached"),
    ],
)
def test_a_fault_for_ever_leaves_the_object_for_later(
    stored, proxy, aws, tmp_path, mode, error, message
):
    """A bounded number of requests, one sentence, and nothing left in the file."""
    patience_s = 0.1 if mode in {"hang", "stall"} else 10
    settings = aws(proxy.url, attempts=3, read_timeout_s=patience_s)
    source = S3Source(stored, "flows", settings=settings)
    log_object = only_object(source)
    proxy.fail(mode, FOR_EVER, where=KEY)

    with pytest.raises(error, match=message) as caught:
        fetch(source, log_object, tmp_path / "a")

    assert log_object.key in str(caught.value)
    assert caught.value.exit_code == 69
    assert proxy.faults[mode] == 3
    assert (tmp_path / "a").read_bytes() == b""


@pytest.mark.parametrize(
    ("mode", "detail"),
    [("short-body", "damaged on the way 3 times"), ("bit-flip", "Expected checksum")],
)
def test_an_object_damaged_every_time_is_read_three_times(source, proxy, tmp_path, mode, detail):
    """The damage is found by checksum, never passed on."""
    log_object = only_object(source)
    proxy.fail(mode, FOR_EVER, where=KEY)

    with pytest.raises(CorruptTransferError, match=detail):
        fetch(source, log_object, tmp_path / "a")

    assert proxy.faults[mode] == 3
    assert (tmp_path / "a").read_bytes() == b""


def test_a_short_body_without_a_checksum_is_found_by_its_size(
    s3_server, bucket, proxy, aws, tmp_path
):
    """Stores other than AWS may keep no checksum: the listed size is compared."""
    s3_server.fill(bucket, [KEY], BODY)
    source = S3Source(bucket, "flows", settings=aws(proxy.url))
    log_object = only_object(source)
    proxy.fail("short-body", FOR_EVER, where=KEY)

    with pytest.raises(CorruptTransferError, match=f"bytes instead of {len(BODY)}"):
        fetch(source, log_object, tmp_path / "a")


def test_a_trickle_ends_at_the_deadline_of_the_object(stored, proxy, aws, tmp_path):
    """Bytes that keep coming never run into a read timeout: the object's own one ends it."""
    source = S3Source(stored, "flows", settings=aws(proxy.url, object_deadline_s=0.3))
    log_object = only_object(source)
    proxy.fail("slow", FOR_EVER, where=KEY)

    with pytest.raises(TransferError, match=r"not read within 0\.3 s"):
        fetch(source, log_object, tmp_path / "a")

    assert (tmp_path / "a").read_bytes() == b""


def test_other_objects_go_on_while_one_hangs(s3_server, bucket, proxy, aws, tmp_path):
    """One stalled object of four delays none of the others."""
    s3_server.fill(bucket, [f"flows/{n}.log" for n in range(4)], BODY)
    source = S3Source(bucket, "flows", settings=aws(proxy.url, attempts=2, read_timeout_s=0.5))
    proxy.fail("stall", FOR_EVER, where="flows/0.log")
    done = []

    def fetch_one(log_object: LogObject) -> None:
        fetch(source, log_object, tmp_path / log_object.key.rpartition("/")[2])
        done.append(log_object.key[-5:])

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(fetch_one, log_object) for log_object in source.objects()]
    errors = [answer.exception() for answer in answers]

    assert sorted(done) == ["1.log", "2.log", "3.log"]
    assert isinstance(errors[0], TransferError)
    assert errors[1:] == [None, None, None]


def test_throttling_halves_the_transfers_and_success_regains_them(stored, proxy, aws, tmp_path):
    """16 become 8 after one burst, and grow again with what goes well."""
    source = S3Source(stored, "flows", settings=aws(proxy.url, backoff_s=0.02, max_transfers=16))
    log_object = only_object(source)
    assert (source.max_transfers, source.transfers) == (16, 16)
    proxy.fail("slow-down", 1, where=KEY)

    fetch(source, log_object, tmp_path / "a")
    assert source.transfers == 8
    for _ in range(8):
        fetch(source, log_object, tmp_path / "a")

    assert source.transfers == 9


def test_no_more_transfers_run_at_once_than_allowed(s3_server, bucket, proxy, aws, tmp_path):
    """Eight threads wait for two places."""
    s3_server.fill(bucket, [f"flows/{n}.log" for n in range(8)])
    source = S3Source(bucket, "flows", settings=aws(proxy.url, max_transfers=2))
    lock, running, most = threading.Lock(), [0], [0]
    read = source._read

    def watched(*arguments):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        read(*arguments)
        with lock:
            running[0] -= 1

    source._read = watched
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda o: fetch(source, o, tmp_path / o.key[-5:]), list(source.objects())))

    assert most[0] == 2


def test_an_object_deleted_after_listing_has_vanished(s3_server, stored, source, tmp_path):
    """N6: the caller is told, and a second look finds nothing."""
    log_object = only_object(source)
    s3_server.client().delete_object(Bucket=stored, Key=KEY)

    with pytest.raises(VanishedError) as caught:
        fetch(source, log_object, tmp_path / "a")

    assert str(caught.value) == f"{log_object.key}: deleted after it was listed."
    assert source.object_now(log_object.key) is None


def test_an_object_replaced_after_listing_is_read_by_its_new_version(
    s3_server, stored, source, tmp_path
):
    """N7: the old ETag is refused; looked up again, the new content arrives."""
    log_object = only_object(source)
    s3_server.client().put_object(Bucket=stored, Key=KEY, Body=b"new")

    with pytest.raises(ReplacedError, match="replaced after it was listed"):
        fetch(source, log_object, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b""
    now = source.object_now(log_object.key)
    fetch(source, now, tmp_path / "a")

    assert now.etag != log_object.etag
    assert now.size == 3
    assert (tmp_path / "a").read_bytes() == b"new"


def test_an_object_replaced_during_a_retry_is_never_mixed(
    s3_server, stored, source, proxy, tmp_path
):
    """After a broken body the second request asks for the same ETag."""
    log_object = only_object(source)
    proxy.fail("reset-mid", 1, where=KEY)
    read = source._read

    def replace_after_break(*arguments):
        try:
            read(*arguments)
        except Exception:
            s3_server.client().put_object(Bucket=stored, Key=KEY, Body=b"new")
            raise

    source._read = replace_after_break

    with pytest.raises(ReplacedError):
        fetch(source, log_object, tmp_path / "a")


@pytest.mark.parametrize("mode", ["slow-down", "500", "reset-before", "reset-mid", "fin-mid"])
def test_a_list_page_that_breaks_is_asked_for_again(s3_server, bucket, proxy, aws, mode):
    """N8: the second page fails twice; every key comes once, the first page is not repeated."""
    keys = [f"flows/{n:04d}.log" for n in range(1500)]
    s3_server.fill(bucket, keys)
    source = S3Source(bucket, "flows", settings=aws(proxy.url, read_timeout_s=5))
    proxy.fail(mode, 2, where="start-after=flows/0999.log")

    found = [o.key.split("/", 3)[3] for o in source.objects()]

    assert found == keys
    assert proxy.faults[mode] == 2
    assert proxy.count("start-after") == 3


def test_a_listing_that_breaks_off_for_good_raises(s3_server, bucket, proxy, aws):
    """Half a listing never looks like a whole one."""
    s3_server.fill(bucket, [f"flows/{n:04d}.log" for n in range(1500)])
    source = S3Source(bucket, "flows", settings=aws(proxy.url, attempts=2, read_timeout_s=5))
    proxy.fail("slow-down", FOR_EVER, where="start-after=")
    found = []

    with pytest.raises(TransferError, match="flows/: S3 kept answering SlowDown"):
        found.extend(iter(source.objects()))


@pytest.mark.parametrize(
    ("mode", "error", "message"),
    [
        (
            "403-skew",
            PermissionDeniedError,
            "The clock of this machine reads 20261123T060000Z, that of S3 2026-11-23T07:00:00Z: "
            "they may differ by 15 minutes. Set the clock.",
        ),
        (
            "403-kms",
            PermissionDeniedError,
            "{url}: access denied to arn:aws:iam::123456789012:user/reader. "
            "Allow kms:Decrypt on arn:aws:kms:eu-west-1:123456789012:key/1234.",
        ),
        (
            "400-expired",
            PermissionDeniedError,
            "s3://{bucket}: the AWS session has expired. Sign in again, or set a new "
            "AWS_SESSION_TOKEN with its key and secret.",
        ),
    ],
)
def test_a_refusal_is_told_in_one_sentence(source, proxy, tmp_path, mode, error, message):
    """N5: what is missing, of whom, on what; exit code 77; no secrets."""
    log_object = only_object(source)
    proxy.fail(mode, FOR_EVER, where=KEY)

    with pytest.raises(error) as caught:
        fetch(source, log_object, tmp_path / "a")

    bucket = log_object.key.split("/")[2]
    assert str(caught.value) == message.format(url=log_object.key, bucket=bucket)
    assert caught.value.exit_code == 77
    assert "reader-secret" not in str(caught.value)


def test_a_session_that_expires_once_is_renewed(source, proxy, tmp_path):
    """Credentials are read again, and the object arrives."""
    log_object = only_object(source)
    proxy.fail("400-expired", 1, where=KEY)

    fetch(source, log_object, tmp_path / "a")

    assert (tmp_path / "a").read_bytes() == BODY
    assert source.retries == {"expired": 1}


def test_a_bucket_elsewhere_is_told_with_what_to_set(source, proxy):
    """A redirect that cannot be followed names the region where it is known."""
    proxy.fail("301", FOR_EVER, where="list-type=2")

    with pytest.raises(SourceError, match="this bucket lies in"):
        list(source.objects())


def test_an_endpoint_that_does_not_answer_is_named(aws):
    """Nothing listens on the discard port."""
    settings = aws("http://127.0.0.1:9", attempts=2)

    with pytest.raises(
        TransferError, match=r"http://127\.0\.0\.1:9 cannot be reached for s3://logs/"
    ):
        list(S3Source("logs", settings=settings).objects())
