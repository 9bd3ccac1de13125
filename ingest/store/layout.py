"""Where things lie in a cache folder, and how its catalog is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

CATALOG_NAME = "catalog.sqlite"
UNDATED = "__HIVE_DEFAULT_PARTITION__"  # Hive's own name for a null partition value.
HOUR_S = 3_600
N_PLACES = "n_places"  # Name in the catalog's table `meta`: how many rows the places have.

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
    rows_pruned INTEGER NOT NULL DEFAULT 0, -- of the stored rows, released by prune
    UNIQUE (key, etag)
);
CREATE INDEX IF NOT EXISTS objects_by_content ON objects (content_hash);
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
    batch_id INTEGER NOT NULL,      -- 0: rows of several batches
    replaced_at INTEGER,            -- epoch s; the file goes after a grace time
    checksum INTEGER,               -- CRC-32 of the file; null: not known
    is_numbered INTEGER,            -- 1: its rows hold the numbers of their places
    made_of TEXT                    -- the parts that a day or week sums up: their numbers
);
CREATE INDEX IF NOT EXISTS live_parts ON parts (kind, date, hour) WHERE replaced_at IS NULL;
CREATE TABLE IF NOT EXISTS settled_hours ( -- derived columns come of all records there are
    date TEXT NOT NULL,
    hour TEXT NOT NULL,
    PRIMARY KEY (date, hour)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    batch_id INTEGER PRIMARY KEY,   -- below 0: a correction after rows were taken out
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

# Columns that a catalog of the same schema version may lack: readers do without them.
_ADDED_COLUMNS = {
    "objects": {"rows_pruned": "INTEGER NOT NULL DEFAULT 0"},
    "parts": {"checksum": "INTEGER", "is_numbered": "INTEGER", "made_of": "TEXT"},
}


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
        connection = _connect_to_read(path)
        connection.execute("PRAGMA query_only=ON")
        return connection
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    with closing(connection.cursor()) as cursor:
        cursor.executescript(CATALOG_DDL)
        for table, columns in _ADDED_COLUMNS.items():
            known = column_names(connection, table)
            for column, definition in columns.items():
                if column not in known:
                    cursor.execute(f"ALTER TABLE {table} ADD COLUMN {column} {definition}")
    return connection


def _connect_to_read(path: Path) -> sqlite3.Connection:
    url = f"{path.as_uri()}?mode=ro"
    connection = sqlite3.connect(url, uri=True, timeout=30)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        wal = path.with_name(f"{path.name}-wal")
        if wal.is_file() and wal.stat().st_size:
            raise
        # In a folder that cannot be written SQLite finds no room for its shared memory;
        # without a log that waits beside it, the file alone is the whole catalog.
        connection = sqlite3.connect(f"{url}&immutable=1", uri=True, timeout=30)
    return connection


def schema_version(cache: Path) -> int | None:
    """Return the schema version that a catalog was written with; None for one without.

    Raises:
        sqlite3.Error: The file is no catalog, or cannot be opened.
    """
    with closing(open_catalog(cache, read_only=True)) as catalog:
        if not column_names(catalog, "meta"):
            return None
        row = catalog.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchone()
    return int(row[0]) if row else None


def column_names(catalog: sqlite3.Connection, table: str) -> set[str]:
    """Return the columns that a table of the catalog has; none where it is missing."""
    return {name for (name,) in catalog.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def partition_range(date: str, hour: str | None) -> tuple[int, int] | None:
    """Return the time of a partition, `[start, end)` in epoch s; None for undated records."""
    if date == UNDATED:
        return None
    start = datetime.fromisoformat(f"{date}T{hour or '00'}").replace(tzinfo=UTC)
    begin = int(start.timestamp())
    return begin, begin + (24 if hour is None else 1) * HOUR_S


def partitions_beside(date: str, hour: str) -> list[tuple[str, str]]:
    """Name the hour before, the hour itself and the hour after; undated records stand alone."""
    span = partition_range(date, hour)
    if span is None:
        return [(date, hour)]
    starts = (span[0] - HOUR_S, span[0], span[0] + HOUR_S)
    return [(day, str(name)) for day, name in (partition_of("flows", start) for start in starts)]


def made_of(part_ids: Iterable[int]) -> str:
    """Write which parts one sums up; it counts while these are the live ones of its span."""
    return ",".join(map(str, sorted(part_ids)))


def span_dates(first: int, last: int) -> list[str]:
    """Name the dates of whole days from a first second to a last one."""
    return [
        datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d")
        for second in range(first, last, 24 * HOUR_S)
    ]
