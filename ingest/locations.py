"""Where log objects can come from, as the user writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Literal, TypeAlias

from ingest.errors import UsageError

# Old buckets may carry capitals and underscores; access points are named by ARN.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_S3_URL = re.compile(r"s3://(arn:[^/]+:accesspoint/[^/]+|[^/]*)/*(.*)", re.IGNORECASE | re.DOTALL)
_S3_ARN = re.compile(r"arn:aws[a-z-]*:s3:::([^/]+)/*(.*)", re.DOTALL)
_GROUP = re.compile(r"[A-Za-z0-9._/#-]{1,512}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(frozen=True, slots=True)
class S3Location:
    """A bucket, and the folder in it; `prefix` has no slash at its start."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True, slots=True)
class CloudWatchGroup:
    """A log group of CloudWatch Logs."""

    group: str

    def __str__(self) -> str:
        return f"cloudwatch:{self.group}"


class Stdin(Enum):
    """Lines on standard input."""

    STDIN = "-"


STDIN: Final = Stdin.STDIN
Location: TypeAlias = S3Location | CloudWatchGroup | Path | Literal[Stdin.STDIN]


def parse_source(text: str) -> Location:
    """Read what the user gave as SOURCE.

    A bucket's ARN, as flow logs name their destination, means the same as `s3://`.
    A path is not looked up here: `LocalSource` says when it is missing.

    Raises:
        UsageError: It has none of the valid forms; they are listed.
    """
    if text == "-":
        return STDIN
    s3 = _S3_URL.fullmatch(text) or _S3_ARN.fullmatch(text)
    if s3:
        bucket, prefix = s3[1], s3[2]
        if not (_BUCKET.fullmatch(bucket) or bucket.startswith("arn:")):
            raise UsageError(_unusable(text, f"{bucket!r} cannot be the name of a bucket"))
        return S3Location(bucket, prefix)
    scheme, _, rest = text.partition(":")
    if scheme.lower() == "cloudwatch":
        if not _GROUP.fullmatch(rest):
            raise UsageError(_unusable(text, f"{rest!r} cannot be the name of a log group"))
        return CloudWatchGroup(rest)
    if not text.strip() or "\0" in text:
        raise UsageError(_unusable(text, "it is empty or no text"))
    path = Path(text).expanduser()
    if _SCHEME.match(text) and not path.exists():
        raise UsageError(_unusable(text, f"{scheme}: is not a place that can be read"))
    return path


def _unusable(text: str, reason: str) -> str:
    return (
        f"{text!r} is no source: {reason}. Give s3://BUCKET/PREFIX, a folder, a file, "
        "cloudwatch:GROUP, or - for standard input."
    )
