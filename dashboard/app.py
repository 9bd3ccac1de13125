"""create_app: the only place where answers, page and server meet."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

import flask
import plotly
from dash import Dash
from flask_compress import Compress

from dashboard.analysis.answers import FlowAnswers
from dashboard.analysis.export.pseudonyms import Pseudonyms, load_or_create_key
from dashboard.config import SHARE_KEY_VARIABLE, DashboardConfig
from dashboard.saved_views import SavedViews
from dashboard.ui.callbacks import (
    appearance,
    asking,
    changes,
    charts,
    download,
    drawer,
    flows_chart,
    header,
    network,
    quality,
    questions,
    saved_views,
    suggest,
    table,
    view,
)
from dashboard.ui.callbacks.shown import Source
from dashboard.ui.callbacks.trouble import explain
from dashboard.ui.layout.page import page
from dashboard.ui.security import harden, revalidate
from dashboard.ui.theme import css_variables
from dashboard.ui.turns import Turns
from dashboard.ui.warming import keep_ready

_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" type="image/svg+xml" href="assets/logo.svg">
<link rel="prefetch" as="script" class="plotly" href="PLOTLY">
{%css%}
<style>CSS_VARIABLES</style>
</head>
<body>
<noscript>Flow Atlas needs JavaScript.</noscript>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


# With the version the browser keeps it; assets/01-plotly.js loads it.
_PLOTLY = f"_dash-component-suites/plotly/package_data/plotly.min.js?v={plotly.__version__}"


def create_app(
    answers: FlowAnswers, config: DashboardConfig, *, is_kept_ready: bool = False
) -> Dash:
    """Return the page over these answers; apps share nothing with each other.

    Args:
        answers: Who answers.
        config: Where things are.
        is_kept_ready: A thread works out the first screen after each commit to the cache.
    """
    server = flask.Flask("dashboard")
    server.config["COMPRESS_MIMETYPES"] = [
        "text/html",
        "text/css",
        "text/javascript",
        "application/javascript",
        "application/json",
    ]
    # Functions after a request run from the last to the first: this sees the compressed answer.
    server.after_request(revalidate)
    Compress(server)
    app = Dash(
        "flow-atlas",
        server=cast(Any, server),  # Dash's annotation leaves out what it documents.
        assets_folder=str(config.assets.resolve()),
        title="Flow Atlas",
        update_title="",
        serve_locally=True,
        enable_mcp=False,
        on_error=explain,
        index_string=_INDEX.replace("CSS_VARIABLES", css_variables()).replace("PLOTLY", _PLOTLY),
        meta_tags=[{"name": "color-scheme", "content": "light dark"}],
        add_log_handler=False,
        health_endpoint="healthz",
    )
    app.layout = page
    source = Source(
        answers, _pseudonyms_of(config), SavedViews(config.views_path), Turns(config.turns)
    )
    for part in (
        view, header, network, charts, table, flows_chart, download, suggest, questions,
        saved_views, drawer, changes, quality,
    ):  # fmt: skip
        part.register(app, source)
    appearance.register(app)
    asking.register(app)
    harden(app, [config.host])
    server.teardown_request(lambda _: source.end_request())
    # A worker that has not sent the page yet would refuse the files of its components.
    index: Any = app.index
    with server.test_request_context("/"):
        index()
    if is_kept_ready:
        keep_ready(source)
    return app


def _pseudonyms_of(config: DashboardConfig) -> Callable[[], Pseudonyms]:
    """Return what gives the pseudonyms; the key is made when sharing is first used."""

    @functools.cache
    def pseudonyms() -> Pseudonyms:
        if config.share_key:
            return Pseudonyms(config.share_key, SHARE_KEY_VARIABLE)
        path = config.share_key_path
        return Pseudonyms(load_or_create_key(path), str(path))

    return pseudonyms
