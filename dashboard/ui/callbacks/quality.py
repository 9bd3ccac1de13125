"""The report on what the logs and their reading lack."""

from __future__ import annotations

from typing import Any

from dash import Dash, Output

from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source, asked_by
from dashboard.ui.figures.quality import report


def register(app: Dash, source: Source) -> None:
    """Write the report while its tab lies on top."""

    @app.callback(
        Output(ids.QUALITY_REPORT, "children"),
        inputs=asked_by(ids.QUALITY_ASKED),
        prevent_initial_call=True,
    )
    def write_report(view: Any, _asked: Any) -> Any:
        shown = source.shown_view(view)
        return report(
            shown.answers.quality(shown.query),
            shown.answers.totals(shown.query),
            shown.answers.facts(),
            shared=shown.pseudonyms is not None,
        )
