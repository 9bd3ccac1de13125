"""graph.json: the graph as a file for other programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import orjson

from dashboard.analysis.answers import FlowAnswers
from dashboard.analysis.export.picture import (
    Picture,
    iso_time,
    picture_of,
    query_record,
    volume_record,
)
from dashboard.analysis.export.pseudonyms import Pseudonyms
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.graph.model import GraphEdge

__all__ = ["VERSIONS", "Version", "graph_json", "query_record", "volume_record", "write_json"]

Version = Literal[1, 2]
VERSIONS: tuple[Version, ...] = (1, 2)


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
        version: As `write_json` takes it.
        pseudonyms: Sharing mode: every address is replaced; names are not.
    """
    return write_json(picture_of(answers, query, pseudonyms), version)


def write_json(picture: Picture, version: Version = 2) -> bytes:
    """Write a picture.

    Args:
        picture: What is written.
        version: 1 has `nodes` and `edges` with `src`, `dst`, `count` and nothing else, one
            edge for each pair of nodes. 2 has one edge for each `src`, `dst`, `port` and
            `protocol`, with volumes and times, and `node_details` and `meta` beside them.

    Returns:
        JSON in UTF-8 with a line end. `count` is flow records counted once. Nodes are in
        text order; edges by the question's metric, largest first, ties by their keys.
    """
    content: dict[str, Any] = {"nodes": list(picture.nodes)}
    if version == 1:
        content["edges"] = _pairs(picture.edges)
    else:
        content["edges"] = [_edge(edge) for edge in picture.edges]
        content["node_details"] = _node_details(picture)
        content["meta"] = _meta(picture)
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)


def _pairs(edges: Iterable[GraphEdge]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], int] = {}
    for edge in edges:
        pair = edge.src, edge.dst
        counts[pair] = counts.get(pair, 0) + edge.volume.flows
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"src": src, "dst": dst, "count": count} for (src, dst), count in ordered]


def _edge(edge: GraphEdge) -> dict[str, Any]:
    volume = edge.volume
    return {
        "src": edge.src,
        "dst": edge.dst,
        "count": volume.flows,
        "port": edge.port,
        "protocol": edge.protocol,
        "accepted": volume.accepted,
        "rejected": volume.rejected,
        "bytes": volume.bytes,
        "packets": volume.packets,
        "return_bytes": volume.return_bytes,
        "return_packets": volume.return_packets,
        "first_seen": iso_time(edge.first_seen),
        "last_seen": iso_time(edge.last_seen),
    }


def _node_details(picture: Picture) -> dict[str, dict[str, Any]]:
    return {
        node: {
            "is_named": facts.is_named,
            "kind": facts.kind,
            "owner": facts.owner,
            "scope": facts.scope,
            "addresses": list(facts.addresses),
            "n_addresses": facts.n_addresses,
        }
        for node, facts in picture.nodes.items()
    }


def _meta(picture: Picture) -> dict[str, Any]:
    facts, totals = picture.facts, picture.totals
    return {
        "version": 2,
        "query": query_record(picture.query),
        "totals": {
            **volume_record(totals.volume),
            "logged_packets": totals.logged_packets,
            "logged_bytes": totals.logged_bytes,
            "edges": totals.edges,
            "nodata": totals.nodata,
            "skipdata": totals.skipdata,
            "first_seen": iso_time(totals.first),
            "last_seen": iso_time(totals.last),
        },
        "other": {
            **volume_record(picture.other),
            "edges": picture.other_edges,
            "addressless": volume_record(picture.addressless),
        },
        "cache_version": facts.version,
        # The commit's time, not the clock's: the same question gives the same file.
        "made_at": iso_time(facts.committed_at),
        "share_key_id": picture.share_key_id,
    }
