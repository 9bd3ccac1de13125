"""graph.json: the graph as a file for other programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

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

Version = Literal[1, 2]
VERSIONS: tuple[Version, ...] = (1, 2)

_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Answered:
    facts: CacheFacts
    edges: Edges
    totals: Totals
    nodes: dict[str, NodeFacts]


def graph_json(
    answers: FlowAnswers,
    query: FlowQuery,
    version: Version = 2,
    pseudonyms: Pseudonyms | None = None,
) -> bytes:
    """Write the graph of a question; equal cache, question and key give equal bytes.

    Args:
        answers: What is asked.
        query: The question.
        version: 1 has `nodes` and `edges` with `src`, `dst`, `count` and nothing else, one
            edge for each pair of nodes. 2 has one edge for each `src`, `dst`, `port` and
            `protocol`, with volumes and times, and `node_details` and `meta` beside them.
        pseudonyms: Sharing mode: every address is replaced; names are not.

    Returns:
        JSON in UTF-8 with a line end. `count` is flow records counted once. Nodes are in
        text order; edges by the question's metric, largest first, ties by their keys.
    """
    answered = _answered(answers, query)
    shown = _shown_ids(answered.nodes, pseudonyms)
    edges = graph_edges(answered.edges)
    content: dict[str, Any] = {"nodes": sorted({shown[node] for node in answered.nodes})}
    if version == 1:
        content["edges"] = _pairs(edges, shown)
    else:
        metric = query.metric
        ordered = sorted(edges, key=lambda edge: _order(edge, metric, shown))
        content["edges"] = [_edge(edge, shown) for edge in ordered]
        content["node_details"] = _node_details(answered.nodes, shown, pseudonyms)
        content["meta"] = _meta(answered, query, pseudonyms)
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)


def _answered(answers: FlowAnswers, query: FlowQuery) -> _Answered:
    """Ask until all answers are of one cache version; a running ingest may commit between."""
    for _ in range(_TRIES):
        facts = answers.facts()
        edges, totals = answers.edges(query), answers.totals(query)
        nodes = answers.nodes(node_ids(edges), query)
        if answers.facts().version == facts.version:
            break
    return _Answered(facts, edges, totals, nodes)


def _shown_ids(nodes: dict[str, NodeFacts], pseudonyms: Pseudonyms | None) -> dict[str, str]:
    unnamed = [node for node, facts in nodes.items() if not facts.is_named]
    replaced = pseudonyms.of_nodes(unnamed) if pseudonyms else {}
    return {node: replaced.get(node, node) for node in nodes}


def _pairs(edges: Iterable[GraphEdge], shown: dict[str, str]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], int] = {}
    for edge in edges:
        pair = shown[edge.src], shown[edge.dst]
        counts[pair] = counts.get(pair, 0) + edge.volume.flows
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"src": src, "dst": dst, "count": count} for (src, dst), count in ordered]


def _order(edge: GraphEdge, metric: str, shown: dict[str, str]) -> tuple[Any, ...]:
    number = getattr(edge.volume, metric)
    return (-number, shown[edge.src], shown[edge.dst], *_last(edge.port), *_last(edge.protocol))


def _last(number: int | None) -> tuple[bool, int]:
    return number is None, number or 0


def _edge(edge: GraphEdge, shown: dict[str, str]) -> dict[str, Any]:
    volume = edge.volume
    return {
        "src": shown[edge.src],
        "dst": shown[edge.dst],
        "count": volume.flows,
        "port": edge.port,
        "protocol": edge.protocol,
        "accepted": volume.accepted,
        "rejected": volume.rejected,
        "bytes": volume.bytes,
        "packets": volume.packets,
        "return_bytes": volume.return_bytes,
        "return_packets": volume.return_packets,
        "first_seen": _iso(edge.first_seen),
        "last_seen": _iso(edge.last_seen),
    }


def _node_details(
    nodes: dict[str, NodeFacts], shown: dict[str, str], pseudonyms: Pseudonyms | None
) -> dict[str, dict[str, Any]]:
    listed = [address for facts in nodes.values() for address in facts.addresses]
    replaced = pseudonyms.of(listed) if pseudonyms else {}
    details: dict[str, dict[str, Any]] = {}
    for node in sorted(nodes, key=lambda node: shown[node]):
        facts = nodes[node]
        # What is known of an address would tell whose pseudonym it is.
        hidden = pseudonyms is not None and not facts.is_named
        details[shown[node]] = {
            "is_named": facts.is_named,
            "kind": None if hidden else facts.kind,
            "owner": None if hidden else facts.owner,
            "scope": facts.scope,
            "addresses": [replaced.get(address, address) for address in facts.addresses],
            "n_addresses": facts.n_addresses,
        }
    return details


def _meta(answered: _Answered, query: FlowQuery, pseudonyms: Pseudonyms | None) -> dict[str, Any]:
    facts, totals = answered.facts, answered.totals
    return {
        "version": 2,
        "query": query_record(query),
        "totals": {
            **volume_record(totals.volume),
            "logged_packets": totals.logged_packets,
            "logged_bytes": totals.logged_bytes,
            "edges": totals.edges,
            "nodata": totals.nodata,
            "skipdata": totals.skipdata,
            "first_seen": _iso(totals.first),
            "last_seen": _iso(totals.last),
        },
        "other": {
            **volume_record(answered.edges.other),
            "edges": answered.edges.other_edges,
            "addressless": volume_record(answered.edges.addressless),
        },
        "cache_version": facts.version,
        # The commit's time, not the clock's: the same question gives the same file.
        "made_at": _iso(facts.committed_at),
        "share_key_id": pseudonyms.key_id if pseudonyms else None,
    }


def query_record(query: FlowQuery) -> dict[str, Any]:
    """Return a question under its URL names, with ISO times; None: open."""
    record = asdict(query)
    record["top"] = record.pop("top_k")
    record["expand"] = list(query.expand)
    return record | {"start": _iso(query.start), "end": _iso(query.end)}


def volume_record(volume: Volume) -> dict[str, int]:
    """Return the sums by name."""
    return {name: getattr(volume, name) for name in VOLUME_COLUMNS}


def _iso(epoch_s: int | None) -> str | None:
    if epoch_s is None:
        return None
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
