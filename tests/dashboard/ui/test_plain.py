"""Markup as one component."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.ui.plain import CONTENT, Plain, plain


def _json(component: Plain) -> Any:
    untyped: Any = component
    return untyped.to_plotly_json()


def test_an_element_becomes_one_component() -> None:
    """Its inside is a property that a callback can set; the rest describes the element."""
    inside = [html.B("a"), "b"]
    named: dict[str, Any] = {"aria-label": "List"}

    drawn = _json(plain(html.Ol(inside, id="list", className="bars", **named)))

    assert (drawn["namespace"], drawn["type"]) == ("flow_atlas", "Plain")
    assert drawn["props"] == {
        "id": "list",
        "host": {"type": "Ol", "props": {"className": "bars", "aria-label": "List"}},
        CONTENT: inside,
    }


def test_an_element_without_id_has_none() -> None:
    """Markup that no callback sets."""
    assert _json(plain(html.P("text")))["props"] == {
        "host": {"type": "P", "props": {}},
        CONTENT: "text",
    }
