"""Log objects in an S3 bucket."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import ClientError, FlexibleChecksumError

from ingest.config import AwsSettings
from ingest.errors import IngestError, NothingFoundError, PermissionDeniedError
from ingest.keys import DELIVERY_FOLDER, KeyRange, Pruning, parse_key, plan_ranges
from ingest.sources import (
    CorruptTransferError,
    LogObject,
    ReplacedError,
    TransferError,
    VanishedError,
)
from ingest.sources.s3_access import Access
from ingest.sources.s3_errors import Asked, error_code, explain
from ingest.sources.s3_listing import Listing, explain_nothing
from ingest.sources.s3_retry import ANSWERS, DeadlineError, Requests

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A slow sender is noticed between chunks: small ones keep the deadline honest.
_CHUNK = 32 * 1024
_READINGS_OF_DAMAGED = 3

_ADVICE = "Check the prefix, and that the flow log delivers to this bucket."
_SUFFIXES = {"", ".gz", ".log", ".parquet", ".txt", ".csv", ".zst"}


class S3Source:
    """VPC Flow Logs in a bucket, below a prefix.

    A prefix is a folder, at any depth of AWS's layouts, or one object. In a bucket that
    holds `AWSLogs`, only the folders of VPC Flow Logs are listed.

    Attributes:
        skipped: Listed keys that `objects` left out, by reason: `folder-marker`,
            `not-flow-logs`, `outside` (of accounts, regions or time asked for).
        retries: Repeated requests, by cause.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        settings: AwsSettings | None = None,
        accounts: tuple[str, ...] = (),
        regions: tuple[str, ...] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        self._settings = settings or AwsSettings()
        self._bucket, self._prefix = bucket, prefix.lstrip("/")
        self._pruning = Pruning(accounts, regions, since, until)
        self._access = Access(self._settings)
        self._requests = Requests(self._access, self._settings)
        self._listing = Listing(bucket, self._settings, self._access, self._requests)
        self.name = f"s3://{bucket}/{self._prefix}"
        self.max_transfers = self._settings.max_transfers
        self.skipped: Counter[str] = Counter()
        self.retries = self._requests.retries

    @property
    def transfers(self) -> int:
        """How many transfers S3 is asked for at once now; less than wished when it throttles."""
        return self._requests.gate.limit

    def objects(self, made_after: datetime | None = None) -> Iterator[LogObject]:
        """List the flow logs asked for, in key order, page by page.

        Empty objects are listed, folder markers are not. Keys are left out by what
        `keys.Pruning` tells; of keys outside AWS's layouts only those whose suffix no
        log file has.

        Args:
            made_after: Start each region's listing at this day: a look at what is recent
                costs a page or two, however many years the bucket holds.

        Raises:
            NothingFoundError: No flow logs there; says what is there instead.
            PermissionDeniedError: Names the right that is missing.
            SourceError: The bucket does not exist, or S3 cannot be reached.
        """
        found = False
        pruning = self._pruning
        if made_after and (pruning.since is None or made_after > pruning.since):
            pruning = replace(pruning, since=made_after)
        folder = self._prefix
        if folder and not folder.endswith("/"):
            folder += "/"
        for keys in plan_ranges(folder, pruning, self._listing.children):
            try:
                for log_object in self._wanted(keys, pruning):
                    found = True
                    yield log_object
            except PermissionDeniedError as error:
                if found or keys != KeyRange(folder) or DELIVERY_FOLDER in folder.split("/"):
                    raise
                # The published policy allows no look beside AWSLogs, where nothing was found.
                url = f"{self._listing.url(folder)}{DELIVERY_FOLDER}/"
                msg = f"{url}: no flow logs here, and beside it access is denied. {_ADVICE}"
                raise NothingFoundError(msg) from error
        if found:
            return
        single = self._listing.single(self._prefix)
        if single is None:
            raise explain_nothing(self._listing, folder, pruning)
        yield self._log_object(self._prefix, single)

    def _wanted(self, keys: KeyRange, pruning: Pruning) -> Iterator[LogObject]:
        for item in self._listing.keys(keys):
            reason = _reason_to_skip(item["Key"], item["Size"], pruning)
            if reason is None:
                yield self._log_object(item["Key"], item)
            else:
                self.skipped[reason] += 1

    def _log_object(self, key: str, item: Any) -> LogObject:
        return LogObject(
            key=f"s3://{self._bucket}/{key}",
            etag=item["ETag"].strip('"'),
            size=item.get("Size", item.get("ContentLength")),
            last_modified=int(item["LastModified"].timestamp()),
        )

    def object_now(self, key: str) -> LogObject | None:
        """Look one object up again, by its `LogObject.key`; None where it is gone.

        Raises:
            PermissionDeniedError, SourceError: As for `objects`.
        """
        name = self._key_in_bucket(key)
        try:
            head = self._requests.run(lambda s3: s3.head_object(**self._address(name)))
        except ClientError as error:
            if error_code(error) in {"404", "NoSuchKey"}:
                return None
            raise explain(error, Asked(key, "s3:GetObject"), self._access) from error
        except ANSWERS as error:
            raise explain(error, Asked(key, "s3:GetObject"), self._access) from error
        return self._log_object(name, head)

    def noticed(self, bucket: str, key: str, size: int, etag: str | None) -> LogObject | None:
        """Return the object that a notification tells of; None where it is not asked for.

        Raises:
            PermissionDeniedError, SourceError: As for `object_now`.
        """
        if bucket != self._bucket or not key.startswith(self._prefix):
            return None
        if _reason_to_skip(key, size, self._pruning) is not None:
            return None
        url = f"s3://{bucket}/{key}"
        return LogObject(url, etag, size) if etag else self.object_now(url)

    def local_path(self, log_object: LogObject) -> Path | None:  # noqa: ARG002 - the protocol's
        """Return None: every object is fetched."""
        return None

    def fetch(self, log_object: LogObject, file: BinaryIO) -> None:
        """Write the object's bytes where a file stands; they are those of the listed `etag`.

        Content that differs from S3's checksum, or from the listed size, is read
        again twice. After an error the file ends where it stood.

        Raises:
            VanishedError: Deleted after it was listed.
            ReplacedError: Replaced after it was listed.
            TransferError: S3 throttles, or is slow or broken, beyond the retries.
            CorruptTransferError: Damaged every time.
            PermissionDeniedError: Reading is refused; names the missing right.
        """
        with self._requests.gate:
            self._fetch(log_object, file)

    def _fetch(self, log_object: LogObject, file: BinaryIO) -> None:
        deadline = time.monotonic() + self._settings.object_deadline_s
        read = partial(self._read, log_object, file, file.tell(), deadline)
        for reading in range(1, _READINGS_OF_DAMAGED + 1):
            try:
                self._requests.run(read, deadline)
            except (FlexibleChecksumError, _WrongSizeError) as error:
                if reading == _READINGS_OF_DAMAGED:
                    msg = (
                        f"{log_object.key}: damaged on the way {reading} times ({error}). "
                        "Compare it with its origin, or upload it again."
                    )
                    raise CorruptTransferError(msg) from error
                self._requests.count("damaged", error)
            except DeadlineError as error:
                msg = (
                    f"{log_object.key}: not read within {self._settings.object_deadline_s:g} s. "
                    "Run again later, or with fewer transfers at once."
                )
                raise TransferError(msg) from error
            except ANSWERS as error:
                raise self._fetch_error(error, log_object.key) from error
            else:
                return

    def _read(
        self, log_object: LogObject, file: BinaryIO, begin: int, deadline: float, s3: S3Client
    ) -> None:
        try:
            self._copy(log_object, file, deadline, s3)
        except BaseException:
            file.seek(begin)
            file.truncate()
            raise

    def _copy(self, log_object: LogObject, file: BinaryIO, deadline: float, s3: S3Client) -> None:
        answer = s3.get_object(
            **self._address(self._key_in_bucket(log_object.key)), IfMatch=f'"{log_object.etag}"'
        )
        n_bytes = 0
        with closing(answer["Body"]) as body:
            # The SDK verifies S3's checksum at the end of the body, of CRC64NVME only with
            # `boto3[crt]`. Entering the body itself would yield the stream without that.
            while chunk := body.read(_CHUNK):
                n_bytes += len(chunk)
                file.write(chunk)
                if time.monotonic() > deadline:
                    raise DeadlineError
        if n_bytes != log_object.size:
            raise _WrongSizeError(log_object.size, n_bytes)

    def _fetch_error(self, error: Exception, key: str) -> IngestError:
        code = error_code(error) if isinstance(error, ClientError) else ""
        if code in {"PreconditionFailed", "412"}:
            return ReplacedError(f"{key}: replaced after it was listed.")
        if code in {"NoSuchKey", "404"}:
            return VanishedError(f"{key}: deleted after it was listed.")
        return explain(error, Asked(key, "s3:GetObject"), self._access)

    def _address(self, key: str) -> Any:
        payer = {"RequestPayer": "requester"} if self._settings.request_payer else {}
        return {"Bucket": self._bucket, "Key": key, **payer}

    def _key_in_bucket(self, key: str) -> str:
        start = f"s3://{self._bucket}/"
        if not key.startswith(start):
            msg = f"{key} is not in {self.name}"
            raise ValueError(msg)
        return key.removeprefix(start)


class _WrongSizeError(Exception):
    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"{found} bytes instead of {expected}")


def _reason_to_skip(key: str, size: int, pruning: Pruning) -> str | None:
    if key.endswith("/") or (size == 0 and key.endswith("_$folder$")):
        return "folder-marker"
    facts = parse_key(key)
    if facts is None:
        known = PurePosixPath(key).suffix.lower() in _SUFFIXES
        return None if known else "not-flow-logs"
    if "flowlogs" not in facts.service:
        return "not-flow-logs"
    return None if pruning.wants(facts) else "outside"
