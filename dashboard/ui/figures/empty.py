"""What a view says about what it leaves out, or when there is nothing to draw."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from dashboard.analysis.answers import Edges, Totals
from dashboard.analysis.flow_query import FlowQuery
from dashboard.ui import wording
from dashboard.ui.theme import palette, plotly_template

_WIDER = "Take a wider range"


def nothing_fits(query: FlowQuery) -> str:
    """Say which range is empty and what to change."""
    what = {"all": "No flows", "accept": "No accepted flows", "reject": "No rejected flows"}
    if query.start is None and query.end is None:
        where = "in the whole cache"
    elif query.start is not None and query.end is None:
        where = f"since {wording.minute(query.start)} {wording.zone(query.start)}"
    elif query.start is None and query.end is not None:
        where = f"before {wording.minute(query.end)} {wording.zone(query.end)}"
    else:
        where = f"between {wording.span(query.start or 0, query.end or 0)}".replace(" – ", " and ")  # noqa: RUF001
    change = _WIDER if query.action == "all" else "Show all actions or a wider range"
    fit = ""
    if query.filter:
        fit = " fit the filter"
        more = "" if change == _WIDER and query.start is None and query.end is None else change
        change = "Take a part of it away" + (f", or {more[:1].lower()}{more[1:]}" if more else "")
    return f"{what[query.action]}{fit} {where}. {change}."


def summary(edges: Edges, query: FlowQuery) -> str:
    """Say how much of everything the shown edges are."""
    shown, cut = len(edges.rows), edges.other_edges
    if not shown:
        return ""
    total = int(getattr(edges.total, query.metric))
    other = int(getattr(edges.other, query.metric))
    share = wording.percent(total - other, total)
    text = (
        f"{wording.whole(shown)} of {wording.whole(shown + cut)} edges = {share} of {query.metric}"
    )
    if not edges.other.records:
        return text
    return f"{text}; {wording.volume(other, query.metric)} in \u201cother\u201d"


def no_edges(edges: Edges, totals: Totals, query: FlowQuery) -> str:
    """Say why there is no edge; `""` where there is one."""
    if not edges.rows.empty:
        return ""
    return all_below(totals, query) if totals.volume.records else nothing_fits(query)


def all_below(totals: Totals, query: FlowQuery) -> str:
    """Say that the threshold, and nothing else, hides every edge."""
    if not totals.edges:
        return "These records name no two ends, so there is no edge to draw."
    least = wording.exact(query.threshold, query.metric)
    if totals.edges == 1:
        return f"The only edge is below the threshold of {least}."
    return f"All {wording.whole(totals.edges)} edges are below the threshold of {least}."


def empty_figure(sentence: str, scheme: object) -> go.Figure:
    """Return a figure without axes that holds one sentence."""
    figure = go.Figure()
    hidden: dict[str, Any] = {"visible": False, "fixedrange": True}
    figure.update_layout(
        template=plotly_template(scheme),
        xaxis=hidden,
        yaxis=hidden,
        dragmode=False,
        annotations=[
            {
                "text": sentence.replace(". ", ".<br>"),
                "showarrow": False,
                "xref": "paper",
                "yref": "paper",
                "x": 0.5,
                "y": 0.5,
                "font": {"color": palette(scheme).muted, "size": 13},
            }
        ],
    )
    return figure
