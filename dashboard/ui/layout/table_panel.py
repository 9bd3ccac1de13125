"""The table of edges."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dashboard.ui import ids
from dashboard.ui.layout.edge_grid import (
    Column,
    actions,
    amount,
    drawn,
    edge_grid,
    edge_table,
    number,
    port,
    text,
)


def table() -> Any:
    """Return the table, what it says about itself, and what it says when it is empty."""
    return edge_table(
        [
            dcc.Store(id=ids.TABLE_LISTED),
            dcc.Store(id=ids.TABLE_STATISTICS),
            html.Div(
                [
                    html.Span("Click or Enter shows an edge; Shift + click sorts by more columns"),
                    html.Span(id=ids.TABLE_NOTE),
                ],
                className="table-note",
            ),
            edge_grid(ids.TABLE_GRID, ids.TABLE_EMPTY, _columns(), 60),
        ],
        "Table of edges",
    )


def _columns() -> list[Column]:
    over_time = "of the measure in a bin of time; bins without traffic count as zero"
    return [
        text("src", "Initiator", 124),
        text("dst", "Responder", 124),
        port(120),
        text("protocol", "Proto", 66),
        number(
            "share",
            "Share",
            66,
            valueFormatter={"function": "atlasPercent(params.value)"},
            headerTooltip="Of everything that fits, in the measure",
        ),
        drawn("series", "Over time", 102, "AtlasSparkline", "Each row by its own largest bin"),
        amount("flows", "Flows", 76),
        amount("bytes", "Bytes", 122),
        amount("rejected", "Rejected", 84, cellClassRules={"denied": "params.value > 0"}),
        # A window 1,440 pixels wide cuts here, in no number: half of one reads as another.
        amount("accepted", "Accepted", 86),
        amount("packets", "Packets", 92),
        amount("return_bytes", "Returned", 122, headerTooltip="Bytes from the responder"),
        _short("least", "Min", f"Least {over_time}"),
        _short("average", "Avg", f"Average {over_time}"),
        _short("p95", "p95", f"95th percentile {over_time}"),
        _short("most", "Max", f"Most {over_time}"),
        text("first_seen", "First seen", 150),
        text("last_seen", "Last seen", 150),
        actions(),
    ]


def _short(field: str, title: str, tooltip: str) -> Column:
    formatter = {"function": "atlasShort(params.value)"}
    return number(field, title, 74, valueFormatter=formatter, headerTooltip=tooltip)
