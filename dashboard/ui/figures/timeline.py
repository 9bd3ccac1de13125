"""Timeline → stacked columns over time, with the time before as a line over them."""

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
_CLAIMS = {"REJECT": "action = reject"}


def timeline_figure(
    timeline: Timeline, query: FlowQuery, scheme: object, before: Timeline | None = None
) -> go.Figure:
    """Stack the metric by action; dragging over the columns selects a range.

    Args:
        timeline: Bins without traffic may be absent.
        query: Its metric is drawn.
        scheme: `light` or `dark`.
        before: The range compared with, drawn so that both begin together.
    """
    if timeline.rows.empty:
        return empty_figure(nothing_fits(query), scheme)
    colors = palette(scheme)
    fill = {"REJECT": colors.rejected, "ACCEPT": colors.accepted, "NONE": colors.unlogged}
    figure = go.Figure()
    for action, name in _STACK:
        rows = timeline.rows[timeline.rows["action"] == action]
        if not rows.empty:
            claim = _CLAIMS.get(action, "")
            figure.add_trace(_columns(rows, timeline, query.metric, name, fill[action], claim))
    if before is not None and not before.rows.empty:
        figure.add_trace(_line_before(timeline, before, query.metric, colors.text))
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


def _columns(
    rows: pd.DataFrame, timeline: Timeline, metric: str, name: str, color: str, claim: str
) -> go.Bar:
    half = timeline.bin_s * 500
    values = [int(value) for value in rows[metric]]
    hint = "<br>click: only rejected" if claim else ""
    return go.Bar(
        x=[_iso(int(start), half) for start in rows["bin_start"]],
        y=values,
        width=timeline.bin_s * 1000 * 0.92,
        name=name,
        marker={"color": color, "line": {"width": 0}},
        customdata=[
            [
                claim,
                wording.span(int(start), int(start) + timeline.bin_s),
                amount_in(value, timeline.bin_s, metric),
            ]
            for start, value in zip(rows["bin_start"], values, strict=True)
        ],
        hovertemplate=f"%{{customdata[1]}}<br>{name}: <b>%{{customdata[2]}}</b>{hint}"
        "<extra></extra>",
    )


def _line_before(timeline: Timeline, before: Timeline, metric: str, color: str) -> go.Scatter:
    now, then = _sums(timeline, metric), _sums(before, metric)
    shift = timeline.start - before.start
    # Ranges of unlike length may have bins of unlike width; the axis has those of now.
    scale = timeline.bin_s / before.bin_s
    starts = range(before.start, before.end, before.bin_s)
    values = [then.get(start, 0) for start in starts]
    return go.Scatter(
        x=[_iso(start + shift, before.bin_s * 500) for start in starts],
        y=[value * scale for value in values],
        mode="lines",
        name="Before",
        line={"color": color, "width": 1.5, "dash": "dot", "shape": "hvh"},
        customdata=[
            [
                "",
                wording.span(start, start + before.bin_s),
                amount_in(value, before.bin_s, metric),
                wording.span(start + shift, start + shift + before.bin_s),
                change(now.get(start + shift, 0), value * scale),
            ]
            for start, value in zip(starts, values, strict=True)
        ],
        hovertemplate="before, %{customdata[1]}: <b>%{customdata[2]}</b><br>"
        "%{customdata[3]}: <b>%{customdata[4]}</b><extra></extra>",
    )


def amount_in(value: int, seconds: int, metric: str) -> str:
    """Write an amount with every digit, and what it is a second where it is of bytes."""
    text = wording.exact(value, metric)
    if metric != "bytes":
        return text
    return f"{text} ({wording.short(value * 8 / seconds, 'bit/s')})"


def change(now: float, before: float) -> str:
    """Say by how much something became more or less, in percent of what it was."""
    if not before:
        return "nothing before" if now else "no change"
    share = 100 * (now - before) / before
    return f"{share:+,.0f} %" if abs(share) < 1_000 else f"{now / before:,.0f} times as much"


def _sums(timeline: Timeline, metric: str) -> dict[int, int]:
    sums: dict[int, int] = {}
    for start, value in zip(timeline.rows["bin_start"], timeline.rows[metric], strict=True):
        sums[int(start)] = sums.get(int(start), 0) + int(value)
    return sums


def _iso(epoch_s: int, more_ms: int = 0) -> str:
    moment = datetime.fromtimestamp(epoch_s + more_ms / 1000, UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S")
