"""What clicks, chips and menus make of the question; who waits for its answer."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from dash import no_update

from dashboard.analysis.engines.stopping import Cancellation
from dashboard.analysis.flow_query import FlowQuery
from dashboard.errors import BadQueryError
from dashboard.saved_views import MAX_VIEWS, SavedViews, SavedViewsError
from dashboard.ui.callbacks.view import edited, state_after
from dashboard.ui.claims import edge_claim, node_claim
from dashboard.ui.commands import (
    after_command,
    after_expansion,
    after_network,
)
from dashboard.ui.turns import Turns
from dashboard.ui.view_state import ViewState

NOON = 1_767_614_400
EDGE = {"src": "web-1", "dst": "10.0.0.9", "port": 443, "protocol": 6}


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("include", "port = 80 and ip = web-1"),
        ("exclude", "port = 80 and ip != web-1"),
        ("only", "ip = web-1"),
    ],
)
def test_a_click_adds_its_claim(how: str, text: str) -> None:
    """Include, exclude, only this."""
    raw = after_command({"filter": "port = 80"}, {"how": how, "claim": "ip = web-1"})

    assert raw["filter"] == text


@pytest.mark.parametrize(
    ("does", "chip", "text"),
    [
        ("remove", 0, "action = reject"),
        ("edit", 1, "port = 80"),
        ("turn", 0, "port != 80 and action = reject"),
        ("clear", -1, ""),
        ("edit-all", -1, ""),
        ("remove", 9, "port = 80 and action = reject"),
    ],
)
def test_chips_have_buttons(does: str, chip: int, text: str) -> None:
    """Each changes the filter; what is edited moves to the field."""
    now = "port = 80 and action = reject"

    assert after_command({"filter": now}, {"do": does, "chip": chip})["filter"] == text


def test_an_edited_chip_stands_in_the_field() -> None:
    """One chip, or the whole filter."""
    search = "?filter=port+%3D+80+and+action+%3D+reject"

    assert edited("command", search, {"do": "edit", "chip": 1}, "") == "action = reject"
    assert edited("command", search, {"do": "edit-all", "chip": -1}, "") == (
        "port = 80 and action = reject"
    )
    assert edited("typed", search, None, "port = 1") == ""
    assert edited("typed", search, None, "") is no_update


def test_a_command_sets_parameters_and_no_others() -> None:
    """A range of its own lights no preset; unknown names are left out."""
    raw = after_command({"range": "24h"}, {"set": {"start": 60, "end": 120, "evil": "x"}})

    assert raw == {"range": "", "start": 60, "end": 120}
    assert after_command({}, {"set": {"level": "subnet"}}) == {"level": "subnet"}


@pytest.mark.parametrize(
    "command", [None, "x", {}, {"how": "drop", "claim": "port = 1"}, {"do": "x"}]
)
def test_what_is_no_command_is_refused(command: Any) -> None:
    """The store can be written by anybody who opens the console."""
    with pytest.raises(BadQueryError, match="a claim, parameters to set, or a chip's button"):
        after_command({}, command)


@pytest.mark.parametrize(
    ("node", "level", "side", "claim"),
    [
        ("web-1", "name", "", "ip = web-1"),
        ("10.0.0.9", "name", "src", "src = 10.0.0.9"),
        ("10.0.0.0/24", "/24", "dst", "dst in 10.0.0.0/24"),
        ("my subnet", "subnet", "", 'node = "my subnet"'),
        ("internet", "vpc", "src", "src.node = internet"),
        ("10.0.0.5 (vpc-a)", "address", "", 'node = "10.0.0.5 (vpc-a)"'),
        ('a "b"', "name", "", 'ip = "a \\"b\\""'),
    ],
)
def test_nodes_are_claimed_as_they_are_drawn(node: str, level: str, side: str, claim: str) -> None:
    """The claim reads back, whatever the name holds."""
    assert node_claim(node, level, side) == claim
    assert FlowQuery(filter=claim).filter == claim


def test_an_edge_is_claimed_by_its_whole_key() -> None:
    """Ends, port and protocol."""
    whole = "src = web-1 and dst = 10.0.0.9 and port = 443 and protocol = 6"
    assert edge_claim("web-1", "10.0.0.9", 443, 6, "name") == whole
    assert edge_claim("web-1", "10.0.0.9", None, None, "name") == "src = web-1 and dst = 10.0.0.9"
    assert edge_claim("web-1", None, 443, 6, "name") == "port = 443 and protocol = 6"


def test_the_networks_menu_filters() -> None:
    """Peers include, only takes the place of all, details change nothing."""
    raw = {"filter": "port = 80", "level": "name"}

    assert after_network(raw, {"action": "peers", "kind": "node", "key": "web-1"})["filter"] == (
        "port = 80 and ip = web-1"
    )
    assert after_network(raw, {"action": "only", "kind": "edge", "key": EDGE})["filter"].startswith(
        "src = web-1 and dst"
    )
    assert after_network(raw, {"action": "details", "kind": "node", "key": "web-1"}) == raw
    assert after_network(raw, None) == raw


def test_expanding_is_for_levels_that_hold_something() -> None:
    """Names and addresses have nothing inside; a node is expanded once."""
    raw = {"level": "subnet", "expand": ["a"]}

    assert after_expansion(raw, {"node": "b"})["expand"] == ["a", "b"]
    assert after_expansion(raw, {"node": "a"})["expand"] == ["a"]
    assert after_expansion({"level": "name"}, {"node": "web-1"}) == {"level": "name"}
    assert after_command(raw, {"do": "collapse", "chip": 0})["expand"] == []


def test_what_was_typed_becomes_a_chip() -> None:
    """The field adds to the filter of the URL, and keeps the rest of the view."""
    controls = {"filter": "port = 80", "level": "subnet", "tab": "table", "sharing": False}

    state = state_after("typed", controls, {"typed": "action = reject"}, NOON)

    assert state.query.filter == "port = 80 and action = reject"
    assert (state.query.level, state.tab) == ("subnet", "table")


def test_a_view_may_be_compared_with_an_earlier_one() -> None:
    """The time before, a day or a week earlier, over the range that is shown."""
    query = FlowQuery(start=NOON, end=NOON + 7_200, filter="port = 80")

    def base(compare: str) -> tuple[int | None, int | None]:
        found = ViewState(query, "", compare=compare).base(NOON - 9, NOON + 9)
        assert found is not None
        assert found.filter == "port = 80"
        return found.start, found.end

    assert base("previous") == (NOON - 7_200, NOON)
    assert base("day") == (NOON - 86_400, NOON - 86_400 + 7_200)
    assert base("week") == (NOON - 604_800, NOON - 604_800 + 7_200)
    # Beyond the records on either side.
    for search in ("?start=2027-01-01T00:00Z", "?end=2020-01-01T00:00Z"):
        far = ViewState.from_search(search, NOON)
        beyond = far.replace(compare="day").base(NOON - 9, NOON)
        assert beyond is not None
        assert (beyond.start or 0) < (beyond.end or 0)
    assert ViewState(query).base(NOON, NOON) is None
    opened = ViewState(FlowQuery(), compare="day").base(NOON + 5, NOON + 3_599)
    assert opened is not None
    assert (opened.start, opened.end) == (NOON - 86_400, NOON - 86_400 + 3_600)
    state = ViewState(query, "", compare="week", tab="changes")
    assert ViewState.from_search(state.to_search()) == state


def test_views_are_kept_in_one_file(tmp_path: Path) -> None:
    """Saved, replaced by name, removed; readable by another process at any time."""
    views = SavedViews(tmp_path / "views.json")
    assert views.all() == []

    views.save("  Denied   today ", "?action=reject", 5)
    views.save("all", "", 6)
    views.save("DENIED today", "?action=accept", 7)

    assert [(v.name, v.search, v.saved_at) for v in SavedViews(tmp_path / "views.json").all()] == [
        ("all", "", 6), ("DENIED today", "?action=accept", 7),
    ]  # fmt: skip
    views.remove("all")
    assert [view.name for view in views.all()] == ["DENIED today"]


def test_views_of_many_writers_are_all_kept(tmp_path: Path) -> None:
    """Two people who save at once lose nothing."""
    views = SavedViews(tmp_path / "views.json")

    threads = [
        threading.Thread(target=views.save, args=(f"view {n}", f"?top={n}", n)) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(views.all()) == 20


@pytest.mark.parametrize(
    ("name", "search", "message"),
    [
        ("", "", "Give 1 to 80 characters"),
        ("x" * 81, "", "Give 1 to 80 characters"),
        ("a\x07b", "", "is no usable name"),
        ("a", "?" + "x" * 9_000, "Use a shorter filter"),
    ],
)
def test_a_view_that_cannot_be_kept_is_refused(
    tmp_path: Path, name: str, search: str, message: str
) -> None:
    """With a sentence that says what can."""
    with pytest.raises(SavedViewsError, match=message):
        SavedViews(tmp_path / "views.json").save(name, search, 1)


def test_a_damaged_or_full_file_of_views_is_told(tmp_path: Path) -> None:
    """It is never overwritten unread."""
    path = tmp_path / "views.json"
    path.write_text('{"views": [{"name": 1}]}')
    with pytest.raises(SavedViewsError, match="cannot be read"):
        SavedViews(path).save("a", "", 1)
    full = [{"name": str(n), "search": "", "saved_at": n} for n in range(MAX_VIEWS)]
    path.write_text(json.dumps({"views": full}))
    with pytest.raises(SavedViewsError, match="holds 500 views"):
        SavedViews(path).save("one more", "", 1)


def test_the_next_question_of_a_tab_cancels_the_one_before(tmp_path: Path) -> None:
    """In another worker, too; other tabs and equal turns are left alone."""
    one, other = Turns(tmp_path), Turns(tmp_path)
    mine, its = one.begin("a" * 16, 10), one.begin("b" * 16, 10)
    assert isinstance(mine, Cancellation)
    assert isinstance(its, Cancellation)
    cancelled = threading.Event()
    mine.add(cancelled.set)

    other.announce("a" * 16, 10)
    other.announce("b" * 16, 9)
    other.announce("a" * 16, 11)

    assert cancelled.wait(10)
    assert not its.is_cancelled
    one.end(mine)
    one.end(its)


@pytest.mark.parametrize(
    ("asker", "turn"), [("../../etc", 1), (None, 1), ("a" * 16, "1"), (3, True)]
)
def test_a_made_up_asker_reaches_no_file(tmp_path: Path, asker: object, turn: object) -> None:
    """What the browser sends is hostile."""
    turns = Turns(tmp_path / "turns")

    turns.announce(asker, turn)

    assert turns.begin(asker, turn) is None
    assert not (tmp_path / "turns").exists()
