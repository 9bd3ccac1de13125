"""What a cache holds, what was rejected, what is missing, and how fresh it is."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from ingest.store.engine import Engine
from ingest.store.layout import CATALOG_NAME, HOUR_S, open_catalog
from ingest.store.read import CacheFacts, CacheReader, CacheSnapshot

_LISTED = 20
_WORST = 10
_DAYS = 7


@dataclass(frozen=True, slots=True)
class InterfaceGap:
    """An interface without any row, not even NODATA, in some hours of its time.

    Attributes:
        hours: How many hours between its first and its last have no row.
        first, last: The first and the last hour that have one, epoch s.
    """

    interface_id: str
    hours: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SkippedHour:
    """An hour in which AWS says that it lost records of an interface."""

    hour_start: int
    interface_id: str
    records: int


@dataclass(slots=True)
class Gaps:
    """What is missing in the cache's time.

    Attributes:
        hours: Hours between the first and the last without a row of any interface, epoch s.
        interfaces: How many interfaces have hours without rows; the worst are listed.
        interface_gaps: At most 20, most hours first.
        skipdata: SKIPDATA rows.
        skipped: Hours with SKIPDATA, at most 20, newest first.
    """

    hours: list[int] = field(default_factory=list)
    interfaces: int = 0
    interface_gaps: list[InterfaceGap] = field(default_factory=list)
    skipdata: int = 0
    skipped: list[SkippedHour] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RejectedObject:
    """An object of which rows were rejected, or all of it, with the first reason.

    Attributes:
        line, reason, field, text: Of its first rejected line; None where it has none.
    """

    key: str
    status: str
    detail: str | None
    rows_read: int
    rows_rejected: int
    line: int | None
    reason: str | None
    field: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Day:
    """Objects that were delivered on one UTC day."""

    date: str
    objects: int
    bytes: int


@dataclass(slots=True)
class CacheStatus:
    """Everything that `status` tells.

    Attributes:
        facts: Sums over the cache.
        parts, bytes: Live files, by table.
        objects_by_status: Every object, by what became of it.
        bytes_read: Size of all objects, as delivered.
        rejects: Rejected rows by reason.
        worst: The objects with most rejected rows, at most 10; those set aside first.
        gaps: None where the table that tells is damaged.
        days: The last days with deliveries, newest first.
        delay_s: Age of the newest record.
        catalog_bytes: Of the catalog, its log included.
        waiting_bytes: Of replaced files whose grace time is not over.
        disk_free: Bytes.
    """

    facts: CacheFacts
    parts: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    objects_by_status: dict[str, int] = field(default_factory=dict)
    bytes_read: int = 0
    rejects: dict[str, int] = field(default_factory=dict)
    worst: list[RejectedObject] = field(default_factory=list)
    gaps: Gaps | None = None
    days: list[Day] = field(default_factory=list)
    delay_s: int | None = None
    catalog_bytes: int = 0
    waiting_bytes: int = 0
    disk_free: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return plain values; the facts at the top."""
        values = asdict(self)
        return {**values.pop("facts"), "records": self.facts.records, **values}


def cache_status(cache: Path, now: float | None = None) -> CacheStatus:
    """Read what a cache says of itself; safe beside loads.

    Raises:
        CacheMissingError, CacheUnusableError: There is no catalog that could tell.
    """
    reader = CacheReader(cache)
    snapshot = reader.snapshot()
    status = CacheStatus(snapshot.facts)
    for part in snapshot.parts:
        status.parts[part.kind] = status.parts.get(part.kind, 0) + 1
        status.bytes[part.kind] = status.bytes.get(part.kind, 0) + part.bytes
    with closing(open_catalog(reader.cache, read_only=True)) as catalog:
        _read_catalog(status, catalog)
    status.gaps = _gaps(reader.cache, snapshot)
    if snapshot.facts.last is not None:
        status.delay_s = int((time.time() if now is None else now) - snapshot.facts.last)
    files = (reader.cache / f"{CATALOG_NAME}{end}" for end in ("", "-wal"))
    status.catalog_bytes = sum(file.stat().st_size for file in files if file.is_file())
    status.disk_free = shutil.disk_usage(reader.cache).free
    return status


def _read_catalog(status: CacheStatus, catalog: sqlite3.Connection) -> None:
    status.objects_by_status = dict(
        catalog.execute(
            "SELECT status, count(*) FROM objects GROUP BY status ORDER BY count(*) DESC, status"
        )
    )
    status.rejects = dict(
        catalog.execute(
            "SELECT reason, sum(rows) FROM reject_counts GROUP BY reason"
            " ORDER BY sum(rows) DESC, reason"
        )
    )
    status.bytes_read, status.waiting_bytes = catalog.execute(
        "SELECT (SELECT coalesce(sum(size), 0) FROM objects),"
        " (SELECT coalesce(sum(bytes), 0) FROM parts WHERE replaced_at IS NOT NULL)"
    ).fetchone()
    worst = catalog.execute(
        "SELECT object_id, key, status, detail, rows_read, rows_rejected FROM objects"
        " WHERE status NOT IN ('ok', 'empty')"
        " ORDER BY status = 'partial', rows_rejected DESC, key LIMIT ?",
        (_WORST,),
    ).fetchall()
    for object_id, *told in worst:
        first = catalog.execute(
            "SELECT line, reason, field, text FROM rejects WHERE object_id = ?"
            " ORDER BY line LIMIT 1",
            (object_id,),
        ).fetchone()
        status.worst.append(RejectedObject(*told, *(first or (None,) * 4)))
    days = catalog.execute(
        "SELECT date(last_modified, 'unixepoch') AS day, count(*), sum(size) FROM objects"
        " WHERE last_modified IS NOT NULL GROUP BY day ORDER BY day DESC LIMIT ?",
        (_DAYS,),
    )
    status.days = [Day(*row) for row in days]


def _gaps(cache: Path, snapshot: CacheSnapshot) -> Gaps | None:
    paths = snapshot.files("coverage")
    if not paths:
        return Gaps()
    with TemporaryDirectory(prefix="flow-atlas-") as spill, Engine(cache, Path(spill)) as engine:
        try:
            return _gaps_in(engine.read("coverage", paths).filter("hour_start IS NOT NULL"))
        except duckdb.Error:
            return None  # `verify` names the damaged file.


def _gaps_in(rows: duckdb.DuckDBPyRelation) -> Gaps:
    gaps = Gaps(
        _missing_hours(hour for (hour,) in rows.project("hour_start").distinct().fetchall())
    )
    by_interface = (
        rows.filter("interface_id IS NOT NULL")
        .aggregate(
            "interface_id, min(hour_start) AS first, max(hour_start) AS last,"
            " count(DISTINCT hour_start) AS hours",
            "interface_id",
        )
        .project(f"interface_id, (last - first) // {HOUR_S} + 1 - hours AS missing, first, last")
        .filter("missing > 0")
    )
    ((gaps.interfaces,),) = by_interface.aggregate("count(*)").fetchall()
    worst = by_interface.order("missing DESC, interface_id").limit(_LISTED).fetchall()
    gaps.interface_gaps = [InterfaceGap(*row) for row in worst]
    lost = rows.filter("log_status = 'SKIPDATA'")
    ((n_lost,),) = lost.aggregate("CAST(coalesce(sum(records), 0) AS BIGINT)").fetchall()
    gaps.skipdata = n_lost
    skipped = lost.aggregate(
        "hour_start, coalesce(interface_id, '-') AS interface_id,"
        " CAST(sum(records) AS BIGINT) AS records",
        "hour_start, interface_id",
    )
    newest = skipped.order("hour_start DESC, interface_id").limit(_LISTED).fetchall()
    gaps.skipped = [SkippedHour(*row) for row in newest]
    return gaps


def _missing_hours(hours: Iterable[int]) -> list[int]:
    there = set(hours)
    if not there:
        return []
    return [hour for hour in range(min(there), max(there), HOUR_S) if hour not in there]
