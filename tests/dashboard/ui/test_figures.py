"""Answers in, drawings out: pure functions."""

from collections import Counter
from typing import Any

import pytest

from dashboard.analysis.answers import Edges, Ranking, Timeline, Volume
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.graph.model import graph_of, node_ids
from dashboard.ui.figures.edge_rows import edge_rows
from dashboard.ui.figures.empty import all_below, no_edges, nothing_fits, summary
from dashboard.ui.figures.layouts import LAYOUTS, node_places
from dashboard.ui.figures.network import network_elements, other_element
from dashboard.ui.figures.places import APART, core_places
from dashboard.ui.figures.summary import STALE_AFTER_S, freshness, totals_tiles
from dashboard.ui.network_style import cytoscape_stylesheet
from dashboard.ui.theme import PALETTES
from tests.dashboard.ui.made_up import START, MadeUpAnswers


def drawn(answers: MadeUpAnswers, query: FlowQuery) -> dict[str, dict[str, Any]]:
    edges = answers.edges(query)
    names = node_ids(edges)
    places = {name: dict.fromkeys(LAYOUTS, (100.0 * i, 0.0)) for i, name in enumerate(names)}
    graph = graph_of(edges, answers.nodes(names, query))
    return {e["data"]["id"]: e["data"] for e in network_elements(graph, places, query)}


def text_of(component: Any) -> str:
    if isinstance(component, str):
        return component
    if isinstance(component, list | tuple):
        return " ".join(map(text_of, component))
    return text_of(getattr(component, "children", None) or "")


def test_network_draws_shown_edges_and_their_nodes(answers: MadeUpAnswers) -> None:
    """Five of six edges reach the threshold of 10 flows; the sixth's node is not drawn."""
    elements = drawn(answers, FlowQuery())

    assert Counter(key[0] for key in elements) == {"e": 5, "n": 6}
    assert "n:10.0.0.9" not in elements


def test_edge_says_what_became_of_its_flows(answers: MadeUpAnswers) -> None:
    """Denied edges are told apart by state; mixed ones carry their share."""
    elements = drawn(answers, FlowQuery())

    assert elements["e:192.0.2.77→app-1:22/6"]["state"] == "rejected"
    assert elements["e:198.51.100.9→alb-a:443/6"]["state"] == "mixed"
    assert elements["e:198.51.100.9→alb-a:443/6"]["label"] == "TCP 443, 25 % denied"
    assert elements["e:alb-a→app-1:8080/6"]["state"] == "accepted"
    assert elements["e:app-1→203.0.113.5:-/1"]["label"] == "ICMP"


def test_rejected_edges_are_red_and_dashed() -> None:
    """Color alone is not enough for those who do not see it."""
    for scheme, colors in PALETTES.items():
        styles = {s["selector"]: s["style"] for s in cytoscape_stylesheet(scheme)}
        style = styles['edge[state = "rejected"]']
        assert (style["line-color"], style["line-style"]) == (colors.rejected, "dashed")


def test_wider_means_more(answers: MadeUpAnswers) -> None:
    """Widths follow the question's metric."""
    by_flows, by_bytes = drawn(answers, FlowQuery()), drawn(answers, FlowQuery(metric="bytes"))
    ours, theirs = "e:alb-a→app-1:8080/6", "e:app-1→postgres:5432/6"

    assert by_flows[ours]["width"] > by_flows[theirs]["width"]
    assert by_bytes[ours]["width"] < by_bytes[theirs]["width"]


def test_other_is_one_node_below_the_drawn_ones(answers: MadeUpAnswers) -> None:
    """It says how much was cut, in the question's metric."""
    edges = answers.edges(FlowQuery())
    places = {"app-1": dict.fromkeys(LAYOUTS, (3.0, 40.0))}

    element = other_element(edges.other, edges.other_edges, places, FlowQuery())

    assert element["data"]["name"] == "other: 1 edge"
    assert element["position"] == {"x": 3.0, "y": 150.0}


def test_places_do_not_depend_on_the_filter(answers: MadeUpAnswers) -> None:
    """A node stands where it stands, whichever others are drawn."""
    every = node_places(answers, ["app-1", "alb-a", "postgres"], "name")
    one = node_places(answers, ["app-1"], "name")

    assert one["app-1"] == every["app-1"]
    assert {query.threshold for query in answers.asked} == {0}


def test_places_of_the_core_lie_apart() -> None:
    """Hosts with the same peers do not fall into one spot."""
    pairs = [(f"lb-{i}", f"app-{j}") for i in range(2) for j in range(8)]

    places = list(core_places(pairs).values())

    for i, (x, y) in enumerate(places):
        for x2, y2 in places[:i]:
            assert ((x - x2) / APART[0]) ** 2 + ((y - y2) / APART[1]) ** 2 > 0.9


def test_unknown_nodes_stand_on_a_ring(answers: MadeUpAnswers) -> None:
    """Every node gets a place, always the same one."""
    alone = node_places(answers, ["never seen"], "name")["never seen"]

    assert node_places(answers, ["never seen", "app-1"], "name")["never seen"] == alone
    assert alone != (0, 0)


def test_summary_adds_up(answers: MadeUpAnswers) -> None:
    """832 of 836 flows are shown, 4 are in other."""
    query = FlowQuery()

    text = summary(answers.edges(query), query)

    assert text == "5 of 6 edges = 99.5 % of flows; 4 flows in “other”"


def test_all_edges_below_the_threshold_are_said_to_be(answers: MadeUpAnswers) -> None:
    """The sentence names count and threshold."""
    query = FlowQuery(threshold=10_000)

    sentence = no_edges(answers.edges(query), answers.totals(query), query)

    assert sentence == "All 6 edges are below the threshold of 10,000 flows."
    assert sentence == all_below(answers.totals(query), query)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (FlowQuery(), "No flows in the whole cache. Take a wider range."),
        (
            FlowQuery(start=START, end=START + 3_600, action="reject"),
            "No rejected flows between 2026-03-02 10:00 and 11:00 UTC. "
            "Show all actions or a wider range.",
        ),
        (FlowQuery(start=START), "No flows since 2026-03-02 10:00 UTC. Take a wider range."),
        (FlowQuery(end=START), "No flows before 2026-03-02 10:00 UTC. Take a wider range."),
        (
            FlowQuery(filter="port = 1"),
            "No flows fit the filter in the whole cache. Take a part of it away.",
        ),
        (
            FlowQuery(filter="port = 1", action="reject", start=START),
            "No rejected flows fit the filter since 2026-03-02 10:00 UTC. "
            "Take a part of it away, or show all actions or a wider range.",
        ),
    ],
)
def test_empty_answer_says_what_to_change(query: FlowQuery, sentence: str) -> None:
    """Which range is empty, and what would fill it."""
    assert nothing_fits(query) == sentence


def test_tiles_show_every_digit(answers: MadeUpAnswers) -> None:
    """Short for the eye, exact for who compares."""
    text = text_of(totals_tiles(answers.totals(FlowQuery()), answers.facts()))

    for part in (
        "836 counted once",
        "13.5 MB",
        "13,507,400 bytes",
        "14,000,000 bytes",
        "145 of 836",
        "Coverage gaps 2",
        "Rejected lines 5 of 846 lines read",
    ):
        assert part in text


def test_old_records_are_stale(answers: MadeUpAnswers) -> None:
    """Two hours without a record are a fault."""
    newest = START + 3_570

    fresh = freshness(answers.facts(), newest + 600)
    stale = freshness(answers.facts(), newest + STALE_AFTER_S + 60)

    assert (fresh.className, stale.className) == ("fresh", "fresh stale")
    assert "Newest record 10 min ago" in " ".join(text_of(fresh).split())


def test_empty_answers_are_drawn_without_trouble() -> None:
    """Zero rows in every table."""
    empty = MadeUpAnswers(links=[])
    query = FlowQuery()

    assert drawn(empty, query) == {}
    assert edge_rows(empty.edges(query), query) == []
    assert isinstance(empty.edges(query), Edges)
    assert isinstance(empty.timeline(query), Timeline)
    assert isinstance(empty.talkers(query), Ranking)
    assert empty.totals(query).volume == Volume()


def _luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_palette_can_be_read(scheme: Any) -> None:
    """WCAG 2.2, AA: 4.5 for text, 3 for marks."""
    colors = PALETTES[scheme]

    for text in (colors.text, colors.muted, colors.rejected, colors.warning, colors.accent):
        assert _contrast(text, colors.surface) >= 4.5
    for mark in (colors.accepted, colors.mixed, colors.unlogged, colors.internal, colors.internet):
        assert _contrast(mark, colors.surface) >= 3
    assert _contrast(colors.muted, colors.page) >= 4.5
