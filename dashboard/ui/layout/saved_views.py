"""The menu of saved views."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.saved_views import MAX_NAME
from dashboard.ui import ids
from dashboard.ui.layout.aria import live


def saved_views() -> Any:
    """Return the button and what it opens."""
    return html.Div(
        [
            dcc.Store(id=ids.VIEWS_COMMAND),
            html.Details(
                [
                    html.Summary("Views", className="button", title="Views that the team saved"),
                    html.Div(
                        [
                            html.Div(id=ids.VIEWS_LIST, className="views-list"),
                            html.Div(
                                [
                                    dmc.TextInput(
                                        id=ids.VIEWS_NAME,
                                        value="",
                                        debounce=True,  # Sent on Enter and when it is left.
                                        size="xs",
                                        placeholder="Name of this view",
                                        attributes={
                                            "input": {
                                                "aria-label": "Name of this view",
                                                "maxLength": MAX_NAME,
                                            }
                                        },
                                    ),
                                    html.Button(
                                        "Save",
                                        id=ids.VIEWS_SAVE,
                                        type="button",
                                        className="button primary",
                                    ),
                                ],
                                className="views-save",
                            ),
                            html.Div(id=ids.VIEWS_NOTICE, className="views-notice", **live()),
                        ],
                        className="views-box",
                    ),
                ],
                className="views",
            ),
        ]
    )
