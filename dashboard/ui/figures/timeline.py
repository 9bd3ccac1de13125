"""Timeline → stacked columns over time."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import plotly.graph_objects as go

from dashboard.analysis.answers import Timeline
from dashboard.analysis.flow_query import FlowQuery
from dashboard.ui import wording
from dashboard.ui.figures.empty import empty_figure, nothing_fits
from dashboard.ui.theme import palette, plotly_template

# Bottom of the stack first. Rejected lies at the bottom: its shape over time stays readable.
_STACK = (("REJECT", "Rejected"), ("ACCEPT", "Accepted"), ("NONE", "No action logged"))


def timeline_figure(timeline: Timeline, query: FlowQuery, scheme: object) -> go.Figure:
    """Stack the metric by action; dragging over the columns selects a range.

    Args:
        timeline: Bins without traffic may be absent.
        query: Its metric is drawn.
        scheme: `light` or `dark`.
    """
    if timeline.rows.empty:
        return empty_figure(nothing_fits(query), scheme)
    colors = palette(scheme)
    fill = {"REJECT": colors.rejected, "ACCEPT": colors.accepted, "NONE": colors.unlogged}
    figure = go.Figure()
    for action, name in _STACK:
        rows = timeline.rows[timeline.rows["action"] == action]
        if not rows.empty:
            figure.add_trace(_columns(rows, timeline, query.metric, name, fill[action]))
    figure.update_layout(
        template=plotly_template(scheme),
        barmode="stack",
        bargap=0.08,
        hovermode="x",
        dragmode="zoom",
        selectdirection="h",
        xaxis={
            "type": "date",
            "range": [_iso(timeline.start), _iso(timeline.end)],
            "showgrid": False,
            "automargin": True,
        },
        yaxis={
            "fixedrange": True,
            "rangemode": "tozero",
            "nticks": 4,
            "tickformat": "~s",
            "side": "right",
            "automargin": True,
            "ticksuffix": "B" if query.metric == "bytes" else "",
        },
        # A changed range is a fresh picture; anything else keeps what the user did to it.
        uirevision=f"{timeline.start}-{timeline.end}",
    )
    return figure


def _columns(rows: pd.DataFrame, timeline: Timeline, metric: str, name: str, color: str) -> go.Bar:
    half = timeline.bin_s * 500
    values = [int(value) for value in rows[metric]]
    return go.Bar(
        x=[_iso(int(start), half) for start in rows["bin_start"]],
        y=values,
        width=timeline.bin_s * 1000 * 0.92,
        name=name,
        marker={"color": color, "line": {"width": 0}},
        customdata=[
            [wording.span(int(start), int(start) + timeline.bin_s), wording.exact(value, metric)]
            for start, value in zip(rows["bin_start"], values, strict=True)
        ],
        hovertemplate="%{customdata[0]}<br>" + name + ": <b>%{customdata[1]}</b><extra></extra>",
    )


def _iso(epoch_s: int, more_ms: int = 0) -> str:
    moment = datetime.fromtimestamp(epoch_s + more_ms / 1000, UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S")
