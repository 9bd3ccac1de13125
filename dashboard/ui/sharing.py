"""PseudonymAnswers: the same answers without addresses."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from dashboard.analysis.answers import (
    Breakdown,
    Changes,
    EdgeBins,
    Edges,
    FlowAnswers,
    NodeFacts,
    Quality,
    Ranking,
    Records,
    Side,
    Timeline,
    Totals,
)
from dashboard.analysis.export.pseudonyms import Pseudonyms
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.graph.model import node_ids
from ingest.store.read import CacheFacts

_RECORD_ADDRESSES = ("srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr")


class PseudonymAnswers:
    """Answers in which names stay and every other address is a pseudonym.

    Views do not know whether they show these or the real ones.

    Args:
        answers: Who knows the addresses.
        pseudonyms: Under the key of sharing mode.
    """

    def __init__(self, answers: FlowAnswers, pseudonyms: Pseudonyms) -> None:
        self.answers, self._pseudonyms = answers, pseudonyms

    def facts(self) -> CacheFacts:
        """Return the cache's facts, which hold no address."""
        return self.answers.facts()

    def state(self) -> str:
        """Return the state's name, which holds no address."""
        return self.answers.state()

    def totals(self, query: FlowQuery) -> Totals:
        """Return the totals, which hold no address."""
        return self.answers.totals(query)

    def timeline(self, query: FlowQuery, max_bins: int = 240) -> Timeline:
        """Return the timeline, which holds no address."""
        return self.answers.timeline(query, max_bins)

    def ports(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Return the ports, which hold no address."""
        return self.answers.ports(query, top)

    def edges(self, query: FlowQuery) -> Edges:
        """Return the edges between names and pseudonyms, in the same order."""
        edges = self.answers.edges(query)
        return replace(edges, rows=self._hidden(edges.rows, ("src", "dst"), query))

    def talkers(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Return the talkers as names and pseudonyms, in the same order."""
        ranking = self.answers.talkers(query, top)
        return replace(ranking, rows=self._hidden(ranking.rows, ("node",), query))

    def sides(self, query: FlowQuery, side: Side, top: int = 10) -> Ranking:
        """Return initiators, responders or pairs as names and pseudonyms."""
        ranking = self.answers.sides(query, side, top)
        columns = ("src", "dst") if side == "pair" else (side,)
        return replace(ranking, rows=self._hidden(ranking.rows, columns, query))

    def changes(self, query: FlowQuery, base: FlowQuery, kinds: tuple[str, ...] = ()) -> Changes:
        """Return the changes between names and pseudonyms."""
        changes = self.answers.changes(query, base, kinds)
        return replace(changes, rows=self._hidden(changes.rows, ("src", "dst"), query))

    def breakdown(self, query: FlowQuery, dimensions: tuple[str, ...], top: int = 8) -> Breakdown:
        """Return the breakdown by names and pseudonyms."""
        found = self.answers.breakdown(query, dimensions, top)
        columns = tuple(name for name in ("src", "dst") if name in dimensions)
        return replace(found, rows=self._hidden(found.rows, columns, query))

    def edge_bins(self, query: FlowQuery, max_bins: int = 48) -> EdgeBins:
        """Return edges over time, between names and pseudonyms."""
        found = self.answers.edge_bins(query, max_bins)
        return replace(found, rows=self._hidden(found.rows, ("src", "dst"), query))

    def records(self, query: FlowQuery, limit: int = 100, offset: int = 0) -> Records:
        """Return raw records with pseudonyms for all addresses, and without their objects."""
        found = self.answers.records(query, limit, offset)
        rows = self._hidden(found.rows, ("src", "dst"), query)
        columns = [name for name in _RECORD_ADDRESSES if name in rows]
        addresses = {str(a) for name in columns for a in rows[name].dropna()}
        replaced = self._pseudonyms.of_nodes(sorted(addresses))
        rows = rows.assign(**{name: rows[name].map(replaced) for name in columns}, object=None)
        return replace(found, rows=rows)

    def quality(self, query: FlowQuery) -> Quality:
        """Return what the logs lack, which holds no address."""
        return self.answers.quality(query)

    def coverage(self, query: FlowQuery) -> pd.DataFrame:
        """Return coverage by hour, which holds no address."""
        return self.answers.coverage(query)

    def initiators(self, query: FlowQuery) -> pd.DataFrame:
        """Return records by rule, which hold no address."""
        return self.answers.initiators(query)

    def known_values(self, field: str, begun: str, query: FlowQuery) -> list[str]:
        """Return values for completion; of addresses none."""
        values = self.answers.known_values(field, begun, query)
        hidden = self._pseudonyms.of_nodes(values)
        return [value for value in values if value not in hidden]

    def nodes(self, names: tuple[str, ...], query: FlowQuery) -> dict[str, NodeFacts]:
        """Return what is known of names and pseudonyms of the question's edges."""
        real = self.real_names(names, query)
        facts = self.answers.nodes(tuple(real.values()), query)
        return {shown: self._hidden_facts(shown, facts[name]) for shown, name in real.items()}

    def real_names(self, names: tuple[str, ...], query: FlowQuery) -> dict[str, str]:
        """Map names and pseudonyms back to the nodes of the question's edges.

        Returns:
            Shown → real, without those that the edges do not have.
        """
        wanted = set(names)
        shown = self._shown(node_ids(self.answers.edges(query)), query)
        return {shown[name]: name for name in shown if shown[name] in wanted}

    def _hidden(
        self, rows: pd.DataFrame, columns: tuple[str, ...], query: FlowQuery
    ) -> pd.DataFrame:
        names = {str(name) for column in columns for name in rows[column].dropna()}
        shown = self._shown(tuple(sorted(names)), query)
        return rows.assign(**{column: rows[column].map(shown) for column in columns})

    def _hidden_facts(self, shown: str, facts: NodeFacts) -> NodeFacts:
        replaced = self._pseudonyms.of(facts.addresses)
        addresses = tuple(replaced[address] for address in facts.addresses)
        if facts.is_named:
            return replace(facts, addresses=addresses)
        # What is known of an address would tell whose pseudonym it is.
        return replace(facts, node=shown, kind=None, owner=None, addresses=addresses, details=())

    def _shown(self, names: tuple[str, ...], query: FlowQuery) -> dict[str, str]:
        facts = self.answers.nodes(names, query)
        hidden = self._pseudonyms.of_nodes(name for name in names if not facts[name].is_named)
        return {name: hidden.get(name, name) for name in names}
