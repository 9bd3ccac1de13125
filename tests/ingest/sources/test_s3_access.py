"""Who asks: keys, profiles, roles that outlive their session, and who pays."""

from __future__ import annotations

import json
import logging

import pytest
from botocore.utils import parse_timestamp

from ingest.errors import ConfigError, PermissionDeniedError
from ingest.iam import least_privilege_policy
from ingest.sources.s3 import S3Source
from ingest.sources.s3_access import Access, open_session, read_time
from tests.ingest.loading import fetch

pytestmark = pytest.mark.s3

KEY = "AWSLogs/111111111111/vpcflowlogs/eu-west-1/2026/11/01/a.log.gz"
ROLE = "arn:aws:iam::123456789012:role/"
MARKER = "marker-secret-7d1f"


def create_role(s3_server, name: str, bucket: str) -> str:
    iam = s3_server.client("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "sts:AssumeRole",
    }
    document = {"Version": "2012-10-17", "Statement": [trust]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    policy = json.dumps(least_privilege_policy(bucket))
    iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=policy)
    return ROLE + name


def assumptions(s3_server) -> int:
    """Return how often STS was asked."""
    return s3_server.requests.count("POST /")


def test_a_role_reads_what_its_policy_allows(s3_server, bucket, aws, tmp_path):
    """The user may do nothing but assume the role; one session serves list and fetch."""
    s3_server.fill(bucket, [KEY])
    role = create_role(s3_server, f"reader-{bucket}", bucket)
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}
    user = s3_server.create_user(f"user-{bucket}", {"Version": "2012-10-17", "Statement": [may]})
    s3_server.requests.clear()
    source = S3Source(bucket, settings=aws(role_arn=role, external_id="team-7", **user))

    with s3_server.enforced_iam():
        (log_object,) = source.objects()
        fetch(source, log_object, tmp_path / "a")
        caller = source._access.caller()

    assert (tmp_path / "a").read_bytes() == b"x"
    assert caller == f"arn:aws:sts::123456789012:assumed-role/reader-{bucket}/flow-atlas"
    assert assumptions(s3_server) == 2  # AssumeRole, GetCallerIdentity


def test_a_role_that_expires_is_assumed_again(s3_server, bucket, aws, tmp_path):
    """A session of 15 minutes always ends within 15: every request is signed by a new one."""
    s3_server.fill(bucket, [KEY])
    role = create_role(s3_server, f"short-{bucket}", bucket)
    source = S3Source(bucket, settings=aws(role_arn=role, role_duration_s=900))
    (log_object,) = source.objects()
    credentials = source._access._session.get_credentials()
    used = {credentials.access_key}
    for _ in range(2):
        s3_server.requests.clear()
        fetch(source, log_object, tmp_path / "a")
        assert assumptions(s3_server) >= 1
        used.add(credentials.access_key)

    assert len(used) == 3


def test_a_role_is_not_assumed_for_every_request(s3_server, bucket, aws, tmp_path):
    """A session of an hour serves many."""
    s3_server.fill(bucket, [KEY])
    role = create_role(s3_server, f"long-{bucket}", bucket)
    s3_server.requests.clear()
    source = S3Source(bucket, settings=aws(role_arn=role))

    for _ in range(3):
        (log_object,) = source.objects()
        fetch(source, log_object, tmp_path / "a")

    assert assumptions(s3_server) == 1


def test_a_session_that_s3_calls_expired_is_opened_again(s3_server, bucket, proxy, aws, tmp_path):
    """Clocks may disagree on the end of a session: S3's answer counts, once."""
    s3_server.fill(bucket, [KEY])
    role = create_role(s3_server, f"gone-{bucket}", bucket)
    source = S3Source(bucket, settings=aws(proxy.url, role_arn=role))
    (log_object,) = source.objects()
    s3_server.requests.clear()
    proxy.fail("400-expired", 1, where=KEY)

    fetch(source, log_object, tmp_path / "a")

    assert assumptions(s3_server) == 1
    assert (tmp_path / "a").read_bytes() == b"x"


def test_a_role_that_may_not_be_assumed_is_named(s3_server, bucket, aws):
    """The message tells the action and who lacks it."""
    role = create_role(s3_server, f"closed-{bucket}", bucket)
    user = s3_server.create_user(f"stranger-{bucket}", least_privilege_policy(bucket))

    with s3_server.enforced_iam(), pytest.raises(PermissionDeniedError) as caught:
        list(S3Source(bucket, settings=aws(role_arn=role, **user)).objects())

    assert f"access denied to arn:aws:iam::123456789012:user/stranger-{bucket}" in str(caught.value)
    assert f"Allow sts:AssumeRole on {role}" in str(caught.value)


def test_the_external_id_is_sent(bucket, proxy, aws, s3_server):
    """STS gets it with the session's name and length."""
    role = create_role(s3_server, f"ext-{bucket}", bucket)
    s3_server.fill(bucket, [KEY])
    settings = aws(proxy.url, role_arn=role, external_id="team-7", role_duration_s=1800)

    list(S3Source(bucket, settings=settings).objects())

    (body,) = [body for body in proxy.bodies if "AssumeRole" in body]
    assert "ExternalId=team-7" in body
    assert "RoleSessionName=flow-atlas" in body
    assert "DurationSeconds=1800" in body


@pytest.mark.parametrize("pays", [False, True])
def test_requests_are_paid_for_only_when_asked(s3_server, bucket, proxy, aws, tmp_path, pays):
    """The header goes with list, head and get."""
    s3_server.fill(bucket, [KEY])
    source = S3Source(bucket, settings=aws(proxy.url, request_payer=pays))

    (log_object,) = source.objects()
    fetch(source, log_object, tmp_path / "a")
    source.object_now(log_object.key)

    paid = ["x-amz-request-payer: requester" in head for head in proxy.heads]
    assert len(paid) >= 3
    assert set(paid) == {pays}


def test_a_profile_brings_keys_and_region(tmp_path, monkeypatch, aws):
    """Settings beat the region of the profile."""
    config = tmp_path / "config"
    config.write_text(
        "[profile audit]\nregion = eu-north-1\naws_access_key_id = AKIAAUDIT\n"
        "aws_secret_access_key = s\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    settings = {"profile": "audit", "access_key_id": None, "secret_access_key": None}

    session = open_session(aws(**settings))

    assert session.region_name == "eu-north-1"
    assert session.get_credentials().access_key == "AKIAAUDIT"
    assert open_session(aws(**settings, region="us-west-2")).region_name == "us-west-2"
    assert open_session(aws()).region_name == "us-east-1"


def test_an_unknown_profile_is_a_matter_of_configuration(aws):
    """Exit code 78, and how to list profiles."""
    settings = aws(profile="nobody", access_key_id=None, secret_access_key=None)

    with pytest.raises(ConfigError, match=r"nobody.*aws configure list-profiles") as caught:
        list(S3Source("logs", settings=settings).objects())

    assert caught.value.exit_code == 78


def test_no_secret_is_logged_or_told(s3_server, bucket, proxy, aws, tmp_path, caplog):
    """With everybody's DEBUG on, through retries, renewals and refusals."""
    s3_server.fill(bucket, [KEY])
    secrets = {"access_key_id": MARKER, "secret_access_key": MARKER, "session_token": MARKER}
    source = S3Source(bucket, settings=aws(proxy.url, **secrets))
    (log_object,) = source.objects()
    told = []
    with caplog.at_level(logging.DEBUG):
        for mode in ("slow-down", "400-expired", "403-skew", "403-kms", "bit-flip"):
            proxy.fail(mode, 1, where=KEY)
            try:
                fetch(source, log_object, tmp_path / "a")
            except PermissionDeniedError as error:
                told.append(str(error))

    assert len(told) == 2
    assert caplog.records
    assert MARKER not in caplog.text + "".join(told) + repr(source.__dict__)


def test_the_caller_is_unknown_where_sts_does_not_answer(aws):
    """A message without an ARN is better than none."""
    access = Access(aws("http://127.0.0.1:9"))
    assert access.s3 is not None

    assert access.caller() is None


@pytest.mark.parametrize(
    "text",
    [
        "Wed, 28 Oct 2026 07:28:00 GMT", "2026-10-28T07:28:00Z", "2026-10-28T07:28:00.123Z",
        "2026-10-28T07:28:00+02:00", "1793172480", 1793172480, 1793172480.5,
    ],
)  # fmt: skip
def test_times_are_read_as_the_sdk_reads_them(text):
    """Whether the short way takes them or not."""
    assert read_time(text) == parse_timestamp(text)


def test_what_is_no_time_is_refused_as_the_sdk_refuses_it():
    """An answer that cannot be read is the SDK's error."""
    with pytest.raises(ValueError, match="Invalid timestamp"):
        read_time("soon GMT")
