"""Which parts of the page ask the server: those that are seen."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State

from dashboard.ui import ids
from dashboard.ui.plain import CONTENT

# In the order of assets/25-asking.js.
_TABS = ("table", "sankey", "matrix", "changes", "quality")
_PARTS = (
    ids.TABLE_ASKED, ids.SANKEY_ASKED, ids.MATRIX_ASKED, ids.CHANGES_ASKED, ids.QUALITY_ASKED,
    ids.DRAWER_ASKED,
)  # fmt: skip


def register(app: Dash) -> None:
    """Wire the functions of assets/25-asking.js."""
    wire: Any = app.clientside_callback
    wire(
        ClientsideFunction("atlasAsking", "parts"),
        *(Output(part, "data") for part in _PARTS),
        Input(ids.PAGE_VIEW, "data"),
        Input(ids.MAIN_TAB, "value"),
        Input(ids.PAGE_THEME, "data"),
        State(ids.NETWORK_SELECTION, "data"),
        *(State(part, "data") for part in _PARTS),
    )
    wire(
        ClientsideFunction("atlasAsking", "questions"),
        Output(ids.QUESTIONS_ASKED, "data"),
        Input(ids.HEADER_TOTALS, CONTENT),
        State(ids.PAGE_VIEW, "data"),
        State(ids.PAGE_URL, "search"),
        State(ids.QUESTIONS_ASKED, "data"),
        prevent_initial_call=True,
    )
    panels = [ids.panel(tab) for tab in _TABS]
    wire(
        ClientsideFunction("atlasAsking", "panels"),
        *(Output(panel, "keepMounted") for panel in panels),
        Input(ids.MAIN_TAB, "value"),
        *(State(panel, "keepMounted") for panel in panels),
    )
