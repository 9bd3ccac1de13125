"""Rankings → horizontal bars, stacked by action."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.analysis.answers import Ranking
from dashboard.analysis.flow_query import FlowQuery
from dashboard.ui import wording
from dashboard.ui.figures.empty import empty_figure, nothing_fits
from dashboard.ui.theme import palette, plotly_template

_LABEL_CHARACTERS = 24


def talkers_figure(ranking: Ranking, query: FlowQuery, scheme: object) -> go.Figure:
    """Draw the top talkers, with one bar for all others."""
    return _ranking_figure(ranking, [str(node) for node in ranking.rows["node"]], query, scheme)


def ports_figure(ranking: Ranking, query: FlowQuery, scheme: object) -> go.Figure:
    """Draw the top service ports, with one bar for all others."""
    pairs = zip(_numbers(ranking, "port"), _numbers(ranking, "protocol"), strict=True)
    return _ranking_figure(ranking, [wording.service(*pair) for pair in pairs], query, scheme)


def _numbers(ranking: Ranking, column: str) -> list[int | None]:
    return [None if pd.isna(value) else int(value) for value in ranking.rows[column]]


def _ranking_figure(
    ranking: Ranking, names: list[str], query: FlowQuery, scheme: object
) -> go.Figure:
    if not names:
        return empty_figure(nothing_fits(query), scheme)
    colors = palette(scheme)
    rejected = [int(value) for value in ranking.rows["rejected_metric"]]
    accepted = [int(value) for value in ranking.rows["accepted_metric"]]
    totals = [int(value) for value in ranking.rows[query.metric]]
    unlogged = [t - r - a for t, r, a in zip(totals, rejected, accepted, strict=True)]
    other = int(getattr(ranking.other, query.metric))
    in_all = int(getattr(ranking.total, query.metric))
    slots = list(range(len(names)))
    figure = go.Figure()
    for title, values, color in (
        ("rejected", rejected, colors.rejected),
        ("accepted", accepted, colors.accepted),
        ("no action logged", unlogged, colors.unlogged),
    ):
        if any(values):
            figure.add_trace(_bars(slots, values, names, totals, title, color, query.metric))
    if other > 0:
        slots, names, totals = [*slots, len(slots)], [*names, "other"], [*totals, other]
        figure.add_trace(
            _bars(slots[-1:], [other], ["other"], [other], "in all", colors.line, query.metric)
        )
    _set_axes(figure, slots, names, [_amount(t, in_all, query.metric) for t in totals], scheme)
    return figure


def _amount(value: int, in_all: int, metric: str) -> str:
    unit = "B" if metric == "bytes" else ""
    return f"{wording.short(value, unit)} · {wording.percent(value, in_all)}"


def _bars(
    slots: list[int],
    values: list[int],
    names: list[str],
    totals: list[int],
    title: str,
    color: str,
    metric: str,
) -> go.Bar:
    hover = [
        [_plain(name), wording.exact(value, metric), wording.exact(total, metric)]
        for name, value, total in zip(names, values, totals, strict=True)
    ]
    return go.Bar(
        orientation="h",
        y=slots,
        x=values,
        name=title,
        marker={"color": color, "line": {"width": 0}},
        customdata=hover,
        hovertemplate=(
            "<b>%{customdata[0]}</b><br>"
            + title
            + ": %{customdata[1]}<br>total: %{customdata[2]}<extra></extra>"
        ),
    )


def _set_axes(
    figure: go.Figure, slots: list[int], names: list[str], amounts: list[str], scheme: object
) -> None:
    colors = palette(scheme)
    figure.update_layout(
        template=plotly_template(scheme),
        barmode="stack",
        bargap=0.35,
        dragmode=False,
        xaxis={"visible": False, "fixedrange": True, "rangemode": "tozero"},
        yaxis={
            "fixedrange": True,
            "range": [max(len(slots), 5) - 0.5, -0.5],
            "tickvals": slots,
            "ticktext": [_plain(_cut(name)) for name in names],
            "tickfont": {"color": colors.text, "size": 11.5},
            "showgrid": False,
            "automargin": True,
            "ticklabelstandoff": 6,
        },
        yaxis2={
            "overlaying": "y",
            "matches": "y",
            "side": "right",
            "fixedrange": True,
            "tickvals": slots,
            "ticktext": amounts,
            "tickfont": {"color": colors.muted, "size": 11},
            "showgrid": False,
            "automargin": True,
            "ticklabelstandoff": 4,
        },
    )
    # An axis is drawn only where some trace belongs to it.
    figure.add_trace(
        go.Bar(y=slots, x=[0] * len(slots), yaxis="y2", orientation="h", hoverinfo="skip")
    )


def _cut(name: str) -> str:
    return name if len(name) <= _LABEL_CHARACTERS else name[: _LABEL_CHARACTERS - 1] + "…"


def _plain(text: str) -> str:
    """Keep Plotly from reading a name as its small set of HTML tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
