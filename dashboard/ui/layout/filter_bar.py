"""The filter: a field with completion, and what is filtered as chips."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.ui import ids
from dashboard.ui.layout.aria import labelled, live, unread
from dashboard.ui.plain import plain

_EXAMPLE = 'src in 10.0.0.0/8 and port in (443, 8000-8100) and not name ~ "nat*"'


def filter_bar() -> Any:
    """Return the row of the filter."""
    # assets/30-filter.js completes the field and hears clicks on chips.
    names: dict[str, Any] = {"data-command": ids.PAGE_COMMAND, "data-field": ids.FILTER_TEXT}
    field: dict[str, Any] = {
        "aria-label": "Filter",
        "role": "combobox",
        "aria-autocomplete": "list",
        "aria-expanded": "false",
        "aria-controls": "filter-list",
        "maxLength": 4_000,
    }
    return html.Section(
        [
            html.Div(
                [
                    html.Span(className="icon icon-filter", **unread()),
                    dmc.TextInput(
                        id=ids.FILTER_TEXT,
                        value="",
                        # Sent with Enter, as one: by itself the component hands on each letter
                        # after a pause, and an earlier text may come back over a later one.
                        debounce=True,
                        size="xs",
                        autoComplete="off",
                        spellCheck=False,
                        placeholder=f"Filter, such as {_EXAMPLE}",
                        className="filter-input",
                        attributes={"input": field},
                    ),
                    html.Ul(className="filter-list", hidden=True),
                ],
                className="filter-box",
            ),
            html.Button(
                "Reset",
                id=ids.CONTROLS_RESET,
                className="button",
                title="Back to the first view",
                type="button",
            ),
            plain(html.Div(id=ids.FILTER_CHIPS, className="chips", **live())),
            html.Div(id=ids.FILTER_TROUBLE, className="filter-trouble", role="alert"),
        ],
        className="filter-bar",
        **labelled("Filter"),
        **names,
    )
