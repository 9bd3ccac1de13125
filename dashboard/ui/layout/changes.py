"""The tab of what changed between two time ranges."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.ui import ids
from dashboard.ui.figures.changes import KINDS
from dashboard.ui.layout.aria import live
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


def changes() -> Any:
    """Return tiles, the choice of a kind, and the table of changed edges."""
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
    return edge_table(
        [
            html.Div(id=ids.CHANGES_SUMMARY, className="changes-summary", **live()),
            tools,
            edge_grid(ids.CHANGES_GRID, ids.CHANGES_EMPTY, _columns(), 70),
        ],
        "Changes between two time ranges",
        "changes",
    )


def changes_legend() -> Any:
    """Return the place for what colors mean on a compared network."""
    return html.Div(id=ids.CHANGES_LEGEND, className="changes-legend")


def _columns() -> list[Column]:
    return [
        {
            "field": "kind",
            "headerName": "Change",
            "width": 86,
            "filter": "agTextColumnFilter",
            "cellRenderer": "AtlasChange",
        },
        text("src", "Initiator", 122),
        text("dst", "Responder", 122),
        port(106),
        text("protocol", "Proto", 66),
        amount("before", "Before", 86),
        # A window 1,024 pixels wide cuts here, in no number: half of one reads as another.
        amount("now", "Now", 86),
        amount(
            "difference",
            "Difference",
            100,
            headerTooltip="Now less before; before is scaled to the length of the range now",
        ),
        drawn("bar", "More, less", 104, "AtlasDifference", "Difference, by the largest of all"),
        # And one of 1,440 here.
        number(
            "times",
            "In percent",
            96,
            valueFormatter={"function": "atlasChangePercent(params.value)"},
            headerTooltip="Difference against before",
        ),
        number(
            "share",
            "Share",
            80,
            valueFormatter={"function": "atlasPercent(params.value)"},
            headerTooltip="Of all differences, in the measure",
        ),
        amount("rejected_before", "Rejected before", 122),
        amount("rejected", "Rejected now", 112, cellClassRules={"denied": "params.value > 0"}),
        actions(),
    ]
