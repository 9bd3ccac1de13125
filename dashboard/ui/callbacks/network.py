"""The network and what it says about itself."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from dashboard.analysis.graph.model import graph_of, node_ids
from dashboard.ui import ids
from dashboard.ui.callbacks.changes import compared_ranges
from dashboard.ui.callbacks.shown import Source, unless_there
from dashboard.ui.figures.changes import legend, marked
from dashboard.ui.figures.empty import no_edges, summary
from dashboard.ui.figures.network import network_elements, other_element
from dashboard.ui.figures.summary import range_text, totals_tiles
from dashboard.ui.network_style import CHEAP_ABOVE_EDGES, cytoscape_stylesheet, style_name
from dashboard.ui.plain import CONTENT

# Buttons of the toolbar, and the functions of assets/21-network-callbacks.js that they call.
_TOOLS = {
    ids.NETWORK_FOCUS: "focus",
    ids.NETWORK_NEARER: "fewerHops",
    ids.NETWORK_FARTHER: "moreHops",
    ids.NETWORK_HIDE: "hide",
    ids.NETWORK_UNHIDE: "showHidden",
    ids.NETWORK_PIN: "pin",
    ids.NETWORK_FORGET: "forget",
    ids.NETWORK_FIT: "fit",
    ids.NETWORK_ZOOM_IN: "zoomIn",
    ids.NETWORK_ZOOM_OUT: "zoomOut",
    ids.NETWORK_MAP: "map",
}


def register(app: Dash, source: Source) -> None:
    """Redraw the network, and the totals that it is a part of, when the view changes.

    One callback: another process would work out the same answers for the totals again.
    """

    @app.callback(
        Output(ids.NETWORK_GRAPH, "elements"),
        Output(ids.NETWORK_SUMMARY, "children"),
        Output(ids.NETWORK_EMPTY, "children"),
        Output(ids.NETWORK_SHOW_ALL, "hidden"),
        Output(ids.CHANGES_LEGEND, "children"),
        Output(ids.NETWORK_GRAPH, "stylesheet"),
        Output(ids.NETWORK_STYLED, "data"),
        Output(ids.HEADER_TOTALS, CONTENT),
        Output(ids.HEADER_RANGE, "children"),
        inputs={
            "view": Input(ids.PAGE_VIEW, "data"),
            "with_other": Input(ids.NETWORK_OTHER, "checked"),
            "scheme": Input(ids.PAGE_THEME, "data"),
            "styled": State(ids.NETWORK_STYLED, "data"),
            "there": [
                State(ids.NETWORK_EMPTY, "children"),
                State(ids.NETWORK_SHOW_ALL, "hidden"),
                State(ids.CHANGES_LEGEND, "children"),
            ],
        },
    )
    def redraw(
        view: Any, with_other: Any, scheme: Any, styled: Any, there: list[Any]
    ) -> tuple[Any, ...]:
        shown = source.shown_view(view)
        edges, totals = shown.answers.edges(shown.query), shown.answers.totals(shown.query)
        names = node_ids(edges)
        graph = graph_of(edges, shown.answers.nodes(names, shown.query))
        positions = shown.positions(names)
        elements = network_elements(graph, positions, shown.query)
        compared = compared_ranges(shown)
        elements = marked(elements, compared)
        if with_other and edges.other_edges and elements:
            elements.append(other_element(edges.other, edges.other_edges, positions, shown.query))
        sentence = no_edges(edges, totals, shown.query)
        beside = (sentence, not (sentence and totals.edges), legend(compared))
        return (
            elements,
            summary(edges, shown.query),
            *map(unless_there, beside, there),
            *_style(scheme, styled, cheap=len(edges.rows) > CHEAP_ABOVE_EDGES),
            totals_tiles(totals, shown.answers.facts()),
            range_text(totals),
        )

    _wire_tools(app)


def _style(scheme: Any, styled: Any, *, cheap: bool) -> tuple[Any, Any]:
    """Return style and name; the component styles everything again for one that it has."""
    name = style_name(scheme, cheap=cheap)
    if name == styled:
        return no_update, no_update
    return cytoscape_stylesheet(scheme, cheap=cheap), name


def _wire_tools(app: Dash) -> None:
    """Wire what the browser does alone."""
    wire: Any = app.clientside_callback
    wire(
        ClientsideFunction("atlasNetwork", "readLink"),
        Output(ids.NETWORK_LAYOUT, "value"),
        Output(ids.NETWORK_OTHER, "checked"),
        Input(ids.PAGE_PROVIDER, "id"),
    )
    for component, prop, function in (
        (ids.NETWORK_LAYOUT, "value", "layout"),
        (ids.NETWORK_OTHER, "checked", "other"),
        (ids.NETWORK_SEARCH, "value", "search"),
        *((button, "n_clicks", function) for button, function in _TOOLS.items()),
    ):
        wire(
            ClientsideFunction("atlasNetwork", function),
            Input(component, prop),
            prevent_initial_call=True,
        )
