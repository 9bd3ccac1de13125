"""What changed between two time ranges: tiles, table, marks on the network, CSV."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output
from flask import Response, request

from dashboard.analysis.export.changes_csv import changes_csv
from dashboard.analysis.flow_query import MAX_TOP_K
from dashboard.errors import BadQueryError, DashboardError
from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Shown, Source, asked_by
from dashboard.ui.figures.changes import (
    Compared,
    change_rows,
    no_changes,
    offers,
    summary_tiles,
)
from dashboard.ui.view_state import COMPARISONS

PATH = "changes.csv"
_ASKED = asked_by(ids.CHANGES_ASKED)


def register(app: Dash, source: Source) -> None:
    """List the changes while a range is compared; else offer to compare."""
    prefix = app.config.requests_pathname_prefix

    @app.callback(
        Output(ids.CHANGES_SUMMARY, "children"),
        Output(ids.CHANGES_DOWNLOAD, "href"),
        inputs=_ASKED,
        prevent_initial_call=True,
    )
    def sum_up(view: Any, _asked: Any) -> tuple[Any, ...]:
        compared = compared_ranges(source.shown_view(view))
        summary = offers() if compared is None else summary_tiles(compared)
        return summary, f"{prefix}{PATH}{view['search']}"

    @app.callback(
        Output(ids.CHANGES_GRID, "rowData"),
        Output(ids.CHANGES_EMPTY, "children"),
        inputs={**_ASKED, "kind": Input(ids.CHANGES_KIND, "value")},
        prevent_initial_call=True,
    )
    def list_changes(view: Any, _asked: Any, kind: Any) -> tuple[Any, str]:
        compared = compared_ranges(source.shown_view(view))
        if compared is None:
            return [], ""
        return change_rows(compared, str(kind or "")), no_changes(compared, str(kind or ""))

    def download() -> Response:
        try:
            shown = source.shown_search(request.query_string.decode("utf-8", "replace"))
            compared = compared_ranges(shown)
            if compared is None:
                raise BadQueryError(
                    field="compare", value="", expected="one of " + ", ".join(COMPARISONS)
                )
        except DashboardError as error:
            return Response(f"{error}\n", status=400, mimetype="text/plain")
        return Response(
            changes_csv(compared.changes),
            mimetype="text/csv",
            headers={"Content-Disposition": f"attachment; filename={PATH}"},
        )

    app.server.add_url_rule(f"{app.config.routes_pathname_prefix}{PATH}", PATH, download)


def compared_ranges(shown: Shown) -> Compared | None:
    """Compare the range shown with its base; None: there is none.

    As many edges as a graph may hold are asked for, so that marks, table and file come from
    one answer.
    """
    if shown.base is None:
        return None
    query = shown.query.replace(top_k=MAX_TOP_K)
    changes = shown.answers.changes(query, shown.base)
    before = shown.answers.totals(shown.base).volume.records
    return Compared(changes, shown.query, shown.base, is_empty_before=not before)
