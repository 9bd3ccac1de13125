"""The tab of what the logs and their reading lack."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.ui import ids
from dashboard.ui.layout.aria import labelled, live


def quality() -> Any:
    """Return the place of the report."""
    return html.Div(
        id=ids.QUALITY_REPORT,
        className="quality",
        tabIndex="0",
        role="region",
        **labelled("Quality of the logs"),
        **live(),
    )
