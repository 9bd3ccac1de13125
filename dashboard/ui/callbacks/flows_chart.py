"""Sankey diagram and matrix; each is asked for only while its tab lies on top."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from dash import Dash, Input, Output
from dash.exceptions import PreventUpdate

from dashboard.ui import ids
from dashboard.ui.callbacks.charts import claim_on_click
from dashboard.ui.callbacks.shown import Source
from dashboard.ui.figures.empty import empty_figure
from dashboard.ui.figures.flow_shares import chosen
from dashboard.ui.figures.matrix import matrix_figure
from dashboard.ui.figures.sankey import sankey_figure

_TOP_SANKEY, _TOP_MATRIX = 10, 20
_TOO_FEW = "A value cannot flow to itself. Choose different dimensions."
_PAGE = {
    "view": Input(ids.PAGE_VIEW, "data"),
    "scheme": Input(ids.PAGE_THEME, "data"),
    "tab": Input(ids.MAIN_TAB, "value"),
}


def register(app: Dash, source: Source) -> None:
    """Redraw when the view, the theme or the dimensions change."""

    @app.callback(
        Output(ids.SANKEY_GRAPH, "figure"),
        inputs={
            **_PAGE,
            "first": Input(ids.SANKEY_FIRST, "value"),
            "second": Input(ids.SANKEY_SECOND, "value"),
            "third": Input(ids.SANKEY_THIRD, "value"),
        },
    )
    def draw_sankey(
        view: Any, scheme: Any, tab: Any, first: Any, second: Any, third: Any
    ) -> go.Figure:
        if tab != "sankey":
            raise PreventUpdate
        shown, dimensions = source.shown_view(view), chosen(first, second, third)
        if len(dimensions) < 2:
            return empty_figure(_TOO_FEW, scheme)
        found = shown.answers.breakdown(shown.query, dimensions, _TOP_SANKEY)
        return sankey_figure(found, shown.query, scheme)

    @app.callback(
        Output(ids.MATRIX_GRAPH, "figure"),
        inputs={
            **_PAGE,
            "rows": Input(ids.MATRIX_ROWS, "value"),
            "columns": Input(ids.MATRIX_COLUMNS, "value"),
        },
    )
    def draw_matrix(view: Any, scheme: Any, tab: Any, rows: Any, columns: Any) -> go.Figure:
        if tab != "matrix":
            raise PreventUpdate
        shown, dimensions = source.shown_view(view), chosen(rows, columns)
        if len(dimensions) < 2:
            return empty_figure(_TOO_FEW, scheme)
        found = shown.answers.breakdown(shown.query, dimensions, _TOP_MATRIX)
        return matrix_figure(found, shown.query, scheme)

    claim_on_click(app, ids.SANKEY_GRAPH, ids.SANKEY_HOW, has_bands=True)
    claim_on_click(app, ids.MATRIX_GRAPH, ids.MATRIX_HOW)
