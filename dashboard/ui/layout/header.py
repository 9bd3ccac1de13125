"""The top of the page: name, range, freshness, theme switch, totals."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.ui import ids
from dashboard.ui.layout.aria import labelled
from dashboard.ui.layout.controls import actions
from dashboard.ui.layout.display_menu import display_menu
from dashboard.ui.plain import plain

_TOUR: dict[str, Any] = {"data-tour": "on"}  # assets/40-tour.js hears it.


def header() -> Any:
    """Return the bar with the product's name and the row of totals under it."""
    return html.Header(
        [
            html.Div(
                [
                    html.H1("Flow Atlas", className="brand"),
                    html.Span(id=ids.HEADER_RANGE, className="range"),
                    html.Span(id=ids.HEADER_FRESHNESS, className="freshness"),
                    actions(),
                    html.Button(
                        "Tour",
                        type="button",
                        className="button",
                        title="Show what is where",
                        **_TOUR,
                    ),
                    display_menu(),
                    dmc.ActionIcon(
                        html.Span(className="icon icon-theme"),
                        id=ids.HEADER_THEME,
                        variant="subtle",
                        color="gray",
                        size="md",
                        attributes={
                            "root": {"aria-label": "Switch between light and dark"},
                        },
                    ),
                ],
                className="topbar",
            ),
            plain(
                html.Section(
                    id=ids.HEADER_TOTALS, className="tiles", **labelled("Totals of this view")
                )
            ),
        ]
    )
