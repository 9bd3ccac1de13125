"""Sankey diagram and matrix; each is asked for only while its tab lies on top."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from dash import Dash, Input, Output, State

from dashboard.ui import ids
from dashboard.ui.callbacks.charts import claim_on_click
from dashboard.ui.callbacks.shown import Source, asked_by
from dashboard.ui.figures.empty import empty_figure
from dashboard.ui.figures.flow_shares import chosen
from dashboard.ui.figures.matrix import matrix_figure
from dashboard.ui.figures.sankey import sankey_figure

_TOP_SANKEY, _TOP_MATRIX = 10, 20
_TOO_FEW = "A value cannot flow to itself. Choose different dimensions."


def register(app: Dash, source: Source) -> None:
    """Redraw when the view, the theme or the dimensions change."""

    @app.callback(
        Output(ids.SANKEY_GRAPH, "figure"),
        inputs={
            **asked_by(ids.SANKEY_ASKED),
            "scheme": State(ids.PAGE_THEME, "data"),
            "first": Input(ids.SANKEY_FIRST, "value"),
            "second": Input(ids.SANKEY_SECOND, "value"),
            "third": Input(ids.SANKEY_THIRD, "value"),
        },
        prevent_initial_call=True,
    )
    def draw_sankey(
        view: Any, _asked: Any, scheme: Any, first: Any, second: Any, third: Any
    ) -> go.Figure:
        shown, dimensions = source.shown_view(view), chosen(first, second, third)
        if len(dimensions) < 2:
            return empty_figure(_TOO_FEW, scheme)
        found = shown.answers.breakdown(shown.query, dimensions, _TOP_SANKEY)
        return sankey_figure(found, shown.query, scheme)

    @app.callback(
        Output(ids.MATRIX_GRAPH, "figure"),
        inputs={
            **asked_by(ids.MATRIX_ASKED),
            "scheme": State(ids.PAGE_THEME, "data"),
            "rows": Input(ids.MATRIX_ROWS, "value"),
            "columns": Input(ids.MATRIX_COLUMNS, "value"),
        },
        prevent_initial_call=True,
    )
    def draw_matrix(view: Any, _asked: Any, scheme: Any, rows: Any, columns: Any) -> go.Figure:
        shown, dimensions = source.shown_view(view), chosen(rows, columns)
        if len(dimensions) < 2:
            return empty_figure(_TOO_FEW, scheme)
        found = shown.answers.breakdown(shown.query, dimensions, _TOP_MATRIX)
        return matrix_figure(found, shown.query, scheme)

    claim_on_click(app, ids.SANKEY_GRAPH, ids.SANKEY_HOW, has_bands=True)
    claim_on_click(app, ids.MATRIX_GRAPH, ids.MATRIX_HOW)
