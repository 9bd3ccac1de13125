"""The report on what the logs and their reading lack."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output
from dash.exceptions import PreventUpdate

from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source
from dashboard.ui.figures.quality import report


def register(app: Dash, source: Source) -> None:
    """Write the report while its tab lies on top."""

    @app.callback(
        Output(ids.QUALITY_REPORT, "children"),
        inputs={"view": Input(ids.PAGE_VIEW, "data"), "tab": Input(ids.MAIN_TAB, "value")},
    )
    def write_report(view: Any, tab: Any) -> Any:
        if tab != "quality":
            raise PreventUpdate
        shown = source.shown_view(view)
        return report(
            shown.answers.quality(shown.query),
            shown.answers.totals(shown.query),
            shown.answers.facts(),
            shared=shown.pseudonyms is not None,
        )
