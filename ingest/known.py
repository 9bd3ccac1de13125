"""Which objects a cache already holds."""

from __future__ import annotations

import hashlib
import sqlite3

from ingest.sources import LogObject


class KnownObjects:
    """Keys with their ETags of all objects in a catalog.

    Only digests are kept: a million objects take about 100 MB. A catalog that is read
    again costs its new rows alone.
    """

    def __init__(self) -> None:
        self._objects: set[bytes] = set()
        self._last_id = 0

    def __contains__(self, log_object: LogObject) -> bool:
        return _identity(log_object.key, log_object.etag) in self._objects

    def __len__(self) -> int:
        return len(self._objects)

    def read(self, catalog: sqlite3.Connection) -> None:
        """Learn what the catalog names now; forget what it no longer names."""
        self._read_rows(catalog)
        if len(self._objects) != catalog.execute("SELECT count(*) FROM objects").fetchone()[0]:
            # Somebody removed objects: they may have to be read again.
            self._objects.clear()
            self._last_id = 0
            self._read_rows(catalog)

    def add(self, log_object: LogObject) -> None:
        """Add an object that was committed."""
        self._objects.add(_identity(log_object.key, log_object.etag))

    def _read_rows(self, catalog: sqlite3.Connection) -> None:
        rows = catalog.execute(
            "SELECT object_id, key, etag FROM objects WHERE object_id > ?", (self._last_id,)
        )
        for object_id, key, etag in rows:
            self._objects.add(_identity(key, etag))
            self._last_id = max(self._last_id, object_id)


def _identity(key: str, etag: str) -> bytes:
    return hashlib.blake2b(f"{key}\0{etag}".encode(), digest_size=16).digest()
