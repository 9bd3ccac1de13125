"""The write side of the cache: one writer, parts first, then one transaction naming them.

A part is written beside its place, synced, renamed into it, and its folder synced; then
a single SQLite transaction names parts and objects. A process that is killed at any
moment leaves at most files that no catalog row names; the next start sweeps them.
Parts that are replaced stay on the disk for a grace time: a reader that took its list
of files before still finds them.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from ingest.errors import CacheError, CacheLockedError
from ingest.schema import SCHEMA_VERSION
from ingest.store import disk, rows
from ingest.store.commit import (
    READ_STATUSES,
    BatchTotals,
    KnownObject,
    NewPart,
    ObjectOutcome,
)
from ingest.store.layout import CATALOG_NAME, open_catalog, part_path, schema_version
from ingest.store.read import CacheMissingError

if TYPE_CHECKING:
    from types import TracebackType

    from ingest.store.plan import Plan

__all__ = ["BatchTotals", "CacheWriter", "NewPart", "ObjectOutcome"]

GRACE_S = 600  # Longer than any query may run.
_LOCK_NAME = "ingest.lock"
_TMP_NAME = "tmp"


class CacheWriter:
    """The one writer of a cache; a context manager that holds the cache's lock.

    Args:
        cache: The cache folder; made where it is missing, unless it `must_exist`.
        grace_s: How long files stay after they were replaced.
        must_exist: A cache that is not there is an error.

    Raises:
        CacheLockedError: Another process holds it; names that process.
        CacheError: The folder cannot be made or written, or is of another version.
    """

    def __init__(self, cache: Path, *, grace_s: int = GRACE_S, must_exist: bool = False) -> None:
        self.cache = cache.resolve()
        self.tmp = self.cache / _TMP_NAME
        self.grace_s = grace_s
        self._must_exist = must_exist
        self._lock: IO[str] | None = None
        self._catalog: sqlite3.Connection | None = None
        self._catalog_file: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        catalog_path = self.cache / CATALOG_NAME
        if self._must_exist and not catalog_path.is_file():
            raise CacheMissingError(self.cache)
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            self._lock = (self.cache / _LOCK_NAME).open("a+")
        except OSError as error:
            raise disk.cannot_create(self.cache, error) from error
        try:
            self._take_lock(self._lock)
            self._check_version(catalog_path)
            self._catalog = open_catalog(self.cache, read_only=False)
            self._catalog_file = _identity(catalog_path)
            self._catalog.execute(
                "INSERT OR IGNORE INTO meta VALUES ('schema_version', ?), ('version', '0')",
                (str(SCHEMA_VERSION),),
            )
            self._sweep()
        except sqlite3.Error as error:
            self.__exit__(None, None, None)
            raise disk.unusable_catalog(catalog_path, error) from error
        except OSError as error:
            self.__exit__(None, None, None)
            raise disk.cannot_create(self.cache, error) from error
        except BaseException:
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

    def superseded(self, key: str, etag: str | None = None) -> list[KnownObject]:
        """Return the known versions of a key, but for the one with this ETag.

        A commit of another version takes their rows out by itself.
        """
        return [known for known in rows.objects_by_key(self.catalog, key) if known.etag != etag]

    def same_content(self, content_hash: str) -> list[KnownObject]:
        """Return the known objects with this content, under whatever keys."""
        return rows.objects_by_content(self.catalog, content_hash)

    def next_ids(self) -> tuple[int, int]:
        """Return the first free object number and batch number."""
        row = self.catalog.execute(
            "SELECT (SELECT coalesce(max(object_id), 0) FROM objects) + 1,"
            " (SELECT max(0, coalesce(max(batch_id), 0)) FROM batches) + 1"
        ).fetchone()
        return int(row[0]), int(row[1])

    def require_space(self, largest_batch: int) -> None:
        """Raise unless the disk has room for twice the largest batch, in bytes.

        Raises:
            CacheError: It has not; tells how much is missing.
        """
        disk.require_space(self.cache, 2 * largest_batch)

    def commit(
        self,
        batch_id: int,
        outcomes: Sequence[ObjectOutcome],
        parts: Sequence[NewPart],
        totals: BatchTotals,
    ) -> list[KnownObject]:
        """Move the parts into place and name them and their objects in one transaction.

        An object that is a new version of a known key takes the place of the old one in
        the same transaction. A version that was set aside takes nothing out: the rows of
        the last readable one stay. An object that had been set aside and was read again
        takes the place of its own entry.

        Returns:
            The objects that were replaced.

        Raises:
            CacheError: The disk refuses; nothing of the batch is visible then.
        """
        old = [
            known
            for outcome in outcomes
            if outcome.status in READ_STATUSES
            for known in rows.objects_by_key(self.catalog, outcome.source.key)
            if known.etag != outcome.source.etag or known.status in READ_STATUSES
        ]
        placed = [
            (batch_id, part, _path(part, f"part-{batch_id:08d}-{number:04d}.parquet"))
            for number, part in enumerate(parts)
        ]

        def insert(catalog: sqlite3.Connection) -> None:
            again = rows.delete_set_aside(catalog, outcomes)
            rows.insert_objects(catalog, batch_id, outcomes)
            rows.insert_batch(catalog, batch_id, outcomes, totals, again)
            rows.unsettle(
                catalog, {(p.date, p.hour) for p in parts if p.kind == "flows" and p.hour}
            )

        if not old:
            self._commit(placed, insert)
            return []
        # Parser processes import this module too, and need no DuckDB.
        from ingest.store.forget import forget_objects  # noqa: PLC0415
        from ingest.store.plan import Plan  # noqa: PLC0415

        with Plan(self) as plan:
            forget_objects(plan, [known.object_id for known in old])
            plan.measure()
            self.apply(plan, placed, insert)
        return old

    def apply(
        self,
        plan: Plan,
        placed: Sequence[tuple[int, NewPart, str]] = (),
        more: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        """Carry out a plan, and whatever else, in one transaction.

        Raises:
            CacheError: The disk refuses; nothing has changed then.
        """
        version = self.version() + 1
        named = [
            (batch_id, part, _path(part, f"part-v{version:08d}-{number:04d}.parquet"))
            for number, (batch_id, part) in enumerate(plan.added)
        ]

        def change(catalog: sqlite3.Connection) -> None:
            rows.replace_parts(catalog, plan.replaced)
            rows.delete_objects(catalog, plan.forgotten)
            plan.write_facts(catalog)
            if more is not None:
                more(catalog)

        self._commit([*named, *placed], change)

    def version(self) -> int:
        """Return the number of the newest commit."""
        row = self.catalog.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
        return int(row[0])

    def remove_replaced(self) -> int:
        """Delete the files whose grace time is over; return how many."""
        limit = int(time.time()) - self.grace_s
        old = self.catalog.execute(
            "SELECT part_id, path FROM parts WHERE replaced_at <= ?", (limit,)
        ).fetchall()
        # Files first: a kill in between leaves rows, and the next run deletes nothing twice.
        disk.remove_parts(self.cache, [path for _, path in old])
        with self._transaction() as catalog:
            catalog.executemany("DELETE FROM parts WHERE part_id = ?", [(i,) for i, _ in old])
        return len(old)

    def _commit(
        self,
        placed: Sequence[tuple[int, NewPart, str]],
        change: Callable[[sqlite3.Connection], None],
    ) -> None:
        try:
            self._check_still_there()
            disk.place(self.cache, [(part, path) for _, part, path in placed])
            with self._transaction() as catalog:
                rows.insert_parts(catalog, placed)
                change(catalog)
                catalog.execute(
                    "UPDATE meta SET value = cast(value AS INTEGER) + 1 WHERE name = 'version'"
                )
            self._check_still_there()
        except (OSError, sqlite3.Error) as error:
            self._check_still_there()
            raise disk.cannot_write(self.cache, error) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self.catalog.execute("BEGIN IMMEDIATE")
        try:
            yield self.catalog
            self.catalog.execute("COMMIT")
        except BaseException:
            if self.catalog.in_transaction:  # A full disk makes SQLite roll back by itself.
                self.catalog.execute("ROLLBACK")
            raise

    def _take_lock(self, lock: IO[str]) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            msg = f"{self.cache}: {holder} is writing to this cache. Wait for it, or stop it."
            raise CacheLockedError(msg) from error
        lock.seek(0)
        lock.truncate()
        lock.write(f"process {os.getpid()} on {socket.gethostname()}")
        lock.flush()

    def _check_still_there(self) -> None:
        # SQLite goes on writing to a deleted file without an error.
        if _identity(self.cache / CATALOG_NAME) != self._catalog_file:
            raise disk.CacheGoneError(self.cache)

    def _check_version(self, catalog_path: Path) -> None:
        """Leave a cache alone that this program did not write, or not all of which is there."""
        if catalog_path.exists():
            found = schema_version(self.cache)
            if found not in (None, SCHEMA_VERSION):
                msg = (
                    f"{self.cache}: this cache has schema version {found}, this program writes "
                    f"{SCHEMA_VERSION}. Load the logs into a new cache folder."
                )
                raise CacheError(msg)
        elif disk.part_files(self.cache):
            msg = (
                f"{self.cache}: holds Parquet parts, and their catalog is gone. Put "
                f"{CATALOG_NAME} back, or move the folder away and load the logs again."
            )
            raise CacheError(msg)

    def _sweep(self) -> None:
        """Remove what a killed run left, and replaced parts after their grace time."""
        disk.empty_folder(self.tmp)
        self.remove_replaced()
        named = {path for (path,) in self.catalog.execute("SELECT path FROM parts")}
        disk.remove_parts(self.cache, (p for p in disk.part_files(self.cache) if p not in named))


def _path(part: NewPart, name: str) -> str:
    return part_path(part.kind, part.date, part.hour, name)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
