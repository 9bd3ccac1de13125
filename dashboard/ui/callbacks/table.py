"""The table of edges."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, Patch

from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source
from dashboard.ui.figures.edge_rows import edge_rows, sum_rows


def register(app: Dash, source: Source) -> None:
    """List the shown edges, with "other" and the total below."""

    @app.callback(
        Output(ids.TABLE_GRID, "rowData"),
        Output(ids.TABLE_GRID, "dashGridOptions"),
        inputs={"view": Input(ids.PAGE_VIEW, "data")},
    )
    def relist(view: Any) -> tuple[Any, Patch]:
        shown = source.shown_view(view)
        edges = shown.answers.edges(shown.query)
        options = Patch()
        options["pinnedBottomRowData"] = sum_rows(edges)
        return edge_rows(edges), options
