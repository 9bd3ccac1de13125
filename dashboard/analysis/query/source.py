"""FlowSource: answers questions from a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from typing import Any, cast

import pandas as pd
import pyarrow as pa

from dashboard.analysis.answers import (
    VOLUME_COLUMNS,
    Breakdown,
    Changes,
    EdgeBins,
    Edges,
    NodeFacts,
    Quality,
    Ranking,
    Records,
    Side,
    Timeline,
    Totals,
    Volume,
)
from dashboard.analysis.flow_query import DEFAULT_THRESHOLD, DEFAULT_TOP_K, FlowQuery
from dashboard.analysis.query import (
    breakdown,
    claims,
    comparison,
    conversations,
    coverage,
    gaps,
    initiators,
    ports,
    rankings,
    records,
    talkers,
    timeline,
)
from dashboard.analysis.query.editions import Edition, Editions, Limits, UnusableCacheError
from dashboard.analysis.query.filtering import needs_of
from dashboard.analysis.query.prepared import is_in_series
from dashboard.errors import BadQueryError
from ingest.store.read import CacheFacts

__all__ = ["FlowSource", "Limits", "UnusableCacheError"]

_LONGEST_RAW_S = 6 * 3_600  # Under a filter, ranges up to this are drawn to the minute.
_MOST_VALUES = 30
_LARGEST_KEPT_PAGE = 1_000  # An export passes larger ones once; kept, they would fill the memory.
_ALL = FlowQuery()


class FlowSource(Editions):
    """Answers from one cache folder; safe to use from many threads.

    Every method raises EmptyCacheError while the folder is missing or holds no rows, and
    another DashboardError for expected trouble: a limit reached, a damaged cache.
    """

    def facts(self) -> CacheFacts:
        """Return what the whole cache holds now."""
        return self.edition().snapshot.facts

    def state(self) -> str:
        """Name the state of records and names: in equal states equal questions agree."""
        version, names = self.edition().key
        return f"{version}-{hashlib.blake2b(repr(names).encode(), digest_size=6).hexdigest()}"

    def totals(self, query: FlowQuery) -> Totals:
        """Sum up everything that fits, before threshold and top-K."""
        query = query.replace(threshold=DEFAULT_THRESHOLD, top_k=DEFAULT_TOP_K)
        return self.ask(("totals", query), lambda edition: self._totals(edition, query))

    def edges(self, query: FlowQuery) -> Edges:
        """Return the top edges above the threshold."""
        return self._edges(self.edition(), query)[0]

    def talkers(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Rank nodes by what they sent plus received; threshold and top-K do not apply."""

        def answer(edition: Edition) -> Ranking:
            return _ranking(self.fetch(edition, talkers.top_talkers, query, top=top))

        return self.ask(("talkers", _ranked_by(query), top), answer)

    def sides(self, query: FlowQuery, side: Side, top: int = 10) -> Ranking:
        """Rank initiators, responders or pairs; threshold and top-K do not apply."""

        def answer(edition: Edition) -> Ranking:
            view = talkers.top_sides
            return _ranking(self.fetch(edition, view, query, top=top, side=side))

        return self.ask(("sides", _ranked_by(query), side, top), answer)

    def ports(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Rank service ports; threshold and top-K do not apply."""

        def answer(edition: Edition) -> Ranking:
            return _ranking(self.fetch(edition, ports.top_ports, query, top=top))

        return self.ask(("ports", _ranked_by(query), top), answer)

    def timeline(self, query: FlowQuery, max_bins: int = 240) -> Timeline:
        """Return traffic over time; an open side begins or ends with the cache's traffic.

        Under a filter that asks for more than protocol and action, ranges longer than six
        hours are drawn in bins of whole hours, by the hour that a record began in.
        """
        key = ("timeline", _ranked_by(query), max_bins)
        return self.ask(key, lambda edition: self._timeline(edition, query, max_bins))

    def changes(self, query: FlowQuery, base: FlowQuery, kinds: tuple[str, ...] = ()) -> Changes:
        """Compare a question's range with that of `base`; all else is the question's."""

        def answer(edition: Edition) -> Changes:
            now, before = self._drawn_range(edition, query), self._drawn_range(edition, base)
            scale = (now[1] - now[0]) / max(1, before[1] - before[0])
            wanted = ",".join(kinds)
            millionths = round(scale * 1_000_000)
            rows = _frame(
                self.fetch(
                    edition, comparison.changes, query, base=base,
                    scale=millionths, kinds=wanted,
                )
            )  # fmt: skip
            part = rows.pop("part")
            summed = ["change", query.metric, f"{query.metric}_before", "difference", "edges"]
            return Changes(
                rows=rows[part == comparison.CHANGE].drop(columns="edges").reset_index(drop=True),
                sums=rows[part == comparison.SUM][summed].reset_index(drop=True),
                scale=scale,
            )

        return self.ask(("changes", query, base.start, base.end, kinds), answer)

    def breakdown(self, query: FlowQuery, dimensions: tuple[str, ...], top: int = 8) -> Breakdown:
        """Sum up what fits by dimensions of `query.breakdown.DIMENSIONS`."""
        unknown = [name for name in dimensions if name not in breakdown.DIMENSIONS]
        if unknown or not dimensions or len(set(dimensions)) < len(dimensions):
            expected = "different ones of " + ", ".join(breakdown.DIMENSIONS)
            raise BadQueryError(field="dimensions", value=",".join(dimensions), expected=expected)

        def answer(edition: Edition) -> Breakdown:
            view, names = breakdown.breakdown, ",".join(dimensions)
            table = self.fetch(edition, view, query, dimensions=names, top=top)
            return Breakdown(_frame(table), dimensions)

        return self.ask(("breakdown", _ranked_by(query), dimensions, top), answer)

    def edge_bins(self, query: FlowQuery, max_bins: int = 48) -> EdgeBins:
        """Return the edges of a question over time, in bins of whole hours or of minutes."""

        def answer(edition: Edition) -> EdgeBins:
            raw = self._is_short(edition, query)
            first, end = self._drawn_range(edition, query)
            bin_s, start, end = timeline.bins_for(
                first, end, max_bins, least_s=60 if raw else 3_600
            )
            view = conversations.edge_bins
            table = self.fetch(edition, view, query, raw=raw, bin_s=bin_s)
            rows = _frame(table).merge(
                self.edges(query).rows[list(conversations.KEY)], on=list(conversations.KEY)
            )
            return EdgeBins(rows, bin_s, start, end)

        return self.ask(("edge bins", query, max_bins), answer)

    def records(self, query: FlowQuery, limit: int = 100, offset: int = 0) -> Records:
        """Return raw records that fit, second reports included; a page of them."""

        def answer(edition: Edition) -> Records:
            view = records.first_records
            found = self.fetch(edition, view, query, raw=True, limit=limit + offset)
            rows = _frame(found.slice(offset))
            keys = self.reader().object_keys(rows["object_id"].dropna().unique().tolist())
            place = rows.columns.get_loc("object_id")
            rows.insert(int(cast(int, place)), "object", rows.pop("object_id").map(keys))
            return Records(rows, self._totals(edition, query).volume.records, offset)

        if limit > _LARGEST_KEPT_PAGE:
            return answer(self.edition())
        return self.ask(("records", query, limit, offset), answer)

    def quality(self, query: FlowQuery) -> Quality:
        """Return coverage by interface in the range, and what reading the objects found."""

        def answer(edition: Edition) -> Quality:
            view = coverage.coverage_by_interface
            rows = self.fetch(edition, view, query.replace(filter="", action="all"))
            reading = self.reader().reading()
            return Quality(
                interfaces=_frame(rows),
                rejects=pd.DataFrame(reading.rejects, columns=["reason", "rows", "objects"]),
                set_aside=pd.DataFrame(reading.set_aside, columns=["status", "objects"]),
                formats=pd.DataFrame(reading.formats, columns=["fields", "objects", "rows"]),
            )

        return self.ask(("quality", query.start, query.end), answer)

    def coverage(self, query: FlowQuery) -> pd.DataFrame:
        """Return what the logs hold and lack, hour by hour; only the range applies."""
        plain = FlowQuery(start=query.start, end=query.end)

        def answer(edition: Edition) -> pd.DataFrame:
            return _frame(self.fetch(edition, gaps.coverage_by_hour, plain))

        return self.ask(("coverage", query.start, query.end), answer)

    def initiators(self, query: FlowQuery) -> pd.DataFrame:
        """Return how many records each rule decided; threshold and top-K do not apply."""

        def answer(edition: Edition) -> pd.DataFrame:
            return _frame(self.fetch(edition, initiators.records_by_rule, query, raw=True))

        return self.ask(("initiators", _ranked_by(query)), answer)

    def nodes(self, names: tuple[str, ...], query: FlowQuery) -> dict[str, NodeFacts]:
        """Return what is known of these node ids, at the question's level."""
        return self.view(self.edition(), query).facts_of(names)

    def known_values(self, field: str, begun: str, query: FlowQuery) -> list[str]:
        """Return values of a filter's field that hold a text, those that begin so first."""
        edition = self.edition()
        word = begun.casefold()
        if field == "node":
            values = sorted({str(node) for node in self.view(edition, query).nodes})
        else:
            places = self.places(edition)
            values = sorted({v for c in claims.COLUMNS.get(field, ()) for v in places.values(c)})
        if field == "ip":
            values += self.places(edition).values("address")
        fitting = [value for value in values if word in value.casefold()]
        fitting.sort(key=lambda value: not value.casefold().startswith(word))
        return fitting[:_MOST_VALUES]

    def _edges(self, edition: Edition, query: FlowQuery) -> tuple[Edges, pd.DataFrame]:
        """Answer the edges, and beside them the sums that the totals are made of."""

        def answer(edition: Edition) -> tuple[Edges, pd.DataFrame]:
            view = conversations.top_conversations
            rows = _frame(self.fetch(edition, view, query))
            kept, sums = rows[rows["part"] == conversations.EDGE], rows[rows["part"] > 0]
            addressless = _volume(sums[sums["part"] == conversations.ADDRESSLESS])
            addressed = sums[sums["part"] == conversations.ADDRESSED]
            total = _volume(addressed) + addressless
            edges = Edges(
                rows=kept.drop(columns=["part", "edges", "named_bytes"]).reset_index(drop=True),
                total=total,
                other=total - _volume(kept),
                other_edges=int(addressed["edges"].sum()) - len(kept),
                addressless=addressless,
            )
            self._memo.put((*edition.key, "edge sums", *_fitting(query)), sums)
            return edges, sums

        return self.answered(edition, ("edges", query), answer)

    def _totals(self, edition: Edition, query: FlowQuery) -> Totals:
        sums = self._memo.peek((*edition.key, "edge sums", *_fitting(query)))
        if sums is None:
            sums = self._edges(edition, query)[1]
        plain = query.replace(filter="")
        logged = self.fetch(edition, timeline.logged_sums, plain).to_pylist()[0]
        gaps = self.fetch(edition, coverage.coverage_sums, plain).to_pylist()[0]
        return Totals(
            volume=_volume(sums),
            logged_packets=logged["logged_packets"],
            logged_bytes=logged["logged_bytes"],
            edges=int(sums.loc[sums["part"] == conversations.ADDRESSED, "edges"].sum()),
            nodata=gaps["nodata"],
            skipdata=gaps["skipdata"],
            first=_optional(sums["first_seen"].min()),
            last=_optional(sums["last_seen"].max()),
            named_bytes=int(sums["named_bytes"].sum()),
        )

    def _timeline(self, edition: Edition, query: FlowQuery, max_bins: int) -> Timeline:
        raw = not is_in_series(query.expression) and self._is_short(edition, query)
        by_hour = not raw and not is_in_series(query.expression)
        first, end = self._drawn_range(edition, query)
        bin_s, start, end = timeline.bins_for(
            first, end, max_bins, least_s=3_600 if by_hour else 60
        )
        table = self.fetch(edition, timeline.binned, query, raw=raw, bin_s=bin_s)
        rows = _frame(table)
        return Timeline(
            rows=rows[rows["bin_start"].notna()].reset_index(drop=True),
            bin_s=bin_s,
            start=start,
            end=end,
            undated=_volume(rows[rows["bin_start"].isna()]),
        )

    def _is_short(self, edition: Edition, query: FlowQuery) -> bool:
        """Tell whether raw records may answer: few hours, or a filter that asks for them."""
        if needs_of(query.expression).records:
            return True
        first, end = self._drawn_range(edition, query)
        return end - first <= _LONGEST_RAW_S

    def _drawn_range(self, edition: Edition, query: FlowQuery) -> tuple[int, int]:
        def answer(edition: Edition) -> dict[str, int | None]:
            rows = self.fetch(edition, timeline.series_limits, _ALL)
            limits: dict[str, int | None] = rows.to_pylist()[0]
            return limits

        limits = self.answered(edition, ("series limits",), answer)
        first = query.start if query.start is not None else limits["first"]
        last = query.end - 1 if query.end is not None else limits["last"]
        first = first if first is not None else (last or 0)
        last = last if last is not None and last >= first else first
        return first, last + 1


def _fitting(query: FlowQuery) -> tuple[Hashable, ...]:
    """The part of a question that decides what fits, and what an edge is."""
    return (
        query.start, query.end, query.action, query.filter,
        query.level, query.splits_internet, query.expand,
    )  # fmt: skip


def _ranked_by(query: FlowQuery) -> FlowQuery:
    """The part of a question that top lists depend on."""
    return query.replace(threshold=DEFAULT_THRESHOLD, top_k=DEFAULT_TOP_K)


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
