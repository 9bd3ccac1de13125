"""The page as a whole."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.ui import ids
from dashboard.ui.layout.aria import unread
from dashboard.ui.layout.beside import rankings, timeline_panel
from dashboard.ui.layout.controls import controls
from dashboard.ui.layout.drawer import drawer
from dashboard.ui.layout.filter_bar import filter_bar
from dashboard.ui.layout.header import header
from dashboard.ui.layout.panels import main_panel
from dashboard.ui.layout.questions import questions
from dashboard.ui.theme import mantine_theme

ASKED = (
    ids.TABLE_ASKED, ids.SANKEY_ASKED, ids.MATRIX_ASKED, ids.CHANGES_ASKED, ids.QUALITY_ASKED,
    ids.DRAWER_ASKED, ids.QUESTIONS_ASKED,
)  # fmt: skip
_CLOCK_MS = 20_000  # How often the page asks whether the cache has grown.


def page() -> Any:
    """Return every component of the page, without data."""
    return dmc.MantineProvider(
        [
            dcc.Location(id=ids.PAGE_URL, refresh=False),
            dcc.Interval(id=ids.PAGE_CLOCK, interval=_CLOCK_MS),
            dcc.Store(id=ids.PAGE_THEME),
            dcc.Store(id=ids.PAGE_DISPLAY),
            dcc.Store(id=ids.PAGE_VIEW),
            dcc.Store(id=ids.PAGE_VERSION),
            dcc.Store(id=ids.PAGE_STALE, data={}),
            dcc.Store(id=ids.PAGE_COMMAND),
            *(dcc.Store(id=asked) for asked in ASKED),
            dcc.Store(id=ids.TIMELINE_BRUSH),
            html.Div(className="progress", **unread()),
            html.Div(
                [
                    header(),
                    controls(),
                    filter_bar(),
                    questions(),
                    html.Div(id=ids.PAGE_NOTICE, className="notice", role="alert"),
                    html.Main(
                        [
                            timeline_panel(),
                            main_panel(),
                            html.Div(rankings(), className="side"),
                            drawer(),
                        ],
                        className="body",
                    ),
                ],
                className="page",
            ),
        ],
        id=ids.PAGE_PROVIDER,
        theme=mantine_theme(),
        defaultColorScheme="auto",
    )
