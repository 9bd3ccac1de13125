"""Where log objects come from: list them and bring their bytes, nothing more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from ingest.errors import SourceError


@dataclass(frozen=True, slots=True)
class LogObject:
    """One object as its source lists it.

    Attributes:
        key: `s3://bucket/key`, or an absolute path. With `etag` it is the identity.
        etag: Opaque version of the content; changes when the content does.
        size: Bytes.
        last_modified: Epoch s; None where the source does not tell.
    """

    key: str
    etag: str
    size: int
    last_modified: int | None = None


class VanishedError(SourceError):
    """An object was deleted between listing and reading."""


class ReplacedError(SourceError):
    """An object changed between listing and reading; list its key again."""


class UnchangedError(SourceError):
    """An object turns out to hold nothing that is not known."""


class TransferError(SourceError):
    """An object could not be read now; a later run tries again."""


class CorruptTransferError(SourceError):
    """An object arrives damaged every time it is read."""


class Source(Protocol):
    """A place that holds log objects.

    Attributes:
        name: What the user called it, for messages.
        max_transfers: How many `fetch` calls may run at once; 0: `local_path` serves all.
        skipped: Keys that `objects` left out so far, by reason.
        retries: Requests repeated so far, by cause.
    """

    name: str
    max_transfers: int
    skipped: Counter[str]
    retries: Counter[str]

    def objects(self, made_after: datetime | None = None) -> Iterator[LogObject]:
        """List what was asked for, in key order.

        Args:
            made_after: Leave out what its key tells to be older, where that saves work.

        Raises:
            SourceError: It cannot be listed; nothing found is `NothingFoundError`.
        """

    def object_now(self, key: str) -> LogObject | None:
        """Look one object up again, by its `LogObject.key`; None where it is gone."""

    def local_path(self, log_object: LogObject) -> Path | None:
        """Return where the object already lies on this machine, if it does.

        Raises:
            VanishedError, ReplacedError, PermissionDeniedError: As for `fetch`.
        """

    def fetch(self, log_object: LogObject, file: BinaryIO) -> None:
        """Write the object's bytes where a file stands; they are those of the listed `etag`.

        After an error the file may hold more than it did.

        Raises:
            VanishedError, ReplacedError, UnchangedError, TransferError,
            CorruptTransferError: as they say.
            PermissionDeniedError: Reading is refused; names the missing right.
        """
