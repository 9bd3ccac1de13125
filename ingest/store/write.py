"""The write side of the cache: one writer, parts first, then one transaction naming them.

A part is written beside its place, synced, renamed into it, and its folder synced; then
a single SQLite transaction names parts and objects. A process that is killed at any
moment leaves at most files that no catalog row names; the next start sweeps them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from ingest.errors import CacheError, CacheLockedError, ExitCode
from ingest.schema import SCHEMA_VERSION, TABLES
from ingest.sources import LogObject
from ingest.store.layout import CATALOG_NAME, open_catalog, part_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from ingest.parse.lines import Reject

_LOCK_NAME = "ingest.lock"
_TMP_NAME = "tmp"


@dataclass(frozen=True, slots=True)
class NewPart:
    """A finished Parquet file that waits to be named.

    Attributes:
        tmp: Where it lies, in the cache's temporary folder.
        kind, date, hour: Its table and partition.
        first: Smallest time in it; None: records without a time.
        last: Largest time in it.
        rows: Its rows.
        bytes: Its size.
    """

    tmp: str
    kind: str
    date: str
    hour: str | None
    first: int | None
    last: int | None
    rows: int
    bytes: int


@dataclass(slots=True)
class ObjectOutcome:
    """What became of one object. `rows_read = rows_stored + rows_rejected`, always.

    Attributes:
        object_id: The catalog's number for it.
        source: The object as listed.
        status: `ok`; `partial`: some lines rejected; `empty`; else why it was set aside.
        detail: What to know about another status than `ok`.
        fields: Its formats, AWS's names in order; several are joined by `; `.
        rows_read: Lines that are neither header, nor blank, nor comment.
        rows_stored: Of these, rows in `flows`.
        rows_rejected: Of these, lines that no record could be made of.
        nodata, skipdata: Of the stored rows.
        reject_counts: Rejected lines by reason.
        rejects: The first of them, with their texts.
        content_hash: Of the bytes as delivered.
    """

    object_id: int
    source: LogObject
    status: str = "ok"
    detail: str | None = None
    fields: str | None = None
    rows_read: int = 0
    rows_stored: int = 0
    rows_rejected: int = 0
    nodata: int = 0
    skipdata: int = 0
    reject_counts: dict[str, int] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    content_hash: str | None = None


@dataclass(slots=True)
class BatchTotals:
    """Sums over the traffic records of one batch, as logged."""

    undated: int = 0
    logged_packets: int = 0
    logged_bytes: int = 0
    first: int | None = None
    last: int | None = None

    def add(self, more: BatchTotals) -> None:
        """Add the sums of another chunk."""
        self.undated += more.undated
        self.logged_packets += more.logged_packets
        self.logged_bytes += more.logged_bytes
        self.first = _of_both(min, self.first, more.first)
        self.last = _of_both(max, self.last, more.last)


class CacheWriter:
    """The one writer of a cache; a context manager that holds the cache's lock.

    Raises:
        CacheLockedError: Another process holds it; names that process.
        CacheError: The folder cannot be made or written, or is of another version.
    """

    def __init__(self, cache: Path) -> None:
        self.cache = cache.resolve()
        self.tmp = self.cache / _TMP_NAME
        self._lock: IO[str] | None = None
        self._catalog: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            self._lock = (self.cache / _LOCK_NAME).open("a+")
        except OSError as error:
            raise _cannot_create(self.cache, error) from error
        self._take_lock(self._lock)
        try:
            self._catalog = open_catalog(self.cache, read_only=False)
            self._check_version()
            self._sweep()
        except sqlite3.Error as error:
            self.__exit__(None, None, None)
            msg = (
                f"{self.cache / CATALOG_NAME}: the catalog cannot be used ({error}). "
                "Remove the cache folder and load the logs again."
            )
            raise CacheError(msg) from error
        except OSError as error:
            self.__exit__(None, None, None)
            raise _cannot_create(self.cache, error) from error
        except CacheError:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._catalog is not None:
            self._catalog.close()
            self._catalog = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def catalog(self) -> sqlite3.Connection:
        """The open catalog; only inside the `with` block."""
        if self._catalog is None:
            msg = "the writer is not open"
            raise ValueError(msg)
        return self._catalog

    def known_objects(self) -> set[tuple[str, str]]:
        """Return key and ETag of every object that a batch has committed."""
        return set(self.catalog.execute("SELECT key, etag FROM objects"))

    def next_ids(self) -> tuple[int, int]:
        """Return the first free object number and batch number."""
        row = self.catalog.execute(
            "SELECT (SELECT coalesce(max(object_id), 0) FROM objects) + 1,"
            " (SELECT coalesce(max(batch_id), 0) FROM batches) + 1"
        ).fetchone()
        return int(row[0]), int(row[1])

    def commit(
        self,
        batch_id: int,
        outcomes: Sequence[ObjectOutcome],
        parts: Sequence[NewPart],
        totals: BatchTotals,
    ) -> None:
        """Move the parts into place and name them and their objects in one transaction.

        Raises:
            CacheError: The disk refuses; nothing of the batch is visible then.
        """
        try:
            placed = [(part, self._place(batch_id, n, part)) for n, part in enumerate(parts)]
            for folder in {str((self.cache / path).parent) for _, path in placed}:
                _sync_folder(folder)
            with self._transaction() as catalog:
                _insert_parts(catalog, batch_id, placed)
                _insert_objects(catalog, batch_id, outcomes)
                _insert_batch(catalog, batch_id, outcomes, totals)
                catalog.execute(
                    "UPDATE meta SET value = cast(value AS INTEGER) + 1 WHERE name = 'version'"
                )
        except (OSError, sqlite3.Error) as error:
            raise _cannot_write(self.cache, error) from error

    def _place(self, batch_id: int, number: int, part: NewPart) -> str:
        path = part_path(
            part.kind, part.date, part.hour, f"part-{batch_id:08d}-{number:04d}.parquet"
        )
        target = self.cache / path
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(part.tmp).replace(target)
        return path

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self.catalog.execute("BEGIN IMMEDIATE")
        try:
            yield self.catalog
        except BaseException:
            self.catalog.execute("ROLLBACK")
            raise
        self.catalog.execute("COMMIT")

    def _take_lock(self, lock: IO[str]) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            lock.close()
            self._lock = None
            msg = f"{self.cache}: {holder} is writing to this cache. Wait for it, or stop it."
            raise CacheLockedError(msg) from error
        lock.seek(0)
        lock.truncate()
        lock.write(f"process {os.getpid()} on {socket.gethostname()}")
        lock.flush()

    def _check_version(self) -> None:
        self.catalog.execute(
            "INSERT OR IGNORE INTO meta VALUES ('schema_version', ?), ('version', '0')",
            (str(SCHEMA_VERSION),),
        )
        row = self.catalog.execute("SELECT value FROM meta WHERE name='schema_version'").fetchone()
        if int(row[0]) != SCHEMA_VERSION:
            msg = (
                f"{self.cache}: this cache has schema version {row[0]}, this program writes "
                f"{SCHEMA_VERSION}. Load the logs into a new cache folder."
            )
            raise CacheError(msg)

    def _sweep(self) -> None:
        """Remove what a killed run left: temporary files, and parts that no row names."""
        shutil.rmtree(self.tmp, ignore_errors=True)
        self.tmp.mkdir(parents=True, exist_ok=True)
        named = {path for (path,) in self.catalog.execute("SELECT path FROM parts")}
        for kind in TABLES:
            for file in (self.cache / kind).rglob("*.parquet"):
                if str(file.relative_to(self.cache)) not in named:
                    file.unlink()


def _insert_parts(
    catalog: sqlite3.Connection, batch_id: int, placed: Iterable[tuple[NewPart, str]]
) -> None:
    catalog.executemany(
        "INSERT INTO parts (path, kind, date, hour, first, last, rows, bytes, batch_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (path, p.kind, p.date, p.hour, p.first, p.last, p.rows, p.bytes, batch_id)
            for p, path in placed
        ),
    )


def _insert_objects(
    catalog: sqlite3.Connection, batch_id: int, outcomes: Iterable[ObjectOutcome]
) -> None:
    for o in outcomes:
        source = o.source
        catalog.execute(
            "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                o.object_id, source.key, source.etag, source.size, source.last_modified,
                o.status, o.detail, o.fields, o.rows_read, o.rows_stored, o.rows_rejected,
                o.nodata, o.skipdata, o.content_hash, batch_id,
            ),
        )  # fmt: skip
        catalog.executemany(
            "INSERT INTO rejects VALUES (?, ?, ?, ?, ?)",
            ((o.object_id, r.line, r.reason, r.field, r.text) for r in o.rejects),
        )
        catalog.executemany(
            "INSERT INTO reject_counts VALUES (?, ?, ?)",
            ((o.object_id, reason, rows) for reason, rows in sorted(o.reject_counts.items())),
        )


def _insert_batch(
    catalog: sqlite3.Connection,
    batch_id: int,
    outcomes: Sequence[ObjectOutcome],
    totals: BatchTotals,
) -> None:
    sums = [
        sum(getattr(outcome, name) for outcome in outcomes)
        for name in ("rows_read", "rows_stored", "rows_rejected", "nodata", "skipdata")
    ]
    catalog.execute(
        "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            batch_id, int(time.time()), len(outcomes), *sums, totals.undated,
            totals.logged_packets, totals.logged_bytes, totals.first, totals.last,
        ),
    )  # fmt: skip


def _of_both(choose: Callable[[Iterable[int]], int], a: int | None, b: int | None) -> int | None:
    numbers = [number for number in (a, b) if number is not None]
    return choose(numbers) if numbers else None


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_create(cache: Path, error: OSError) -> CacheError:
    failure = CacheError(
        f"{cache}: this cache folder cannot be written ({error.strerror}). "
        "Give --cache a folder that you may write to."
    )
    failure.exit_code = ExitCode.CANNOT_CREATE
    return failure


def _cannot_write(cache: Path, error: Exception) -> CacheError:
    return CacheError(
        f"{cache}: writing failed ({error}). What was committed before is safe; "
        "make space or fix the disk, then run the same command again."
    )
