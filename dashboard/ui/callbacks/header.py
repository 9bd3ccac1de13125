"""How old the records are. Totals and range come with the network: see `network`."""

from __future__ import annotations

import time
from typing import Any

from dash import Dash, Input, Output

from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source
from dashboard.ui.display import choose
from dashboard.ui.figures.summary import freshness


def register(app: Dash, source: Source) -> None:
    """Tell how old the records are, as time goes by."""

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
