"""Totals, range and freshness."""

from __future__ import annotations

import time
from typing import Any

from dash import Dash, Input, Output

from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source
from dashboard.ui.display import choose
from dashboard.ui.figures.summary import freshness, range_text, totals_tiles


def register(app: Dash, source: Source) -> None:
    """Sum up the view; tell how old the records are, as time goes by."""

    @app.callback(
        Output(ids.HEADER_TOTALS, "children"),
        Output(ids.HEADER_RANGE, "children"),
        inputs={"view": Input(ids.PAGE_VIEW, "data")},
    )
    def sum_up(view: Any) -> tuple[Any, ...]:
        shown = source.shown_view(view)
        totals, facts = shown.answers.totals(shown.query), shown.answers.facts()
        return totals_tiles(totals, facts), range_text(totals)

    @app.callback(
        Output(ids.HEADER_FRESHNESS, "children"),
        inputs={
            "_clock": Input(ids.PAGE_CLOCK, "n_intervals"),
            "display": Input(ids.PAGE_DISPLAY, "data"),
        },
    )
    def tell_age(_clock: Any, display: Any) -> Any:
        choose(display)
        return freshness(source.answers.facts(), int(time.time()))
