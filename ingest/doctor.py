"""Try every right and place that a load needs, one by one, and say what is missing."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal

from botocore.exceptions import ClientError

from ingest.config import IngestConfig
from ingest.errors import IngestError, PermissionDeniedError
from ingest.iam import least_privilege_policy, log_group_statements, queue_arn
from ingest.locations import CloudWatchGroup, S3Location
from ingest.opening import open_bucket
from ingest.sources import LogObject
from ingest.sources.s3_access import Access
from ingest.sources.s3_errors import Asked, explain
from ingest.sources.s3_retry import ANSWERS

State = Literal["ok", "denied", "failed"]
_ALLOW = re.compile(r"Allow ([\w-]+:\w+) on (\S+?)\.?(?:$|[ ,])")
_ENOUGH_BYTES = 1_000_000_000
_SKEW_S = 300  # AWS refuses at 15 minutes.


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check.

    Attributes:
        check: `caller`, `region`, `clock`, `list`, `get`, `kms`, `queue`, `cloudwatch`,
            `format`, `folder`, `cache`, `disk`.
        action: The IAM action that is missing; None where none is.
        statement: What to add to the policy of whoever asks.
    """

    check: str
    state: State
    detail: str
    action: str | None = None
    statement: dict[str, Any] | None = None


def examine(config: IngestConfig) -> Iterator[Finding]:
    """Check what the run that this configuration describes would need.

    Nothing is changed: no message is taken from the queue, nothing is written.
    """
    where = config.source
    access = Access(config.aws)
    if isinstance(where, S3Location | CloudWatchGroup):
        yield _caller(access)
    if isinstance(where, S3Location):
        yield from _bucket(config, where, access)
        if config.queue_url:
            yield _queue(config.queue_url, access)
    elif isinstance(where, CloudWatchGroup):
        yield from _log_group(where, access)
    elif isinstance(where, Path):
        is_readable = where.exists() and os.access(where, os.R_OK)
        detail = f"{where} can be read" if is_readable else f"{where} cannot be read"
        yield Finding("folder", "ok" if is_readable else "failed", detail)
    yield _cache(config.cache)
    yield _disk(config.cache)


def _caller(access: Access) -> Finding:
    try:
        access.client("sts")
    except ANSWERS as error:
        return Finding(
            "caller", "failed", str(explain(error, Asked("AWS", "sts:GetCallerIdentity"), access))
        )
    arn = access.caller()
    if arn is None:
        return Finding("caller", "failed", "AWS does not tell who asks: check the credentials")
    return Finding("caller", "ok", arn)


def _bucket(config: IngestConfig, where: S3Location, access: Access) -> Iterator[Finding]:
    yield from _head(where, access)
    source = open_bucket(config, where)
    policy = least_privilege_policy(where.bucket, where.prefix)
    first: list[LogObject] = []

    def list_one() -> str:
        first.extend(next(([o] for o in source.objects() if o.size), []))
        return first[0].key if first else "no objects yet"

    yield _tried("list", list_one, policy)
    if not first:
        return

    def get_one() -> str:
        with tempfile.TemporaryFile() as file:
            source.fetch(first[0], file)
        return f"{first[0].size:,} bytes of {first[0].key}"

    got = _tried("get", get_one, policy)
    yield got
    if got.action == "kms:Decrypt":
        yield Finding("kms", "denied", got.detail, got.action, got.statement)
    elif got.state == "ok":
        yield Finding("kms", "ok", _encryption(where, first[0], access))


def _head(where: S3Location, access: Access) -> Iterator[Finding]:
    """Read region and clock from an answer's headers: refusals carry them as well."""
    try:
        answer: Any = access.s3.head_bucket(Bucket=where.bucket)
    except ClientError as error:
        answer = error.response
    except ANSWERS as error:
        asked = Asked(str(where), "s3:ListBucket")
        yield Finding("region", "failed", str(explain(error, asked, access)))
        return
    headers = answer["ResponseMetadata"].get("HTTPHeaders", {})
    region = headers.get("x-amz-bucket-region")
    yield Finding("region", "ok", region or "not told")
    if "date" in headers:
        ahead = time.time() - parsedate_to_datetime(headers["date"]).timestamp()
        state: State = "ok" if abs(ahead) < _SKEW_S else "failed"
        yield Finding("clock", state, f"{ahead:+.0f} s against S3")


def _encryption(where: S3Location, log_object: LogObject, access: Access) -> str:
    key = log_object.key.removeprefix(f"s3://{where.bucket}/")
    try:
        head = access.s3.head_object(Bucket=where.bucket, Key=key)
    except ANSWERS:
        return "the object could be decrypted"
    name = head.get("SSEKMSKeyId")
    return f"decrypted with {name}" if name else "not needed: no KMS key encrypts the object"


def _queue(url: str, access: Access) -> Finding:
    arn = queue_arn(url)
    policy = least_privilege_policy("LOGS", queue_arn=arn)

    def look() -> str:
        region = arn.split(":")[3].strip("*") if arn.startswith("arn:") else ""
        sqs = access.client("sqs", region or None)
        asked = Asked(url, "sqs:GetQueueAttributes", "SQS")
        names = ["ApproximateNumberOfMessages", "RedrivePolicy"]
        told = _answer(
            lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names), asked, access
        ).get("Attributes", {})
        dead = "with" if "RedrivePolicy" in told else "WITHOUT"
        waiting = told.get("ApproximateNumberOfMessages", "?")
        return f"{waiting} messages wait, {dead} a dead-letter queue"

    return _tried("queue", look, policy)


def _log_group(where: CloudWatchGroup, access: Access) -> Iterator[Finding]:
    policy = {"Statement": log_group_statements(where.group)}

    def read_one() -> str:
        asked = Asked(str(where), "logs:FilterLogEvents", "CloudWatch")
        logs = access.client("logs")
        _answer(lambda: logs.filter_log_events(logGroupName=where.group, limit=1), asked, access)
        return f"{where} can be read"

    def describe() -> str:
        asked = Asked(str(where), "ec2:DescribeFlowLogs", "EC2")
        filters = [{"Name": "log-group-name", "Values": [where.group]}]
        ec2 = access.client("ec2")
        told = _answer(lambda: ec2.describe_flow_logs(Filters=filters), asked, access)
        formats = {log.get("LogFormat") for log in told["FlowLogs"]} - {None}
        return "; ".join(sorted(map(str, formats))) or "no flow log of this region writes there"

    yield _tried("cloudwatch", read_one, policy)
    yield _tried("format", describe, policy)


def _answer(ask: Callable[[], Any], asked: Asked, access: Access) -> Any:
    try:
        return ask()
    except ANSWERS as error:
        raise explain(error, asked, access) from error


def _tried(check: str, attempt: Callable[[], str], policy: dict[str, Any]) -> Finding:
    try:
        return Finding(check, "ok", attempt())
    except PermissionDeniedError as error:
        missing = _ALLOW.search(str(error))
        if missing is None:
            return Finding(check, "failed", str(error))
        action = missing[1]
        return Finding(check, "denied", str(error), action, _statement(action, missing[2], policy))
    except IngestError as error:
        return Finding(check, "failed", str(error))


def _statement(action: str, resource: str, policy: dict[str, Any]) -> dict[str, Any]:
    """Return the statement of the published policy that allows an action."""
    if action == "kms:Decrypt" and resource.startswith("arn:"):
        policy = least_privilege_policy("LOGS", kms_key_arn=resource)
    for statement in policy["Statement"]:
        if action in statement["Action"]:
            found: dict[str, Any] = statement
            return found
    known = resource if resource.startswith("arn:") else "*"
    return {"Effect": "Allow", "Action": action, "Resource": known}


def _cache(cache: Path) -> Finding:
    folder = _existing(cache)
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Finding("cache", "ok", f"{cache} can be written")
    return Finding("cache", "failed", f"{cache} cannot be written: give a folder that you may use")


def _disk(cache: Path) -> Finding:
    free = shutil.disk_usage(_existing(cache)).free
    state: State = "ok" if free >= _ENOUGH_BYTES else "failed"
    return Finding("disk", state, f"{free / 1e9:,.1f} GB free, {_ENOUGH_BYTES / 1e9:.0f} GB wanted")


def _existing(path: Path) -> Path:
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())
