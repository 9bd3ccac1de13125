"""The doctor: each right tried by itself, and the statement that is missing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ingest.config import AwsSettings, IngestConfig
from ingest.doctor import Finding, examine
from ingest.iam import least_privilege_policy, queue_arn
from ingest.locations import CloudWatchGroup, S3Location
from tests.conftest import log_text, make_flows
from tests.fault_proxy import FOR_EVER
from tests.ingest.loading import run_ingest

pytestmark = pytest.mark.s3

KEY = "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/01/a.log"


@pytest.fixture
def stored(s3_server, bucket):
    """A bucket with one object."""
    s3_server.client().put_object(Bucket=bucket, Key=KEY, Body=log_text(make_flows()))
    return bucket


@pytest.fixture
def ask(stored, tmp_path) -> Callable[..., dict[str, Finding]]:
    """Ask the doctor about the bucket; findings by check."""

    def asked(aws: AwsSettings, source=None, **options) -> dict[str, Finding]:
        config = IngestConfig(
            source or S3Location(stored), tmp_path / "cache", aws,
            follow="queue_url" in options, **options,
        )  # fmt: skip
        return {finding.check: finding for finding in examine(config)}

    return asked


def test_all_is_well(ask, aws, stored):
    """Who asks, what was listed and read, and where the cache would be; nothing is written."""
    found = ask(aws())

    assert {finding.state for finding in found.values()} == {"ok"}
    assert list(found) == ["caller", "region", "clock", "list", "get", "kms", "cache", "disk"]
    assert found["list"].detail == f"s3://{stored}/{KEY}"
    assert found["caller"].detail.startswith("arn:aws:")


def test_a_missing_right_is_named_with_its_statement(ask, aws, s3_server, stored):
    """A user who may list, and not get: the published policy's own statement."""
    listing, reading = least_privilege_policy(stored)["Statement"]
    del listing["Condition"]
    policy = {"Version": "2012-10-17", "Statement": [listing]}
    user = s3_server.create_user(f"lister-{stored}", policy)
    with s3_server.enforced_iam():
        found = ask(aws(**user))

    assert found["list"].state == "ok"
    assert (found["get"].state, found["get"].action) == ("denied", "s3:GetObject")
    assert found["get"].statement == reading
    assert f"user/lister-{stored}" in found["get"].detail


def test_a_denied_key_names_the_key(ask, aws, proxy):
    """KMS is told apart from S3, with the key's own statement."""
    proxy.fail("403-kms", FOR_EVER, where=f"{KEY}")

    found = ask(aws(proxy.url))

    assert (found["kms"].state, found["kms"].action) == ("denied", "kms:Decrypt")
    assert found["kms"].statement is not None
    assert found["kms"].statement["Resource"] == "arn:aws:kms:eu-west-1:123456789012:key/1234"


def test_a_queue_is_looked_at_without_taking_a_message(ask, aws, s3_server, stored, proxy):
    """Depth and dead-letter queue; denied with the action that is missing."""
    sqs = s3_server.client("sqs")
    url = sqs.create_queue(QueueName=f"doctor-{stored}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")

    found = ask(aws(), queue_url=url)
    assert found["queue"].detail == "1 messages wait, WITHOUT a dead-letter queue"
    proxy.fail("403", FOR_EVER, where="POST /")
    found = ask(aws(proxy.url), queue_url=url)

    assert (found["queue"].state, found["queue"].action) == ("denied", "sqs:GetQueueAttributes")
    assert found["queue"].statement is not None
    assert "sqs:ReceiveMessage" in found["queue"].statement["Action"]


def test_a_log_group_is_read(ask, aws, s3_server):
    """Reading and the format are two rights."""
    s3_server.client("logs").create_log_group(logGroupName="/doctor")

    found = ask(aws(), CloudWatchGroup("/doctor"))
    missing = ask(aws(), CloudWatchGroup("/none"))

    assert {found[name].state for name in ("caller", "cloudwatch", "format")} == {"ok"}
    assert missing["cloudwatch"].state == "failed"
    assert "this log group does not exist" in missing["cloudwatch"].detail


def test_the_command_exits_with_77_where_something_is_denied(s3_server, stored, proxy, tmp_path):
    """One line a check, the statement below the one that is denied."""
    proxy.fail("403", FOR_EVER, where="list-type=2")
    env = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "marker", "NO_PROXY": "127.0.0.1"}
    where = (f"s3://{stored}", "--cache", tmp_path / "cache", "--endpoint-url")

    denied = run_ingest("doctor", *where, proxy.url, env=env)
    well = run_ingest("doctor", *where, s3_server.url, "--json", env=env)

    assert denied.returncode == 77, denied.stderr
    assert "\ndenied  list" in denied.stdout
    assert '"Action": "s3:ListBucket"' in denied.stdout
    assert "marker" not in denied.stdout + denied.stderr
    assert well.returncode == 0, well.stdout
    assert {finding["state"] for finding in json.loads(well.stdout)} == {"ok"}
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("url", "arn"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/q",
         "arn:aws:sqs:eu-west-1:123456789012:q"),
        ("http://127.0.0.1:5000/123456789012/q", "arn:aws:sqs:*:123456789012:q"),
        ("http://127.0.0.1/q", "*"),
    ],
)  # fmt: skip
def test_the_arn_of_a_queue_comes_from_its_url(url, arn):
    """For the policy statement; a region that is not told is left open."""
    assert queue_arn(url) == arn
