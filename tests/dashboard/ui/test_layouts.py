"""Where nodes stand in the concentric and in the hierarchical layout."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from dashboard.analysis.answers import NodeFacts
from dashboard.ui.figures.layouts import LAYOUTS, node_places
from dashboard.ui.figures.places import STRETCH
from dashboard.ui.figures.rings import RING_PX, ring_places
from dashboard.ui.figures.tiers import TIERS, Served, node_tiers, tier_places
from tests.dashboard.ui.made_up import MadeUpAnswers

NO_PORT = math.nan


def facts_of(node: str, scope: str, kind: str | None = None) -> NodeFacts:
    return NodeFacts(node=node, is_named=kind is not None, kind=kind, owner=None, scope=scope)


def test_every_layout_knows_every_node(answers: MadeUpAnswers) -> None:
    """Equal questions give equal places; no two nodes share one."""
    names = ["alb-a", "app-1", "postgres", "192.0.2.77", "never seen"]

    places = node_places(answers, names, "name")

    assert places == node_places(answers, names, "name")
    for layout in LAYOUTS:
        assert len({places[name][layout] for name in names}) == len(names)


def test_rings_hold_the_larger_nodes_inside() -> None:
    """The first node is the center; each further ring is wider and has room for more."""
    order = [f"host-{i}" for i in range(60)]

    places = ring_places(order, {})

    assert places["host-0"] == (0.0, 0.0)
    radii = [math.hypot(x / STRETCH, y) for x, y in (places[node] for node in order)]
    assert all(inner <= outer + 0.1 for inner, outer in pairwise(radii))
    assert radii[1] == pytest.approx(RING_PX, abs=0.1)
    spots = list(places.values())
    nearest = min(math.dist(a, b) for i, a in enumerate(spots) for b in spots[:i])
    assert nearest > 70


def test_ring_keeps_the_direction_of_the_other_layout() -> None:
    """What stands left of the middle there stands left here."""
    near = {"left": (-300.0, 0.0), "right": (300.0, 0.0)}

    places = ring_places(["middle", "right", "left"], near)

    assert places["left"][0] < 0 < places["right"][0]


@pytest.mark.parametrize(
    ("kind", "tier"),
    [
        ("load balancer", "public"),
        ("NAT gateway", "public"),
        ("RDS database", "data"),
        ("app server", "private"),
        (None, "private"),
    ],
)
def test_kind_tells_the_tier(kind: str | None, tier: str) -> None:
    """In whatever case the inventory writes it."""
    edges = [Served("a", "b", 8080.0, 5)]
    facts = {"b": facts_of("b", "internal", kind)}

    assert node_tiers(edges, facts)["b"] == tier


def test_traffic_tells_the_tier_where_the_kind_does_not() -> None:
    """Who answers the internet is public, who answers on a database's port is data."""
    edges = [
        Served("198.51.100.9", "10.0.0.1", 443.0, 90),
        Served("10.0.0.1", "10.0.0.2", 8080.0, 80),
        Served("10.0.0.2", "10.0.0.3", 5432.0, 70),
        Served("203.0.113.7", "10.0.0.2", 22.0, 0),
        Served("10.0.0.2", "10.0.0.4", NO_PORT, 3),
    ]
    internet = ("198.51.100.9", "203.0.113.7")
    facts = {node: facts_of(node, "internet") for node in internet}

    tiers = node_tiers(edges, facts)

    assert tiers == {
        "198.51.100.9": "internet",
        "203.0.113.7": "internet",
        "10.0.0.1": "public",
        "10.0.0.2": "private",
        "10.0.0.3": "data",
        "10.0.0.4": "private",
    }


def test_tiers_stand_from_left_to_right() -> None:
    """Columns of one tier never reach into the next; the internet's first are beside it."""
    tiers = {f"{tier}-{i}": tier for tier in TIERS for i in range(30)}
    order = list(tiers)

    places = tier_places(order, [("internet-0", "public-0")], tiers, {})

    for left, right in pairwise(TIERS):
        xs = {
            tier: [places[node][0] for node in order if tiers[node] == tier]
            for tier in (left, right)
        }
        assert max(xs[left]) < min(xs[right])
    assert places["internet-0"][0] > places["internet-29"][0]
    assert places["data-0"][0] < places["data-29"][0]
    assert len(set(places.values())) == len(order)
