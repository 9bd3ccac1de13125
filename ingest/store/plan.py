"""A plan: parts to add and parts to replace, made ready beside the cache, applied at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import duckdb

from ingest.errors import CacheError
from ingest.schema import TABLES
from ingest.store import rows
from ingest.store.commit import NewPart
from ingest.store.engine import Engine
from ingest.store.layout import HOURLY_TABLES, UNDATED, partition_range
from ingest.store.merge import from_flows, summed
from ingest.store.rows import SEVERAL_BATCHES, LivePart, Sums

if TYPE_CHECKING:
    from ingest.store.numbering import Numbering
    from ingest.store.write import CacheWriter

ROLLUPS = tuple(kind for kind in TABLES if kind != "flows")
Partition = tuple[str, str | None]


class Plan:
    """What one maintenance transaction will do; a context manager that ends its engine.

    Attributes:
        live: Parts that readers use now, by number.
        added: Finished parts with their batch numbers.
        replaced: Numbers of live parts that go.
        forgotten: Numbers of objects that go.
        numbering: Numbers the places in parts that it makes; None: they have no numbers.
    """

    def __init__(self, writer: CacheWriter) -> None:
        self.writer = writer
        self.engine = Engine(writer.cache, writer.tmp)
        self.live = {p.part_id: p for p in rows.live_parts(writer.catalog, writer.cache)}
        self.added: list[tuple[int, NewPart]] = []
        self.replaced: set[int] = set()
        self.forgotten: set[int] = set()
        self.changes: list[Callable[[sqlite3.Connection], None]] = []
        self.numbering: Numbering | None = None
        self._facts: tuple[Sums, int | None, int | None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.engine.__exit__(kind, error, traceback)
        if isinstance(error, duckdb.Error):
            raise unreadable(self.writer, error) from error

    def replace(self, parts: Iterable[LivePart], new: NewPart | None, batch_id: int) -> None:
        """Put one new part, or nothing, in the place of live ones."""
        self.replaced.update(part.part_id for part in parts)
        if new is not None:
            self.added.append((batch_id, new))

    def discard(self, part: NewPart) -> None:
        """Let go of a finished part that is not wanted."""
        Path(part.tmp).unlink()

    def live_in(
        self, kind: str, date: str | None = None, hour: str | None = None
    ) -> list[LivePart]:
        """List the live parts that stay, of a table, a date or an hour, in path order."""
        return [
            part
            for part in self.live.values()
            if part.kind == kind
            and date in (None, part.date)
            and hour in (None, part.hour)
            and part.part_id not in self.replaced
        ]

    def paths_after(self, kind: str, date: str | None = None, hour: str | None = None) -> list[str]:
        """List the files that make up a table, a date or an hour once the plan is applied."""
        new = [
            part.tmp
            for _, part in self.added
            if part.kind == kind and date in (None, part.date) and hour in (None, part.hour)
        ]
        return [part.path for part in self.live_in(kind, date, hour)] + new

    def write(
        self, kind: str, date: str, hour: str | None, rows: duckdb.DuckDBPyRelation
    ) -> NewPart | None:
        """Write rows as `Engine.write` does, numbered where the plan numbers."""
        if self.numbering is not None:
            rows = self.numbering.numbered(kind, rows)
        return self.engine.write(kind, date, hour, rows)

    def rebuild(self, kind: str, partitions: Iterable[Partition]) -> None:
        """Make the rollup of whole partitions again from the flows that stay.

        Args:
            kind: The rollup.
            partitions: Date and hour; the hour is None for the tables that have none.
        """
        for date, hour in sorted(set(partitions), key=str):
            paths = self.paths_after("flows", date, hour)
            old = self.live_in(kind, date, hour)
            place = kind, date, hour
            self.added = [(b, p) for b, p in self.added if (p.kind, p.date, p.hour) != place]
            new = None
            if paths:
                flows = self.engine.full("flows", self.engine.read("flows", paths))
                new = self.write(kind, date, hour, from_flows(kind, flows))
            self.replace(old, new, SEVERAL_BATCHES)

    def rebuild_hours(self, kind: str, date: str, hours: Iterable[str]) -> None:
        """Make some hours of a rollup again, where its partition is the whole day."""
        hours = set(hours)
        if "hour_start" not in TABLES[kind] or date == UNDATED:
            self.rebuild(kind, [(date, None)])
            return
        old = self.live_in(kind, date)
        spans = [span for hour in hours if (span := partition_range(date, hour)) is not None]
        starts = ", ".join(str(begin) for begin, _ in spans)
        paths = [path for hour in hours for path in self.paths_after("flows", date, hour)]
        flows = self.engine.full("flows", self.engine.read("flows", paths))
        rows = self.engine.typed(kind, from_flows(kind, flows))
        if old:
            others = self.engine.read(kind, [part.path for part in old])
            rows = rows.union(
                self.engine.typed(kind, others.filter(f"hour_start NOT IN ({starts})"))
            )
        try:
            new = self.write(kind, date, None, summed(kind, rows))
        except duckdb.ConversionException:  # From flows, a sum that is too large is cut.
            self.rebuild(kind, [(date, None)])
        else:
            self.replace(old, new, SEVERAL_BATCHES)

    def rebuild_all(self, hours: Iterable[Partition]) -> None:
        """Make every rollup of some hours, and of their days, again from the flows that stay."""
        hours = set(hours)
        for kind in ROLLUPS:
            hourly = kind in HOURLY_TABLES
            self.rebuild(kind, hours if hourly else {(date, None) for date, _ in hours})

    def measure(self, newly_rejected: int = 0) -> None:
        """Find the facts that the cache will hold, for `write_facts`.

        They come from the rollups, which hold every record: `coverage` counts all rows,
        `series` sums up the traffic as logged, `edges` knows the limits of its time.

        Args:
            newly_rejected: Rows that objects will count as rejected by a change of this plan.
        """
        catalog = self.writer.catalog
        n_rows, skipdata = self._row(
            "coverage", "sum(records)", "sum(records) FILTER (log_status = 'SKIPDATA')"
        )
        traffic, undated, packets, n_bytes = self._row(
            "series",
            "sum(records)",
            "sum(records) FILTER (minute_start IS NULL)",
            "sum(logged_packets)",
            "sum(logged_bytes)",
        )
        first, last = self._row("edges", "min(first_seen)", "max(last_seen)")
        n_objects, rejected = 0, newly_rejected
        for object_id, n in catalog.execute("SELECT object_id, rows_rejected FROM objects"):
            if object_id not in self.forgotten:
                n_objects += 1
                rejected += n
        stored, lost = n_rows or 0, skipdata or 0
        sums = Sums(
            n_objects, stored + rejected, stored, rejected, stored - (traffic or 0) - lost, lost,
            undated or 0, packets or 0, n_bytes or 0,
        )  # fmt: skip
        self._facts = (sums, first, last)

    def write_facts(self, catalog: sqlite3.Connection) -> None:
        """Make the batches sum up to what was measured; part of the transaction."""
        for change in self.changes:
            change(catalog)
        if self._facts is not None:
            rows.correct_batches(catalog, *self._facts)

    def _row(self, kind: str, *sums: str) -> tuple[int | None, ...]:
        paths = self.paths_after(kind)
        if not paths:
            return (None,) * len(sums)
        return self.engine.row(self.engine.read(kind, paths), *sums)


def unreadable(writer: CacheWriter, error: Exception) -> CacheError:
    """Say what is to be done about a part that cannot be used."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return CacheError(
            f"{writer.cache}: the disk has no room for what memory cannot hold "
            f"({str(error).splitlines()[0]}). Make space, then run the command again."
        )
    return CacheError(
        f"{writer.cache}: a part cannot be used ({str(error).splitlines()[0]}). "
        f"Find the damaged files with: python -m ingest verify --cache {writer.cache}"
    )
