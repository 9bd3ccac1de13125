"""The graph of an answer, and places that no filter moves."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dashboard.analysis.answers import Volume
from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.graph import layout
from dashboard.analysis.graph.layout import base_positions, positions
from dashboard.analysis.graph.model import GraphEdge, graph_of, node_ids
from dashboard.analysis.query.source import FlowSource
from tests.dashboard.analysis.hand_made import make_flow, write_cache

ALL = FlowQuery(threshold=0, top_k=3_000)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> FlowSource:
    """Eight hundred edges between some hosts, and a pair far from all."""
    draw = random.Random(11)  # noqa: S311 - no secret
    flows = []
    for n in range(800):
        host = f"192.0.2.{draw.randrange(60)}"
        peer = f"198.51.100.{n % 250}" if n < 700 else f"203.0.113.{n % 250}"
        flows += [make_flow(srcaddr=host, dstaddr=peer, action="REJECT" if n % 3 else "ACCEPT")] * (
            2 if n < 700 else 1
        )
    flows.append(make_flow(srcaddr="2001:db8::1", dstaddr="2001:db8::2"))
    cache = write_cache(tmp_path_factory.mktemp("graph") / "cache", flows)
    return FlowSource(cache, KnownNames())


def test_a_filter_moves_no_node(source: FlowSource) -> None:
    """Each node stands where it stood among all."""
    everywhere = positions(source, node_ids(source.edges(ALL)))
    for query in (ALL.replace(action="reject"), ALL.replace(top_k=20), ALL.replace(metric="bytes")):
        shown = node_ids(source.edges(query))

        assert positions(source, shown) == {node: everywhere[node] for node in shown}


def test_places_are_the_same_in_every_process(source: FlowSource) -> None:
    """Neither a cold start nor other users of random numbers matter."""
    ids = node_ids(source.edges(ALL))
    before = positions(source, ids)
    layout._placed.cache_clear()
    random.random()  # noqa: S311 - no secret

    assert positions(source, ids) == before


def test_every_node_has_a_place_of_its_own(source: FlowSource) -> None:
    """Nodes outside the base stand beside what they talk to; unknown ones on the ring."""
    ids = (*node_ids(source.edges(ALL)), "never seen")
    places = positions(source, ids)

    assert set(places) == set(ids)
    assert len(set(places.values())) > 0.98 * len(ids)
    reach = max(abs(x) for node, (x, _) in places.items() if node != "never seen")
    assert sum(abs(v) for v in places["never seen"]) > reach / 2


def test_a_large_graph_is_placed_in_a_second() -> None:
    """The grid variant takes over."""
    draw = random.Random(1)  # noqa: S311 - no secret
    links = tuple((str(draw.randrange(1_500)), str(draw.randrange(1_500))) for _ in range(3_000))

    places = base_positions(links)

    assert len(places) > layout.GRID_NODES
    assert base_positions(links) == places


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
