"""Take away: the answer as files, and somebody else's file to look at."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.analysis.export.graph_file import MAX_FILE_BYTES
from dashboard.ui import ids
from dashboard.ui.layout.aria import labelled, live, opens_dialog

_CLASSES: Any = {"content": "dialog-surface", "header": "dialog-surface"}


def take_away() -> Any:
    """Return the button, the dialog that it opens, and the one of a loaded file."""
    return html.Div([_button(), _dialog(), _loaded()], className="take-away")


def _button() -> Any:
    return html.Button(
        "Take away",
        id=ids.TAKE_OPEN,
        className="button",
        title="Files of exactly this view, or a file to look at",
        type="button",
        **opens_dialog(),
    )


def _dialog() -> Any:
    # assets/32-dialogs.js tells of a file that the field would drop without a word.
    limits: dict[str, Any] = {
        "data-trouble": ids.TAKE_TROUBLE,
        "data-most": str(MAX_FILE_BYTES),
    }
    return dmc.Modal(
        [
            html.Div(id=ids.TAKE_CONTENT, **live()),
            html.Section(
                [
                    html.H3("Picture of the page"),
                    html.Button(
                        "PNG of the network",
                        id=ids.TAKE_PNG,
                        className="button",
                        title="The network as it stands on the page, all of it",
                        type="button",
                    ),
                ],
                className="take-part",
            ),
            html.Section(
                [
                    html.H3("Look at a file"),
                    html.P(id=ids.TAKE_TROUBLE, className="trouble", role="alert"),
                    dcc.Upload(
                        html.Button("Load a graph.json", className="button", type="button"),
                        id=ids.TAKE_UPLOAD,
                        accept=".json,application/json",
                        max_size=MAX_FILE_BYTES,
                        className="take-upload",
                        className_active="take-upload active",
                    ),
                    html.P(
                        f"Version 1 or 2, up to {MAX_FILE_BYTES // 1_000_000} MB; shown beside the "
                        "live data and kept nowhere.",
                        className="muted",
                    ),
                ],
                className="take-part",
                **labelled("Look at a file"),
                **limits,
            ),
        ],
        id=ids.TAKE_DIALOG,
        title="Take away",
        size="lg",
        classNames=_CLASSES,
        opened=False,
        returnFocus=True,
        transitionProps={"duration": 0},
        closeButtonProps={"aria-label": "Close"},
    )


def _loaded() -> Any:
    return dmc.Modal(
        [
            html.Div(
                [
                    html.Span(id=ids.LOADED_SUMMARY, className="loaded-summary", role="status"),
                    html.Button(
                        "Back to live data",
                        id=ids.LOADED_BACK,
                        className="button primary",
                        type="button",
                    ),
                ],
                className="loaded-head",
            ),
            html.Div(id=ids.LOADED_CONTENT, className="loaded"),
        ],
        id=ids.LOADED_DIALOG,
        title="Loaded file",
        fullScreen=True,
        classNames=_CLASSES,
        opened=False,
        returnFocus=True,
        transitionProps={"duration": 0},
        closeButtonProps={"aria-label": "Back to live data"},
    )
