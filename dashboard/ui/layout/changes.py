"""The tab of what changed between two time ranges."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import html

from dashboard.ui import ids
from dashboard.ui.figures.changes import KINDS
from dashboard.ui.layout.aria import labelled, live

Column = dict[str, Any]


def changes() -> Any:
    """Return tiles, the choice of a kind, and the table of changed edges."""
    # The grid's functions in assets/ write to these stores.
    stores: dict[str, Any] = {
        "data-claims": ids.PAGE_COMMAND,
        "data-selection": ids.NETWORK_SELECTION,
    }
    kinds = dmc.SegmentedControl(
        id=ids.CHANGES_KIND,
        data=[
            {"value": "", "label": "All"},
            *({"value": kind, "label": title} for kind, title in KINDS.items()),
        ],
        value="",
        size="xs",
        transitionDuration=0,
        attributes={"root": {"aria-label": "Which changes"}},
    )
    tools = html.Div(
        [
            kinds,
            html.Span("Click or Enter shows an edge", className="note"),
            html.A("Download CSV", id=ids.CHANGES_DOWNLOAD, className="button", href=""),
        ],
        className="changes-tools",
    )
    return html.Div(
        [
            html.Div(id=ids.CHANGES_SUMMARY, className="changes-summary", **live()),
            tools,
            html.Div(
                [_grid(), html.P(id=ids.CHANGES_EMPTY, className="table-empty", role="status")],
                className="table-grid",
            ),
        ],
        className="table changes",
        role="region",
        **labelled("Changes between two time ranges"),
        **stores,
    )


def changes_legend() -> Any:
    """Return the place for what colors mean on a compared network."""
    return html.Div(id=ids.CHANGES_LEGEND, className="changes-legend")


def _grid() -> Any:
    return dag.AgGrid(
        id=ids.CHANGES_GRID,
        columnDefs=_columns(),
        rowData=[],
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "filter": True,
            "floatingFilter": True,
            "suppressFloatingFilterButton": True,
            "suppressHeaderFilterButton": True,
            "minWidth": 70,
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


def _columns() -> list[Column]:
    return [
        {
            "field": "kind",
            "headerName": "Change",
            "width": 88,
            "filter": "agTextColumnFilter",
            "cellRenderer": "AtlasChange",
        },
        _text("src", "Initiator", 128),
        _text("dst", "Responder", 128),
        {
            "field": "port",
            "headerName": "Port",
            "width": 112,
            "filter": "agNumberColumnFilter",
            "valueFormatter": {"function": "atlasPort(params.value, params.data)"},
        },
        _text("protocol", "Protocol", 80),
        _amount("before", "Before", 86),
        _amount("now", "Now", 86),
        _amount(
            "difference",
            "Difference",
            100,
            headerTooltip="Now less before; before is scaled to the length of the range now",
        ),
        {
            "field": "bar",
            "headerName": "More, less",
            "width": 84,
            "sortable": False,
            "filter": False,
            "floatingFilter": False,
            "cellRenderer": "AtlasDifference",
            "headerTooltip": "Difference, by the largest of all",
        },
        _number(
            "times",
            "In percent",
            96,
            valueFormatter={"function": "atlasChangePercent(params.value)"},
            headerTooltip="Difference against before",
        ),
        _number(
            "share",
            "Share",
            80,
            valueFormatter={"function": "atlasPercent(params.value)"},
            headerTooltip="Of all differences, in the measure",
        ),
        _amount("rejected_before", "Rejected before", 122),
        _amount("rejected", "Rejected now", 112, cellClassRules={"denied": "params.value > 0"}),
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
    return {"field": field, "headerName": title, "width": width, "filter": "agTextColumnFilter"}


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
