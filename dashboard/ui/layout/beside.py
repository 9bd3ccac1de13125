"""What stands beside the network: the chart over time and the rankings."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.ui import ids
from dashboard.ui.figures.rankings import KINDS
from dashboard.ui.layout.aria import labelled
from dashboard.ui.plain import plain

GRAPH_CONFIG: Any = {
    "displayModeBar": False,
    "responsive": True,
    "doubleClick": False,
    "showTips": False,
}
HOWS = ("include", "exclude", "only")
_HOW_HELP = (
    "What a click does to the filter: add it, add its opposite, or put it in place of the whole. "
    "With Shift a click excludes, with Alt it takes the filter's place."
)
# Nothing is drawn until there is an answer: no axes that jump when it comes.
_NOTHING: dict[str, Any] = {
    "data": [],
    "layout": {
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
    },
}


def timeline_panel() -> Any:
    """Return the chart over time; dragging over it selects a range."""
    heading = html.H2(
        [
            "Traffic over time",
            html.Span(
                "drag to select a range, click on red for rejected flows alone", className="note"
            ),
        ]
    )
    legend = plain(html.Div(id=ids.TIMELINE_LEGEND, className="timeline-legend"))
    return html.Section(
        [html.Div([heading, legend], className="timeline-head"), chart(ids.TIMELINE_GRAPH)],
        className="panel timeline",
        **labelled("Traffic over time"),
    )


def rankings() -> list[Any]:
    """Return the top lists, one at a time."""
    kinds = dmc.SegmentedControl(
        id=ids.RANKINGS_KIND,
        data=[{"value": kind, "label": KINDS[kind].title} for kind in KINDS],
        value=next(iter(KINDS)),
        size="xs",
        transitionDuration=0,
        className="ranking-kinds",
        attributes={"root": {"aria-label": "Which list"}},
    )
    bars = plain(
        html.Div(
            id=ids.RANKINGS_LIST,
            className="ranking-list",
            tabIndex="0",
            role="region",
            **labelled("Top list"),
        )
    )
    foot = html.Div(
        [
            click_control(ids.RANKINGS_HOW),
            html.Button("More", id=ids.RANKINGS_MORE, className="button", type="button"),
        ],
        className="ranking-foot",
    )
    note = html.Span(id=ids.RANKINGS_NOTE, className="note")
    claims: dict[str, Any] = {"data-claims": ids.PAGE_COMMAND}
    return [
        html.Section(
            [html.H2(["Top", note]), kinds, bars, foot],
            className="panel rankings",
            **labelled("Top lists"),
            **claims,
        )
    ]


def chart(graph_id: str) -> Any:
    """Return a chart that leaves its place empty until it is drawn."""
    graph = dcc.Graph(id=graph_id, figure=_NOTHING, config=GRAPH_CONFIG, className="chart-graph")
    return html.Div(graph, className="chart")


def click_control(control_id: str) -> Any:
    """Return the choice of what a click on a mark does."""
    return html.Div(
        [
            html.Span("Click to", className="click-label"),
            dmc.SegmentedControl(
                id=control_id,
                data=[{"value": how, "label": how} for how in HOWS],
                value=HOWS[0],
                size="xs",
                transitionDuration=0,
                attributes={"root": {"aria-label": "What a click does"}},
            ),
        ],
        className="click-how",
        title=_HOW_HELP,
    )
