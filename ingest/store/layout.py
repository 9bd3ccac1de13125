"""Where things lie in a cache folder, and how its catalog is opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

CATALOG_NAME = "catalog.sqlite"
UNDATED = "__HIVE_DEFAULT_PARTITION__"  # Hive's own name for a null partition value.
HOUR_S = 3_600

# These tables are partitioned by date and hour, the narrow ones by date alone.
HOURLY_TABLES = ("flows", "edges")

CATALOG_DDL = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
    object_id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,              -- s3://bucket/key, or an absolute path
    etag TEXT NOT NULL,             -- opaque version of the content
    size INTEGER NOT NULL,
    last_modified INTEGER,          -- epoch s
    status TEXT NOT NULL,           -- ok, partial, empty, or the reason it was set aside
    detail TEXT,                    -- what to know about a status other than ok
    fields TEXT,                    -- the format, AWS's names in order
    rows_read INTEGER NOT NULL,
    rows_stored INTEGER NOT NULL,
    rows_rejected INTEGER NOT NULL,
    nodata INTEGER NOT NULL,        -- of the stored rows
    skipdata INTEGER NOT NULL,      -- of the stored rows
    content_hash TEXT,
    batch_id INTEGER NOT NULL,
    UNIQUE (key, etag)
);
CREATE INDEX IF NOT EXISTS objects_by_status ON objects (status) WHERE status != 'ok';
CREATE TABLE IF NOT EXISTS rejects (
    object_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    reason TEXT NOT NULL,
    field TEXT,
    text TEXT NOT NULL              -- first 200 bytes, escaped
);
CREATE INDEX IF NOT EXISTS rejects_by_object ON rejects (object_id);
CREATE TABLE IF NOT EXISTS reject_counts (
    object_id INTEGER NOT NULL,
    reason TEXT NOT NULL,
    rows INTEGER NOT NULL,
    PRIMARY KEY (object_id, reason)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (
    part_id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,      -- below the cache folder
    kind TEXT NOT NULL,
    date TEXT NOT NULL,
    hour TEXT,
    first INTEGER,                  -- smallest start, epoch s; null: undated records
    last INTEGER,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    batch_id INTEGER NOT NULL,
    replaced_at INTEGER             -- epoch s; the file goes after a grace time
);
CREATE INDEX IF NOT EXISTS live_parts ON parts (kind, date, hour) WHERE replaced_at IS NULL;
CREATE TABLE IF NOT EXISTS batches (
    batch_id INTEGER PRIMARY KEY,
    committed_at INTEGER NOT NULL,
    objects INTEGER NOT NULL,
    rows_read INTEGER NOT NULL,
    rows_stored INTEGER NOT NULL,
    rows_rejected INTEGER NOT NULL,
    nodata INTEGER NOT NULL,
    skipdata INTEGER NOT NULL,
    undated INTEGER NOT NULL,       -- traffic records without start
    logged_packets INTEGER NOT NULL,
    logged_bytes INTEGER NOT NULL,
    first INTEGER,                  -- smallest start of a traffic record
    last INTEGER                    -- largest end of a traffic record
);
"""


def partition_of(kind: str, hour_start: int | None) -> tuple[str, str | None]:
    """Name the partition of an hour: `("2026-03-02", "07")`; the hour is None for narrow tables."""
    if hour_start is None:
        return UNDATED, UNDATED if kind in HOURLY_TABLES else None
    moment = datetime.fromtimestamp(hour_start, UTC)
    return moment.strftime("%Y-%m-%d"), moment.strftime("%H") if kind in HOURLY_TABLES else None


def part_path(kind: str, date: str, hour: str | None, name: str) -> str:
    """Path of a part below the cache folder."""
    folder = f"{kind}/date={date}" + ("" if hour is None else f"/hour={hour}")
    return f"{folder}/{name}"


def open_catalog(cache: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open a cache's catalog; a writer creates the tables where they are missing.

    Raises:
        sqlite3.Error: The file is no catalog, or cannot be opened.
    """
    path = cache / CATALOG_NAME
    if read_only:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)
        connection.execute("PRAGMA query_only=ON")
        return connection
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    with closing(connection.cursor()) as cursor:
        cursor.executescript(CATALOG_DDL)
    return connection
