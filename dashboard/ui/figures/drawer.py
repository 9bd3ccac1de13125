"""The drawer: everything about one node or one edge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from dash import dcc, html

from dashboard.analysis.answers import NodeFacts, Ranking, Timeline, Totals
from dashboard.analysis.enrich.services import service_name
from dashboard.analysis.flow_query import FlowQuery
from dashboard.ui import wording
from dashboard.ui.claims import edge_claim, node_claim, pair_claim
from dashboard.ui.figures.details import Lines, fact_lines, gone, listed, volume_lines
from dashboard.ui.figures.timeline import timeline_figure
from dashboard.ui.selection import Selected

_CHART: Any = {"displayModeBar": False, "responsive": True}


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """What was answered about a part of the network.

    Attributes:
        part: The part, under the names that the page shows.
        query: The page's question with the part's claim, which all else answers.
        totals: Everything that fits.
        opened: What a node began as initiator; None for an edge.
        answered: What a node was asked as responder; None for an edge.
        peers_out: Largest responders of a node.
        peers_in: Largest initiators to a node.
        ports: Largest services of a node.
        timeline: Traffic over time.
        before: The same in the range compared with; None: there is none.
        ends: What is known of the node, or of both ends.
        shared: Sharing mode is on.
    """

    part: Selected
    query: FlowQuery
    totals: Totals
    opened: Totals | None = None
    answered: Totals | None = None
    peers_out: Ranking | None = None
    peers_in: Ranking | None = None
    ports: Ranking | None = None
    timeline: Timeline | None = None
    before: Timeline | None = None
    ends: Mapping[str, NodeFacts] = field(default_factory=dict)
    shared: bool = False


def claim_of(part: Selected, level: str, side: str = "") -> str:
    """Write the filter that a flow is of a part.

    Args:
        part: The part.
        level: The question's level.
        side: `src` or `dst`: a node as initiator or as responder alone.
    """
    edge = part.edge
    if edge is not None:
        return edge_claim(edge.src, edge.dst, edge.port, edge.protocol, level)
    return node_claim(part.node, level, side)


def title_of(part: Selected | None) -> str:
    """Name a part."""
    if part is None:
        return "Details"
    return f"{part.edge.src} → {part.edge.dst}" if part.edge else part.node


def overview(answer: PartAnswer, scheme: object) -> list[Any]:
    """Return facts, sums and neighbors of a part."""
    if not answer.totals.volume.records:
        return [gone()]
    return [
        _filter_buttons(answer),
        *(_edge_parts(answer, scheme) if answer.part.edge else _node_parts(answer, scheme)),
    ]


def _node_parts(answer: PartAnswer, scheme: object) -> list[Any]:
    node, facts = answer.part.node, answer.ends.get(answer.part.node)
    lines = volume_lines(answer.totals)
    return [
        _section("What it is", listed(fact_lines(facts, shared=answer.shared))),
        _section("In this range and filter", [listed(_side_lines(answer)), listed(lines)]),
        _section("Over time", _chart(answer, scheme)),
        _section("Largest it talks to", _peers(answer, answer.peers_out, node, outward=True)),
        _section("Largest that talk to it", _peers(answer, answer.peers_in, node, outward=False)),
        _section("Services", _services(answer)),
    ]


def _edge_parts(answer: PartAnswer, scheme: object) -> list[Any]:
    edge = answer.part.edge
    assert edge is not None  # noqa: S101 - the caller has looked.
    name = service_name(edge.port, edge.protocol)
    service = wording.service(edge.port, edge.protocol) + (f" ({name})" if name else "")
    ends = [
        _section(
            [f"{role} ", _select(node, {"kind": "node", "id": node})],
            listed(fact_lines(answer.ends.get(node), shared=answer.shared)),
        )
        for role, node in (("Initiator", edge.src), ("Responder", edge.dst))
    ]
    lines = [("Service", service), *volume_lines(answer.totals)]
    return [
        _section("In this range and filter", listed(lines)),
        _section("Over time", _chart(answer, scheme)),
        *ends,
    ]


def _side_lines(answer: PartAnswer) -> Lines:
    lines: Lines = []
    for role, totals in (("as initiator", answer.opened), ("as responder", answer.answered)):
        if totals is not None:
            volume = totals.volume
            flows, size = wording.whole(volume.flows), wording.short(volume.bytes, "B")
            text = f"{flows} flows, {size}"
            if volume.rejected:
                share = wording.percent(volume.rejected, volume.accepted + volume.rejected)
                text += f", {share} denied"
            lines.append((role, text))
    return lines


def _chart(answer: PartAnswer, scheme: object) -> Any:
    if answer.timeline is None:
        return html.P("No times are logged.", className="drawer-empty")
    figure = timeline_figure(answer.timeline, answer.query, scheme, answer.before)
    figure.update_layout(dragmode=False)
    figure.update_xaxes(fixedrange=True, nticks=4)
    figure.update_yaxes(nticks=3)
    graph = dcc.Graph(figure=figure, config=_CHART, responsive=True, className="chart-graph")
    return html.Div(graph, className="drawer-chart")


def _peers(answer: PartAnswer, ranking: Ranking | None, node: str, *, outward: bool) -> Any:
    if ranking is None or ranking.rows.empty:
        return html.P("None.", className="drawer-empty")
    metric, level = answer.query.metric, answer.query.level
    column = "dst" if outward else "src"
    most = int(ranking.rows[metric].max()) or 1
    items = []
    for peer, amount in zip(ranking.rows[column], ranking.rows[metric], strict=True):
        if pd.isna(peer):  # Records without addresses have a side and no end.
            continue
        ends = (node, str(peer)) if outward else (str(peer), node)
        claim = pair_claim(*ends, level)
        select = _select(str(peer), {"kind": "node", "id": str(peer)})
        items.append(_bar(select, int(amount), most, metric, f"{ends[0]} → {ends[1]}", claim))
    return [html.Ul(items, className="peers"), *_rest(ranking, metric)]


def _services(answer: PartAnswer) -> Any:
    ranking, metric = answer.ports, answer.query.metric
    if ranking is None or ranking.rows.empty:
        return html.P("None.", className="drawer-empty")
    most = int(ranking.rows[metric].max()) or 1
    items = []
    for row in ranking.rows.itertuples(index=False):
        port, protocol = _optional(row.port), _optional(row.protocol)
        name = service_name(port, protocol)
        text = wording.service(port, protocol) + (f" {name}" if name else "")
        terms = (("port", port), ("protocol", protocol))
        own = [claim_of(answer.part, answer.query.level)]
        claim = " and ".join(own + [f"{n} = {value}" for n, value in terms if value is not None])
        items.append(_bar(html.Span(text), int(getattr(row, metric)), most, metric, text, claim))
    return [html.Ul(items, className="peers"), *_rest(ranking, metric)]


def _bar(name: Any, amount: int, most: int, metric: str, what: str, claim: str) -> Any:
    width = f"{100 * amount / most:.1f}%"
    return html.Li(
        [
            html.Span(name, className="peer-name"),
            html.Span(wording.volume(amount, metric), className="peer-amount"),
            _claim_button("include", "+", f"Include only {what}", claim),
            _claim_button("only", "=", f"Filter for {what} and nothing else", claim),
            html.Span(html.I(style={"width": width}), className="peer-bar"),
        ],
        title=f"{what}: {wording.exact(amount, metric)}",
    )


def _rest(ranking: Ranking, metric: str) -> list[Any]:
    rest = int(getattr(ranking.other, metric))
    if not rest:
        return []
    return [html.P(f"{wording.volume(rest, metric)} with others", className="drawer-rest")]


def _filter_buttons(answer: PartAnswer) -> Any:
    claim, what = claim_of(answer.part, answer.query.level), title_of(answer.part)
    buttons = (
        ("include", "Include", f"Add to the filter: only {what}"),
        ("exclude", "Exclude", f"Add to the filter: all but {what}"),
        ("only", "Only this", f"Filter for {what} and nothing else"),
    )
    return html.Div(
        [_claim_button(how, text, label, claim, "button") for how, text, label in buttons],
        className="drawer-filter",
    )


def _claim_button(how: str, text: str, label: str, claim: str, mark: str = "row-button") -> Any:
    more: dict[str, Any] = {"aria-label": label, "data-claim": claim, "data-how": how}
    return html.Button(text, type="button", className=mark, title=label, **more)


def _select(text: str, part: Mapping[str, Any]) -> Any:
    more: dict[str, Any] = {"data-part": json.dumps(part, ensure_ascii=False)}
    return html.Button(text, type="button", className="drawer-link", **more)


def _section(title: Any, content: Any) -> Any:
    body = content if isinstance(content, list) else [content]
    return html.Section([html.H3(title), *body], className="drawer-section")


def _optional(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
