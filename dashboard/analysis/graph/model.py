"""Nodes and edges of the drawn graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from dashboard.analysis.answers import VOLUME_COLUMNS, Edges, NodeFacts, Volume

EdgeState = Literal["accepted", "rejected", "mixed", "unlogged"]


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """One edge: a conversation by initiator, responder, service port and protocol.

    Attributes:
        src: Node id of the initiator.
        dst: Node id of the responder.
        port: Service port; None for protocols without ports.
        protocol: IANA number; None where the format lacks it.
        volume: Its sums.
        first_seen: Smallest `start`, epoch s; None: records without a time.
        last_seen: Largest `end`, epoch s.
    """

    src: str
    dst: str
    port: int | None
    protocol: int | None
    volume: Volume
    first_seen: int | None
    last_seen: int | None

    @property
    def share_rejected(self) -> float:
        """Rejected flows out of those with an action; 0.0 where none has one."""
        decided = self.volume.accepted + self.volume.rejected
        return self.volume.rejected / decided if decided else 0.0

    @property
    def state(self) -> EdgeState:
        """Whether its flows were accepted, rejected, or both; `unlogged`: no action is known."""
        if self.volume.accepted and self.volume.rejected:
            return "mixed"
        if self.volume.accepted:
            return "accepted"
        return "rejected" if self.volume.rejected else "unlogged"


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One node and what the shown edges say about it.

    Attributes:
        node: Its id: a known name, or an address.
        facts: What is known of it; None: nothing was asked.
        degree: How many shown edges touch it.
    """

    node: str
    facts: NodeFacts | None
    degree: int


@dataclass(frozen=True, slots=True)
class Graph:
    """What is drawn.

    Attributes:
        nodes: In the order of their ids.
        edges: Largest metric first, as answered.
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]


def node_ids(edges: Edges) -> tuple[str, ...]:
    """Return the ids of all nodes that some edges touch, in text order."""
    return tuple(sorted(set(edges.rows["src"]) | set(edges.rows["dst"])))


def graph_edges(edges: Edges) -> tuple[GraphEdge, ...]:
    """Return the edges of an answer, in its order."""
    columns = ["src", "dst", "port", "protocol", *VOLUME_COLUMNS, "first_seen", "last_seen"]
    n_key = 4
    n_volume = n_key + len(VOLUME_COLUMNS)
    return tuple(
        GraphEdge(
            src=str(row[0]),
            dst=str(row[1]),
            port=_whole(row[2]),
            protocol=_whole(row[3]),
            volume=Volume(*(int(value) for value in row[n_key:n_volume])),
            first_seen=_whole(row[n_volume]),
            last_seen=_whole(row[n_volume + 1]),
        )
        for row in edges.rows[columns].itertuples(index=False, name=None)
    )


def graph_of(edges: Edges, facts: Mapping[str, NodeFacts]) -> Graph:
    """Build the graph of an answer; `facts` may know more or fewer nodes than it has."""
    drawn = graph_edges(edges)
    degrees: dict[str, int] = dict.fromkeys(node_ids(edges), 0)
    for node in _touched(drawn):
        degrees[node] += 1
    nodes = tuple(GraphNode(node, facts.get(node), n) for node, n in degrees.items())
    return Graph(nodes, drawn)


def _touched(edges: Iterable[GraphEdge]) -> Iterable[str]:
    for edge in edges:
        yield edge.src
        if edge.dst != edge.src:
            yield edge.dst


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
