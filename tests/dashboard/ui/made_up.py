"""A small made-up network that answers the page without a cache."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from dashboard.analysis.answers import (
    VOLUME_COLUMNS,
    Breakdown,
    EdgeBins,
    Edges,
    NodeFacts,
    Ranking,
    Side,
    Timeline,
    Totals,
    Volume,
)
from dashboard.analysis.flow_query import FlowQuery
from ingest.store.read import CacheFacts

START = 1_772_445_600  # 2026-03-02 10:00 UTC

# src, dst, port, protocol, flows, rejected, bytes
LINKS: list[tuple[str, str, int | None, int, int, int, int]] = [
    ("alb-a", "app-1", 8080, 6, 400, 0, 4_000_000),
    ("app-1", "postgres", 5432, 6, 200, 0, 9_000_000),
    ("192.0.2.77", "app-1", 22, 6, 120, 120, 6_000),
    ("198.51.100.9", "alb-a", 443, 6, 100, 25, 500_000),
    ("app-1", "203.0.113.5", None, 1, 12, 0, 1_000),
    ("app-1", "10.0.0.9", 53, 17, 4, 0, 400),
]


@dataclass
class MadeUpAnswers:
    """Answers from LINKS; records what it was asked."""

    links: list[tuple[str, str, int | None, int, int, int, int]] = field(
        default_factory=lambda: list(LINKS)
    )
    version: int = 3
    asked: list[FlowQuery] = field(default_factory=list)

    def state(self) -> str:
        """What the version is."""
        return str(self.version)

    def facts(self) -> CacheFacts:
        """What the links add up to."""
        return CacheFacts(
            version=self.version,
            objects=4,
            objects_set_aside=0,
            rows_read=846,
            rows_stored=841,
            rows_rejected=5,
            nodata=3,
            skipdata=2,
            undated=0,
            logged_packets=9_000,
            logged_bytes=14_000_000,
            first=START,
            last=START + 3_570,
            committed_at=START + 3_600,
        )

    def _rows(self, query: FlowQuery) -> pd.DataFrame:
        self.asked.append(query)
        rows = []
        for src, dst, port, protocol, logged, denied, n_logged in self.links:
            flows = {"all": logged, "accept": logged - denied, "reject": denied}[query.action]
            rejected = 0 if query.action == "accept" else denied
            accepted, n_bytes = flows - rejected, n_logged * flows // logged
            if not flows:
                continue
            rows.append(
                {
                    "src": src,
                    "dst": dst,
                    "port": port,
                    "protocol": protocol,
                    "records": flows,
                    "flows": flows,
                    "accepted": accepted,
                    "rejected": rejected,
                    "packets": n_bytes // 100,
                    "bytes": n_bytes,
                    "return_packets": n_bytes // 400,
                    "return_bytes": n_bytes // 4,
                    "first_seen": START,
                    "last_seen": START + 3_500,
                }
            )
        columns = ["src", "dst", "port", "protocol", *VOLUME_COLUMNS, "first_seen", "last_seen"]
        table = pd.DataFrame(rows, columns=columns)
        for name in columns[2:]:
            table[name] = table[name].astype("Int64")
        return table.sort_values(query.metric, ascending=False, kind="stable", ignore_index=True)

    def totals(self, query: FlowQuery) -> Totals:
        """Sum up the links that fit."""
        rows = self._rows(query)
        last = START + 3_500 if len(rows) else None
        return Totals(
            volume=_sum(rows),
            logged_packets=9_000,
            logged_bytes=14_000_000,
            edges=len(rows),
            nodata=3,
            skipdata=2,
            first=START if len(rows) else None,
            last=last,
        )

    def edges(self, query: FlowQuery) -> Edges:
        """Cut as the question says."""
        rows = self._rows(query)
        kept = rows[rows[query.metric] >= query.threshold].head(query.top_k)
        kept = kept.reset_index(drop=True)
        total = _sum(rows)
        return Edges(kept, total, total - _sum(kept), len(rows) - len(kept), Volume())

    def talkers(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Count each link at both ends."""
        rows = self._rows(query)
        both = [rows.assign(node=rows["src"]), rows.assign(node=rows["dst"])]
        return _ranked(pd.concat(both), ["node"], query, top)

    def ports(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Group the links by service."""
        return _ranked(self._rows(query), ["port", "protocol"], query, top)

    def sides(self, query: FlowQuery, side: Side, top: int = 10) -> Ranking:
        """Group the links by one end or by both."""
        keys = ["src", "dst"] if side == "pair" else [side]
        return _ranked(self._rows(query), keys, query, top)

    def breakdown(self, query: FlowQuery, dimensions: tuple[str, ...], top: int = 8) -> Breakdown:
        """Keep the largest values of each dimension; the action is that of the whole link."""
        rows = self._rows(query)
        rows["action"] = ["REJECT" if n else "ACCEPT" for n in rows["rejected"]]
        for name in dimensions:
            sizes = rows.groupby(name, dropna=False)[query.metric].sum()
            kept = sizes.sort_values(ascending=False).index[:top]
            rows[f"{name}_other"] = ~rows[name].isin(kept)
            rows[name] = rows[name].mask(rows[f"{name}_other"])
        keys = [column for name in dimensions for column in (name, f"{name}_other")]
        sums = [name for name in VOLUME_COLUMNS if not name.startswith("return_")]
        found = rows.groupby(keys, dropna=False, as_index=False)[sums].sum()
        found = found.sort_values([query.metric, *keys], ascending=False, ignore_index=True)
        return Breakdown(found, dimensions)

    def edge_bins(self, query: FlowQuery, max_bins: int = 48) -> EdgeBins:  # noqa: ARG002
        """Put a quarter of each shown edge into the first bin and the rest into the last."""
        edges = self.edges(query).rows[["src", "dst", "port", "protocol", query.metric]]
        first, last = edges.assign(bin_start=START), edges.assign(bin_start=START + 2_700)
        first[query.metric] //= 4
        last[query.metric] -= first[query.metric]
        return EdgeBins(pd.concat([first, last]), 900, START, START + 3_600)

    def timeline(self, query: FlowQuery, max_bins: int = 240) -> Timeline:  # noqa: ARG002
        """Put everything into the first minute."""
        rows = self._rows(query)
        bins = [
            {
                "bin_start": START,
                "action": action,
                "flows": int(rows[part].sum()),
                "records": int(rows[part].sum()),
                "packets": 10,
                "bytes": 1_000,
            }
            for part, action in (("accepted", "ACCEPT"), ("rejected", "REJECT"))
            if rows[part].sum()
        ]
        columns = ["bin_start", "action", "flows", "records", "packets", "bytes"]
        return Timeline(pd.DataFrame(bins, columns=columns), 60, START, START + 3_600, Volume())

    def coverage(self, query: FlowQuery) -> pd.DataFrame:  # noqa: ARG002
        """Say that two intervals of the only hour lost records."""
        row = {"hour_start": START, "ok": 836, "nodata": 3, "skipdata": 2}
        return pd.DataFrame([row]).astype("Int64")

    def initiators(self, query: FlowQuery) -> pd.DataFrame:
        """Say that flags told of every record."""
        records = int(self._rows(query)["records"].sum())
        return pd.DataFrame({"rule": ["tcp-flags"], "records": [records]})

    def nodes(self, names: tuple[str, ...], query: FlowQuery) -> dict[str, NodeFacts]:  # noqa: ARG002
        """Take whatever begins with a digit for an address."""
        facts = {}
        for name in names:
            is_named = not name[0].isdigit()
            scope = "internal" if is_named or name.startswith("10.") else "internet"
            addresses = ("10.0.0.7",) if is_named else (name,)
            facts[name] = NodeFacts(name, is_named, None, None, scope, addresses, 1)
        return facts


def _sum(rows: pd.DataFrame) -> Volume:
    return Volume(**{name: int(rows[name].sum()) for name in VOLUME_COLUMNS})


def _ranked(rows: pd.DataFrame, keys: list[str], query: FlowQuery, top: int) -> Ranking:
    sums = [name for name in VOLUME_COLUMNS if not name.startswith("return_")]
    ranked = rows.groupby(keys, dropna=False, as_index=False)[sums].sum()
    ranked = ranked.sort_values([query.metric, *keys], ascending=[False] + [True] * len(keys))
    shown = ranked.head(top).reset_index(drop=True)
    share = shown["rejected"] / shown["flows"]
    shown["rejected_metric"] = (shown[query.metric] * share).astype(int)
    shown["accepted_metric"] = shown[query.metric] - shown["rejected_metric"]
    total = Volume(**{name: int(ranked[name].sum()) for name in sums})
    kept = Volume(**{name: int(shown[name].sum()) for name in sums})
    return Ranking(shown, total - kept, total)
