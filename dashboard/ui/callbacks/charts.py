"""The charts: over time, top talkers, top services."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from dash import Dash, Input, Output

from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source
from dashboard.ui.figures.rankings import ports_figure, talkers_figure
from dashboard.ui.figures.timeline import timeline_figure

_INPUTS = {"view": Input(ids.PAGE_VIEW, "data"), "scheme": Input(ids.PAGE_THEME, "data")}
_MAX_BINS = 180


def register(app: Dash, source: Source) -> None:
    """Redraw each chart when the view or the theme changes."""

    @app.callback(Output(ids.TIMELINE_GRAPH, "figure"), inputs=_INPUTS)
    def draw_timeline(view: Any, scheme: Any) -> go.Figure:
        shown = source.shown_view(view)
        timeline = shown.answers.timeline(shown.query, _MAX_BINS)
        return timeline_figure(timeline, shown.query, scheme)

    @app.callback(Output(ids.TALKERS_GRAPH, "figure"), inputs=_INPUTS)
    def draw_talkers(view: Any, scheme: Any) -> go.Figure:
        shown = source.shown_view(view)
        return talkers_figure(shown.answers.talkers(shown.query), shown.query, scheme)

    @app.callback(Output(ids.PORTS_GRAPH, "figure"), inputs=_INPUTS)
    def draw_ports(view: Any, scheme: Any) -> go.Figure:
        shown = source.shown_view(view)
        return ports_figure(shown.answers.ports(shown.query), shown.query, scheme)
