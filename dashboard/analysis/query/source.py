"""FlowSource: answers questions from a cache."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa

from dashboard.analysis.answers import (
    VOLUME_COLUMNS,
    Edges,
    NodeFacts,
    Ranking,
    Timeline,
    Totals,
    Volume,
)
from dashboard.analysis.engines.duckdb import DuckDbEngine, Inputs, PartMissingError
from dashboard.analysis.flow_query import DEFAULT_THRESHOLD, DEFAULT_TOP_K, FlowQuery
from dashboard.analysis.query import conversations, coverage, ports, rankings, talkers, timeline
from dashboard.analysis.query.memo import Memo
from dashboard.analysis.query.naming import NameBook, NamedNodes
from dashboard.analysis.query.prepared import Prepared, View, prepare
from dashboard.analysis.query.span import Span
from dashboard.errors import DashboardError, EmptyCacheError
from ingest.errors import CacheError
from ingest.store.read import CacheFacts, CacheMissingError, CacheReader, CacheSnapshot

_KEPT_ANSWERS = 512
_NAMED_VIEWS = (conversations.top_conversations, talkers.top_talkers)

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
class _Edition:
    """A state of cache and names; answers of one edition agree with each other."""

    snapshot: CacheSnapshot
    stamp: Hashable

    @property
    def key(self) -> tuple[Hashable, ...]:
        return self.snapshot.facts.version, self.stamp


class FlowSource:
    """Answers from one cache folder; safe to use from many threads.

    The cache may be filled, or appear, while this lives: each call looks for a newer commit.

    Args:
        cache: The cache folder.
        names: Where node names and scopes come from.
        limits: What one query may take.

    Every method raises EmptyCacheError while the folder is missing or holds no rows, and
    another DashboardError for expected trouble: a limit reached, a damaged cache.
    """

    def __init__(self, cache: Path, names: NameBook, limits: Limits | None = None) -> None:
        self._cache, self._names, self._limits = cache, names, limits or Limits()
        self._lock = threading.Lock()
        self._reader: CacheReader | None = None
        self._engine: DuckDbEngine | None = None
        self._snapshot: CacheSnapshot | None = None
        self._memo = Memo(_KEPT_ANSWERS)

    def facts(self) -> CacheFacts:
        """Return what the whole cache holds now."""
        return self._edition().snapshot.facts

    def totals(self, query: FlowQuery) -> Totals:
        """Sum up everything that fits, before threshold and top-K."""
        query = query.replace(threshold=DEFAULT_THRESHOLD, top_k=DEFAULT_TOP_K)
        return self._ask(("totals", query), lambda edition: self._totals(edition, query))

    def edges(self, query: FlowQuery) -> Edges:
        """Return the top edges above the threshold."""
        return self._edges(self._edition(), query)[0]

    def talkers(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Rank nodes by what they sent plus received; threshold and top-K do not apply."""

        def answer(edition: _Edition) -> Ranking:
            names = self._names_for(edition, query)
            view = talkers.top_talkers
            return _ranking(self._fetch(edition, "talkers", view, query, names=names, top=top))

        return self._ask(("talkers", _unranked(query), query.level, top), answer)

    def ports(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Rank service ports; threshold and top-K do not apply."""

        def answer(edition: _Edition) -> Ranking:
            return _ranking(self._fetch(edition, "ports", ports.top_ports, query, top=top))

        return self._ask(("ports", _unranked(query), top), answer)

    def timeline(self, query: FlowQuery, max_bins: int = 240) -> Timeline:
        """Return traffic over time; an open side begins or ends with the cache's traffic."""
        key = ("timeline", query.start, query.end, query.action, max_bins)
        return self._ask(key, lambda edition: self._timeline(edition, query, max_bins))

    def nodes(self, names: tuple[str, ...], query: FlowQuery) -> dict[str, NodeFacts]:
        """Return what is known of these node ids; `query` tells names from addresses."""
        named = self._ask(("named",), self._named)
        return named.facts_of(names, by_name=query.level == "name")

    # Editions: which state of the cache is asked.

    def _edition(self, *, renew: bool = False) -> _Edition:
        try:
            with self._lock:
                if self._reader is None:
                    reader = CacheReader(self._cache)
                    self._engine = DuckDbEngine(
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
        return _Edition(kept, self._names.stamp())

    def _ask(self, key: tuple[Hashable, ...], compute: Callable[[_Edition], Answer]) -> Answer:
        return self._answer(self._edition(), key, compute)

    def _answer(
        self, edition: _Edition, key: tuple[Hashable, ...], compute: Callable[[_Edition], Answer]
    ) -> Answer:
        def answer() -> Answer:
            try:
                return compute(edition)
            except PartMissingError:
                # Compaction may remove a replaced file between catalog and read.
                return compute(self._edition(renew=True))

        result: Answer = self._memo.get((*edition.key, *key), answer)
        return result

    # The answers.

    def _edges(self, edition: _Edition, query: FlowQuery) -> tuple[Edges, pd.DataFrame]:
        """Answer the edges, and beside them the sums that the totals are made of."""

        def answer(edition: _Edition) -> tuple[Edges, pd.DataFrame]:
            names = self._names_for(edition, query)
            view = conversations.top_conversations
            rows = _frame(self._fetch(edition, "edges", view, query, names=names))
            kept, sums = rows[rows["part"] == conversations.EDGE], rows[rows["part"] > 0]
            addressless = _volume(sums[sums["part"] == conversations.ADDRESSLESS])
            addressed = sums[sums["part"] == conversations.ADDRESSED]
            total = _volume(addressed) + addressless
            edges = Edges(
                rows=kept.drop(columns=["part", "edges"]).reset_index(drop=True),
                total=total,
                other=total - _volume(kept),
                other_edges=int(addressed["edges"].sum()) - len(kept),
                addressless=addressless,
            )
            self._memo.put((*edition.key, "edge sums", *_fitting(query)), sums)
            return edges, sums

        return self._answer(edition, ("edges", query), answer)

    def _totals(self, edition: _Edition, query: FlowQuery) -> Totals:
        sums = self._memo.peek((*edition.key, "edge sums", *_fitting(query)))
        if sums is None:
            sums = self._edges(edition, query)[1]
        logged = self._fetch(edition, "series", timeline.logged_sums, query).to_pylist()[0]
        gaps = self._fetch(edition, "coverage", coverage.coverage_sums, query).to_pylist()[0]
        return Totals(
            volume=_volume(sums),
            logged_packets=logged["logged_packets"],
            logged_bytes=logged["logged_bytes"],
            edges=int(sums.loc[sums["part"] == conversations.ADDRESSED, "edges"].sum()),
            nodata=gaps["nodata"],
            skipdata=gaps["skipdata"],
            first=_optional(sums["first_seen"].min()),
            last=_optional(sums["last_seen"].max()),
        )

    def _timeline(self, edition: _Edition, query: FlowQuery, max_bins: int) -> Timeline:
        first, end = self._drawn_range(edition, query)
        bin_s, start, end = timeline.bins_for(first, end, max_bins)
        rows = _frame(self._fetch(edition, "series", timeline.binned, query, bin_s=bin_s))
        return Timeline(
            rows=rows[rows["bin_start"].notna()].reset_index(drop=True),
            bin_s=bin_s,
            start=start,
            end=end,
            undated=self._undated(edition, query),
        )

    def _drawn_range(self, edition: _Edition, query: FlowQuery) -> tuple[int, int]:
        def answer(edition: _Edition) -> dict[str, int | None]:
            rows = self._fetch(edition, "series", timeline.series_limits, FlowQuery())
            limits: dict[str, int | None] = rows.to_pylist()[0]
            return limits

        limits = self._answer(edition, ("series limits",), answer)
        first = query.start if query.start is not None else limits["first"]
        last = query.end - 1 if query.end is not None else limits["last"]
        first = first if first is not None else (last or 0)
        last = last if last is not None and last >= first else first
        return first, last + 1

    def _undated(self, edition: _Edition, query: FlowQuery) -> Volume:
        if query.start is not None or query.end is not None:
            return Volume()
        paths = [p.path for p in edition.snapshot.parts if p.kind == "edges" and p.first is None]
        if not paths:
            return Volume()
        view = conversations.top_conversations
        prepared = prepare(view, Span.of(query), query, named=False)
        rows = _frame(self._run(prepared, Inputs({"edges": paths})))
        return _volume(rows[rows["part"] > 0])

    # Names and rows.

    def _names_for(self, edition: _Edition, query: FlowQuery) -> NamedNodes | None:
        if query.level != "name":
            return None
        named = self._answer(edition, ("named",), self._named)
        return named if named.table.num_rows else None

    def _named(self, edition: _Edition) -> NamedNodes:
        rows = self._fetch(edition, "talkers", talkers.distinct_addresses, FlowQuery())
        return NamedNodes.of(self._names, rows.column("address").combine_chunks())

    def _fetch(
        self,
        edition: _Edition,
        kind: str,
        view: View,
        query: FlowQuery,
        names: NamedNodes | None = None,
        **options: int,
    ) -> pa.Table:
        """Run a view over one table of the cache, and raw records where minutes are ragged."""
        snapshot, span = edition.snapshot, Span.of(query)
        if view in _NAMED_VIEWS:
            options["named"] = names is not None
        prepared = prepare(view, span, query, **options)
        if kind == "series":
            files = {kind: snapshot.files(kind, query.start, query.end)}
        else:
            files = {kind: span.rollup_files(snapshot, kind)} if span.hours is not None else {}
            if span.ragged:
                files["flows"] = span.raw_files(snapshot)
        return self._run(prepared, Inputs(files, names.tables if names else {}))

    def _run(self, prepared: Prepared, inputs: Inputs) -> pa.Table:
        if self._engine is None:
            msg = "an edition opens the engine before anything is run"
            raise RuntimeError(msg)
        return self._engine.fetch(prepared.sql, inputs, prepared.values)


def _fitting(query: FlowQuery) -> tuple[Hashable, ...]:
    """The part of a question that decides what fits, and what an edge is."""
    return query.start, query.end, query.action, query.level


def _unranked(query: FlowQuery) -> tuple[Hashable, ...]:
    """The part of a question that top lists depend on."""
    return query.start, query.end, query.action, query.metric


def _ranking(table: pa.Table) -> Ranking:
    rows = _frame(table)
    kept = rows[rows["part"] == rankings.RANKED].drop(columns=["part"]).reset_index(drop=True)
    total = _volume(rows[rows["part"] == rankings.TOTAL])
    return Ranking(rows=kept, other=total - _volume(kept), total=total)


def _volume(rows: pd.DataFrame) -> Volume:
    return Volume(**{name: int(rows[name].sum()) for name in VOLUME_COLUMNS if name in rows})


def _optional(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _frame(table: pa.Table) -> pd.DataFrame:
    """Turn a small Arrow table into pandas with types that know null."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=_pandas_type)
    return frame


def _pandas_type(arrow_type: pa.DataType) -> pd.api.extensions.ExtensionDtype | None:
    if pa.types.is_integer(arrow_type):
        return pd.Int64Dtype()
    return pd.StringDtype() if pa.types.is_string(arrow_type) else None
