"""What changed between two hours of a small network, worked out by hand."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from dash import Dash

from dashboard.analysis.query.source import FlowSource
from dashboard.ui import ids
from dashboard.ui.callbacks.changes import compared_ranges
from dashboard.ui.callbacks.shown import Shown
from dashboard.ui.figures.changes import change_rows, marked
from dashboard.ui.network_style import cytoscape_stylesheet
from dashboard.ui.theme import PALETTES
from dashboard.ui.view_state import ViewState
from tests.dashboard.ui.small_log import LATER
from tests.dashboard.ui.test_drawer import strings_in
from tests.dashboard.ui.test_page import call, view

GRID = f"{ids.CHANGES_GRID}.rowData"
KIND = f"{ids.CHANGES_KIND}.value"
SUMMARY = f"{ids.CHANGES_SUMMARY}.children"
ELEMENTS = f"{ids.NETWORK_GRAPH}.elements"


def rows_of(app: Dash, search: str, kind: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = call(app, GRID, **{KIND: kind}, **view(search))[ids.CHANGES_GRID][
        "rowData"
    ]
    return rows


def test_changes_are_told_edge_by_edge(logged_app: Dash) -> None:
    """One edge twice as large, one new, one gone; differences are against the hour before."""
    rows = rows_of(logged_app, LATER)

    assert [(r["change"], r["src"], r["dst"], r["before"], r["now"]) for r in rows] == [
        ("grew", "web-1", "=db()", 2, 4),
        ("gone", "198.51.100.8", "web-1", 1, 0),
        ("added", "web-1", "203.0.113.9", 0, 1),
    ]
    assert [(r["difference"], r["times"], r["share"]) for r in rows] == [
        (2, 100.0, 50.0),
        (-1, -100.0, 25.0),
        (1, None, 25.0),
    ]
    assert [r["bar"] for r in rows] == [1.0, -0.5, 0.5]


def test_one_kind_alone(logged_app: Dash) -> None:
    """The choice of the tab; a kind without edges says so."""
    answer = call(logged_app, GRID, **{KIND: "shrank"}, **view(LATER))

    assert [row["change"] for row in rows_of(logged_app, LATER, "gone")] == ["gone"]
    assert answer[ids.CHANGES_GRID]["rowData"] == []
    assert "shrank" in answer[ids.CHANGES_EMPTY]["children"]


def test_tiles_sum_up_each_kind(logged_app: Dash) -> None:
    """Edges and the measure, before and now; the range compared with is named."""
    texts = strings_in(call(logged_app, SUMMARY, **view(LATER)))

    assert texts.count("1 edge") == 3
    assert "2 flows → 4 flows" in texts
    assert "0 flows → 1 flows" in texts
    assert any("compared with 2026-03-02 10:00" in text for text in texts)


def test_nothing_compared_offers_to(logged_app: Dash) -> None:
    """Each button holds the command that begins a comparison."""
    answer = call(logged_app, SUMMARY, **view())

    commands = [json.loads(text) for text in strings_in(answer) if text.startswith('{"set"')]
    assert [command["set"]["compare"] for command in commands] == ["previous", "day", "week"]
    drawn = call(logged_app, ELEMENTS, **view())
    assert drawn[ids.CHANGES_LEGEND]["children"] == []
    assert rows_of(logged_app, "") == []


def test_time_without_records_is_not_called_growth(logged_app: Dash) -> None:
    """All edges count as added, and the page says why."""
    texts = strings_in(call(logged_app, SUMMARY, **view(LATER.replace("previous", "week"))))

    assert any(text.startswith("There are no records from 2026-02-23 11:00") for text in texts)


def test_drawn_edges_are_marked(logged_app: Dash) -> None:
    """The tip tells what was; what is gone is listed beside the drawing."""
    answer = call(logged_app, ELEMENTS, **view(LATER))
    elements = answer[ids.NETWORK_GRAPH]["elements"]
    edges = {e["data"]["dst"]: e["data"] for e in elements if "source" in e["data"]}
    legend = strings_in(answer[ids.CHANGES_LEGEND])

    assert {dst: data["change"] for dst, data in edges.items()} == {
        "=db()": "grew",
        "203.0.113.9": "added",
    }
    assert "grew: was 2 flows" in edges["=db()"]["tip"]
    assert "1 edge is gone" in legend
    assert "198.51.100.8 → web-1 TCP 22" in legend


def test_marks_go_when_nothing_is_compared(logged_app: Dash) -> None:
    """An empty mark is sent: the drawing would keep one that is left out."""
    elements = call(logged_app, ELEMENTS, **view("?threshold=0"))[ids.NETWORK_GRAPH]["elements"]

    assert {e["data"]["change"] for e in elements if "source" in e["data"]} == {""}
    assert all("change" not in e["data"] for e in elements if "source" not in e["data"])


def test_marking_changes_no_other_list() -> None:
    """The elements that come in stay as they are."""
    element = {"data": {"id": "e:a→b:1/6", "source": "n:a", "tip": "a"}}

    assert marked([element], None) == [{"data": {**element["data"], "change": ""}}]
    assert "change" not in element["data"]


def test_each_mark_has_a_color_of_its_own() -> None:
    """In light and dark."""
    for scheme in PALETTES:
        styles = {s["selector"]: s["style"] for s in cytoscape_stylesheet(scheme)}
        colors = {
            styles[f'edge[change = "{change}"]']["line-color"]
            for change in ("added", "grew", "shrank", "same")
        }
        assert len(colors) == 4


def test_table_and_file_are_one_answer(logged_app: Dash, logged: FlowSource) -> None:
    """The CSV has the rows of the table, in its order, and no cell that is a formula."""
    response = logged_app.server.test_client().get(f"/changes.csv{LATER}")
    lines = list(csv.DictReader(io.StringIO(response.text)))
    state = ViewState.from_search(LATER)
    compared = compared_ranges(Shown(logged, state.query, logged, None, state.base(None, None)))

    assert compared is not None
    rows = change_rows(compared)
    assert [(line["change"], line["flows_before"], line["flows"]) for line in lines] == [
        (row["change"], str(row["before"]), str(row["now"])) for row in rows
    ]
    assert lines[0]["dst"] == "'=db()"
    assert response.headers["Content-Disposition"] == "attachment; filename=changes.csv"


def test_shared_file_holds_no_address(logged_app: Dash) -> None:
    """Sharing mode is part of the address of the file."""
    text = logged_app.server.test_client().get(f"/changes.csv{LATER}&sharing=on").text

    assert "web-1" in text
    for address in ("198.51.100.8", "203.0.113.9"):
        assert address not in text


def test_file_without_a_comparison_is_a_400_with_a_sentence(logged_app: Dash) -> None:
    """It names what can be given."""
    response = logged_app.server.test_client().get("/changes.csv")

    assert response.status_code == 400
    assert response.text == "compare: '' is not usable. Give one of previous, day, week.\n"
