"""Saved views → the list in their menu."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dashboard.saved_views import SavedView
from dashboard.ui import ids, wording


def view_list(views: Sequence[SavedView]) -> list[Any]:
    """Return a link and a remove button for each view; a sentence where there is none."""
    if not views:
        return [html.P("No view is saved yet. Name this one and keep it.", className="views-none")]
    return [
        html.Div(
            [
                dcc.Link(
                    view.name,
                    href=view.search or "?",
                    className="views-link",
                    title=f"Saved {wording.moment(view.saved_at)} {wording.zone(view.saved_at)}",
                ),
                html.Button(
                    "\N{MULTIPLICATION SIGN}",
                    type="button",
                    className="chip-button",
                    title=f"Remove {view.name}",
                    **_tells(f"Remove {view.name}", {"remove": view.name}),
                ),
            ],
            className="views-row",
        )
        for view in views
    ]


def _tells(label: str, command: dict[str, str]) -> dict[str, Any]:
    """Have assets/31-buttons.js write a command to the store when the button is clicked."""
    return {
        "aria-label": label,
        "data-store": ids.VIEWS_COMMAND,
        "data-command": json.dumps(command),
    }
