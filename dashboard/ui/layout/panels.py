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
    later = (
        ("table", "Table", table()),
        ("sankey", "Sankey", sankey()),
        ("matrix", "Matrix", matrix()),
        ("changes", "Changes", changes()),
        ("quality", "Quality", quality()),
    )
    titles = (("network", "Network"), *((tab, title) for tab, title, _ in later))
    return dmc.Tabs(
        [
            html.Div(
                [
                    dmc.TabsList([dmc.TabsTab(title, value=tab) for tab, title in titles]),
                    html.Span(id=ids.NETWORK_SUMMARY, className="summary", role="status"),
                ],
                className="main-head",
            ),
            dmc.TabsPanel(network(), value="network", className="main-tab", keepMounted=True),
            # Each of the others is built when it is first opened, and kept from then on.
            *(
                dmc.TabsPanel(view, value=tab, id=ids.panel(tab), className="main-tab")
                for tab, _, view in later
            ),
        ],
        id=ids.MAIN_TAB,
        value="network",
        keepMounted=False,
        className="panel main",
    )
