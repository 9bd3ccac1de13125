"""The table of edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, Patch, State

from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source, asked_by
from dashboard.ui.figures.edge_rows import bins_note, edge_rows, statistics_by_id, sum_rows
from dashboard.ui.figures.empty import no_edges


def register(app: Dash, source: Source) -> None:
    """List the shown edges, with "other" and the total below, and their course over time.

    The statistics cost more than the rows, which show before them; both are worked out at
    the same time, and the browser puts them together when both are there.
    """

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
        return edge_rows(edges, shown.query), options, sentence, {"turn": _turn(view)}

    @app.callback(
        Output(ids.TABLE_STATISTICS, "data"),
        Output(ids.TABLE_NOTE, "children"),
        inputs=asked_by(ids.TABLE_ASKED),
        prevent_initial_call=True,
    )
    def sum_up(view: Any, _asked: Any) -> tuple[Any, str]:
        shown = source.shown_view(view)
        edges, bins = shown.answers.edges(shown.query), shown.answers.edge_bins(shown.query)
        found = statistics_by_id(edges, shown.query, bins)
        return {"turn": _turn(view), "rows": found}, bins_note(bins, shown.query)

    wire: Any = app.clientside_callback
    # What sets an input is waited for: the function sees both answers, whichever came first.
    wire(
        ClientsideFunction("atlasTable", "fill"),
        Output(ids.TABLE_GRID, "rowData", allow_duplicate=True),
        Input(ids.TABLE_STATISTICS, "data"),
        Input(ids.TABLE_LISTED, "data"),
        State(ids.TABLE_GRID, "rowData"),
        prevent_initial_call=True,
    )


def _turn(view: Any) -> Any:
    return view.get("turn") if isinstance(view, Mapping) else None
