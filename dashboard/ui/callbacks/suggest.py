"""Completion of the filter."""

from __future__ import annotations

from dataclasses import asdict

import orjson
from dash import Dash
from flask import Response, request

from dashboard.analysis.filters.completion import suggestions
from dashboard.ui.callbacks.shown import Source
from dashboard.ui.view_state import forgiving

PATH = "suggest"
_MAX_TEXT = 4_000


def register(app: Dash, source: Source) -> None:
    """Serve ways to go on with a filter: `GET suggest?text=...` beside the view's parameters."""

    def suggest() -> Response:
        text = request.args.get("text", "")[:_MAX_TEXT]
        search = request.query_string.decode("utf-8", "replace")
        # A value that the page would leave out must not keep the filter from being mended.
        state, _ = forgiving(search, source.answers.facts().last)
        shown = source.shown_search(state.to_fixed_search())
        found = suggestions(
            text, lambda field, begun: shown.answers.known_values(field, begun, shown.query)
        )
        content = orjson.dumps([asdict(suggestion) for suggestion in found])
        return Response(content, mimetype="application/json")

    app.server.add_url_rule(f"{app.config.routes_pathname_prefix}{PATH}", PATH, suggest)
