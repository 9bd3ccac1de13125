"""The main panel: one view at a time, under tabs."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.ui import ids
from dashboard.ui.layout.changes import changes
from dashboard.ui.layout.flows_panel import matrix, sankey
from dashboard.ui.layout.network_panel import network
from dashboard.ui.layout.quality import quality
from dashboard.ui.layout.table_panel import table


def main_panel() -> Any:
    """Return the tabs and what lies under each."""
    views = (
        ("network", "Network", network()),
        ("table", "Table", table()),
        ("sankey", "Sankey", sankey()),
        ("matrix", "Matrix", matrix()),
        ("changes", "Changes", changes()),
        ("quality", "Quality", quality()),
    )
    return dmc.Tabs(
        [
            html.Div(
                [
                    dmc.TabsList([dmc.TabsTab(title, value=tab) for tab, title, _ in views]),
                    html.Span(id=ids.NETWORK_SUMMARY, className="summary", role="status"),
                ],
                className="main-head",
            ),
            *(dmc.TabsPanel(view, value=tab, className="main-tab") for tab, _, view in views),
        ],
        id=ids.MAIN_TAB,
        value="network",
        className="panel main",
    )
