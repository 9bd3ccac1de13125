"""The table of edges."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
from dash import dcc, html

from dashboard.ui import ids
from dashboard.ui.layout.aria import labelled

Column = dict[str, Any]


def table() -> Any:
    """Return the table, what it says about itself, and what it says when it is empty."""
    # The grid's functions in assets/ write to these stores.
    stores: dict[str, Any] = {
        "data-claims": ids.PAGE_COMMAND,
        "data-selection": ids.NETWORK_SELECTION,
    }
    return html.Div(
        [
            dcc.Store(id=ids.TABLE_LISTED),
            html.Div(
                [
                    html.Span("Click or Enter shows an edge; Shift + click sorts by more columns"),
                    html.Span(id=ids.TABLE_NOTE),
                ],
                className="table-note",
            ),
            html.Div(
                [_grid(), html.P(id=ids.TABLE_EMPTY, className="table-empty", role="status")],
                className="table-grid",
            ),
        ],
        className="table",
        role="region",
        **labelled("Table of edges"),
        **stores,
    )


def _grid() -> Any:
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
            "minWidth": 60,
        },
        getRowId="params.data.id",
        eventListeners={
            "cellClicked": ["atlasRow(params)"],
            "cellKeyDown": ["atlasRow(params)"],
        },
        dashGridOptions={
            "theme": "themeQuartz",  # Its colors come from assets/atlas.css.
            "enableCellTextSelection": True,
            "suppressMovableColumns": False,
            "suppressNoRowsOverlay": True,
            "rowHeight": 30,
            "headerHeight": 34,
            "animateRows": False,
            "tooltipShowDelay": 400,
        },
        style={"height": "100%", "width": "100%"},
        dangerously_allow_code=False,
    )


def _columns() -> list[Column]:
    over_time = "of the measure in a bin of time; bins without traffic count as zero"
    return [
        _text("src", "Initiator", 124),
        _text("dst", "Responder", 124),
        {
            "field": "port",
            "headerName": "Port",
            "width": 120,
            "filter": "agNumberColumnFilter",
            "valueFormatter": {"function": "atlasPort(params.value, params.data)"},
            "tooltipValueGetter": {"function": "atlasPort(params.value, params.data)"},
        },
        _text("protocol", "Proto", 66),
        _number(
            "share",
            "Share",
            66,
            valueFormatter={"function": "atlasPercent(params.value)"},
            headerTooltip="Of everything that fits, in the measure",
        ),
        {
            "field": "series",
            "headerName": "Over time",
            "width": 102,
            "sortable": False,
            "filter": False,
            "floatingFilter": False,
            "cellRenderer": "AtlasSparkline",
            "headerTooltip": "Each row by its own largest bin",
        },
        _amount("flows", "Flows", 76),
        _amount("accepted", "Accepted", 86),
        _amount("rejected", "Rejected", 84, cellClassRules={"denied": "params.value > 0"}),
        _amount("bytes", "Bytes", 122),
        _amount("packets", "Packets", 92),
        _amount("return_bytes", "Returned", 122, headerTooltip="Bytes from the responder"),
        _short("least", "Min", f"Least {over_time}"),
        _short("average", "Avg", f"Average {over_time}"),
        _short("p95", "p95", f"95th percentile {over_time}"),
        _short("most", "Max", f"Most {over_time}"),
        _text("first_seen", "First seen", 150),
        _text("last_seen", "Last seen", 150),
        {
            "colId": "actions",
            "headerName": "Filter",
            "width": 78,
            "pinned": "right",
            "sortable": False,
            "filter": False,
            "floatingFilter": False,
            "resizable": False,
            "cellRenderer": "AtlasActions",
            "headerTooltip": "Include only this edge, or exclude it",
        },
    ]


def _text(field: str, title: str, width: int) -> Column:
    return {
        "field": field,
        "headerName": title,
        "width": width,
        "filter": "agTextColumnFilter",
        "tooltipField": field,
    }


def _number(field: str, title: str, width: int, **more: Any) -> Column:
    return {
        "field": field,
        "headerName": title,
        "width": width,
        "type": "rightAligned",
        "filter": "agNumberColumnFilter",
        **more,
    }


def _amount(field: str, title: str, width: int, **more: Any) -> Column:
    formatter = {"function": "atlasWhole(params.value)"}
    return _number(field, title, width, valueFormatter=formatter, **more)


def _short(field: str, title: str, tooltip: str) -> Column:
    formatter = {"function": "atlasShort(params.value)"}
    return _number(field, title, 74, valueFormatter=formatter, headerTooltip=tooltip)
