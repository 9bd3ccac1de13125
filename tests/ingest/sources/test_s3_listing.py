"""What is listed of a bucket, and with how few requests."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from ingest.errors import NothingFoundError, PermissionDeniedError, SourceError
from ingest.sources.s3 import S3Source

pytestmark = pytest.mark.s3

ACCOUNTS = ("111111111111", "222222222222")
REGIONS = ("eu-west-1", "us-east-1")
FIRST = date(2026, 10, 1)


def key_of(account: str, region: str, day: date, clock: str = "1200", base: str = "AWSLogs") -> str:
    name = f"{account}_vpcflowlogs_{region}_fl-0123456789abcdef0_{day:%Y%m%d}T{clock}Z_0a1b2c3d"
    return f"{base}/{account}/vpcflowlogs/{region}/{day:%Y/%m/%d}/{name}.log.gz"


def hive_key_of(account: str, region: str, day: date, base: str = "AWSLogs") -> str:
    name = f"{account}_vpcflowlogs_{region}_fl-0123456789abcdef0_{day:%Y%m%d}T1200Z_0a1b2c3d"
    return (
        f"{base}/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}"
        f"/{day:year=%Y/month=%m/day=%d}/{name}.log.parquet"
    )


def keys_listed(source: S3Source) -> list[str]:
    return [log_object.key.split("/", 3)[3] for log_object in source.objects()]


def days(count: int) -> list[date]:
    return [FIRST + timedelta(days=n) for n in range(count)]


def two_accounts(count: int) -> list[str]:
    return [key_of(a, r, day) for a in ACCOUNTS for r in REGIONS for day in days(count)]


def test_more_keys_than_a_page_holds_are_listed_completely_and_once(s3_server, bucket, aws):
    """2,500 keys come in key order; sizes and ETags are S3's."""
    keys = [key_of(ACCOUNTS[0], "eu-west-1", FIRST, f"{n:04d}") for n in range(2500)]
    s3_server.fill(bucket, keys)

    found = list(S3Source(bucket, settings=aws()).objects())

    assert [o.key for o in found] == [f"s3://{bucket}/{key}" for key in sorted(keys)]
    assert {o.size for o in found} == {1}
    assert {o.etag for o in found} == {"9dd4e461268c8034f5c8564e155c67a6"}
    # Accounts, regions, and three pages.
    assert len(s3_server.lists()) == 5


def test_only_days_asked_for_are_listed(s3_server, bucket, aws):
    """Two days of 60 take one page a region: server-side start, client-side end."""
    s3_server.fill(bucket, two_accounts(60))
    source = S3Source(
        bucket,
        settings=aws(),
        accounts=(ACCOUNTS[0],),
        regions=("us-east-1",),
        since=datetime(2026, 11, 3, tzinfo=UTC),
        until=datetime(2026, 11, 5, tzinfo=UTC),
    )

    found = keys_listed(source)

    # Files of the 5th, made within a day after the end, may hold late records of the 4th.
    expected = [date(2026, 11, 3), date(2026, 11, 4), date(2026, 11, 5)]
    assert found == [key_of(ACCOUNTS[0], "us-east-1", day) for day in expected]
    # Accounts, then one page.
    lists = s3_server.lists()
    assert len(lists) == 2
    assert any("start-after=" in line and "/2026/11/02/" in line for line in lists)
    assert sum(source.skipped.values()) == 1  # 2 November, 12:00: left out by its file's name.


def test_accounts_and_regions_not_given_are_discovered(s3_server, bucket, aws):
    """Discovery costs one request a level; folders of other services are never entered."""
    keys = two_accounts(2)
    trail = f"AWSLogs/{ACCOUNTS[0]}/CloudTrail/eu-west-1/2026/10/01/x.json.gz"
    s3_server.fill(bucket, [*keys, trail, f"AWSLogs/{ACCOUNTS[0]}/", "other/notes.txt"])

    found = keys_listed(S3Source(bucket, settings=aws()))

    assert found == sorted(keys)
    # Accounts, regions of two accounts, four regions.
    assert len(s3_server.lists()) == 1 + 2 + 4


@pytest.mark.parametrize("regions", [(), ("us-east-1",)])
def test_both_layouts_of_one_bucket_are_found(s3_server, bucket, aws, regions):
    """Accounts in plain and in Hive folders are pruned alike, below a free prefix."""
    base = "team a/AWSLogs"
    plain = [key_of(ACCOUNTS[0], r, d, base=base) for r in REGIONS for d in days(9)]
    hive = [hive_key_of(ACCOUNTS[1], r, d, base=base) for r in REGIONS for d in days(9)]
    s3_server.fill(bucket, [*plain, *hive])

    found = keys_listed(
        S3Source(
            bucket,
            "team a",
            settings=aws(),
            accounts=ACCOUNTS,
            regions=regions,
            since=datetime(2026, 10, 8, 12, tzinfo=UTC),
        )
    )

    wanted = [
        key
        for key in [*plain, *hive]
        if "T1200Z" in key and ("20261008" in key or "20261009" in key)
        if not regions or "us-east-1" in key
    ]
    assert found == sorted(wanted)


@pytest.mark.parametrize(
    "prefix",
    [
        "AWSLogs",
        "AWSLogs/111111111111/",
        "AWSLogs/111111111111/vpcflowlogs",
        "AWSLogs/111111111111/vpcflowlogs/eu-west-1/",
        "AWSLogs/111111111111/vpcflowlogs/eu-west-1/2026/10",
        "AWSLogs/111111111111/vpcflowlogs/eu-west-1/2026/10/03/",
        key_of(ACCOUNTS[0], "eu-west-1", date(2026, 10, 3)),
    ],
)
def test_a_prefix_may_end_at_any_depth(s3_server, bucket, aws, prefix):
    """From the delivery folder down to a day or one object; pruning holds everywhere."""
    s3_server.fill(bucket, two_accounts(5))

    found = keys_listed(
        S3Source(
            bucket,
            prefix,
            settings=aws(),
            regions=("eu-west-1",),
            since=datetime(2026, 10, 3, tzinfo=UTC),
            until=datetime(2026, 10, 4, tzinfo=UTC),
        )
    )

    expected = [
        key_of(account, "eu-west-1", day)
        for account in ACCOUNTS
        for day in (date(2026, 10, 3), date(2026, 10, 4))
    ]
    assert found == [key for key in expected if key.startswith(prefix)]
    assert found


def test_a_folder_of_another_layout_is_listed_whole(s3_server, bucket, aws):
    """Empty objects stay, folder markers and files of other kinds are counted and left out."""
    names = ["a/empty.log.gz", "a/é +%2F.log", "b.parquet", "flows"]
    s3_server.fill(bucket, [f"copies/{name}" for name in names])
    s3_server.fill(bucket, ["copies/", "copies/a/"], b"")
    s3_server.fill(bucket, ["copies/readme.pdf", "copies/AWSLogs-old/x.json"])

    source = S3Source(bucket, "copies", settings=aws())

    assert keys_listed(source) == [f"copies/{name}" for name in names]
    assert source.skipped == {"folder-marker": 2, "not-flow-logs": 2}


def test_a_folder_uploaded_as_it_is_is_listed_as_it_is(s3_server, bucket, aws, tmp_path):
    """Sizes and times are those of the upload."""
    key = key_of(ACCOUNTS[0], "eu-west-1", FIRST)
    (tmp_path / key).parent.mkdir(parents=True)
    (tmp_path / key).write_bytes(b"12345")
    began = int(time.time())

    s3_server.upload_folder(bucket, tmp_path, "copy/")

    (found,) = S3Source(bucket, "copy", settings=aws()).objects()
    assert (found.key, found.size) == (f"s3://{bucket}/copy/{key}", 5)
    assert found.last_modified is not None
    assert found.last_modified >= began


def test_an_empty_object_is_listed(s3_server, bucket, aws):
    """It is an object without records, not nothing."""
    s3_server.fill(bucket, ["flows/a.log.gz"], b"")

    assert [o.size for o in S3Source(bucket, "flows", settings=aws()).objects()] == [0]


def test_an_empty_bucket_is_called_empty(bucket, aws):
    """The message names the bucket."""
    with pytest.raises(NothingFoundError) as caught:
        keys_listed(S3Source(bucket, settings=aws()))

    assert str(caught.value) == f"s3://{bucket}/: this bucket is empty. Check its name."


def test_a_wrong_prefix_beside_awslogs_suggests_the_right_one(s3_server, bucket, aws):
    """AWSLogs further up is found and named."""
    s3_server.fill(bucket, two_accounts(1))

    with pytest.raises(NothingFoundError) as caught:
        keys_listed(S3Source(bucket, "vpc/flows", settings=aws()))

    assert str(caught.value) == (
        f"s3://{bucket}/vpc/flows/: no keys below this prefix. "
        f"AWSLogs lies further up: try s3://{bucket}/."
    )


def test_a_prefix_with_other_keys_tells_what_is_there(s3_server, bucket, aws):
    """The first folders and files are listed."""
    s3_server.fill(bucket, ["site/img/a.png", "site/css/a.css", "site/index.html"])

    with pytest.raises(NothingFoundError) as caught:
        keys_listed(S3Source(bucket, "site", settings=aws()))

    assert str(caught.value) == (
        f"s3://{bucket}/site/: no VPC Flow Logs here, but css/, img/, index.html. "
        f"s3://{bucket}/ holds site/."
    )


def test_logs_outside_of_what_was_asked_for_are_no_wrong_prefix(s3_server, bucket, aws):
    """The message repeats what was asked for."""
    s3_server.fill(bucket, two_accounts(1))

    with pytest.raises(NothingFoundError) as caught:
        keys_listed(
            S3Source(
                bucket,
                settings=aws(),
                accounts=ACCOUNTS,
                since=datetime(2026, 11, 1, 6, tzinfo=UTC),
            )
        )

    assert str(caught.value) == (
        f"s3://{bucket}/: no flow logs of account 111111111111, 222222222222, "
        "since 2026-11-01T06:00Z. Widen what is asked for."
    )


def test_a_missing_bucket_is_named(aws):
    """The message says what to check."""
    with pytest.raises(SourceError) as caught:
        keys_listed(S3Source("no-such-bucket", "x", settings=aws()))

    assert str(caught.value) == ("s3://no-such-bucket: this bucket does not exist. Check its name.")


def test_missing_credentials_are_told_with_the_ways_to_give_them(bucket, aws):
    """Nothing is signed, nothing is sent."""
    settings = aws(access_key_id=None, secret_access_key=None)

    with pytest.raises(PermissionDeniedError) as caught:
        keys_listed(S3Source(bucket, settings=settings))

    assert str(caught.value) == (
        f"s3://{bucket}: no AWS credentials found. Sign in (aws configure, aws sso login), name a "
        "profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    )
