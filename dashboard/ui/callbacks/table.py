"""The table of edges."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, Patch

from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source, asked_by
from dashboard.ui.figures.edge_rows import bins_note, edge_rows, sum_rows
from dashboard.ui.figures.empty import no_edges


def register(app: Dash, source: Source) -> None:
    """List the shown edges, with "other" and the total below, then their course over time."""

    @app.callback(
        Output(ids.TABLE_GRID, "rowData"),
        Output(ids.TABLE_GRID, "dashGridOptions"),
        Output(ids.TABLE_EMPTY, "children"),
        Output(ids.TABLE_LISTED, "data"),
        inputs=asked_by(ids.TABLE_ASKED),
        prevent_initial_call=True,
    )
    def relist(view: Any, _asked: Any) -> tuple[Any, Patch, str, Any]:
        shown = source.shown_view(view)
        edges, totals = shown.answers.edges(shown.query), shown.answers.totals(shown.query)
        options = Patch()
        options["pinnedBottomRowData"] = sum_rows(edges, shown.query) if len(edges.rows) else []
        sentence = no_edges(edges, totals, shown.query)
        return edge_rows(edges, shown.query), options, sentence, view

    @app.callback(
        Output(ids.TABLE_GRID, "rowData", allow_duplicate=True),
        Output(ids.TABLE_NOTE, "children"),
        inputs={"view": Input(ids.TABLE_LISTED, "data")},
        prevent_initial_call=True,
    )
    def fill_statistics(view: Any) -> tuple[Any, str]:
        # The statistics cost more than the table: it shows before them, and they wait for it.
        shown = source.shown_view(view)
        edges, bins = shown.answers.edges(shown.query), shown.answers.edge_bins(shown.query)
        return edge_rows(edges, shown.query, bins), bins_note(bins, shown.query)
