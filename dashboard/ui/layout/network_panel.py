"""The network: its toolbar, its drawing, and what lies over the drawing."""

from __future__ import annotations

from typing import Any

import dash_cytoscape as cyto
import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.ui import ids
from dashboard.ui.figures.layouts import LAYOUTS
from dashboard.ui.layout.aria import labelled, unread
from dashboard.ui.layout.changes import changes_legend
from dashboard.ui.network_style import CHEAP_ABOVE_EDGES, cytoscape_stylesheet, style_name
from dashboard.ui.plain import plain

# The only layout: places come from the server, and an unknown name would kill the component.
_PRESET = {"name": "preset", "fit": False}

_KEYS = (
    ("← ↑ → ↓", "walk to the next node"),
    ("Shift + arrow", "move the node; it is pinned there"),
    ("Enter", "show its details"),
    ("D", "go to the details; Esc closes them and comes back"),
    ("E", "walk along its edges"),
    ("F", "focus on it; then + and − for more or fewer hops"),  # noqa: RUF001 - a minus sign.
    ("H", "hide it; Shift + H shows all again"),
    ("P", "pin it, or let it go"),
    ("X", "expand or collapse it, as a double click does"),
    ("M", "menu, as a right click or a long press gives"),
    ("+ −", "zoom in and out"),  # noqa: RUF001
    ("0", "show the whole network"),
    ("/", "search; then Enter for the next hit"),
    ("Esc", "leave focus, then the selection"),
    ("?", "this list"),
)


def network() -> Any:
    """Return everything of the network's tab."""
    # The scripts in assets/ write to these stores and fields under the names given here.
    names: dict[str, Any] = {
        "data-selection": ids.NETWORK_SELECTION,
        "data-expand": ids.NETWORK_EXPAND,
        "data-command": ids.NETWORK_COMMAND,
        "data-layout": ids.NETWORK_LAYOUT,
        "data-other": ids.NETWORK_OTHER,
        "data-url": ids.PAGE_URL,
        "data-cheap-above": str(CHEAP_ABOVE_EDGES),
    }
    return html.Div(
        [
            dcc.Store(id=ids.NETWORK_SELECTION),
            dcc.Store(id=ids.NETWORK_EXPAND),
            dcc.Store(id=ids.NETWORK_COMMAND),
            dcc.Store(id=ids.NETWORK_STYLED, data=style_name("light")),
            _toolbar(),
            html.Div(
                [
                    _drawing(),
                    _empty(),
                    html.Canvas(className="network-map whole", **unread()),
                    changes_legend(),
                    plain(html.Div(_legend(), className="legend")),
                ],
                className="network-stage",
            ),
            html.Div(className="network-status", role="status"),
        ],
        className="network",
        **names,
    )


def _drawing() -> Any:
    graph = cyto.Cytoscape(
        id=ids.NETWORK_GRAPH,
        elements=[],
        layout=_PRESET,
        stylesheet=cytoscape_stylesheet("light"),
        autoRefreshLayout=False,
        # assets/14-network-view.js fits the picture: the component's own way goes by the last
        # frame, so a resize between a fit and its frame takes the fit back.
        responsive=False,
        minZoom=0.05,
        maxZoom=5,
        className="cytoscape",
        style={"width": "100%", "height": "100%"},
    )
    label = "Network. Arrow keys walk from node to node, Enter shows details, ? lists all keys."
    return html.Div(
        graph, className="network-canvas", tabIndex="0", role="application", **labelled(label)
    )


def _toolbar() -> Any:
    layouts = dmc.SegmentedControl(
        id=ids.NETWORK_LAYOUT,
        data=[{"value": layout, "label": layout.capitalize()} for layout in LAYOUTS],
        value=LAYOUTS[0],
        size="xs",
        transitionDuration=0,
        attributes={
            "root": {"aria-label": "Layout", "title": "Hierarchical: internet to data, rightwards"}
        },
    )
    return html.Div(
        [
            layouts,
            _search(),
            _button(ids.NETWORK_FOCUS, "Focus", "Dim all but its neighbors (F)", "focus"),
            html.Span(
                [
                    _button(ids.NETWORK_NEARER, "−", "One hop less", "square"),  # noqa: RUF001
                    html.Span("1 hop", className="network-hop-count"),
                    _button(ids.NETWORK_FARTHER, "+", "One hop more", "square"),
                ],
                className="network-hops",
                hidden=True,
            ),
            _button(ids.NETWORK_HIDE, "Hide", "Hide what is selected (H)"),
            _button(ids.NETWORK_UNHIDE, "Show hidden", "Show all that is hidden", "unhide", True),
            _button(ids.NETWORK_PIN, "Pin", "Keep the selected node where it is (P)"),
            _button(ids.NETWORK_FORGET, "Undo moves", "Put every node back to its own place"),
            dmc.Switch(
                id=ids.NETWORK_OTHER,
                label="Other",
                size="xs",
                checked=False,
                attributes={"root": {"title": "Draw what threshold and top cut as one node"}},
            ),
            html.Span(
                [
                    _button(ids.NETWORK_FIT, "Fit", "Show the whole network (0)"),
                    _button(ids.NETWORK_ZOOM_OUT, "−", "Zoom out", "square"),  # noqa: RUF001
                    _button(ids.NETWORK_ZOOM_IN, "+", "Zoom in", "square"),
                    _button(ids.NETWORK_MAP, "Map", "Small map, when zoomed in", "map-switch"),
                    _help(),
                ],
                className="network-view",
            ),
        ],
        className="network-tools",
        role="toolbar",
        **labelled("Network tools"),
    )


def _search() -> Any:
    field = dmc.TextInput(
        id=ids.NETWORK_SEARCH,
        value="",
        size="xs",
        placeholder="Find a node",
        autoComplete="off",
        spellCheck=False,
        attributes={"input": {"aria-label": "Find a node by name or address"}},
    )
    return html.Span(
        [field, html.Span(className="network-hits", role="status")], className="network-search"
    )


def _button(button_id: str, text: str, title: str, mark: str = "", is_hidden: bool = False) -> Any:
    # A bare sign is no name to be read out.
    named = labelled(title) if len(text) == 1 else {}
    mark = "square" if mark == "square" else f"network-{mark}" if mark else ""
    return html.Button(
        text,
        id=button_id,
        className=f"button {mark}".strip(),
        type="button",
        title=title,
        hidden=is_hidden,
        **named,
    )


def _help() -> Any:
    lines: list[Any] = []
    for keys, what in _KEYS:
        lines += [html.Dt(html.Kbd(keys)), html.Dd(what)]
    return html.Details(
        [html.Summary("Keys", className="button"), plain(html.Dl(lines))], className="network-help"
    )


def _empty() -> Any:
    return html.Div(
        [
            html.P(id=ids.NETWORK_EMPTY, className="empty-text"),
            html.Button(
                "Show them",
                id=ids.NETWORK_SHOW_ALL,
                className="button primary",
                type="button",
                hidden=True,
            ),
        ],
        className="network-empty",
    )


def _legend() -> list[Any]:
    edges = [
        html.Span([html.I(className=f"line {state}"), text], className="of-edges")
        for state, text in (
            ("accepted", "accepted"),
            ("rejected", "rejected"),
            ("mixed", "mixed"),
            ("unlogged", "no action"),
        )
    ]
    nodes = [
        html.Span([html.I(className=f"shape {scope}"), text])
        for scope, text in (("internal", "internal"), ("internet", "internet"), ("mixed", "both"))
    ]
    return [*edges, *nodes, html.Span("arrow: initiator → responder")]
