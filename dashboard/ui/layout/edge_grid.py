"""A grid of edges: what the table and the changes have in common."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
from dash import html

from dashboard.ui import ids
from dashboard.ui.layout.aria import labelled

Column = dict[str, Any]


def edge_table(children: list[Any], label: str, class_name: str = "") -> Any:
    """Return a tab whose grid can filter and select.

    Args:
        children: What it shows, the grid among it.
        label: Its accessible name.
        class_name: A class beside `table`.
    """
    # The grid's functions in assets/ write to these stores.
    stores: dict[str, Any] = {
        "data-claims": ids.PAGE_COMMAND,
        "data-selection": ids.NETWORK_SELECTION,
    }
    return html.Div(
        children,
        className=f"table {class_name}".strip(),
        role="region",
        **labelled(label),
        **stores,
    )


def edge_grid(grid_id: str, empty_id: str, columns: list[Column], least_width: int) -> Any:
    """Return a grid and the sentence that it shows when it is empty."""
    grid = dag.AgGrid(
        id=grid_id,
        columnDefs=columns,
        rowData=[],
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "filter": True,
            "floatingFilter": True,
            "suppressFloatingFilterButton": True,
            "suppressHeaderFilterButton": True,
            "minWidth": least_width,
        },
        getRowId="params.data.id",
        eventListeners={
            "cellClicked": ["atlasRow(params)"],
            "cellKeyDown": ["atlasRow(params)"],
        },
        dashGridOptions={
            "theme": "themeQuartz",  # Its colors come from assets/atlas.css.
            "enableCellTextSelection": True,
            "suppressNoRowsOverlay": True,
            "rowHeight": 30,
            "headerHeight": 34,
            "animateRows": False,
            "tooltipShowDelay": 400,
        },
        style={"height": "100%", "width": "100%"},
        dangerously_allow_code=False,
    )
    return html.Div(
        [grid, html.P(id=empty_id, className="table-empty", role="status")], className="table-grid"
    )


def port(width: int) -> Column:
    """Return the column of service ports, with their names."""
    named = {"function": "atlasPort(params.value, params.data)"}
    return {
        "field": "port",
        "headerName": "Port",
        "width": width,
        "filter": "agNumberColumnFilter",
        "valueFormatter": named,
        "tooltipValueGetter": named,
    }


def actions() -> Column:
    """Return the column of buttons that filter."""
    return {
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
    }


def drawn(field: str, title: str, width: int, renderer: str, tooltip: str) -> Column:
    """Return a column that a function of assets/ draws."""
    return {
        "field": field,
        "headerName": title,
        "width": width,
        "sortable": False,
        "filter": False,
        "floatingFilter": False,
        "cellDataType": False,  # Else the grid asks how to write it, if it is there at once.
        "cellRenderer": renderer,
        "headerTooltip": tooltip,
    }


def text(field: str, title: str, width: int) -> Column:
    """Return a column of text, whole on a tip."""
    return {
        "field": field,
        "headerName": title,
        "width": width,
        "filter": "agTextColumnFilter",
        "tooltipField": field,
    }


def number(field: str, title: str, width: int, **more: Any) -> Column:
    """Return a column of numbers."""
    return {
        "field": field,
        "headerName": title,
        "width": width,
        "type": "rightAligned",
        "filter": "agNumberColumnFilter",
        **more,
    }


def amount(field: str, title: str, width: int, **more: Any) -> Column:
    """Return a column of whole numbers in groups of three digits."""
    formatter = {"function": "atlasWhole(params.value)"}
    return number(field, title, width, valueFormatter=formatter, **more)
