"""The chart over time and the top lists."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State

from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source, unless_there
from dashboard.ui.figures.gaps import Coverage
from dashboard.ui.figures.rankings import KINDS, ranked, ranking_list
from dashboard.ui.figures.timeline import timeline_chart, timeline_legend
from dashboard.ui.plain import CONTENT

MAX_BINS = 180
FEW, _MANY = 10, 25


def register(app: Dash, source: Source) -> None:
    """Redraw when the view changes; a click on a mark goes to the filter."""

    @app.callback(
        Output(ids.TIMELINE_GRAPH, "figure"),
        Output(ids.TIMELINE_LEGEND, CONTENT),
        inputs={"view": Input(ids.PAGE_VIEW, "data"), "scheme": Input(ids.PAGE_THEME, "data")},
    )
    def draw_timeline(view: Any, scheme: Any) -> tuple[dict[str, Any], list[Any]]:
        shown = source.shown_view(view)
        timeline = shown.answers.timeline(shown.query, MAX_BINS)
        before = shown.answers.timeline(shown.base, MAX_BINS) if shown.base else None
        facts = shown.answers.facts()
        coverage = Coverage(shown.answers.coverage(shown.query), facts.first, facts.last)
        figure = timeline_chart(timeline, shown.query, scheme, before, coverage)
        return figure, timeline_legend(timeline, shown.query, before, coverage)

    @app.callback(
        Output(ids.RANKINGS_LIST, CONTENT),
        Output(ids.RANKINGS_NOTE, "children"),
        Output(ids.RANKINGS_MORE, "children"),
        inputs={
            "view": Input(ids.PAGE_VIEW, "data"),
            "kind": Input(ids.RANKINGS_KIND, "value"),
            "clicks": Input(ids.RANKINGS_MORE, "n_clicks"),
            "there": [State(ids.RANKINGS_NOTE, "children"), State(ids.RANKINGS_MORE, "children")],
        },
    )
    def list_top(view: Any, kind: Any, clicks: Any, there: list[Any]) -> tuple[Any, ...]:
        shown = source.shown_view(view)
        kind = kind if kind in KINDS else next(iter(KINDS))
        is_long = bool(clicks) and clicks % 2 == 1
        ranking = ranked(shown.answers, shown.query, kind, _MANY if is_long else FEW)
        bars = ranking_list(ranking, shown.query, kind)
        beside = (KINDS[kind].note, f"Top {FEW}" if is_long else f"More: top {_MANY}")
        return bars, *map(unless_there, beside, there)

    claim_on_click(app, ids.TIMELINE_GRAPH, ids.RANKINGS_HOW)


def claim_on_click(app: Dash, graph: str, how: str, *, has_bands: bool = False) -> None:
    """Send the claim of a clicked mark to the filter; needs no server.

    Args:
        app: Where it is registered.
        graph: Id of the chart.
        how: Id of the control that says what a click does.
        has_bands: The chart is a Sankey diagram.
    """
    wire: Any = app.clientside_callback
    wire(
        ClientsideFunction("atlasCharts", "clickedBand" if has_bands else "clicked"),
        Output(ids.PAGE_COMMAND, "data", allow_duplicate=True),
        Output(graph, "clickData"),
        Input(graph, "clickData"),
        State(how, "value"),
        *([State(graph, "figure")] if has_bands else []),
        prevent_initial_call=True,
    )
