"""Saved views: list, keep, remove."""

from __future__ import annotations

import time
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update

from dashboard.saved_views import SavedViewsError
from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source
from dashboard.ui.display import choose
from dashboard.ui.figures.saved_views import view_list
from dashboard.ui.view_state import forgiving


def register(app: Dash, source: Source) -> None:
    """Keep the list of views; what is saved is the page's own address."""

    @app.callback(
        Output(ids.VIEWS_LIST, "children"),
        Output(ids.VIEWS_NAME, "value"),
        Output(ids.VIEWS_NOTICE, "children"),
        inputs={
            "_save": Input(ids.VIEWS_SAVE, "n_clicks"),
            "_submit": Input(ids.VIEWS_NAME, "n_submit"),
            "command": Input(ids.VIEWS_COMMAND, "data"),
            "_version": Input(ids.PAGE_VERSION, "data"),
            "display": Input(ids.PAGE_DISPLAY, "data"),
            "name": State(ids.VIEWS_NAME, "value"),
            "search": State(ids.PAGE_URL, "search"),
        },
    )
    def change(
        _save: Any, _submit: Any, command: Any, _version: Any, display: Any, name: Any, search: Any
    ) -> tuple[Any, Any, str]:
        choose(display)
        views = source.saved_views
        notice = ""
        try:
            if ctx.triggered_id == ids.VIEWS_COMMAND and isinstance(command, dict):
                views.remove(str(command.get("remove")))
                notice = "Removed."
            elif ctx.triggered_id in (ids.VIEWS_SAVE, ids.VIEWS_NAME):
                # Only what the page understands is kept.
                state, _ = forgiving(search, source.answers.facts().last)
                views.save(str(name or ""), state.to_search(), int(time.time()))
                notice = "Saved."
            shown = view_list(views.all())
        except SavedViewsError as error:
            return no_update, no_update, str(error)
        return shown, "" if notice == "Saved." else no_update, notice
