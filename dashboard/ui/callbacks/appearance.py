"""Light and dark, and the small tools that work in the browser alone."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State

from dashboard.ui import ids


def register(app: Dash) -> None:
    """Wire the functions of assets/20-callbacks.js, 21-display.js and 34-stale.js."""
    wire: Any = app.clientside_callback
    wire(
        ClientsideFunction("atlas", "theme"),
        Output(ids.PAGE_THEME, "data"),
        Output(ids.PAGE_PROVIDER, "forceColorScheme"),
        Input(ids.HEADER_THEME, "n_clicks"),
    )
    wire(
        ClientsideFunction("atlasDisplay", "chosen"),
        Output(ids.PAGE_DISPLAY, "data"),
        Output(ids.DISPLAY_SUMMARY, "children"),
        Input(ids.DISPLAY_ZONE, "value"),
        Input(ids.DISPLAY_UNITS, "value"),
    )
    wire(
        ClientsideFunction("atlas", "brush"),
        Output(ids.TIMELINE_BRUSH, "data"),
        Input(ids.TIMELINE_GRAPH, "relayoutData"),
        prevent_initial_call=True,
    )
    steps = (ids.CONTROLS_EARLIER, ids.CONTROLS_LATER, ids.CONTROLS_WIDER)
    wire(
        ClientsideFunction("atlas", "steps"),
        *(Output(step, "disabled") for step in steps),
        *(Output(step, "title") for step in steps),
        Input(ids.CONTROLS_SPAN, "value"),
        *(State(step, "aria-label") for step in steps),
    )
    wire(
        ClientsideFunction("atlasStale", "mark"),
        Input(ids.PAGE_STALE, "data"),
        Input(ids.PAGE_VIEW, "data"),
        prevent_initial_call=True,
    )
    wire(
        ClientsideFunction("atlas", "copyLink"),
        Output(ids.CONTROLS_COPY, "children"),
        Input(ids.CONTROLS_COPY, "n_clicks"),
        prevent_initial_call=True,
    )
