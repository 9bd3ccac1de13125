"""graph.json of the page's question."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output
from flask import Response, request

from dashboard.analysis.export.graph_json import VERSIONS, graph_json
from dashboard.errors import BadQueryError, DashboardError
from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source

PATH = "graph.json"


def register(app: Dash, source: Source) -> None:
    """Serve graph.json, and keep the links on the view shown."""
    prefix = app.config.requests_pathname_prefix

    @app.callback(
        Output(ids.CONTROLS_DOWNLOAD, "href"),
        Output(ids.CONTROLS_DOWNLOAD_V1, "href"),
        inputs={"view": Input(ids.PAGE_VIEW, "data")},
    )
    def point(view: Any) -> tuple[str, str]:
        source.shown_view(view)
        link = f"{prefix}{PATH}{view['search']}"
        return link, f"{link}{'&' if view['search'] else '?'}version=1"

    def download() -> Response:
        try:
            shown = source.shown_search(request.query_string.decode("utf-8", "replace"))
            version = _version(request.args.get("version"))
            content = graph_json(shown.real, shown.query, version, shown.pseudonyms)
        except DashboardError as error:
            return Response(f"{error}\n", status=400, mimetype="text/plain")
        return Response(
            content,
            mimetype="application/json",
            headers={"Content-Disposition": f"attachment; filename={PATH}"},
        )

    app.server.add_url_rule(f"{app.config.routes_pathname_prefix}{PATH}", PATH, download)


def _version(text: str | None) -> Any:
    for version in VERSIONS:
        if text in (None, str(version)):
            return version if text else VERSIONS[-1]
    raise BadQueryError(
        field="version", value=text, expected="one of " + ", ".join(map(str, VERSIONS))
    )
