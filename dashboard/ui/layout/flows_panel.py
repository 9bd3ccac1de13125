"""The tabs that draw a breakdown: Sankey diagram and matrix."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.ui import ids
from dashboard.ui.figures.flow_shares import DIMENSIONS
from dashboard.ui.layout.aria import labelled, list_attributes
from dashboard.ui.layout.beside import chart, click_control

_NO_THIRD = {"value": "", "label": "none"}


def sankey() -> Any:
    """Return the Sankey diagram and the choice of its dimensions."""
    return _tab(
        [
            _dimension(ids.SANKEY_FIRST, "From", "src", "Dimension of the first column"),
            _dimension(ids.SANKEY_SECOND, "over", "port", "Dimension of the second column"),
            _dimension(ids.SANKEY_THIRD, "to", "dst", "Dimension of the third column", [_NO_THIRD]),
            click_control(ids.SANKEY_HOW),
        ],
        chart(ids.SANKEY_GRAPH),
        "Sankey diagram",
    )


def matrix() -> Any:
    """Return the matrix and the choice of its dimensions."""
    return _tab(
        [
            _dimension(ids.MATRIX_ROWS, "Rows", "src", "Dimension of the rows"),
            _dimension(ids.MATRIX_COLUMNS, "Columns", "dst", "Dimension of the columns"),
            click_control(ids.MATRIX_HOW),
        ],
        chart(ids.MATRIX_GRAPH),
        "Matrix",
    )


def _tab(tools: list[Any], drawing: Any, label: str) -> Any:
    return html.Div(
        [html.Div(tools, className="flows-tools"), drawing],
        className="flows",
        role="region",
        tabIndex="0",  # On a phone it is wider than the screen, and moved over.
        **labelled(label),
    )


def _dimension(
    control_id: str, text: str, value: str, label: str, more: list[dict[str, str]] | None = None
) -> Any:
    choices = [{"value": name, "label": title} for name, title in DIMENSIONS.items()]
    select = dmc.Select(
        id=control_id,
        data=[*choices, *(more or [])],
        value=value,
        allowDeselect=False,
        size="xs",
        className="dimension",
        # A way to look at the answer and no part of the question: kept with the browser's tab.
        persistence=True,
        persistence_type="session",
        **list_attributes(label),
    )
    return html.Span([html.Span(text, className="click-label"), select], className="flows-tool")
