"""The menu of how times and volumes are written."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.ui import ids
from dashboard.ui.layout.aria import live, unread

_ZONES = (("utc", "UTC"), ("local", "Local"))
_UNITS = (("si", "MB"), ("iec", "MiB"), ("bits", "bit/s"))


def display_menu() -> Any:
    """Return the button, which says what is chosen, and the choices."""
    return html.Details(
        [
            html.Summary(
                "UTC, MB",
                id=ids.DISPLAY_SUMMARY,
                className="button",
                title="Time zone and units of this page",
                **live(),
            ),
            html.Div(
                [
                    _choice(ids.DISPLAY_ZONE, "Times", _ZONES),
                    html.P(
                        "Local is the zone of this browser. Links and files keep UTC.",
                        className="views-none",
                    ),
                    _choice(ids.DISPLAY_UNITS, "Volumes", _UNITS),
                    html.P(
                        "1 MB = 10⁶ bytes, 1 MiB = 2²⁰ bytes. bit/s draws bytes over time as a "
                        "rate; sums stay in MB.",
                        className="views-none",
                    ),
                ],
                className="views-box",
            ),
        ],
        className="views",
    )


def _choice(control_id: str, label: str, choices: tuple[tuple[str, str], ...]) -> Any:
    control = dmc.SegmentedControl(
        id=control_id,
        data=[{"value": key, "label": text} for key, text in choices],
        value=choices[0][0],
        size="xs",
        fullWidth=True,
        transitionDuration=0,
        # Of the reader and no part of the question: kept by the browser.
        persistence=True,
        persistence_type="local",
        attributes={"root": {"aria-label": label}},
    )
    return html.Div([html.Span(label, className="control-label", **unread()), control])
