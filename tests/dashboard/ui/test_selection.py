"""What the browser writes about the selection is read, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.ui.selection import (
    Command,
    EdgeKey,
    Selected,
    command,
    expanded_node,
    selected_part,
)

EDGE = {"src": "app-1", "dst": "postgres", "port": 5432, "protocol": 6}


def test_node_edge_and_nothing_are_told_apart() -> None:
    """An edge is its full key; a protocol without ports has none."""
    assert selected_part({"kind": "node", "id": "app-1"}) == Selected("node", node="app-1")
    assert selected_part({"kind": "edge", "id": EDGE}) == Selected(
        "edge", edge=EdgeKey("app-1", "postgres", 5432, 6)
    )
    ping = {"src": "a", "dst": "b", "port": None, "protocol": 1}
    assert selected_part({"kind": "edge", "id": ping}) == Selected(
        "edge", edge=EdgeKey("a", "b", None, 1)
    )
    assert selected_part(None) is None


@pytest.mark.parametrize(
    "data",
    [
        "app-1",
        {"kind": "node", "id": 7},
        {"kind": "node", "id": ""},
        {"kind": "net", "id": "app-1"},
        {"kind": "edge", "id": {**EDGE, "port": "5432"}},
        {"kind": "edge", "id": {**EDGE, "protocol": True}},
        {"kind": "edge", "id": {"src": "app-1"}},
    ],
)
def test_what_no_page_writes_is_nothing(data: Any) -> None:
    """Anybody may post to the server."""
    assert selected_part(data) is None


def test_command_names_action_and_part() -> None:
    """An unknown action is no command."""
    raw = {"action": "exclude", "kind": "node", "key": "app-1", "time": 1}

    assert command(raw) == Command("exclude", Selected("node", node="app-1"))
    assert command({**raw, "action": "drop"}) is None
    assert command({**raw, "key": None}) is None
    assert command(None) is None


def test_expanded_node_is_a_name() -> None:
    """Nothing else asks to expand."""
    assert expanded_node({"node": "app-1", "time": 1}) == "app-1"
    assert expanded_node({"node": ["app-1"]}) is None
    assert expanded_node(None) is None
