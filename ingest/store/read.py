"""The read side of the cache: what is in it, and which files answer a time range.

This module and `ingest.schema` are all that the dashboard uses of `ingest`.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Hashable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import CacheError
from ingest.schema import PLACES, SCHEMA_VERSION, SPAN_TABLES
from ingest.store.layout import (
    CATALOG_NAME,
    N_PLACES,
    column_names,
    made_of,
    open_catalog,
    schema_version,
    span_dates,
)

if TYPE_CHECKING:
    import pyarrow as pa


class CacheMissingError(CacheError):
    """The folder, or the catalog in it, does not exist."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        what = "is no Flow Atlas cache" if cache.is_dir() else "does not exist"
        super().__init__(
            f"{cache}: {what}. Fill a cache with: python -m ingest load SOURCE --cache {cache}"
        )


class CacheUnusableError(CacheError):
    """The catalog is damaged or was written by another version."""


@dataclass(frozen=True, slots=True)
class CacheFacts:
    """What a cache holds, over all of its committed batches.

    Attributes:
        version: Grows with every commit; equal versions hold equal records.
        objects: Log objects read, the ones set aside included.
        objects_set_aside: Of these, objects nothing was taken from.
        rows_read: Lines or rows in all objects, headers not counted.
        rows_stored: Of these, rows in `flows`: traffic, NODATA and SKIPDATA.
        rows_rejected: Of these, rows that no record could be made of.
        nodata: Stored rows that say: no traffic in this interval.
        skipdata: Stored rows that say: records were lost in this interval.
        undated: Traffic records without a start time.
        logged_packets: Sum over traffic records as logged, second reports included.
        logged_bytes: The same for bytes.
        first: Smallest `start` of a traffic record, epoch s; None without any.
        last: Largest `end` of a traffic record, epoch s; None without any.
        committed_at: Time of the newest commit, epoch s; None for an empty cache.
    """

    version: int
    objects: int
    objects_set_aside: int
    rows_read: int
    rows_stored: int
    rows_rejected: int
    nodata: int
    skipdata: int
    undated: int
    logged_packets: int
    logged_bytes: int
    first: int | None
    last: int | None
    committed_at: int | None

    @property
    def records(self) -> int:
        """Traffic records: stored rows without NODATA and SKIPDATA."""
        return self.rows_stored - self.nodata - self.skipdata


@dataclass(frozen=True, slots=True)
class Part:
    """One committed Parquet file.

    Attributes:
        kind: Its table: `flows`, `edges`, `series`, ...
        path: Absolute path.
        first: Smallest time in it, epoch s (`start`, `hour_start` or `day_start`);
            None: records without a time.
        last: Largest time in it; of `series` the largest `minute_start`; of the tables in
            `ingest.schema.SPAN_TABLES` the last second that it sums up.
        rows: Its rows.
        bytes: Its size.
        is_numbered: It has the columns of `ingest.schema.NUMBER_COLUMNS`.
    """

    kind: str
    path: str
    first: int | None
    last: int | None
    rows: int
    bytes: int
    is_numbered: bool = False


@dataclass(frozen=True, slots=True)
class CacheSnapshot:
    """One consistent state of a cache: later commits do not change it."""

    facts: CacheFacts
    parts: tuple[Part, ...]

    def files(self, kind: str, start: int | None = None, end: int | None = None) -> list[str]:
        """List the files of a table that may hold times in `[start, end)`, in path order.

        An open side does not cut. Files of undated records are listed only when
        both sides are open.
        """
        return [part.path for part in self.found(kind, start, end)]

    def found(self, kind: str, start: int | None = None, end: int | None = None) -> list[Part]:
        """List the parts whose files `files` lists."""
        return [p for p in self.parts if p.kind == kind and _overlaps(p, start, end)]


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading the log objects found.

    Attributes:
        rejects: Reason, rows and objects; most rows first, then by reason.
        set_aside: Status and objects, of those that nothing was taken from.
        formats: Fields in AWS's names, separated by spaces, objects and rows; most rows first.
    """

    rejects: list[tuple[str, int, int]]
    set_aside: list[tuple[str, int]]
    formats: list[tuple[str, int, int]]


class CacheReader:
    """Reads the catalog of one cache; safe beside a running ingest.

    Raises:
        CacheMissingError: The folder or its catalog does not exist.
        CacheUnusableError: The catalog is damaged or of another schema version.
    """

    def __init__(self, cache: Path) -> None:
        self.cache = cache.resolve()
        if not (self.cache / CATALOG_NAME).is_file():
            raise CacheMissingError(cache)
        try:
            found = schema_version(self.cache)
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        if found is None:  # Its first load has begun a moment ago.
            raise CacheMissingError(cache)
        if found != SCHEMA_VERSION:
            msg = (
                f"{cache}: this cache has schema version {found}, this program reads "
                f"{SCHEMA_VERSION}. Load the logs into a new cache folder."
            )
            raise CacheUnusableError(msg)

    def version(self) -> int:
        """Return the number of the newest commit; 0 for an empty cache."""
        with closing(self._open()) as catalog:
            return self._meta(catalog, "version")

    def snapshot(self) -> CacheSnapshot:
        """Read facts and parts in one transaction."""
        with closing(self._open()) as catalog:
            catalog.execute("BEGIN")
            return CacheSnapshot(self._facts(catalog), self._parts(catalog))

    def reading(self) -> Reading:
        """Sum up what reading the objects found."""
        with closing(self._open()) as catalog:
            return Reading(
                rejects=catalog.execute(
                    "SELECT reason, sum(rows), count(*) FROM reject_counts"
                    " GROUP BY reason ORDER BY 2 DESC, 1"
                ).fetchall(),
                set_aside=catalog.execute(
                    "SELECT status, count(*) FROM objects"
                    " WHERE status NOT IN ('ok', 'partial', 'empty') GROUP BY 1 ORDER BY 2 DESC, 1"
                ).fetchall(),
                formats=catalog.execute(
                    "SELECT fields, count(*), sum(rows_stored) FROM objects"
                    " WHERE fields IS NOT NULL GROUP BY 1 ORDER BY 3 DESC, 1"
                ).fetchall(),
            )

    def object_keys(self, object_ids: Iterable[int]) -> dict[int, str]:
        """Return the key or path of each of these objects; those that are gone are left out."""
        with closing(self._open()) as catalog:
            rows = (
                catalog.execute(
                    "SELECT object_id, key FROM objects WHERE object_id = ?", (int(i),)
                ).fetchone()
                for i in object_ids
            )
            return {row[0]: row[1] for row in rows if row}

    def _open(self) -> sqlite3.Connection:
        try:
            return open_catalog(self.cache, read_only=True)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.Error) -> CacheUnusableError:
        return CacheUnusableError(
            f"{self.cache / CATALOG_NAME}: the catalog cannot be read ({error}). "
            f"Check it with: python -m ingest verify --cache {self.cache}"
        )

    def _meta(self, catalog: sqlite3.Connection, name: str) -> int:
        try:
            row = catalog.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        return int(row[0]) if row else 0

    def _facts(self, catalog: sqlite3.Connection) -> CacheFacts:
        row = catalog.execute(
            "SELECT coalesce(sum(objects), 0), coalesce(sum(rows_read), 0),"
            " coalesce(sum(rows_stored), 0), coalesce(sum(rows_rejected), 0),"
            " coalesce(sum(nodata), 0), coalesce(sum(skipdata), 0), coalesce(sum(undated), 0),"
            " coalesce(sum(logged_packets), 0), coalesce(sum(logged_bytes), 0),"
            " min(first), max(last), max(committed_at) FROM batches"
        ).fetchone()
        set_aside = catalog.execute(
            "SELECT count(*) FROM objects WHERE status NOT IN ('ok', 'partial', 'empty')"
        ).fetchone()[0]
        return CacheFacts(self._meta(catalog, "version"), row[0], set_aside, *row[1:])

    def _parts(self, catalog: sqlite3.Connection) -> tuple[Part, ...]:
        known = column_names(catalog, "parts")
        added = [name if name in known else "NULL" for name in ("is_numbered", "made_of")]
        rows = catalog.execute(
            f"SELECT kind, path, first, last, rows, bytes, part_id, date, {', '.join(added)}"  # noqa: S608
            " FROM parts WHERE replaced_at IS NULL ORDER BY path"
        ).fetchall()
        # A program that does not know of numbers may have pruned places with the days that
        # first named them: then no number is believed until the next compaction.
        n_places = sum(row[4] for row in rows if row[0] == PLACES)
        is_whole = n_places == self._meta(catalog, N_PLACES)
        ids: dict[tuple[str, str], list[int]] = defaultdict(list)
        for kind, *_, part_id, date, _, _ in rows:
            ids[kind, date].append(part_id)
        parts = []
        for kind, path, first, last, n_rows, n_bytes, _, _, is_numbered, whole in rows:
            if kind in SPAN_TABLES:
                dates = span_dates(first, last)
                found = [part_id for date in dates for part_id in ids[SPAN_TABLES[kind], date]]
                if not (is_numbered and is_whole and whole == made_of(found)):
                    continue  # Records came or went since it was made.
            numbered = bool(is_numbered) and is_whole
            parts.append(Part(kind, str(self.cache / path), first, last, n_rows, n_bytes, numbered))
        return tuple(parts)


def names_stamp(cache: Path) -> Hashable:
    """Return what tells one state of a cache's dated names from another; None without any."""
    from ingest.store import names  # noqa: PLC0415 - parser processes need no pyarrow

    return names.names_stamp(cache)


def read_names(cache: Path) -> dict[str, pa.Table]:
    """Read the dated names of a cache: `addresses`, `networks`, `security_groups`.

    Their columns are those of `ingest.store.names.NAME_TABLES`, all text, and `valid_from`
    and `valid_to`, epoch s: `[from, to)`, null where that side is open.

    Raises:
        CacheError: They are damaged.
    """
    from ingest.store import names  # noqa: PLC0415 - parser processes need no pyarrow

    return names.read_names(cache)


def no_names() -> dict[str, pa.Table]:
    """Return the tables of `read_names` without rows."""
    from ingest.store import names  # noqa: PLC0415 - parser processes need no pyarrow

    return names.no_names()


def _overlaps(part: Part, start: int | None, end: int | None) -> bool:
    if part.first is None or part.last is None:
        return start is None and end is None
    # A time in an hourly rollup stands for the whole hour behind it; callers ask for whole hours.
    return (end is None or part.first < end) and (start is None or part.last >= start)
