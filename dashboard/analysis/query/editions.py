"""Which state of a cache is asked, and how a view is run over it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from dashboard.analysis.engines.choice import EngineChoice
from dashboard.analysis.engines.protocol import Engine, Inputs, PartMissingError
from dashboard.analysis.engines.stopping import asking
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query import conversations, coverage, gaps, talkers, timeline
from dashboard.analysis.query.filtering import needs_of
from dashboard.analysis.query.fitting import Sources
from dashboard.analysis.query.memo import Memo
from dashboard.analysis.query.naming import NameBook, NodeView, Places
from dashboard.analysis.query.nodes import Joined
from dashboard.analysis.query.numbers import met_places, numbered_places
from dashboard.analysis.query.prepared import BY_RANGE, Prepared, View, names, prepare
from dashboard.analysis.query.span import Span
from dashboard.errors import DashboardError, EmptyCacheError
from ingest.errors import CacheError
from ingest.schema import BASE, NUMBER_COLUMNS, NUMBERED, SPAN_TABLES
from ingest.store.layout import HOUR_S
from ingest.store.read import CacheMissingError, CacheReader, CacheSnapshot, Part

_KEPT_ANSWERS = 512
_UNJOINED, _CODED = Joined(), Joined(codes=True)
_ALL = FlowQuery()
_WITHOUT_NODES = (
    timeline.logged_sums, timeline.series_limits, coverage.coverage_sums,
    coverage.coverage_by_interface, gaps.coverage_by_hour, numbered_places,
)  # fmt: skip

_BY_HOUR = (conversations.edge_bins, timeline.binned)  # These ask when something was.

Answer = TypeVar("Answer")


class UnusableCacheError(DashboardError):
    """The cache exists and cannot be read; carries the sentence of the store."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may take.

    Attributes:
        memory: In DuckDB's words, such as `1GB`; for all queries of a process together.
        threads: Processor threads.
        time_s: Seconds until a query is stopped.
    """

    memory: str = "1GB"
    threads: int = 2
    time_s: float = 8


@dataclass(frozen=True, slots=True)
class Edition:
    """A state of cache and names; answers of one edition agree with each other."""

    snapshot: CacheSnapshot
    stamp: Hashable

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What answers are kept under."""
        return self.snapshot.facts.version, self.stamp


class _Files:
    """The files that answer some ranges.

    Args:
        snapshot: The state of the cache.
        spans: The ranges.
        joined: Parts with numbers are read by them where nodes are codes.
        changes: Times at which what is known of addresses changes; None: whole days and
            weeks do not answer.
    """

    def __init__(
        self,
        snapshot: CacheSnapshot,
        spans: Sequence[Span],
        joined: Joined,
        changes: Sequence[int] | None,
    ) -> None:
        self._snapshot, self._spans, self._codes = snapshot, spans, joined.codes
        self._summed: dict[str, list[list[Part]]] = {
            kind: [
                span.summed_parts(snapshot, kind, changes)
                if joined.codes and changes is not None
                else []
                for span in spans
            ]
            for kind in SPAN_TABLES
        }

    def sources(self) -> Sources:
        """Tell what is there beside numbered hours."""
        return Sources(
            texts=not self._codes or any(map(self.of, NUMBER_COLUMNS)),
            spans=any(parts for found in self._summed.values() for parts in found),
        )

    def of(self, kind: str) -> list[str]:
        """List the files of a table of `ingest.schema.READ_TABLES`, in path order."""
        found: set[str] = set()
        name = kind.removeprefix(BASE)
        table = NUMBERED.get(name, name)
        is_numbered = name in NUMBERED if self._codes and table in NUMBER_COLUMNS else None
        for position, span in enumerate(self._spans):
            # Files of hours are told apart by the times of their rows; those of a day that
            # one range takes whole, and the other by the hour, are not.
            if (is_numbered or name in SPAN_TABLES) and (kind != name) != bool(position):
                continue
            if kind == "flows":
                found.update(span.raw_files(self._snapshot))
            elif name in SPAN_TABLES:
                found.update(part.path for part in self._summed[name][position])
            else:
                summed = [
                    part
                    for longer, base in SPAN_TABLES.items()
                    if base == table
                    for part in self._summed[longer][position]
                ]
                found.update(
                    span.rollup_files(self._snapshot, table, is_numbered=is_numbered, but=summed)
                )
        return sorted(found)


class Editions:
    """States of one cache folder and of the names; safe to use from many threads.

    The cache may be filled, or appear, while this lives: each call looks for a newer commit.

    Args:
        cache: The cache folder.
        names: What is known of addresses beside the logs.
        limits: What one query may take.
        engine: What runs queries; default: DuckDB in this process.
    """

    def __init__(
        self,
        cache: Path,
        names: NameBook,
        limits: Limits | None = None,
        engine: EngineChoice | None = None,
    ) -> None:
        self._cache, self._names, self._limits = cache, names, limits or Limits()
        self._choice = engine or EngineChoice()
        self._lock = threading.Lock()
        self._reader: CacheReader | None = None
        self._engine: Engine | None = None
        self._snapshot: CacheSnapshot | None = None
        self._memo = Memo(_KEPT_ANSWERS)

    def edition(self, *, renew: bool = False) -> Edition:
        """Return the state of the cache now; `renew`: read the catalog again in any case.

        Raises:
            EmptyCacheError: The folder is missing or holds no rows.
            UnusableCacheError: The catalog cannot be read.
        """
        try:
            with self._lock:
                if self._reader is None:
                    reader = CacheReader(self._cache)
                    self._engine = self._choice.open(
                        reader.cache,
                        memory_limit=self._limits.memory,
                        threads=self._limits.threads,
                        time_limit_s=self._limits.time_s,
                    )
                    self._reader = reader
                kept = self._snapshot
                if renew or kept is None or kept.facts.version != self._reader.version():
                    kept = self._snapshot = self._reader.snapshot()
        except CacheMissingError as error:
            raise EmptyCacheError(str(self._cache), exists=self._cache.is_dir()) from error
        except CacheError as error:
            raise UnusableCacheError(str(error)) from error
        if kept.facts.rows_stored == 0:
            raise EmptyCacheError(str(self._cache), exists=True)
        return Edition(kept, self._names.stamp())

    def warm_names(self) -> None:
        """Work out what is known of the addresses, at the default level."""
        edition = self.edition()
        codes = self._takes_codes(edition, _ALL, raw=False)
        self._facts(edition, _ALL, codes=codes)

    def ask(self, key: tuple[Hashable, ...], compute: Callable[[Edition], Answer]) -> Answer:
        """Return the answer that is kept for the state now, or work it out."""
        return self.answered(self.edition(), key, compute)

    def answered(
        self, edition: Edition, key: tuple[Hashable, ...], compute: Callable[[Edition], Answer]
    ) -> Answer:
        """Return the answer that is kept for a state, or work it out."""

        def answer() -> Answer:
            try:
                return compute(edition)
            except PartMissingError:
                # Compaction may remove a replaced file between catalog and read.
                return compute(self.edition(renew=True))

        result: Answer = self._memo.get((*edition.key, *key), answer)
        return result

    def places(self, edition: Edition) -> Places:
        """Return what is known of all addresses of the cache."""

        def answer(edition: Edition) -> Places:
            if self._is_numbered(edition):
                numbers = self._fetch_with(edition, numbered_places, _ALL, _UNJOINED)
                places = self._fetch_with(edition, met_places, _ALL, _CODED)
            else:
                numbers = None
                places = self._fetch_with(edition, talkers.distinct_places, _ALL, _UNJOINED)
            own = self._fetch_with(edition, talkers.own_ends, _ALL, _UNJOINED)
            return Places.of(self._names, places, own, numbers)

        return self.answered(edition, ("places",), answer)

    def view(self, edition: Edition, query: FlowQuery) -> NodeView:
        """Return the nodes at a question's level."""
        key = ("nodes", query.level, query.splits_internet, query.expand)
        return self.answered(edition, key, lambda edition: self.places(edition).view(query))

    def _facts(
        self, edition: Edition, query: FlowQuery, *, codes: bool
    ) -> tuple[Joined, dict[str, pa.Table]]:
        key = ("facts", query.level, query.splits_internet, query.expand, codes)
        needs = needs_of(query.expression)
        claimed = needs.claims, needs.crossings
        return self.answered(
            edition,
            (*key, claimed),
            lambda edition: self.view(edition, query).joined(query, codes=codes),
        )

    def _is_numbered(self, edition: Edition) -> bool:
        return self._choice.dialect == "duckdb" and any(
            part.is_numbered for part in edition.snapshot.parts
        )

    def _takes_codes(self, edition: Edition, query: FlowQuery, *, raw: bool) -> bool:
        """Tell whether nodes are numbers while a question is worked out.

        Sums over conversations are by the texts of their ends.
        """
        needs = needs_of(query.expression)
        return not (raw or needs.records or needs.measures) and self._is_numbered(edition)

    def fetch(
        self,
        edition: Edition,
        view: View,
        query: FlowQuery,
        *,
        raw: bool = False,
        base: FlowQuery | None = None,
        **options: Any,
    ) -> pa.Table:
        """Run a view with what is known of addresses joined, where it has nodes."""
        if view in _WITHOUT_NODES:
            return self._fetch_with(edition, view, query, _UNJOINED, **options)
        codes = self._takes_codes(edition, query, raw=raw)
        joined, tables = self._facts(edition, query, codes=codes)
        nodes = self.view(edition, query)
        found = self._fetch_with(
            edition, view, query, joined, tables, raw=raw, base=base,
            changes=nodes.places.changes if joined.by_time else (), **options,
        )  # fmt: skip
        return nodes.codes.decoded(found) if codes else found

    def _fetch_with(
        self,
        edition: Edition,
        view: View,
        query: FlowQuery,
        joined: Joined,
        tables: dict[str, pa.Table] | None = None,
        *,
        raw: bool = False,
        base: FlowQuery | None = None,
        changes: Sequence[int] = (),
        **options: Any,
    ) -> pa.Table:
        raw = raw or needs_of(query.expression).records
        spans = [Span.of(asked, raw=raw) for asked in (query, base) if asked is not None]
        files = _Files(edition.snapshot, spans, joined, changes if view not in _BY_HOUR else None)
        prepared = prepare(
            view,
            spans[0],
            query,
            joined,
            base=spans[1] if base else None,
            dialect=self._choice.dialect,
            sources=files.sources(),
            **options,
        )
        # Rows stand at the beginning of their hour, which the range may cut.
        start = None if query.start is None else query.start - query.start % HOUR_S
        found = {
            kind: edition.snapshot.files(kind, start, query.end)
            if view in BY_RANGE
            else files.of(kind)
            for kind in prepared.tables
        }
        named = {name: table for name, table in (tables or {}).items() if names(prepared.sql, name)}
        return self._run(prepared, Inputs(found, named))

    def reader(self) -> CacheReader:
        """Return who reads the catalog."""
        if self._reader is None:
            msg = "an edition opens the reader before anything is asked"
            raise RuntimeError(msg)
        return self._reader

    def _run(self, prepared: Prepared, inputs: Inputs) -> pa.Table:
        if self._engine is None:
            msg = "an edition opens the engine before anything is run"
            raise RuntimeError(msg)
        return self._engine.fetch(prepared.sql, inputs, prepared.values, cancel=asking.get())
