"""The drawer beside the network: its frame, without data."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.ui import ids
from dashboard.ui.layout.aria import labelled, live

OVERVIEW, RECORDS, INITIATOR = "overview", "records", "initiator"


def drawer() -> Any:
    """Return the drawer; it is shown while something is selected."""
    # The scripts in assets/ write to these stores.
    stores: dict[str, Any] = {
        "data-claims": ids.PAGE_COMMAND,
        "data-selection": ids.NETWORK_SELECTION,
    }
    return html.Aside(
        [
            dcc.Store(id=ids.DRAWER_OFFSET),
            html.Div(
                [
                    html.H2("Details", id=ids.DRAWER_TITLE),
                    html.Button(
                        "Wider",
                        type="button",
                        className="button drawer-wide",
                        title="Give the drawer most of the page, or its own place again",
                        **_pressed(),
                    ),
                    html.Button(
                        "Close",
                        type="button",
                        className="button drawer-close",
                        title="Close (Esc)",
                    ),
                ],
                className="drawer-head",
            ),
            dmc.Tabs(
                [
                    dmc.TabsList(
                        [
                            dmc.TabsTab("Overview", value=OVERVIEW),
                            dmc.TabsTab("Log records", value=RECORDS),
                            dmc.TabsTab("Who began", value=INITIATOR),
                        ]
                    ),
                    dmc.TabsPanel(_overview(), value=OVERVIEW, className="drawer-tab"),
                    dmc.TabsPanel(_records(), value=RECORDS, className="drawer-tab"),
                    dmc.TabsPanel(_initiator(), value=INITIATOR, className="drawer-tab"),
                ],
                id=ids.DRAWER_TAB,
                value=OVERVIEW,
                className="drawer-tabs",
            ),
        ],
        id=ids.DRAWER_PANEL,
        className="panel drawer",
        hidden=True,
        tabIndex="-1",
        **labelled("Details of the selection"),
        **stores,
    )


def _overview() -> Any:
    return html.Div(
        id=ids.NETWORK_DETAILS,
        className="drawer-scroll details",
        tabIndex="0",
        role="region",
        **labelled("Overview"),
        **live(),
    )


def _records() -> Any:
    return html.Div(
        [
            html.Div(
                [
                    html.Span(id=ids.DRAWER_RECORDS_NOTE, role="status"),
                    html.Button(
                        "Earlier", id=ids.DRAWER_EARLIER, className="button", type="button"
                    ),
                    html.Button("Later", id=ids.DRAWER_LATER, className="button", type="button"),
                ],
                className="records-head",
            ),
            html.Div(
                id=ids.DRAWER_RECORDS,
                className="records-scroll",
                tabIndex="0",
                role="region",
                **labelled("Log records"),
            ),
        ],
        className="drawer-records",
    )


def _initiator() -> Any:
    return html.Div(
        [
            html.P(
                "A flow record has a source and a destination and does not say who opened the "
                "conversation. These rules did, best first:",
                className="drawer-lead",
            ),
            html.Div(id=ids.DRAWER_RULES, **live()),
        ],
        className="drawer-scroll",
        tabIndex="0",
        role="region",
        **labelled("Who began"),
    )


def _pressed() -> dict[str, Any]:
    return {"aria-pressed": "false"}
