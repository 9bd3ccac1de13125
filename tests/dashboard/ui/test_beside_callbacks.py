"""The endpoints of what stands beside the network, without a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dash import Dash

from dashboard.ui import ids
from tests.dashboard.ui.made_up import MadeUpAnswers
from tests.dashboard.ui.test_page import RAW_ADDRESSES, call, view

SANKEY = f"{ids.SANKEY_GRAPH}.figure"
MATRIX = f"{ids.MATRIX_GRAPH}.figure"
LIST = f"{ids.RANKINGS_LIST}.content"
STATISTICS = f"{ids.TABLE_NOTE}.children"
DIMENSIONS = {
    f"{ids.SANKEY_FIRST}.value": "src",
    f"{ids.SANKEY_SECOND}.value": "port",
    f"{ids.SANKEY_THIRD}.value": "",
    f"{ids.MATRIX_ROWS}.value": "src",
    f"{ids.MATRIX_COLUMNS}.value": "dst",
}


@pytest.mark.parametrize(
    ("kind", "first"),
    [("talkers", "app-1"), ("pair", "alb-a → app-1"), ("ports", "TCP 8080"), ("none", "app-1")],
)
def test_list_follows_its_tab(app: Dash, kind: str, first: str) -> None:
    """An unknown list is the first one."""
    answer = call(app, LIST, **{f"{ids.RANKINGS_KIND}.value": kind}, **view())

    bars = answer[ids.RANKINGS_LIST]["content"]["props"]["children"]
    assert first in json.dumps(bars[0], ensure_ascii=False)


def test_more_shows_25_and_then_10_again(app: Dash, answers: MadeUpAnswers) -> None:
    """The button says what the next click does."""
    answers.links = [(f"app-{n}", "db", 5432, 6, 50 + n, 0, 9) for n in range(30)]

    def bars(clicks: int) -> tuple[int, str]:
        more = {f"{ids.RANKINGS_MORE}.n_clicks": clicks, f"{ids.RANKINGS_KIND}.value": "src"}
        answer = call(app, LIST, **more, **view())
        rows = answer[ids.RANKINGS_LIST]["content"]["props"]["children"]
        return len(rows), answer[ids.RANKINGS_MORE]["children"]

    assert [bars(n) for n in (0, 1, 2)] == [
        (11, "More: top 25"),
        (26, "Top 10"),
        (11, "More: top 25"),
    ]


@pytest.mark.parametrize("prop", [SANKEY, MATRIX])
def test_breakdowns_answer_the_question(app: Dash, answers: MadeUpAnswers, prop: str) -> None:
    """One query each, in the question's metric."""
    shown = call(app, prop, **view("?metric=bytes"), **DIMENSIONS)

    assert [query.metric for query in answers.asked] == ["bytes"]
    assert "9,000,000 bytes" in json.dumps(shown)


def test_one_dimension_twice_is_explained(app: Dash) -> None:
    """What to change stands where the diagram would."""
    same = DIMENSIONS | {f"{ids.SANKEY_SECOND}.value": "src"}

    answer = call(app, SANKEY, **view(), **same)

    assert "Choose different dimensions." in json.dumps(answer)


def test_table_comes_without_its_statistics(app: Dash) -> None:
    """Rows do not wait for them; both name the question, and each row has its statistics."""
    listed = call(app, f"{ids.TABLE_EMPTY}.children", **view("?metric=bytes"))
    filled = call(app, STATISTICS, **view("?metric=bytes"))

    rows, statistics = listed[ids.TABLE_GRID]["rowData"], filled[ids.TABLE_STATISTICS]["data"]
    assert not any("series" in row for row in rows)
    assert listed[ids.TABLE_LISTED]["data"] == {"turn": statistics["turn"]}
    assert list(statistics["rows"]) == [row["id"] for row in rows]
    assert all(sum(statistics["rows"][row["id"]]["series"]) == row["bytes"] for row in rows)
    assert filled[ids.TABLE_NOTE]["children"] == "min, average, p95, max: bytes per 15 min"


def test_empty_table_says_why(app: Dash) -> None:
    """The threshold hides every edge, and no sums stand under nothing."""
    answer = call(app, f"{ids.TABLE_EMPTY}.children", **view("?threshold=5000"))

    assert answer[ids.TABLE_GRID]["rowData"] == []
    assert answer[ids.TABLE_EMPTY]["children"].startswith("All 6 edges are below the threshold")


def test_compared_range_is_drawn_over_the_chart(app: Dash, answers: MadeUpAnswers) -> None:
    """The same question, over the range before."""
    search = "?start=2026-03-02T10:00Z&end=2026-03-02T11:00Z&compare=day"

    answer = call(app, f"{ids.TIMELINE_GRAPH}.figure", **view(search))

    names = [trace["name"] for trace in answer[ids.TIMELINE_GRAPH]["figure"]["data"]]
    assert names == ["Rejected", "Accepted", "Before", "Records lost"]
    starts = sorted({query.start for query in answers.asked if query.start})
    assert starts[-1] - starts[0] == 86_400


@pytest.mark.parametrize("kind", ["talkers", "src", "dst", "pair", "denied"])
def test_sharing_hides_addresses_in_every_list(app: Dash, kind: str) -> None:
    """In what is shown and in what a click would say."""
    listed: dict[str, Any] = {f"{ids.RANKINGS_KIND}.value": kind}

    text = json.dumps(call(app, LIST, **listed, **view("?sharing=on")))

    assert not [address for address in RAW_ADDRESSES if address in text]


@pytest.mark.parametrize("prop", [SANKEY, MATRIX])
def test_sharing_hides_addresses_in_breakdowns(app: Dash, prop: str) -> None:
    """In what is shown and in what a click would say."""
    text = json.dumps(call(app, prop, **view("?sharing=on"), **DIMENSIONS))

    assert "app-1" in text
    assert not [address for address in RAW_ADDRESSES if address in text]
