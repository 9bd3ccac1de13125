"""Where log objects come from: list them and bring their bytes, nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

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


class TransferError(SourceError):
    """An object could not be read now; a later run tries again."""


class CorruptTransferError(SourceError):
    """An object arrives damaged every time it is read."""


class Source(Protocol):
    """A place that holds log objects.

    Attributes:
        name: What the user called it, for messages.
        max_transfers: How many `fetch` calls may run at once; 0: `local_path` serves all.
    """

    name: str
    max_transfers: int

    def objects(self) -> Iterator[LogObject]:
        """List what was asked for, in key order.

        Raises:
            SourceError: It cannot be listed; nothing found is `NothingFoundError`.
        """

    def local_path(self, log_object: LogObject) -> Path | None:
        """Return where the object already lies on this machine, if it does."""

    def fetch(self, log_object: LogObject, target: Path) -> None:
        """Write the object's bytes to a file; they are those of the listed `etag`.

        Raises:
            VanishedError, ReplacedError, TransferError, CorruptTransferError: as they say.
            PermissionDeniedError: Reading is refused; names the missing right.
        """
