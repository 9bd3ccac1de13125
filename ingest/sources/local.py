"""Log objects in a folder, or one file."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ingest.errors import NothingFoundError, PermissionDeniedError
from ingest.keys import Pruning, parse_key
from ingest.sources import LogObject, ReplacedError, VanishedError


class LocalSource:
    """A folder, read with all folders below it, or one file.

    Of files in AWS's key layout, those that the pruning rules out are left out.

    Names that start with a dot are left out. In a folder that holds `AWSLogs`, the
    layout of a delivery bucket, only what lies below that is read.

    Attributes:
        skipped: Files left out, by reason: `outside` (of accounts, regions or time asked for).
        retries: Always empty.
    """

    max_transfers = 0

    def __init__(self, path: Path, pruning: Pruning | None = None) -> None:
        self.name = str(path)
        self._path = path.resolve()
        self._pruning = pruning or Pruning()
        self.skipped: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()

    def objects(self, made_after: datetime | None = None) -> Iterator[LogObject]:  # noqa: ARG002
        """List the files, in path order; all of them, as a walk is cheap.

        Raises:
            NothingFoundError: The path does not exist, or holds no file.
            PermissionDeniedError: A folder cannot be read.
        """
        if self._path.is_file():
            yield _log_object(str(self._path), self._path.stat())
            return
        if not self._path.is_dir():
            msg = f"{self.name}: no such file or folder. Check the path."
            raise NothingFoundError(msg)
        delivered = self._path / "AWSLogs"
        listed = found = False
        for log_object in _walk(str(delivered if delivered.is_dir() else self._path)):
            listed = True
            facts = parse_key(log_object.key)
            if facts is None or self._pruning.wants(facts):
                found = True
                yield log_object
            else:
                self.skipped["outside"] += 1
        if not found:
            what = "no files of the accounts, regions and time asked for" if listed else "no files"
            msg = f"{self.name}: this folder holds {what}. Check the path."
            raise NothingFoundError(msg)

    def object_now(self, key: str) -> LogObject | None:
        """Look one file up again; None where it is gone."""
        try:
            return _log_object(key, Path(key).stat())
        except FileNotFoundError:
            return None

    def local_path(self, log_object: LogObject) -> Path | None:
        """Return the file itself.

        Raises:
            VanishedError: Deleted after it was listed.
            ReplacedError: Changed after it was listed.
            PermissionDeniedError: The user may not read it.
        """
        now = self.object_now(log_object.key)
        if now is None:
            msg = f"{log_object.key}: deleted after it was listed."
            raise VanishedError(msg)
        if now.etag != log_object.etag:
            msg = f"{log_object.key}: replaced after it was listed."
            raise ReplacedError(msg)
        if not os.access(log_object.key, os.R_OK):
            msg = f"{log_object.key}: this file cannot be read. Give the user the right to."
            raise PermissionDeniedError(msg)
        return Path(log_object.key)

    def fetch(self, log_object: LogObject, file: BinaryIO) -> None:
        """Copy the file; only callers that need a copy ask for it."""
        try:
            with Path(log_object.key).open("rb") as original:
                shutil.copyfileobj(original, file)
        except FileNotFoundError as error:
            msg = f"{log_object.key}: deleted after it was listed."
            raise VanishedError(msg) from error


def _log_object(path: str, stat: os.stat_result) -> LogObject:
    etag = f"{stat.st_size:x}-{stat.st_mtime_ns:x}"
    return LogObject(path, etag, stat.st_size, int(stat.st_mtime))


def _walk(folder: str) -> Iterator[LogObject]:
    try:
        with os.scandir(folder) as entries:
            by_name = sorted(entries, key=lambda entry: entry.name)
    except PermissionError as error:
        msg = f"{folder}: this folder cannot be read. Give the user read and execute rights on it."
        raise PermissionDeniedError(msg) from error
    for entry in by_name:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(entry.path)
        elif entry.is_file():
            yield _log_object(entry.path, entry.stat())
