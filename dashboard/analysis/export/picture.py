"""Picture: what an export of the graph holds, under the names that may leave."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from dashboard.analysis.answers import (
    VOLUME_COLUMNS,
    Edges,
    FlowAnswers,
    NodeFacts,
    Totals,
    Volume,
)
from dashboard.analysis.export.pseudonyms import Pseudonyms
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.graph.model import GraphEdge, graph_edges, node_ids
from ingest.store.read import CacheFacts

_TRIES = 3
# Rather a version number too many than an address too few.
_ADDRESS = re.compile(
    r"((?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4})"
    r"|(?<!\d)\d{1,3}(?:\.\d{1,3}){3})(?!\d)"
    r"(?:/(\d{1,3}))?"
)


@dataclass(frozen=True, slots=True)
class Picture:
    """The answer to a question, as every export of the graph tells it.

    Attributes:
        query: The question; in sharing mode without addresses.
        nodes: What is known of each node, in the text order of the ids shown.
        edges: Under the ids shown; by the question's metric, largest first, ties by key.
        other: `totals` less the edges: cut by threshold or top-K, or without addresses.
        other_edges: How many edges were cut.
        addressless: Of `other`, records that name no two ends.
        totals: Everything that fits.
        facts: State of the cache.
        share_key_id: Tells the key of sharing mode from others; None: it is off.
        originals: Node behind each id shown: for places, never for a file.
    """

    query: FlowQuery
    nodes: Mapping[str, NodeFacts]
    edges: tuple[GraphEdge, ...]
    other: Volume
    other_edges: int
    addressless: Volume
    totals: Totals
    facts: CacheFacts
    share_key_id: str | None = None
    originals: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def n_hidden(self) -> int:
        """How many nodes are shown under a pseudonym."""
        return sum(shown != node for shown, node in self.originals.items())


def picture_of(
    answers: FlowAnswers, query: FlowQuery, pseudonyms: Pseudonyms | None = None
) -> Picture:
    """Ask for a graph; equal cache, question and key give equal pictures.

    Args:
        answers: The real answers.
        query: The question, with real addresses.
        pseudonyms: Sharing mode: every address is replaced; names are not.
    """
    facts, edges, totals, nodes = _asked(answers, query)
    shown = _shown_ids(nodes, pseudonyms)
    listed = [address for known in nodes.values() for address in known.addresses]
    replaced = pseudonyms.of(listed) if pseudonyms else {}
    drawn = (replace(edge, src=shown[edge.src], dst=shown[edge.dst]) for edge in graph_edges(edges))
    return Picture(
        query=hidden_question(query, pseudonyms) if pseudonyms else query,
        nodes={
            shown[node]: _shown_facts(nodes[node], shown[node], replaced, pseudonyms)
            for node in sorted(nodes, key=lambda node: shown[node])
        },
        edges=tuple(sorted(drawn, key=lambda edge: _order(edge, query.metric))),
        other=edges.other,
        other_edges=edges.other_edges,
        addressless=edges.addressless,
        totals=totals,
        facts=facts,
        share_key_id=pseudonyms.key_id if pseudonyms else None,
        originals={shown[node]: node for node in nodes},
    )


def hidden_question(query: FlowQuery, pseudonyms: Pseudonyms) -> FlowQuery:
    """Return a question with pseudonyms for the addresses in its texts, quoted ones too."""
    return query.replace(
        filter=hidden_text(query.filter, pseudonyms),
        expand=tuple(hidden_text(node, pseudonyms) for node in query.expand),
    )


def hidden_text(text: str, pseudonyms: Pseudonyms) -> str:
    """Return a text with every address and network in it replaced."""

    def replaced(match: re.Match[str]) -> str:
        try:
            hidden = pseudonyms.of([match[1]])[match[1]]
        except ValueError:
            return match[0]
        if match[2] is None:
            return hidden
        try:
            return str(ipaddress.ip_network(f"{hidden}/{match[2]}", strict=False))
        except ValueError:
            return f"{hidden}/{match[2]}"

    return _ADDRESS.sub(replaced, text)


def query_record(query: FlowQuery) -> dict[str, Any]:
    """Return a question under its URL names, with ISO times; None: open."""
    record = asdict(query)
    record["top"] = record.pop("top_k")
    record["expand"] = list(query.expand)
    return record | {"start": iso_time(query.start), "end": iso_time(query.end)}


def volume_record(volume: Volume) -> dict[str, int]:
    """Return the sums by name."""
    return {name: getattr(volume, name) for name in VOLUME_COLUMNS}


def iso_time(epoch_s: int | None) -> str | None:
    """Write a time to the second; None stays None."""
    if epoch_s is None:
        return None
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _asked(
    answers: FlowAnswers, query: FlowQuery
) -> tuple[CacheFacts, Edges, Totals, dict[str, NodeFacts]]:
    """Ask until all answers are of one cache version; a running ingest may commit between."""
    for _ in range(_TRIES):
        facts = answers.facts()
        edges, totals = answers.edges(query), answers.totals(query)
        nodes = answers.nodes(node_ids(edges), query)
        if answers.facts().version == facts.version:
            break
    return facts, edges, totals, nodes


def _shown_ids(nodes: Mapping[str, NodeFacts], pseudonyms: Pseudonyms | None) -> dict[str, str]:
    unnamed: Iterable[str] = (node for node, facts in nodes.items() if not facts.is_named)
    replaced = pseudonyms.of_nodes(unnamed) if pseudonyms else {}
    return {node: replaced.get(node, node) for node in nodes}


def _shown_facts(
    facts: NodeFacts, shown: str, replaced: Mapping[str, str], pseudonyms: Pseudonyms | None
) -> NodeFacts:
    if pseudonyms is None:
        return facts
    addresses = tuple(replaced[address] for address in facts.addresses)
    if facts.is_named:
        return replace(facts, addresses=addresses, details=())
    # What is known of an address would tell whose pseudonym it is.
    return replace(facts, node=shown, kind=None, owner=None, addresses=addresses, details=())


def _order(edge: GraphEdge, metric: str) -> tuple[Any, ...]:
    number = getattr(edge.volume, metric)
    return (-number, edge.src, edge.dst, *_last(edge.port), *_last(edge.protocol))


def _last(number: int | None) -> tuple[bool, int]:
    return number is None, number or 0
