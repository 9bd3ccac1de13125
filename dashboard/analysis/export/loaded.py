"""LoadedAnswers: the page's answers out of a graph.json instead of a cache."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import pandas as pd

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
from dashboard.analysis.export.graph_file import GraphFile
from dashboard.analysis.flow_query import FlowQuery
from dashboard.errors import DashboardError
from ingest.store.read import CacheFacts

_RANKED = tuple(name for name in VOLUME_COLUMNS if not name.startswith("return_"))


class NotInFileError(DashboardError):
    """A graph.json does not hold what is asked for."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name}: a graph.json holds no {what}. Go back to the live data.")


class LoadedAnswers:
    """Answers from one file: what it holds is all there is.

    Metric, threshold and top-K of a question apply. Its range, filter and level do not:
    they were applied when the file was written.

    Args:
        file: What was read.
    """

    def __init__(self, file: GraphFile) -> None:
        self.file = file

    def state(self) -> str:
        """A file stays as it was loaded."""
        return "file"

    def facts(self) -> CacheFacts:
        """Return what the file says of its cache; what it does not is 0."""
        first, last = self._times()
        flows, version = int(self.file.rows["flows"].sum()), self.file.meta.get("cache_version")
        return CacheFacts(
            version=version if isinstance(version, int) else 0,
            objects=0,
            objects_set_aside=0,
            rows_read=flows,
            rows_stored=flows,
            rows_rejected=0,
            nodata=0,
            skipdata=0,
            undated=0,
            logged_packets=0,
            logged_bytes=0,
            first=first,
            last=last,
            committed_at=None,
        )

    def totals(self, query: FlowQuery) -> Totals:
        """Sum up the file's edges, and what it says was cut."""
        del query
        first, last = self._times()
        return Totals(
            volume=_volume(self.file.rows) + self.file.other,
            logged_packets=0,
            logged_bytes=0,
            edges=len(self.file.rows) + self.file.other_edges,
            nodata=0,
            skipdata=0,
            first=first,
            last=last,
        )

    def edges(self, query: FlowQuery) -> Edges:
        """Return the file's edges, largest first."""
        rows = self.file.rows
        order = [query.metric, "src", "dst", "port", "protocol"]
        ordered = rows.sort_values(order, ascending=[False, True, True, True, True])
        kept = ordered[ordered[query.metric] >= query.threshold].head(query.top_k)
        total = self.totals(query)
        return Edges(
            rows=kept.reset_index(drop=True),
            total=total.volume,
            other=total.volume - _volume(kept),
            other_edges=total.edges - len(kept),
            addressless=Volume(),
        )

    def nodes(self, names: tuple[str, ...], query: FlowQuery) -> dict[str, NodeFacts]:
        """Return what the file says of these nodes."""
        del query
        unknown = NodeFacts("", False, None, None, "mixed", (), 0)
        return {name: self.file.nodes.get(name, replace(unknown, node=name)) for name in names}

    def talkers(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Rank nodes; a flow counts at each of its two ends."""
        rows = self.file.rows
        ends = [rows.assign(node=rows[end]) for end in ("src", "dst")]
        return _ranking(pd.concat(ends), ["node"], query, top)

    def sides(self, query: FlowQuery, side: Side, top: int = 10) -> Ranking:
        """Rank initiators, responders or pairs."""
        return _ranking(self.file.rows, ["src", "dst"] if side == "pair" else [side], query, top)

    def ports(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Rank service ports."""
        return _ranking(self.file.rows, ["port", "protocol"], query, top)

    def known_values(self, field: str, begun: str, query: FlowQuery) -> list[str]:
        """Return the nodes that hold a text."""
        del query
        word = begun.casefold()
        return [n for n in self.file.nodes if field == "node" and word in n.casefold()]

    def timeline(self, query: FlowQuery, max_bins: int = 240) -> Timeline:
        """Refuse: the file has no times but those of whole edges."""
        del query, max_bins
        self._refuse("traffic over time")

    def changes(self, query: FlowQuery, base: FlowQuery, kinds: tuple[str, ...] = ()) -> Changes:
        """Refuse: the file has one range."""
        del query, base, kinds
        self._refuse("other range to compare with")

    def breakdown(self, query: FlowQuery, dimensions: tuple[str, ...], top: int = 8) -> Breakdown:
        """Refuse: the file has edges alone."""
        del query, dimensions, top
        self._refuse("breakdown")

    def edge_bins(self, query: FlowQuery, max_bins: int = 48) -> EdgeBins:
        """Refuse: the file has no times but those of whole edges."""
        del query, max_bins
        self._refuse("edges over time")

    def records(self, query: FlowQuery, limit: int = 100, offset: int = 0) -> Records:
        """Refuse: the file has sums."""
        del query, limit, offset
        self._refuse("flow records")

    def quality(self, query: FlowQuery) -> Quality:
        """Refuse: the file does not say what the logs lack."""
        del query
        self._refuse("coverage of the logs")

    def coverage(self, query: FlowQuery) -> pd.DataFrame:
        """Refuse: the file does not say what the logs lack."""
        del query
        self._refuse("coverage of the logs")

    def initiators(self, query: FlowQuery) -> pd.DataFrame:
        """Refuse: the file has sums."""
        del query
        self._refuse("flow records")

    def _refuse(self, what: str) -> NoReturn:
        raise NotInFileError(self.file.name, what)

    def _times(self) -> tuple[int | None, int | None]:
        first, last = self.file.rows["first_seen"].min(), self.file.rows["last_seen"].max()
        return (None if pd.isna(first) else int(first)), (None if pd.isna(last) else int(last))


def _ranking(rows: pd.DataFrame, keys: list[str], query: FlowQuery, top: int) -> Ranking:
    sums = rows.groupby(keys, dropna=False, as_index=False)[list(_RANKED)].sum()
    ordered = sums.sort_values([query.metric, *keys], ascending=[False] + [True] * len(keys))
    kept = ordered.head(top).reset_index(drop=True)
    total = _volume(sums)
    return Ranking(rows=kept, other=total - _volume(kept), total=total)


def _volume(rows: pd.DataFrame) -> Volume:
    return Volume(**{name: int(rows[name].sum()) for name in VOLUME_COLUMNS if name in rows})
