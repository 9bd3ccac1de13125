"""The published policy is enough for ingest, and allows nothing else."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from ingest.errors import NothingFoundError, PermissionDeniedError
from ingest.iam import least_privilege_policy
from ingest.inventory.listings import ACTIONS
from ingest.sources.s3 import S3Source
from ingest.sources.s3_access import Access
from tests.ingest.loading import fetch

KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/1234"
QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:flows"
PLAIN = "team-a/AWSLogs/111111111111/vpcflowlogs/eu-west-1/2026/11/01/a.log.gz"
HIVE = (
    "team-a/AWSLogs/aws-account-id=222222222222/aws-service=vpcflowlogs/aws-region=eu-west-1"
    "/year=2026/month=11/day=01/b.log.gz"
)
TRAIL = "team-a/AWSLogs/111111111111/CloudTrail/eu-west-1/2026/11/01/c.json.gz"
OTHER = "team-b/AWSLogs/111111111111/vpcflowlogs/eu-west-1/2026/11/01/d.log.gz"


def test_a_policy_names_bucket_and_prefix_and_no_wildcard_action():
    """List below AWSLogs, read flow logs of both layouts."""
    policy = least_privilege_policy("logs", "team-a/AWSLogs/")

    listing, reading = policy["Statement"]
    assert listing["Resource"] == "arn:aws:s3:::logs"
    assert listing["Condition"]["StringLike"]["s3:prefix"] == [
        "team-a/AWSLogs/",
        "team-a/AWSLogs/*",
    ]
    assert reading["Action"] == "s3:GetObject"
    assert reading["Resource"] == [
        "arn:aws:s3:::logs/team-a/AWSLogs/*/vpcflowlogs/*",
        "arn:aws:s3:::logs/team-a/AWSLogs/*/aws-service=vpcflowlogs/*",
    ]


def test_decryption_and_notifications_are_added_only_when_named():
    """A key can be used through S3 in its own region alone."""
    policy = least_privilege_policy("logs", kms_key_arn=KEY_ARN, queue_arn=QUEUE_ARN)

    decrypt, receive = policy["Statement"][2:]
    assert decrypt["Resource"] == KEY_ARN
    assert decrypt["Condition"] == {
        "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
    }
    assert receive["Resource"] == QUEUE_ARN
    assert len(least_privilege_policy("logs")["Statement"]) == 2


def test_the_policy_for_names_reads_and_is_the_one_in_the_readme():
    """No action changes anything, and what is published is what is asked for."""
    published = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

    assert all(re.match(r"[a-z0-9]+:(Describe|List|Get)\w+$", action) for action in ACTIONS)
    assert set(re.findall(r'"((?!s3:)[a-z0-9]+:(?:Describe|List|Get)\w+)"', published)) == ACTIONS


@pytest.fixture
def reader(s3_server, bucket, aws):
    """Settings of a user who has the published policy alone."""
    s3_server.fill(bucket, [PLAIN, HIVE, TRAIL, OTHER])
    policy = least_privilege_policy(bucket, "team-a")
    settings = aws(**s3_server.create_user(f"reader-of-{bucket}", policy))
    with s3_server.enforced_iam():
        yield settings


@pytest.mark.s3
def test_the_policy_is_enough_to_list_and_fetch_flow_logs(bucket, reader, tmp_path):
    """Both layouts are discovered and read by a user who may do nothing else."""
    source = S3Source(bucket, "team-a", settings=reader)

    found = list(source.objects())
    for n, log_object in enumerate(found):
        fetch(source, log_object, tmp_path / str(n))

    assert [o.key for o in found] == [f"s3://{bucket}/{PLAIN}", f"s3://{bucket}/{HIVE}"]
    assert (tmp_path / "1").read_bytes() == b"x"


@pytest.mark.s3
@pytest.mark.parametrize("key", [TRAIL, OTHER])
def test_the_policy_denies_reading_anything_else(bucket, reader, key):
    """Other services' logs and other prefixes stay closed."""
    with pytest.raises(ClientError, match="AccessDenied"):
        Access(reader).s3.get_object(Bucket=bucket, Key=key)


@pytest.mark.s3
@pytest.mark.parametrize("base", ["", "team-a/"])
def test_every_prefix_that_is_listed_fits_the_condition(s3_server, bucket, aws, base):
    """Moto does not evaluate `s3:prefix`: what was asked for is compared here."""
    s3_server.fill(bucket, [key.replace("team-a/", base) for key in [PLAIN, HIVE, TRAIL]])
    condition = least_privilege_policy(bucket, base)["Statement"][0]["Condition"]
    allowed = condition["StringLike"]["s3:prefix"]

    assert len(list(S3Source(bucket, base, settings=aws()).objects())) == 2

    listed = [parse_qs(urlsplit(line).query).get("prefix", [""])[0] for line in s3_server.lists()]
    assert len(listed) == 5
    assert [p for p in listed if not any(fnmatchcase(p, pattern) for pattern in allowed)] == []


@pytest.mark.s3
def test_the_policy_denies_every_change(bucket, reader):
    """Flow logs can be neither written nor deleted."""
    s3 = Access(reader).s3

    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key=PLAIN, Body=b"")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key=PLAIN)


@pytest.mark.s3
def test_a_missing_list_right_is_named_with_the_caller(s3_server, bucket, aws):
    """The message tells action, prefix and ARN, and no secret."""
    user = s3_server.create_user(f"nobody-{bucket}", least_privilege_policy("another-bucket"))
    with s3_server.enforced_iam(), pytest.raises(PermissionDeniedError) as caught:
        list(S3Source(bucket, "team-a", settings=aws(**user)).objects())

    arn = f"arn:aws:iam::123456789012:user/nobody-{bucket}"
    assert str(caught.value) == (
        f"s3://{bucket}/team-a/AWSLogs/: access denied to {arn}. "
        f"Allow s3:ListBucket on s3://{bucket}/team-a/AWSLogs/."
    )
    assert user["secret_access_key"] not in str(caught.value)


@pytest.mark.s3
def test_a_missing_get_right_is_named_with_the_key(s3_server, bucket, aws, tmp_path):
    """Listing without reading fails at the first object."""
    s3_server.fill(bucket, [PLAIN])
    policy = least_privilege_policy(bucket, "team-a")
    policy["Statement"] = policy["Statement"][:1]
    user = s3_server.create_user(f"lister-{bucket}", policy)
    source = S3Source(bucket, "team-a", settings=aws(**user))
    with s3_server.enforced_iam():
        (log_object,) = source.objects()
        with pytest.raises(PermissionDeniedError) as caught:
            fetch(source, log_object, tmp_path / "x")

    assert f"Allow s3:GetObject on s3://{bucket}/{PLAIN}." in str(caught.value)
    assert f"user/lister-{bucket}" in str(caught.value)


@pytest.mark.s3
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"secret_access_key": "wrong"}, "SignatureDoesNotMatch"),
        ({"access_key_id": "AKIAUNKNOWN"}, "InvalidAccessKeyId"),
    ],
)
def test_wrong_keys_are_told_from_missing_rights(s3_server, bucket, aws, changed, code):
    """The code of S3 is shown, the credentials are not."""
    user = s3_server.create_user(f"typo-{bucket}", least_privilege_policy(bucket))
    with s3_server.enforced_iam(), pytest.raises(PermissionDeniedError) as caught:
        list(S3Source(bucket, settings=aws(**{**user, **changed})).objects())

    assert f"AWS does not accept these credentials ({code})" in str(caught.value)
    assert not any(secret in str(caught.value) for secret in [*user.values(), *changed.values()])


@pytest.mark.s3
def test_a_bucket_without_flow_logs_is_told_from_a_missing_right(s3_server, bucket, aws, proxy):
    """Beside AWSLogs the policy allows nothing: that is no reason to ask for more rights."""
    user = s3_server.create_user(f"early-{bucket}", least_privilege_policy(bucket))
    proxy.fail("403", where="prefix=&")

    with pytest.raises(NothingFoundError) as caught:
        list(S3Source(bucket, settings=aws(proxy.url, **user)).objects())

    assert str(caught.value) == (
        f"s3://{bucket}/AWSLogs/: no flow logs here, and beside it access is denied. "
        "Check the prefix, and that the flow log delivers to this bucket."
    )
