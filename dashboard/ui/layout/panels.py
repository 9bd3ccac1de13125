"""The panels: network and table, charts."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.ui import ids
from dashboard.ui.layout.aria import labelled
from dashboard.ui.layout.network_panel import network

_GRAPH_CONFIG: Any = {
    "displayModeBar": False,
    "responsive": True,
    "doubleClick": False,
    "showTips": False,
}


def timeline_panel() -> Any:
    """Return the chart over time; dragging over it selects a range."""
    return _panel(
        "Traffic over time",
        dcc.Graph(id=ids.TIMELINE_GRAPH, config=_GRAPH_CONFIG, className="chart"),
        "panel timeline",
        note="drag to select a range",
    )


def rankings() -> list[Any]:
    """Return the top talkers and the top ports."""
    return [
        _panel(
            "Top talkers",
            dcc.Graph(id=ids.TALKERS_GRAPH, config=_GRAPH_CONFIG, className="chart"),
            "panel ranking",
            note="sent plus received",
        ),
        _panel(
            "Top services",
            dcc.Graph(id=ids.PORTS_GRAPH, config=_GRAPH_CONFIG, className="chart"),
            "panel ranking",
            note="port on the responder's side",
        ),
    ]


def main_panel() -> Any:
    """Return the network and the table, one at a time."""
    return dmc.Tabs(
        [
            html.Div(
                [
                    dmc.TabsList(
                        [
                            dmc.TabsTab("Network", value="network"),
                            dmc.TabsTab("Table", value="table"),
                        ]
                    ),
                    html.Span(id=ids.NETWORK_SUMMARY, className="summary", role="status"),
                ],
                className="main-head",
            ),
            dmc.TabsPanel(network(), value="network", className="main-tab"),
            dmc.TabsPanel(_table(), value="table", className="main-tab"),
        ],
        id=ids.MAIN_TAB,
        value="network",
        className="panel main",
    )


def _panel(title: str, content: Any, class_name: str, note: str) -> Any:
    heading = html.H2([title, html.Span(note, className="note")])
    return html.Section([heading, content], className=class_name, **labelled(title))


def _table() -> Any:
    return dag.AgGrid(
        id=ids.TABLE_GRID,
        columnDefs=_columns(),
        rowData=[],
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "filter": True,
            "floatingFilter": True,
            "suppressFloatingFilterButton": True,
            "suppressHeaderFilterButton": True,
            "flex": 1,
            "minWidth": 80,
        },
        getRowId="params.data.id",
        dashGridOptions={
            "theme": "themeQuartz",  # Its colors come from assets/atlas.css.
            "enableCellTextSelection": True,
            "suppressMovableColumns": False,
            "rowHeight": 30,
            "headerHeight": 34,
            "animateRows": False,
        },
        style={"height": "100%", "width": "100%"},
        dangerously_allow_code=False,
    )


def _columns() -> list[dict[str, Any]]:
    def text(field: str, title: str, width: int) -> dict[str, Any]:
        return {"field": field, "headerName": title, "minWidth": width}

    def amount(field: str, title: str, **more: Any) -> dict[str, Any]:
        return {
            "field": field,
            "headerName": title,
            "type": "rightAligned",
            "filter": "agNumberColumnFilter",
            "valueFormatter": {"function": "atlasWhole(params.value)"},
            **more,
        }

    return [
        text("src", "Initiator", 150),
        text("dst", "Responder", 150),
        {
            "field": "port",
            "headerName": "Port",
            "type": "rightAligned",
            "filter": "agNumberColumnFilter",
            "minWidth": 70,
        },
        text("protocol", "Protocol", 80),
        amount("flows", "Flows"),
        amount("accepted", "Accepted"),
        amount("rejected", "Rejected", cellClassRules={"denied": "params.value > 0"}),
        amount("bytes", "Bytes", minWidth=120),
        amount("return_bytes", "Returned", minWidth=120, headerTooltip="Bytes from the responder"),
        amount("packets", "Packets"),
        text("first_seen", "First seen", 145),
        text("last_seen", "Last seen", 145),
    ]
