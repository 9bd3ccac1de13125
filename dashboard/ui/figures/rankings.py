"""Rankings → lists of bars, stacked by action; each is a button.

They are HTML and no chart, so that a bar can be reached by keyboard, read out, and read in
full however narrow the panel is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from dash import html

from dashboard.analysis.answers import FlowAnswers, Ranking
from dashboard.analysis.enrich.services import service_name
from dashboard.analysis.flow_query import FlowQuery
from dashboard.ui import wording
from dashboard.ui.claims import both, end_claim, pair_claim, service_claim
from dashboard.ui.figures.empty import nothing_fits


@dataclass(frozen=True, slots=True)
class Kind:
    """One list.

    Attributes:
        title: On its tab.
        note: What is ranked, in a few words.
    """

    title: str
    note: str


KINDS: Mapping[str, Kind] = {
    "talkers": Kind("Talkers", "sent plus received, at both ends"),
    "src": Kind("Initiators", "who opened the conversations"),
    "dst": Kind("Responders", "who was called"),
    "pair": Kind("Pairs", "initiator and responder"),
    "denied": Kind("Denied", "initiators of rejected flows"),
    "ports": Kind("Ports", "service port, at the responder"),
}
_UNREAD: dict[str, Any] = {"aria-hidden": "true"}


def ranked(answers: FlowAnswers, query: FlowQuery, kind: str, top: int) -> Ranking:
    """Ask for a list of KINDS."""
    if kind == "ports":
        return answers.ports(query, top)
    if kind == "src":
        return answers.sides(query, "src", top)
    if kind == "dst":
        return answers.sides(query, "dst", top)
    if kind == "pair":
        return answers.sides(query, "pair", top)
    if kind == "denied":
        return answers.sides(denied(query), "src", top)
    return answers.talkers(query, top)


def denied(query: FlowQuery) -> FlowQuery:
    """Ask the same of rejected flows alone."""
    return query.replace(action="reject")


def ranking_list(ranking: Ranking, query: FlowQuery, kind: str) -> Any:
    """Draw a list of KINDS, with one bar for all others.

    Args:
        ranking: Its rows and the rest.
        query: Its metric is drawn.
        kind: Which list.

    Returns:
        A list of buttons with `data-claim`, or one sentence.
    """
    metric = query.metric
    if ranking.rows.empty:
        sentence = nothing_fits(denied(query)) if kind == "denied" else nothing_fits(query)
        return html.P(sentence, className="ranking-empty")
    rows = ranking.rows.to_dict("records")
    other, in_all = int(getattr(ranking.other, metric)), int(getattr(ranking.total, metric))
    longest = max(other, *(int(row[metric]) for row in rows))
    items = []
    for row in rows:
        rejected, accepted = int(row["rejected_metric"]), int(row["accepted_metric"])
        total = int(row[metric])
        parts = (
            ("rejected", rejected),
            ("accepted", accepted),
            ("unlogged", total - rejected - accepted),
        )
        claim = _claim(row, kind, query.level)
        items.append(_bar(_label(row, kind), claim, total, in_all, longest, parts, metric))
    if other > 0:
        items.append(_bar("Other", "", other, in_all, longest, (("other", other),), metric))
    return html.Ol(items, className="ranking-bars")


def _label(row: Mapping[Any, Any], kind: str) -> str:
    if kind == "ports":
        port, protocol = _whole(row["port"]), _whole(row["protocol"])
        name = service_name(port, protocol)
        service = wording.service(port, protocol)
        return f"{service} · {name}" if name else service
    if kind == "pair":
        return f"{_node(row['src'])} → {_node(row['dst'])}"
    return _node(row[{"talkers": "node", "dst": "dst"}.get(kind, "src")])


def _claim(row: Mapping[Any, Any], kind: str, level: str) -> str:
    if kind == "ports":
        return service_claim(_whole(row["port"]), _whole(row["protocol"]))
    if kind == "pair":
        return pair_claim(_text(row["src"]), _text(row["dst"]), level)
    if kind == "denied":
        return both(end_claim("src", _text(row["src"]), level), "action = reject")
    if kind == "talkers":
        return end_claim("", _text(row["node"]), level)
    return end_claim(kind, _text(row[kind]), level)


def _bar(
    label: str,
    claim: str,
    total: int,
    in_all: int,
    longest: int,
    parts: tuple[tuple[str, int], ...],
    metric: str,
) -> Any:
    unit = "B" if metric == "bytes" else ""
    share = wording.percent(total, in_all)
    split = "".join(f", {wording.whole(n)} {what}" for what, n in parts if n and what != "other")
    content = [
        html.Span(label, className="ranking-name"),
        html.Span(f"{wording.short(total, unit)} · {share}", className="ranking-amount"),
        html.Span(
            [
                html.I(className=f"part {what}", style={"width": f"{100 * n / longest:.3f}%"})
                for what, n in parts
                if n > 0
            ],
            className="ranking-track",
            **_UNREAD,
        ),
    ]
    title = f"{label}: {wording.exact(total, metric)}, {share}{split}"
    if not claim:
        return html.Li(html.Div(content, className="ranking-row", title=title))
    mark: dict[str, Any] = {"data-claim": claim}
    return html.Li(
        html.Button(content, type="button", className="ranking-row", title=title, **mark)
    )


def _node(value: Any) -> str:
    return _text(value) or "no address"


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
