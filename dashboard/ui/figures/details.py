"""The panel of one node or one edge, with every digit."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.analysis.answers import NodeFacts
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.graph.model import GraphEdge
from dashboard.ui import wording
from dashboard.ui.figures.network import amount, edge_id

_HINT = "Point at a node or an edge for its figures; select it to keep them here."
_MOST_PEERS = 5
Lines = list[tuple[str, str]]


def hint() -> Any:
    """Return what the panel holds before anything is selected."""
    return html.P(_HINT, className="hint")


def gone() -> Any:
    """Say that the selected part is cut; without its name, which sharing may hide."""
    return html.P("What you selected is not in this picture: the filters cut it.")


def edge_details(edges: Sequence[GraphEdge], wanted: str) -> Any:
    """Return the figures of the edge with this element id."""
    for edge in edges:
        if edge_id(edge) == wanted:
            return [html.H3(f"{edge.src} → {edge.dst}"), _list(_edge_lines(edge))]
    return gone()


def node_details(
    edges: Sequence[GraphEdge], facts: NodeFacts | None, node: str, query: FlowQuery
) -> Any:
    """Return what is known of a node, and its figures over the shown edges."""
    own = [edge for edge in edges if node in (edge.src, edge.dst)]
    if not own:
        return gone()
    lines = _fact_lines(facts) + _node_lines(own, node)
    return [html.H3(node), _list(lines), *_peers(own, node, query)]


def _edge_lines(edge: GraphEdge) -> Lines:
    volume = edge.volume
    return [
        ("Service", wording.service(edge.port, edge.protocol)),
        ("Flows", wording.whole(volume.flows)),
        ("Accepted", wording.whole(volume.accepted)),
        ("Rejected", _with_share(volume.rejected, volume.flows)),
        ("Bytes", wording.whole(volume.bytes)),
        ("of them returned", wording.whole(volume.return_bytes)),
        ("Packets", wording.whole(volume.packets)),
        ("of them returned", wording.whole(volume.return_packets)),
        ("Log records", wording.whole(volume.records)),
        ("First seen, UTC", wording.moment(edge.first_seen)),
        ("Last seen, UTC", wording.moment(edge.last_seen)),
    ]


def _node_lines(edges: Sequence[GraphEdge], node: str) -> Lines:
    volume = functools.reduce(operator.add, (edge.volume for edge in edges))
    opened = sum(edge.volume.flows for edge in edges if edge.src == node)
    first = min((edge.first_seen for edge in edges if edge.first_seen is not None), default=None)
    last = max((edge.last_seen for edge in edges if edge.last_seen is not None), default=None)
    return [
        ("Flows", wording.whole(volume.flows)),
        ("as initiator", wording.whole(opened)),
        ("Rejected", _with_share(volume.rejected, volume.flows)),
        ("Bytes", wording.whole(volume.bytes)),
        ("Packets", wording.whole(volume.packets)),
        ("First seen, UTC", wording.moment(first)),
        ("Last seen, UTC", wording.moment(last)),
    ]


def _fact_lines(facts: NodeFacts | None) -> Lines:
    if facts is None:
        return []
    lines = [("Scope", facts.scope)]
    if facts.kind:
        lines.append(("Kind", facts.kind))
    if facts.owner:
        lines.append(("Owner", facts.owner))
    if facts.is_named and facts.addresses:
        shown = ", ".join(facts.addresses[:3])
        more = facts.n_addresses - min(len(facts.addresses), 3)
        lines.append(("Addresses", f"{shown} and {wording.whole(more)} more" if more else shown))
    return lines


def _peers(edges: Sequence[GraphEdge], node: str, query: FlowQuery) -> list[Any]:
    items = []
    for edge in edges[:_MOST_PEERS]:
        way, peer = ("→", edge.dst) if edge.src == node else ("←", edge.src)
        text = f"{way} {peer} {wording.service(edge.port, edge.protocol)}"
        shown = wording.volume(amount(edge, query), query.metric)
        items.append(html.Li([html.Span(text, title=text), html.Span(shown)]))
    title = f"Largest of its {wording.whole(len(edges))} edges" if len(edges) > 1 else "Its edge"
    return [html.H4(title), html.Ul(items, className="peers")]


def _list(lines: Lines) -> Any:
    children: list[Any] = []
    for term, text in lines:
        children += [html.Dt(term), html.Dd(text)]
    return html.Dl(children)


def _with_share(part: int, of: int) -> str:
    return f"{wording.whole(part)} ({wording.percent(part, of)})" if part else "0"
