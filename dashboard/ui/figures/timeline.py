"""Timeline → stacked columns over time, with the time before as a line over them."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from dash import html

from dashboard.analysis.answers import Timeline
from dashboard.analysis.flow_query import FlowQuery
from dashboard.ui import wording
from dashboard.ui.display import display
from dashboard.ui.figures.axes import amount_axis, iso, tick_room, time_ticks
from dashboard.ui.figures.empty import empty_figure, nothing_fits
from dashboard.ui.figures.gaps import TITLES, Coverage, gaps, shades
from dashboard.ui.theme import palette, plain_template

# Bottom of the stack first. Rejected lies at the bottom: its shape over time stays readable.
_STACK = (("REJECT", "Rejected"), ("ACCEPT", "Accepted"), ("NONE", "No action logged"))
_LEGEND = (
    ("ACCEPT", "Accepted", "accepted"),
    ("REJECT", "Rejected", "rejected"),
    ("NONE", "No action logged", "unlogged"),
)
_MINUTE_S = 60
# Room for two lines of ticks, and for half a date at the left end and half an amount on top.
_MARGIN = {"l": 32, "t": 8, "b": 36}
_CLAIMS = {"REJECT": "action = reject"}


def timeline_figure(
    timeline: Timeline,
    query: FlowQuery,
    scheme: object,
    before: Timeline | None = None,
    coverage: Coverage | None = None,
) -> go.Figure:
    """Return the chart of `timeline_chart` with Plotly's own classes."""
    return go.Figure(timeline_chart(timeline, query, scheme, before, coverage))


def timeline_chart(
    timeline: Timeline,
    query: FlowQuery,
    scheme: object,
    before: Timeline | None = None,
    coverage: Coverage | None = None,
) -> dict[str, Any]:
    """Stack the metric by action; dragging over the columns selects a range.

    It is drawn at every change of the page, and Plotly's classes take longer to check it
    than it takes to make: it is what Plotly's script reads.

    Args:
        timeline: Bins without traffic may be absent.
        query: Its metric is drawn.
        scheme: `light` or `dark`.
        before: The range compared with, drawn so that both begin together.
        coverage: What the logs lack is shaded, and columns that hold a part of their time
            alone are hatched; None: nothing is known of it.
    """
    if timeline.rows.empty:
        empty: dict[str, Any] = empty_figure(nothing_fits(query), scheme).to_plotly_json()
        return empty
    colors = palette(scheme)
    fill = {"REJECT": colors.rejected, "ACCEPT": colors.accepted, "NONE": colors.unlogged}
    traces = []
    whole = whole_time(query, coverage)
    for action, name in _STACK:
        rows = timeline.rows[timeline.rows["action"] == action]
        if not rows.empty:
            claim = _CLAIMS.get(action, "")
            traces.append(_columns(rows, timeline, query.metric, name, fill[action], claim, whole))
    if before is not None and not before.rows.empty:
        traces.append(_line_before(timeline, before, query.metric, colors.text))
    if coverage is not None:
        traces += shades(gaps(coverage, timeline.start, timeline.end), timeline, colors)
    amounts = amount_axis(query.metric, _most(timeline, query.metric))
    layout = {
        "template": plain_template(scheme),
        # To find room for the ticks, Plotly would draw everything twice.
        "margin": {**_MARGIN, "r": tick_room(amounts)},
        "barmode": "stack",
        "bargap": 0.08,
        "hovermode": "x",
        "dragmode": "zoom",
        "selectdirection": "h",
        "xaxis": {
            "type": "date",
            "range": [iso(timeline.start), iso(timeline.end)],
            "showgrid": False,
            "ticklabelstandoff": 3,  # Apart from the other axis's zero.
            **time_ticks(timeline.start, timeline.end),
        },
        "yaxis": {
            "fixedrange": True,
            "rangemode": "tozero",
            "tickmode": "auto",  # Over another axis it would take that one's ticks.
            "nticks": 4,
            "side": "right",
            "overlaying": "y2",  # What is shaded lies behind the columns.
            **amounts,
        },
        "yaxis2": {"visible": False, "fixedrange": True, "range": [0, 1]},
        # A changed range is a fresh picture; anything else keeps what the user did to it.
        "uirevision": f"{timeline.start}-{timeline.end}",
    }
    return {"data": traces, "layout": layout}


def timeline_legend(
    timeline: Timeline, query: FlowQuery, before: Timeline | None, coverage: Coverage
) -> list[Any]:
    """Return what the chart's marks mean, each that it has; nothing for an empty chart."""
    if timeline.rows.empty:
        return []
    actions = set(timeline.rows["action"])
    marks = [(mark, name) for action, name, mark in _LEGEND if action in actions]
    if before is not None and not before.rows.empty:
        marks.append(("before", "Before"))
    kinds = {gap.kind for gap in gaps(coverage, timeline.start, timeline.end)}
    marks += [(f"gap-{kind}", title) for kind, title in TITLES.items() if kind in kinds]
    whole = whole_time(query, coverage)
    if any(_is_cut(int(start), timeline.bin_s, whole) for start in timeline.rows["bin_start"]):
        marks.append(("gap-cut", "Incomplete"))
    return [
        html.Span([html.I(className=f"swatch {mark}"), name], className="legend-entry")
        for mark, name in marks
    ]


def whole_time(query: FlowQuery, coverage: Coverage | None) -> tuple[float, float]:
    """Return between which times a column is whole: where the range and the records end."""
    low: float = -math.inf if query.start is None else query.start
    high: float = math.inf if query.end is None else query.end
    if coverage is not None and coverage.first is not None and coverage.last is not None:
        low = max(low, coverage.first - coverage.first % _MINUTE_S)
        high = min(high, -(-coverage.last // _MINUTE_S) * _MINUTE_S)
    return low, high


def _is_cut(start: int, bin_s: int, whole: tuple[float, float]) -> bool:
    return start < whole[0] or start + bin_s > whole[1]


def _most(timeline: Timeline, metric: str) -> float:
    return max(
        (_drawn(sum_, timeline.bin_s, metric) for sum_ in _sums(timeline, metric).values()),
        default=0.0,
    )


def _drawn(value: float, seconds: int, metric: str) -> float:
    """Return an amount as it is drawn: bits per second, where the reader wants rates."""
    is_rate = metric == "bytes" and display().units == "bits"
    return value * 8 / seconds if is_rate else value


def _columns(
    rows: pd.DataFrame,
    timeline: Timeline,
    metric: str,
    name: str,
    color: str,
    claim: str,
    whole: tuple[float, float],
) -> dict[str, Any]:
    values = [int(value) for value in rows[metric]]
    starts = [int(start) for start in rows["bin_start"]]
    cut = [_is_cut(start, timeline.bin_s, whole) for start in starts]
    hint = "<br>click: only rejected" if claim else ""
    marker: dict[str, Any] = {"color": color, "line": {"width": 0}}
    if any(cut):
        shape = ["/" if is_cut else "" for is_cut in cut]
        marker["pattern"] = {"shape": shape, "size": 5, "solidity": 0.5, "fillmode": "replace"}
    return {
        "type": "bar",
        "x": [iso(start + timeline.bin_s / 2) for start in starts],
        "y": [_drawn(value, timeline.bin_s, metric) for value in values],
        "width": timeline.bin_s * 1000 * 0.92,
        "name": name,
        "marker": marker,
        "customdata": [
            [
                claim,
                wording.span(start, start + timeline.bin_s) + (" (incomplete)" if is_cut else ""),
                amount_in(value, timeline.bin_s, metric),
            ]
            for start, value, is_cut in zip(starts, values, cut, strict=True)
        ],
        "hovertemplate": f"%{{customdata[1]}}<br>{name}: <b>%{{customdata[2]}}</b>{hint}"
        "<extra></extra>",
    }


def _line_before(timeline: Timeline, before: Timeline, metric: str, color: str) -> dict[str, Any]:
    now, then = _sums(timeline, metric), _sums(before, metric)
    shift = timeline.start - before.start
    # Ranges of unlike length may have bins of unlike width; the axis has those of now.
    scale = timeline.bin_s / before.bin_s
    starts = range(before.start, before.end, before.bin_s)
    values = [then.get(start, 0) for start in starts]
    return {
        "type": "scatter",
        "x": [iso(start + shift + before.bin_s / 2) for start in starts],
        "y": [_drawn(value * scale, timeline.bin_s, metric) for value in values],
        "mode": "lines",
        "name": "Before",
        "line": {"color": color, "width": 1.5, "dash": "dot", "shape": "hvh"},
        "customdata": [
            [
                "",
                wording.span(start, start + before.bin_s),
                amount_in(value, before.bin_s, metric),
                wording.span(start + shift, start + shift + before.bin_s),
                change(now.get(start + shift, 0), value * scale),
            ]
            for start, value in zip(starts, values, strict=True)
        ],
        "hovertemplate": "before, %{customdata[1]}: <b>%{customdata[2]}</b><br>"
        "%{customdata[3]}: <b>%{customdata[4]}</b><extra></extra>",
    }


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
