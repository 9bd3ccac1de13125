"""Verification: is the cache what its catalog says, and which files are not."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.schema import STORED_TABLES
from ingest.store.disk import checksum_of, part_files
from ingest.store.engine import Engine
from ingest.store.layout import open_catalog
from ingest.store.merge import HAS_OWN_END
from ingest.store.plan import ROLLUPS
from ingest.store.read import CacheReader, CacheUnusableError
from ingest.store.rows import SEVERAL_BATCHES, LivePart, batch_sums, expected_rows, live_parts
from ingest.store.verify_numbers import wrong_numbers

_TRIES = 3
_KEYS_TOLD = 1_000


@dataclass(frozen=True, slots=True)
class Damage:
    """One part that is not what the catalog says.

    Attributes:
        part: As the catalog names it.
        reason: What is wrong with the file.
    """

    part: LivePart
    reason: str


@dataclass(slots=True)
class VerifyReport:
    """What a verification found.

    Attributes:
        deep: Every page was read, and tables were compared with each other.
        parts, bytes: Files looked at.
        damages: The damaged parts, in path order.
        incomplete: Rows missing of each object, by object number; negative: too many.
        keys: Keys of these objects, at most 1,000.
        unnamed: Files that no catalog row names: leftovers of a killed run, no error.
        contradictions: Sentences on facts of the catalog that do not agree with each other.
    """

    deep: bool = False
    parts: int = 0
    bytes: int = 0
    damages: list[Damage] = field(default_factory=list)
    incomplete: dict[int, int] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    unnamed: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Nothing is missing and nothing is wrong."""
        return not (self.damages or self.incomplete or self.contradictions)


def verify(
    cache: Path, *, deep: bool = False, on_progress: Callable[[int, int], None] | None = None
) -> VerifyReport:
    """Compare the files of a cache with its catalog, beside running loads and readers.

    Args:
        cache: The cache folder.
        deep: Read every page too, compare checksums, and compare `flows` with the objects
            and with the rollups.
        on_progress: Called with the parts done, and all of them.

    Raises:
        CacheMissingError, CacheUnusableError: There is no catalog that could tell.
    """
    reader = CacheReader(cache)
    for _ in range(_TRIES):
        version = reader.version()
        with closing(open_catalog(reader.cache, read_only=True)) as catalog:
            catalog.execute("BEGIN")
            report = verify_parts(reader.cache, catalog, deep=deep, on_progress=on_progress)
        if report.is_whole or reader.version() == version:
            break
    return report


def verify_parts(
    cache: Path,
    catalog: sqlite3.Connection,
    *,
    deep: bool,
    on_progress: Callable[[int, int], None] | None = None,
) -> VerifyReport:
    """Compare the files with one state of the catalog."""
    _check_catalog(cache, catalog)
    parts = live_parts(catalog, cache)
    report = VerifyReport(deep, len(parts), sum(part.bytes for part in parts))
    for done, part in enumerate(parts):
        if on_progress is not None:
            on_progress(done, len(parts))
        reason = _fault(part, deep=deep)
        if reason is not None:
            report.damages.append(Damage(part, reason))
    with TemporaryDirectory(prefix="flow-atlas-") as spill, Engine(cache, Path(spill)) as engine:
        damaged = {damage.part.part_id for damage in report.damages}
        whole = [part for part in parts if part.part_id not in damaged]
        if deep or any(damage.part.kind == "flows" for damage in report.damages):
            report.incomplete = incomplete_objects(engine, whole, expected_rows(catalog))
        if deep:
            flawed = {(d.part.kind, d.part.date, d.part.hour) for d in report.damages}
            report.damages += _differing_rollups(engine, whole, flawed)
            report.damages += [Damage(*wrong) for wrong in wrong_numbers(engine, whole)]
    report.damages.sort(key=lambda damage: damage.part.path)
    for object_id in list(report.incomplete)[:_KEYS_TOLD]:
        row = catalog.execute("SELECT key FROM objects WHERE object_id = ?", (object_id,))
        report.keys[object_id] = (row.fetchone() or (f"object {object_id}",))[0]
    report.contradictions = _contradictions(parts, catalog)
    named = {path for (path,) in catalog.execute("SELECT path FROM parts")}
    report.unnamed = [path for path in part_files(cache) if path not in named]
    return report


def incomplete_objects(
    engine: Engine, whole: Iterable[LivePart], expected: dict[int, int]
) -> dict[int, int]:
    """Return how many rows are missing of each object that is not complete in some parts."""
    paths = [part.path for part in whole if part.kind == "flows"]
    found: dict[int, int] = {}
    if paths:
        counts = engine.read("flows", paths).aggregate("object_id, count(*)", "object_id")
        found = dict(counts.fetchall())
    missing = {i: expected.get(i, 0) - found.get(i, 0) for i in {*expected, *found}}
    return {i: n for i, n in sorted(missing.items()) if n}


def objects_behind(report: VerifyReport, damage: Damage, catalog: sqlite3.Connection) -> list[str]:
    """List the keys of the objects that lost rows with a damaged flow part."""
    if damage.part.kind != "flows":
        return []
    lost = set(report.keys)
    if damage.part.batch_id != SEVERAL_BATCHES:
        lost &= {
            object_id
            for (object_id,) in catalog.execute(
                "SELECT object_id FROM objects WHERE batch_id = ?", (damage.part.batch_id,)
            )
        }
    return [report.keys[object_id] for object_id in sorted(lost)]


def _check_catalog(cache: Path, catalog: sqlite3.Connection) -> None:
    try:
        ((answer,), *_) = catalog.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        answer = str(error)
    if answer != "ok":
        msg = (
            f"{cache}: the catalog is damaged ({answer}). "
            "Move the cache folder away and load the logs again."
        )
        raise CacheUnusableError(msg)


def _contradictions(parts: Iterable[LivePart], catalog: sqlite3.Connection) -> list[str]:
    """Compare the rows that batches, parts and objects tell of."""
    in_batches = batch_sums(catalog).rows_stored
    told = {
        "parts": sum(part.rows for part in parts if part.kind == "flows"),
        "objects": sum(expected_rows(catalog).values()),
    }
    return [
        f"the batches tell of {in_batches:,} rows, the {what} of {rows:,}"
        for what, rows in told.items()
        if rows != in_batches
    ]


def _fault(part: LivePart, *, deep: bool) -> str | None:
    """Say what is wrong with one file; None where nothing is."""
    path = Path(part.path)
    try:
        size = path.stat().st_size
        if size != part.bytes:
            return f"{size:,} bytes instead of {part.bytes:,}"
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows != part.rows:
                return f"{file.metadata.num_rows:,} rows instead of {part.rows:,}"
            unknown = [
                name for name in file.schema_arrow.names if name not in STORED_TABLES[part.kind]
            ]
            if unknown:
                return f"the column {unknown[0]} is none of {part.kind}"
            if deep and part.checksum not in (None, checksum_of(path)):
                return "its bytes have changed since it was written"
            if deep:
                for _ in file.iter_batches(batch_size=65_536):
                    pass
    except FileNotFoundError:
        return "it is missing"
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        return f"it cannot be read: {str(error).splitlines()[0]}"
    return None


def _differing_rollups(
    engine: Engine, whole: Iterable[LivePart], flawed: set[tuple[str, str, str | None]]
) -> list[Damage]:
    """Compare the sums of each rollup's partitions with those of the flows behind them."""
    by_partition: dict[tuple[str, str, str | None], list[LivePart]] = defaultdict(list)
    for part in whole:
        by_partition[part.kind, part.date, part.hour].append(part)
        if part.kind == "flows" and part.hour is not None:
            by_partition["flows", part.date, None].append(part)
    damages = []
    for (kind, date, hour), parts in by_partition.items():
        # Beside a part that is damaged anyway, sums cannot agree.
        spoilt = (kind, date, hour) in flawed or any(
            k == "flows" and d == date and hour in (None, h) for k, d, h in flawed
        )
        if kind not in ROLLUPS or spoilt:
            continue
        try:
            if _differs(engine, kind, parts, by_partition["flows", date, hour]):
                damages += [Damage(part, "its sums differ from those of flows") for part in parts]
        except duckdb.Error as error:
            reason = f"it cannot be summed up: {str(error).splitlines()[0]}"
            damages += [Damage(part, reason) for part in parts]
    return damages


# What flows say of each rollup; a talker is either end of a record that names both.
_COUNTED = 'coalesce(sum("{}") FILTER (is_counted), 0)'
_FLOW_SUMS = {
    "edges": ("count(is_counted)", "count(*) FILTER (is_counted)", _COUNTED.format("bytes")),
    "ports": ("count(is_counted)", "count(*) FILTER (is_counted)", _COUNTED.format("packets")),
    "series": ("count(is_counted)", "count(*) FILTER (is_counted)", _COUNTED.format("bytes")),
    "talkers": (
        "2 * count(initiator_is_src) FILTER (is_counted IS NOT NULL)",
        "2 * count(initiator_is_src) FILTER (is_counted)",
        'coalesce(sum("bytes") FILTER (is_counted AND initiator_is_src IS NOT NULL), 0)',
    ),
    "coverage": ("count(*)",),
    "ends": (f"count(*) FILTER ({HAS_OWN_END})",),
}
_ROLLUP_SUMS = {
    "edges": ("sum(records)", "sum(flows)", 'sum("bytes")'),
    "ports": ("sum(records)", "sum(flows)", "sum(packets)"),
    "series": ("sum(records)", "sum(flows)", 'sum("bytes")'),
    "talkers": ("sum(records)", "sum(flows)", "sum(sent_bytes)"),
    "coverage": ("sum(records)",),
    "ends": ("sum(records)",),
}


def _differs(engine: Engine, kind: str, rollup: list[LivePart], flows: list[LivePart]) -> bool:
    sums = engine.row(engine.read(kind, [part.path for part in rollup]), *_ROLLUP_SUMS[kind])
    if not flows:
        return any(sums)
    rows = engine.full("flows", engine.read("flows", [part.path for part in flows]))
    return engine.row(rows, *_FLOW_SUMS[kind]) != sums
