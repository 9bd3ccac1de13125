"""What stands beside the network: answers in, drawings out."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from dashboard.analysis.answers import EdgeBins, Timeline, Volume
from dashboard.analysis.filters.parser import parse
from dashboard.analysis.flow_query import FlowQuery
from dashboard.ui.claims import end_claim, pair_claim, service_claim, value_claim
from dashboard.ui.figures.edge_rows import bins_note, edge_rows, statistics_by_id, sum_rows
from dashboard.ui.figures.edge_statistics import nearest_rank, statistics
from dashboard.ui.figures.flow_shares import Value, chosen
from dashboard.ui.figures.matrix import matrix_figure
from dashboard.ui.figures.rankings import KINDS, ranked, ranking_list
from dashboard.ui.figures.sankey import sankey_figure
from dashboard.ui.figures.timeline import amount_in, change, timeline_figure
from tests.dashboard.ui.made_up import START, MadeUpAnswers

HOSTILE = "<img src=x onerror=alert(1)> %{x}"
EMPTY = "No flows in the whole cache.<br>Take a wider range."


def marks_of(bars: Any) -> list[tuple[str, str]]:
    """Return name and claim of each bar."""
    rows = [item.children for item in bars.children]
    return [
        (row.children[0].children, row.to_plotly_json()["props"].get("data-claim", ""))
        for row in rows
    ]


def bars_of(answers: MadeUpAnswers, kind: str, query: FlowQuery, top: int = 10) -> Any:
    return ranking_list(ranked(answers, query, kind, top), query, kind)


def drawn_timeline(*bins: tuple[int, str, int], start: int = START) -> Timeline:
    rows = pd.DataFrame(bins, columns=["bin_start", "action", "flows"])
    rows["bytes"] = rows["flows"] * 1_000
    return Timeline(rows, 60, start, start + 600, Volume())


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        (end_claim("src", "web 1", "name"), 'src = "web 1"'),
        (end_claim("", 'a"b', "name"), 'ip = "a\\"b"'),
        (pair_claim("a", "10.0.0.9", "name"), "src = a and dst = 10.0.0.9"),
        (service_claim(443, 6), "port = 443 and protocol = 6"),
        (service_claim(None, 1), "protocol = 1"),
        (value_claim("action", "REJECT", "name"), "action = reject"),
        (value_claim("port", "53", "name"), "port = 53"),
    ],
)
def test_claims_are_filters(claim: str, text: str) -> None:
    """What a click says can be read as a filter, whatever the name holds."""
    assert claim == text
    assert parse(claim) is not None


def test_what_no_filter_can_say_has_no_claim() -> None:
    """An end or a service that the records do not name."""
    assert (
        end_claim("src", None, "name")
        == pair_claim("a", None, "name")
        == service_claim(None, None)
        == ""
    )
    assert Value("src", True, "").claim == Value("port", False, "").claim == ""


@pytest.mark.parametrize(
    ("kind", "name", "claim"),
    [
        ("talkers", "app-1", "ip = app-1"),
        ("src", "alb-a", "src = alb-a"),
        ("dst", "app-1", "dst = app-1"),
        ("pair", "alb-a → app-1", "src = alb-a and dst = app-1"),
        ("denied", "192.0.2.77", "src = 192.0.2.77 and action = reject"),
        ("ports", "TCP 8080 · http-alt", "port = 8080 and protocol = 6"),
    ],
)
def test_first_bar_of_each_list(answers: MadeUpAnswers, kind: str, name: str, claim: str) -> None:
    """The largest comes first and carries its claim."""
    assert marks_of(bars_of(answers, kind, FlowQuery()))[0] == (name, claim)


def test_every_list_has_a_tab() -> None:
    """The lists that the tests above go through are all."""
    assert list(KINDS) == ["talkers", "src", "dst", "pair", "denied", "ports"]


def test_list_ends_with_other_that_is_no_button(answers: MadeUpAnswers) -> None:
    """What is cut has its own bar, which a filter cannot say."""
    bars = bars_of(answers, "ports", FlowQuery(), top=3)

    assert marks_of(bars)[-1] == ("Other", "")
    assert [type(item.children).__name__ for item in bars.children] == ["Button"] * 3 + ["Div"]
    assert "116 · 14 %" in str(bars.children[-1])


def test_bar_is_split_by_action(answers: MadeUpAnswers) -> None:
    """A quarter of the flows of one initiator is red; the longest bar is full."""
    bars = {
        item.children.children[0].children: item.children.children[2].children
        for item in bars_of(answers, "src", FlowQuery()).children
    }

    widths = {name: [(part.className, part.style["width"]) for part in bars[name]] for name in bars}
    assert widths["alb-a"] == [("part accepted", "100.000%")]
    assert widths["198.51.100.9"] == [
        ("part rejected", "6.250%"),
        ("part accepted", "18.750%"),
    ]


def test_bar_tells_every_digit(answers: MadeUpAnswers) -> None:
    """For the pointer and for who hears the page."""
    bars = bars_of(answers, "src", FlowQuery())

    titles = [item.children.title for item in bars.children]
    assert "198.51.100.9: 100 flows, 12 %, 25 rejected, 75 accepted" in titles


def test_denied_list_asks_for_rejected_flows(answers: MadeUpAnswers) -> None:
    """Whatever the page's action is."""
    ranked(answers, FlowQuery(action="accept", metric="bytes"), "denied", 10)

    assert [(query.action, query.metric) for query in answers.asked] == [("reject", "bytes")]


def test_empty_lists_say_what_to_change(answers: MadeUpAnswers) -> None:
    """One sentence, for denied flows its own."""
    answers.links = []

    assert bars_of(answers, "src", FlowQuery()).children == (
        "No flows in the whole cache. Take a wider range."
    )
    assert bars_of(answers, "denied", FlowQuery()).children.startswith("No rejected flows")


def test_timeline_stacks_the_metric_by_action(answers: MadeUpAnswers) -> None:
    """Rejected flows lie at the bottom of the stack, and they alone can be clicked."""
    figure = timeline_figure(answers.timeline(FlowQuery()), FlowQuery(), "light")

    assert [trace.name for trace in figure.data] == ["Rejected", "Accepted"]
    assert [sum(trace.y) for trace in figure.data] == [145, 691]
    assert [trace.customdata[0][0] for trace in figure.data] == ["action = reject", ""]


def test_time_before_is_a_line_over_the_same_axis() -> None:
    """Both ranges begin together; the hover text has both times and the change."""
    now = drawn_timeline((START, "ACCEPT", 30), (START, "REJECT", 30), (START + 60, "ACCEPT", 5))
    before = drawn_timeline((START - 600, "ACCEPT", 40), start=START - 600)

    line = timeline_figure(now, FlowQuery(), "light", before).data[-1]

    assert (line.name, line.mode, line.line.dash) == ("Before", "lines", "dot")
    assert line.x[0] == "2026-03-02 10:00:30"
    assert list(line.y[:2]) == [40, 0]
    assert list(line.customdata[0])[1:] == [
        "2026-03-02 09:50 – 09:51 UTC",  # noqa: RUF001
        "40 flows",
        "2026-03-02 10:00 – 10:01 UTC",  # noqa: RUF001
        "+50 %",
    ]
    assert line.customdata[1][4] == "nothing before"


def test_empty_range_before_draws_no_line() -> None:
    """The picture is that of now."""
    now, before = drawn_timeline((START, "ACCEPT", 3)), drawn_timeline(start=START - 600)

    assert [t.name for t in timeline_figure(now, FlowQuery(), "dark", before).data] == ["Accepted"]


def test_bytes_are_told_as_a_rate_too() -> None:
    """Bits a second over the bin."""
    assert amount_in(7_500_000, 60, "bytes") == "7,500,000 bytes (1.00 Mbit/s)"
    assert amount_in(12, 60, "packets") == "12 packets"


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [(50, 100, "-50 %"), (0, 0, "no change"), (5_000, 100, "50 times as much")],
)
def test_changes_are_in_percent(now: int, before: int, text: str) -> None:
    """Beyond tenfold growth, percents say less than a factor."""
    assert change(now, before) == text


def test_sankey_bands_add_up_to_everything(answers: MadeUpAnswers) -> None:
    """Between each two columns lies all that fits, "other" included."""
    query = FlowQuery()
    found = answers.breakdown(query, ("src", "port", "dst"), 2)

    diagram = sankey_figure(found, query, "light").data[0]

    assert sum(diagram.link.value) == 2 * answers.totals(query).volume.flows
    labels = [diagram.node.label[place] for place in diagram.link.source]
    assert {"alb-a", "app-1", "Other", "8080 http-alt"} <= set(labels)


def test_sankey_keeps_a_node_on_both_sides_apart(answers: MadeUpAnswers) -> None:
    """The same name as initiator and as responder is two values."""
    query = FlowQuery()

    diagram = sankey_figure(answers.breakdown(query, ("src", "dst")), query, "light").data[0]

    assert list(diagram.node.label).count("app-1") == 2
    assert set(diagram.link.source).isdisjoint(diagram.link.target)


def test_sankey_band_claims_both_values_and_other_none(answers: MadeUpAnswers) -> None:
    """A click includes both; "other" is grey and says nothing."""
    query = FlowQuery()
    found = answers.breakdown(query, ("src", "port"), 2)

    link = sankey_figure(found, query, "light").data[0].link

    claims = {row[1]: row[0] for row in link.customdata}
    assert claims["alb-a → 8080 http-alt"] == "src = alb-a and port = 8080"
    assert claims["Other → Other"] == ""
    colors = dict(zip((row[1] for row in link.customdata), link.color, strict=True))
    assert colors["Other → Other"] == "rgba(137,147,161,0.28)"


def test_matrix_has_a_cell_for_each_pair(answers: MadeUpAnswers) -> None:
    """Rows by the first dimension; a cell's claim names both of its values."""
    query = FlowQuery()

    trace = matrix_figure(answers.breakdown(query, ("src", "dst")), query, "dark").data[0]

    cells = [c for row in trace.customdata for c in row if c]
    assert "src = app-1 and dst = postgres" in cells
    filled = sum(z is not None for row in trace.z for z in row)
    assert filled == len(answers.breakdown(query, ("src", "dst")).rows) == 6


def test_matrix_draws_other_in_grey(answers: MadeUpAnswers) -> None:
    """A second layer of cells, without claims."""
    query = FlowQuery()

    figure = matrix_figure(answers.breakdown(query, ("src", "port"), 2), query, "light")

    assert len(figure.data) == 2
    assert figure.data[1].colorscale[-1][1] == "#8993a1"
    last_row = figure.data[1].customdata[-1]
    assert set(last_row) == {""}
    assert figure.layout.yaxis.ticktext[-1] == "Other"


@pytest.mark.parametrize("draw", [sankey_figure, matrix_figure])
def test_breakdowns_of_nothing_hold_a_sentence(answers: MadeUpAnswers, draw: Any) -> None:
    """No axes around nothing."""
    answers.links = []
    figure = draw(answers.breakdown(FlowQuery(), ("src", "dst")), FlowQuery(), "light")

    assert figure.layout.annotations[0].text == EMPTY


def test_charts_of_nothing_hold_a_sentence(answers: MadeUpAnswers) -> None:
    """The chart over time says it, too."""
    answers.links = []
    figure = timeline_figure(answers.timeline(FlowQuery()), FlowQuery(), "light")

    assert figure.layout.annotations[0].text == EMPTY
    assert figure.layout.xaxis.visible is False


def test_hostile_names_are_text_in_charts(answers: MadeUpAnswers) -> None:
    """Plotly reads a few HTML tags in labels; no name may hold any."""
    answers.links = [(HOSTILE, "app-1", 443, 6, 20, 0, 100)]
    query = FlowQuery()

    for draw in (sankey_figure, matrix_figure):
        drawn = draw(answers.breakdown(query, ("src", "dst")), query, "light").data[0]
        for text in str([drawn.to_plotly_json()]).split("'"):
            assert "<img" not in text or text.startswith("src = ")


def test_dimensions_are_taken_once_and_only_known_ones() -> None:
    """What a control may hold by mistake is left out."""
    assert chosen("src", "src", "", None, "nowhere", "port") == ("src", "port")


def test_table_ends_with_other_and_total(answers: MadeUpAnswers) -> None:
    """Rows plus other are the total, and so are their shares."""
    query = FlowQuery()
    edges = answers.edges(query)
    rows, (other, total) = edge_rows(edges, query), sum_rows(edges, query)

    for name in ("flows", "accepted", "rejected", "bytes", "packets", "return_bytes"):
        assert sum(row[name] for row in rows) + other[name] == total[name]
    assert sum(row["share"] for row in rows) + other["share"] == pytest.approx(100)
    assert (other["dst"], total["dst"]) == ("1 edge", "6 edges")
    assert "claim" not in other
    assert rows[4]["port"] is None
    assert rows[4]["protocol"] == "ICMP"


def test_table_rows_claim_their_edge(answers: MadeUpAnswers) -> None:
    """With both ends, port and protocol; the port has a name."""
    row = edge_rows(answers.edges(FlowQuery()), FlowQuery())[0]

    assert row["claim"] == "src = alb-a and dst = app-1 and port = 8080 and protocol = 6"
    assert (row["port"], row["service"], row["number"]) == (8080, "http-alt", 6)
    assert "series" not in row


def test_rows_have_statistics_once_there_are_bins(answers: MadeUpAnswers) -> None:
    """Least, average, percentile and most of the four bins of the hour."""
    query = FlowQuery()
    bins = answers.edge_bins(query)

    edges = answers.edges(query)
    row = statistics_by_id(edges, query, bins)[edge_rows(edges, query)[0]["id"]]

    assert row["series"] == [100, 0, 0, 300]
    assert (row["least"], row["average"], row["p95"], row["most"]) == (0, 100, 300, 300)
    assert bins_note(bins, query) == "min, average, p95, max: flows per 15 min"


def test_statistics_lose_nothing_outside_of_the_range() -> None:
    """What began before the first bin lies in it."""
    rows = pd.DataFrame(
        [("a", "b", 1, 6, START - 900, 7), ("a", "b", 1, 6, START, 1)],
        columns=["src", "dst", "port", "protocol", "bin_start", "flows"],
    )

    found = statistics(EdgeBins(rows, 900, START, START + 1_800), "flows")

    assert found["a", "b", 1, 6]["series"] == [8, 0]


@pytest.mark.parametrize(("count", "place"), [(1, 0), (20, 18), (21, 19), (48, 45)])
def test_percentile_is_a_value_that_occurred(count: int, place: int) -> None:
    """Nearest rank: 95 % of the values are at or below it."""
    assert nearest_rank(count, 0.95) == place
