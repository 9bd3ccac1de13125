"""Rows of the catalog: what commits insert, and what maintenance reads."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from ingest.store.commit import (
    READ_STATUSES,
    BatchTotals,
    KnownObject,
    NewPart,
    ObjectOutcome,
)
from ingest.store.layout import column_names, partitions_beside

SEVERAL_BATCHES = 0  # In the place of a batch's number.


@dataclass(frozen=True, slots=True)
class LivePart:
    """A part that readers use, as the catalog names it.

    Attributes:
        path: Absolute path.
        batch_id: The batch that wrote its rows, or SEVERAL_BATCHES.
        checksum: CRC-32 of the file; None where it is not known.
        is_numbered: Its rows hold the numbers of their places.
        made_of: Numbers of the parts that it sums up, as `layout.made_of` writes them.
    """

    part_id: int
    path: str
    kind: str
    date: str
    hour: str | None
    first: int | None
    last: int | None
    rows: int
    bytes: int
    batch_id: int
    checksum: int | None
    is_numbered: bool = False
    made_of: str | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """The additive facts of the table `batches`."""

    objects: int = 0
    rows_read: int = 0
    rows_stored: int = 0
    rows_rejected: int = 0
    nodata: int = 0
    skipdata: int = 0
    undated: int = 0
    logged_packets: int = 0
    logged_bytes: int = 0

    def __sub__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(Sums)))


_SUM_NAMES = tuple(f.name for f in fields(Sums))
_OBJECT_COLUMNS = "object_id, key, etag, status, content_hash"


def live_parts(catalog: sqlite3.Connection, cache: Path) -> list[LivePart]:
    """List the parts that readers use, in path order."""
    known = column_names(catalog, "parts")
    added = [name if name in known else "NULL" for name in ("checksum", "is_numbered", "made_of")]
    names = "part_id, path, kind, date, hour, first, last, rows, bytes, batch_id"
    rows = catalog.execute(
        f"SELECT {names}, {', '.join(added)} FROM parts"  # noqa: S608
        " WHERE replaced_at IS NULL ORDER BY path"
    )
    return [
        LivePart(part_id, str(cache / path), *more, is_numbered=bool(numbered), made_of=whole)  # type: ignore[misc]
        for part_id, path, *more, numbered, whole in rows
    ]


def batch_sums(catalog: sqlite3.Connection) -> Sums:
    """Return the sums over all batches."""
    names = ", ".join(f"coalesce(sum({name}), 0)" for name in _SUM_NAMES)
    return Sums(*catalog.execute(f"SELECT {names} FROM batches").fetchone())  # noqa: S608


def expected_rows(catalog: sqlite3.Connection) -> dict[int, int]:
    """Return, by object, how many rows `flows` has to hold; objects without any are left out."""
    pruned = "rows_pruned" if "rows_pruned" in column_names(catalog, "objects") else "0"
    return dict(
        catalog.execute(
            f"SELECT object_id, rows_stored - {pruned} FROM objects"  # noqa: S608
            f" WHERE rows_stored > {pruned}"
        )
    )


def objects_by_key(catalog: sqlite3.Connection, key: str) -> list[KnownObject]:
    """Return every known version of a key."""
    rows = catalog.execute(
        f"SELECT {_OBJECT_COLUMNS} FROM objects WHERE key = ?",  # noqa: S608
        (key,),
    )
    return [KnownObject(*row) for row in rows]


def objects_by_content(catalog: sqlite3.Connection, content_hash: str) -> list[KnownObject]:
    """Return every known object with this content."""
    rows = catalog.execute(
        f"SELECT {_OBJECT_COLUMNS} FROM objects WHERE content_hash = ? ORDER BY object_id",  # noqa: S608
        (content_hash,),
    )
    return [KnownObject(*row) for row in rows]


def insert_parts(catalog: sqlite3.Connection, placed: Iterable[tuple[int, NewPart, str]]) -> None:
    """Name parts that are in place: batch number, part, path below the cache."""
    catalog.executemany(
        "INSERT INTO parts (path, kind, date, hour, first, last, rows, bytes, batch_id, checksum,"
        " is_numbered) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (path, p.kind, p.date, p.hour, p.first, p.last, p.rows, p.bytes, batch_id,
             p.checksum, p.is_numbered or None)
            for batch_id, p, path in placed
        ),
    )  # fmt: skip


def insert_objects(
    catalog: sqlite3.Connection, batch_id: int, outcomes: Iterable[ObjectOutcome]
) -> None:
    """Insert objects with their rejected lines."""
    for o in outcomes:
        source = o.source
        catalog.execute(
            "INSERT INTO objects (object_id, key, etag, size, last_modified, status, detail,"
            " fields, rows_read, rows_stored, rows_rejected, nodata, skipdata, content_hash,"
            " batch_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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


def insert_batch(
    catalog: sqlite3.Connection,
    batch_id: int,
    outcomes: Sequence[ObjectOutcome],
    totals: BatchTotals,
    again: int = 0,
) -> None:
    """Insert the sums of a batch; `again` of its objects were known, and had no rows."""
    sums = [
        sum(getattr(outcome, name) for outcome in outcomes)
        for name in ("rows_read", "rows_stored", "rows_rejected", "nodata", "skipdata")
    ]
    catalog.execute(
        "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            batch_id, int(time.time()), len(outcomes) - again, *sums, totals.undated,
            totals.logged_packets, totals.logged_bytes, totals.first, totals.last,
        ),
    )  # fmt: skip


def correct_batches(
    catalog: sqlite3.Connection, sums: Sums, first: int | None, last: int | None
) -> None:
    """Make the batches sum up to these facts, by one more row below zero.

    The limits of every batch are narrowed to the given ones: a sum can be made up for by
    another row, a smallest time cannot.
    """
    change = sums - batch_sums(catalog)
    catalog.execute("UPDATE batches SET first = max(first, ?), last = min(last, ?)", (first, last))
    if change == Sums():
        return
    lowest = catalog.execute("SELECT min(0, coalesce(min(batch_id), 0)) FROM batches").fetchone()
    catalog.execute(
        f"INSERT INTO batches (batch_id, committed_at, {', '.join(_SUM_NAMES)})"  # noqa: S608
        f" VALUES (?, ?{', ?' * len(_SUM_NAMES)})",
        (lowest[0] - 1, int(time.time()), *(getattr(change, name) for name in _SUM_NAMES)),
    )


def delete_set_aside(catalog: sqlite3.Connection, outcomes: Iterable[ObjectOutcome]) -> int:
    """Delete the entries of objects that were set aside before and are read again."""
    read = ", ".join(f"'{status}'" for status in READ_STATUSES)
    found = [
        object_id
        for outcome in outcomes
        for (object_id,) in catalog.execute(
            f"SELECT object_id FROM objects WHERE key = ? AND etag = ? AND status NOT IN ({read})",  # noqa: S608
            (outcome.source.key, outcome.source.etag),
        )
    ]
    delete_objects(catalog, found)
    return len(found)


def delete_objects(catalog: sqlite3.Connection, object_ids: Iterable[int]) -> None:
    """Delete objects, with their rejected lines."""
    ids = [(object_id,) for object_id in object_ids]
    for table in ("objects", "rejects", "reject_counts"):
        catalog.executemany(f"DELETE FROM {table} WHERE object_id = ?", ids)  # noqa: S608


def replace_parts(catalog: sqlite3.Connection, part_ids: Iterable[int]) -> None:
    """Release parts; their files stay for readers that took an earlier snapshot."""
    now = int(time.time())
    catalog.executemany(
        "UPDATE parts SET replaced_at = ? WHERE part_id = ?", [(now, i) for i in part_ids]
    )


def settled_hours(catalog: sqlite3.Connection) -> set[tuple[str, str]]:
    """Return date and hour of the partitions of `flows` that need not be derived again."""
    return set(catalog.execute("SELECT date, hour FROM settled_hours"))


def settle(catalog: sqlite3.Connection, hours: Iterable[tuple[str, str]]) -> None:
    """Note that hours were derived from all of their records."""
    catalog.executemany("INSERT OR IGNORE INTO settled_hours VALUES (?, ?)", hours)


def unsettle(catalog: sqlite3.Connection, hours: Iterable[tuple[str, str]]) -> None:
    """Note that hours have gained or lost records, which tell of the hours beside them too."""
    beside = {near for date, hour in hours for near in partitions_beside(date, hour)}
    catalog.executemany("DELETE FROM settled_hours WHERE date = ? AND hour = ?", beside)
