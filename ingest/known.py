"""Which objects a cache already holds."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ingest.sources import LogObject
from ingest.store.layout import CATALOG_NAME, open_catalog


class KnownObjects:
    """Keys with their ETags of all objects in a catalog.

    Only digests are kept: a million objects take about 100 MB. A catalog that is read
    again costs its new rows alone.

    Args:
        is_due: Tells by status, format and number of stored rows whether an object is to
            be read again; once by the same process.
    """

    def __init__(self, is_due: Callable[[str, str | None, int], bool] | None = None) -> None:
        self._is_due = is_due
        self._objects: set[bytes] = set()
        self._damaged: set[bytes] = set()
        self._due: set[bytes] = set()
        self._tried: set[bytes] = set()
        self._last_id = 0

    def __contains__(self, log_object: LogObject) -> bool:
        identity = _identity(log_object.key, log_object.etag)
        return identity in self._objects and identity not in self._due

    def __len__(self) -> int:
        return len(self._objects)

    def is_damaged(self, log_object: LogObject) -> bool:
        """Rows of the object, or all of it, were rejected when it was read."""
        return _identity(log_object.key, log_object.etag) in self._damaged

    def read(self, catalog: sqlite3.Connection) -> None:
        """Learn what the catalog names now; forget what it no longer names."""
        self._read_rows(catalog)
        if len(self._objects) != catalog.execute("SELECT count(*) FROM objects").fetchone()[0]:
            # Somebody removed objects: they may have to be read again.
            self._objects.clear()
            self._damaged.clear()
            self._due.clear()
            self._last_id = 0
            self._read_rows(catalog)

    def add(self, log_object: LogObject) -> None:
        """Add an object that was committed."""
        identity = _identity(log_object.key, log_object.etag)
        self._objects.add(identity)
        self._tried.add(identity)
        self._due.discard(identity)

    def _read_rows(self, catalog: sqlite3.Connection) -> None:
        rows = catalog.execute(
            "SELECT object_id, key, etag, status, fields, rows_stored FROM objects"
            " WHERE object_id > ?",
            (self._last_id,),
        )
        for object_id, key, etag, status, *facts in rows:
            identity = _identity(key, etag)
            self._objects.add(identity)
            self._damaged.discard(identity)  # It was, before it was read again.
            if status not in ("ok", "empty"):
                self._damaged.add(identity)
            if self._is_due and identity not in self._tried and self._is_due(status, *facts):
                self._due.add(identity)
            self._last_id = max(self._last_id, object_id)


def objects_below(cache: Path, prefix: str) -> list[tuple[str, str]]:
    """Return key and ETag of the objects whose key starts so; a prefix ends in a slash."""
    if not (cache / CATALOG_NAME).is_file():
        return []
    after = prefix.removesuffix("/") + chr(ord("/") + 1)
    with closing(open_catalog(cache.resolve(), read_only=True)) as catalog:
        return catalog.execute(
            "SELECT key, etag FROM objects WHERE key >= ? AND key < ?", (prefix, after)
        ).fetchall()


def _identity(key: str, etag: str) -> bytes:
    return hashlib.blake2b(f"{key}\0{etag}".encode(), digest_size=16).digest()
