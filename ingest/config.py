"""What one run of ingest was asked to do: defaults < `.env` < environment < flags."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from dotenv import dotenv_values

from ingest.errors import ConfigError, UsageError
from ingest.locations import STDIN, Location, S3Location, parse_source

_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")
_ENDPOINT = re.compile(r"https?://[^\s/]+(/\S*)?")
_AGE = re.compile(r"(\d+)([mhd])")
DEFAULT_MAX_TRANSFERS = 16
_QUEUE_URL = re.compile(r"https?://[^\s/]+/\S+")
DEFAULT_STDIN_LIMIT_MB = 1_000
_AGE_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """How AWS is reached. Whatever is None is left to the SDK's own chain.

    Attributes:
        region: Region of the client; S3 tells the bucket's own when it differs.
        role_arn: Role to assume, with `external_id` where its trust policy asks for one.
        endpoint_url: S3 at another address than AWS's.
        request_payer: Pay for requests to a bucket whose owner does not.
        access_key_id: Only from `.env` or environment; with its secret and token.
        max_transfers: How many objects are read at once, at most.
        attempts: Requests made for one answer, the first included.
        backoff_s: Longest wait before the first retry; doubles with each.
        object_deadline_s: One object, with all its retries.
    """

    profile: str | None = None
    region: str | None = None
    role_arn: str | None = None
    external_id: str | None = field(default=None, repr=False)
    endpoint_url: str | None = None
    request_payer: bool = False
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    max_transfers: int = DEFAULT_MAX_TRANSFERS
    attempts: int = 6
    backoff_s: float = 0.5
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0
    object_deadline_s: float = 300.0
    role_duration_s: int = 3600

    def __post_init__(self) -> None:
        if self.role_arn and not _ROLE_ARN.fullmatch(self.role_arn):
            msg = (
                f"{self.role_arn}: not the ARN of a role. It reads arn:aws:iam::ACCOUNT:role/NAME."
            )
            raise ConfigError(msg)
        if self.external_id and not self.role_arn:
            msg = "An external id is given without a role. Add --role-arn."
            raise ConfigError(msg)
        if self.endpoint_url and not _ENDPOINT.fullmatch(self.endpoint_url):
            msg = f"{self.endpoint_url}: not an endpoint. It reads https://HOST[:PORT]."
            raise ConfigError(msg)
        if self.access_key_id and not self.secret_access_key:
            msg = "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not. Set both, or neither."
            raise ConfigError(msg)
        if not 1 <= self.max_transfers <= 64:
            msg = f"{self.max_transfers} transfers at once: choose 1 to 64."
            raise ConfigError(msg)
        if self.attempts < 1 or min(self.connect_timeout_s, self.read_timeout_s) <= 0:
            msg = "Attempts and timeouts have to be above zero."
            raise ConfigError(msg)
        if not 900 <= self.role_duration_s <= 43200:
            msg = f"{self.role_duration_s} s for a role's session: AWS allows 900 to 43200."
            raise ConfigError(msg)


@dataclass(frozen=True, slots=True)
class IngestConfig:
    """One run of ingest.

    Attributes:
        source: None where neither an argument nor `.env` names one.
        cache: Folder of the cache.
        accounts: Accounts to read, by object key; empty: all.
        regions: Regions to read, by object key; empty: all.
        since: First record time wanted, UTC.
        until: End of the record times wanted, UTC, not included.
        line_format: AWS's format text, for objects without a header line.
        follow: Keep going.
        poll_s: When following, from one listing to the next; None: 60 s, or 15 minutes
            beside a queue.
        queue_url: SQS queue that S3 tells of new objects.
        stdin_limit_mb: The most that is read from standard input.
        warnings: Sentences for the user about the settings themselves.
    """

    source: Location | None = None
    cache: Path = Path("data/cache")
    aws: AwsSettings = field(default_factory=AwsSettings)
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    line_format: str | None = None
    dry_run: bool = False
    follow: bool = False
    poll_s: float | None = None
    queue_url: str | None = None
    stdin_limit_mb: int = DEFAULT_STDIN_LIMIT_MB
    strict: bool = False
    json_output: bool = False
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for account in self.accounts:
            if not _ACCOUNT.fullmatch(account):
                msg = f"{account}: not an account. An account id has 12 digits."
                raise UsageError(msg)
        for region in self.regions:
            if not _REGION.fullmatch(region):
                msg = f"{region}: not a region. Regions read like eu-west-1."
                raise UsageError(msg)
        self._check_follow()
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                msg = f"{moment} has no time zone"
                raise ValueError(msg)
        if self.since and self.until and self.since >= self.until:
            msg = (
                f"--since {self.since:%Y-%m-%dT%H:%MZ} is not before "
                f"--until {self.until:%Y-%m-%dT%H:%MZ}. Swap them, or leave one out."
            )
            raise UsageError(msg)

    def _check_follow(self) -> None:
        if self.queue_url and not self.follow:
            msg = "--queue is given without --follow. Add --follow, or leave the queue out."
            raise UsageError(msg)
        if self.queue_url and not isinstance(self.source, S3Location):
            msg = f"--queue tells of objects in a bucket, {self.source} is none."
            raise UsageError(msg)
        if self.queue_url and not _QUEUE_URL.fullmatch(self.queue_url):
            msg = (
                f"{self.queue_url}: not a queue. "
                "It reads https://sqs.REGION.amazonaws.com/ACCOUNT/NAME."
            )
            raise UsageError(msg)
        if self.follow and self.source is STDIN:
            msg = "Standard input cannot be followed: it ends. Leave --follow out."
            raise UsageError(msg)
        if self.follow and (self.dry_run or self.until):
            msg = "--follow does not end: leave --dry-run and --until out."
            raise UsageError(msg)
        if self.poll_s is not None and self.poll_s <= 0:
            msg = f"--poll {self.poll_s:g}: give seconds above zero."
            raise UsageError(msg)
        if self.stdin_limit_mb < 1:
            msg = f"--stdin-limit {self.stdin_limit_mb}: give 1 MB or more."
            raise UsageError(msg)


def load_config(
    env: Mapping[str, str],
    dotenv_path: Path | None = None,
    *,
    source: str | None = None,
    cache: Path | None = None,
    since: str | datetime | None = None,
    until: str | datetime | None = None,
    accounts: Sequence[str] = (),
    regions: Sequence[str] = (),
    profile: str | None = None,
    aws_region: str | None = None,
    role_arn: str | None = None,
    external_id: str | None = None,
    endpoint_url: str | None = None,
    request_payer: bool = False,
    max_transfers: int | None = None,
    line_format: str | None = None,
    dry_run: bool = False,
    follow: bool = False,
    poll_s: float | None = None,
    queue_url: str | None = None,
    stdin_limit_mb: int | None = None,
    strict: bool = False,
    json_output: bool = False,
    now: datetime | None = None,
) -> IngestConfig:
    """Build the configuration of one run; a flag that is None was not given.

    Credentials are taken whole from one place: a key of the environment is never
    joined to a secret of `.env`. A profile named by a flag wins over keys, and a
    profile of the environment over keys of `.env`.

    `since` and `until` are ISO dates or times (UTC unless they say otherwise), or ages
    such as `36h` and `7d`, counted from `now`. A `.env` file that does not exist is no
    error; `env` is the process environment.

    Raises:
        UsageError: A flag does not fit its form, or two contradict.
        ConfigError: A setting of `.env` or environment cannot be used.
    """
    dotenv, warnings = _read_dotenv(dotenv_path)
    levels = [{name: text for name, text in env.items() if text}, dotenv]
    now = now or datetime.now(UTC)
    keys = _Credentials(profile) if profile else _credentials(levels)
    aws = AwsSettings(
        profile=keys.profile,
        region=aws_region or _first(levels, "AWS_REGION", "AWS_DEFAULT_REGION"),
        role_arn=role_arn or None,
        external_id=external_id or None,
        endpoint_url=endpoint_url or _first(levels, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        request_payer=request_payer,
        access_key_id=keys.access_key_id,
        secret_access_key=keys.secret_access_key,
        session_token=keys.session_token,
        max_transfers=DEFAULT_MAX_TRANSFERS if max_transfers is None else max_transfers,
    )
    return IngestConfig(
        source=parse_source(source) if source is not None else _default_source(levels),
        cache=cache or Path("data/cache"),
        aws=aws,
        accounts=tuple(accounts),
        regions=tuple(regions),
        since=_moment("--since", since, now),
        until=_moment("--until", until, now),
        line_format=line_format,
        dry_run=dry_run,
        follow=follow,
        poll_s=poll_s,
        queue_url=queue_url or None,
        stdin_limit_mb=DEFAULT_STDIN_LIMIT_MB if stdin_limit_mb is None else stdin_limit_mb,
        strict=strict,
        json_output=json_output,
        warnings=tuple(warnings),
    )


def _read_dotenv(path: Path | None) -> tuple[dict[str, str], list[str]]:
    if path is None or not path.is_file():
        return {}, []
    try:
        # A secret may hold a dollar sign: nothing is interpolated.
        read = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error}). Give it lines NAME=value in UTF-8."
        raise ConfigError(msg) from error
    warnings = []
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        warnings.append(f"{path}: others can read it (mode {mode:04o}). Run chmod 600 {path}.")
    return {name: text for name, text in read.items() if text}, warnings


def _first(levels: Sequence[Mapping[str, str]], *names: str) -> str | None:
    """Return the first name set at the highest level that sets any."""
    return next((level[name] for level in levels for name in names if name in level), None)


class _Credentials(NamedTuple):
    profile: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None


def _credentials(levels: Sequence[Mapping[str, str]]) -> _Credentials:
    for level in levels:
        access_key_id = _first([level], "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY")
        if access_key_id:
            secret = _first([level], "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY")
            return _Credentials(None, access_key_id, secret, level.get("AWS_SESSION_TOKEN"))
        if "AWS_PROFILE" in level:
            return _Credentials(level["AWS_PROFILE"])
    return _Credentials()


def _default_source(levels: Sequence[Mapping[str, str]]) -> S3Location | None:
    """Return the bucket of older `.env` files, written `bucket` or `s3://bucket/prefix`."""
    bucket = _first(levels, "AWS_S3_BUCKET_NAME")
    if bucket is None:
        return None
    text = "/".join([bucket.rstrip("/"), _first(levels, "AWS_S3_PREFIX") or ""])
    location = parse_source(text if re.match(r"s3://|arn:", text) else f"s3://{text}")
    if not isinstance(location, S3Location):
        msg = f"AWS_S3_BUCKET_NAME={bucket}: not a bucket. Give its name, or s3://BUCKET/PREFIX."
        raise ConfigError(msg)
    return location


def _moment(flag: str, text: str | datetime | None, now: datetime) -> datetime | None:
    if text is None or isinstance(text, datetime):
        return text
    age = _AGE.fullmatch(text.strip())
    if age:
        return now - timedelta(**{_AGE_UNITS[age[2]]: int(age[1])})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        msg = f"{flag} {text}: not a time. Write 2025-01-31, 2025-01-31T14:00Z, 36h or 7d."
        raise UsageError(msg) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
