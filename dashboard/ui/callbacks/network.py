"""The network, what it says about itself, and the panel of the selected part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output

from dashboard.analysis.graph.model import graph_edges, graph_of, node_ids
from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source
from dashboard.ui.figures.details import edge_details, hint, node_details
from dashboard.ui.figures.empty import no_edges, summary
from dashboard.ui.figures.network import network_elements
from dashboard.ui.theme import CHEAP_ABOVE_EDGES, cytoscape_stylesheet


def register(app: Dash, source: Source) -> None:
    """Redraw the network when the view changes; show figures of what is selected."""

    @app.callback(
        Output(ids.NETWORK_GRAPH, "elements"),
        Output(ids.NETWORK_SUMMARY, "children"),
        Output(ids.NETWORK_EMPTY, "children"),
        Output(ids.NETWORK_SHOW_ALL, "hidden"),
        inputs={"view": Input(ids.PAGE_VIEW, "data")},
    )
    def redraw(view: Any) -> tuple[Any, ...]:
        shown = source.shown_view(view)
        edges, totals = shown.answers.edges(shown.query), shown.answers.totals(shown.query)
        names = node_ids(edges)
        graph = graph_of(edges, shown.answers.nodes(names, shown.query))
        elements = network_elements(graph, shown.positions(names), shown.query)
        sentence = no_edges(edges, totals, shown.query)
        return elements, summary(edges, shown.query), sentence, not (sentence and totals.edges)

    @app.callback(
        Output(ids.NETWORK_GRAPH, "stylesheet"),
        inputs={
            "scheme": Input(ids.PAGE_THEME, "data"),
            "view": Input(ids.PAGE_VIEW, "data"),
        },
    )
    def restyle(scheme: Any, view: Any) -> list[dict[str, Any]]:
        shown = source.shown_view(view)
        many = len(shown.answers.edges(shown.query).rows) > CHEAP_ABOVE_EDGES
        return cytoscape_stylesheet(scheme, cheap=many)

    @app.callback(
        Output(ids.NETWORK_DETAILS, "children"),
        inputs={
            "node": Input(ids.NETWORK_GRAPH, "tapNodeData"),
            "edge": Input(ids.NETWORK_GRAPH, "tapEdgeData"),
            "view": Input(ids.PAGE_VIEW, "data"),
        },
    )
    def show_details(node: Any, edge: Any, view: Any) -> Any:
        shown = source.shown_view(view)
        kind, wanted = selected(node, edge)
        if not wanted:
            return hint()
        edges = graph_edges(shown.answers.edges(shown.query))
        if kind == "edge":
            return edge_details(edges, wanted)
        name = wanted.removeprefix("n:")
        facts = shown.answers.nodes((name,), shown.query).get(name)
        return node_details(edges, facts, name, shown.query)


def selected(node: Any, edge: Any) -> tuple[str, str]:
    """Tell what was selected last: `node` or `edge`, and its id; `""` for nothing yet."""
    taps = [
        (tap.get("timeStamp") or 0, kind, tap.get("id"))
        for kind, tap in (("node", node), ("edge", edge))
        if isinstance(tap, Mapping)
    ]
    if not taps:
        return "", ""
    _, kind, wanted = max(taps, key=lambda tap: tap[0] if isinstance(tap[0], int | float) else 0)
    return kind, wanted if isinstance(wanted, str) else ""
