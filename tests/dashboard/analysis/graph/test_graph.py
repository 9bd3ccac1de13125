"""The graph of an answer."""

from __future__ import annotations

from pathlib import Path

from dashboard.analysis.answers import Volume
from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.graph.model import GraphEdge, graph_of, node_ids
from dashboard.analysis.query.source import FlowSource
from tests.dashboard.analysis.hand_made import make_flow, write_cache

ALL = FlowQuery(threshold=0, top_k=3_000)


def test_an_edge_says_what_became_of_its_flows() -> None:
    """Formats without an action are told apart from accepted ones."""

    def state(accepted: int, rejected: int) -> tuple[str, float]:
        volume = Volume(flows=10, accepted=accepted, rejected=rejected)
        edge = GraphEdge("a", "b", 443, 6, volume, None, None)
        return edge.state, edge.share_rejected

    assert state(10, 0) == ("accepted", 0.0)
    assert state(0, 10) == ("rejected", 1.0)
    assert state(6, 2) == ("mixed", 0.25)
    assert state(0, 0) == ("unlogged", 0.0)


def test_the_graph_counts_what_touches_a_node(tmp_path: Path) -> None:
    """An edge to itself counts once."""
    flows = [make_flow(), make_flow(service_port=80), make_flow(dstaddr="192.0.2.1")]
    source = FlowSource(write_cache(tmp_path / "cache", flows), KnownNames())
    edges = source.edges(ALL)
    graph = graph_of(edges, source.nodes(node_ids(edges), ALL))

    assert {node.node: node.degree for node in graph.nodes} == {"192.0.2.1": 3, "198.51.100.2": 2}
    assert all(node.facts is not None for node in graph.nodes)
    assert len(graph.edges) == 3
