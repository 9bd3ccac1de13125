"""The page's question as files, and a file of somebody else to look at."""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate
from flask import Response, request, send_file

from dashboard.analysis.export.formats import (
    GRAPH_FORMATS,
    RECORD_TYPES,
    GraphFormat,
    leaving,
    timed_name,
)
from dashboard.analysis.export.graph_file import GraphFileError, read_graph
from dashboard.analysis.export.graph_json import VERSIONS, write_json
from dashboard.analysis.export.loaded import LoadedAnswers
from dashboard.analysis.export.picture import picture_of
from dashboard.analysis.export.tables import record_pages, write_records
from dashboard.errors import BadQueryError, DashboardError
from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Shown, Source
from dashboard.ui.display import choose
from dashboard.ui.figures.leaving import leaving_notice
from dashboard.ui.figures.loaded_file import loaded_summary, loaded_view
from dashboard.ui.theme import palette

_LONGEST_FILE_NAME = 120
_SPOOLED_BYTES = 4 * 1024 * 1024  # Larger downloads wait on disk, not in memory.


def register(app: Dash, source: Source) -> None:
    """Serve the files, say what leaves with them, and show a loaded one."""
    _serve_files(app, source)
    prefix = app.config.requests_pathname_prefix

    @app.callback(
        Output(ids.TAKE_DIALOG, "opened"),
        Output(ids.TAKE_CONTENT, "children"),
        Output(ids.TAKE_TROUBLE, "children"),
        inputs={"_clicks": Input(ids.TAKE_OPEN, "n_clicks"), "view": State(ids.PAGE_VIEW, "data")},
        prevent_initial_call=True,
    )
    def offer(_clicks: Any, view: Any) -> tuple[Any, ...]:
        shown = source.shown_view(view)
        picture = picture_of(shown.real, shown.query, shown.pseudonyms)
        return True, leaving_notice(picture, prefix, view["search"]), ""

    @app.callback(
        Output(ids.NETWORK_GRAPH, "generateImage"),
        inputs={
            "_clicks": Input(ids.TAKE_PNG, "n_clicks"),
            "scheme": State(ids.PAGE_THEME, "data"),
        },
        prevent_initial_call=True,
    )
    def save_png(_clicks: Any, scheme: Any) -> dict[str, Any]:
        return {
            "type": "png",
            "action": "download",
            "filename": timed_name("graph", ""),
            "options": {"full": True, "scale": 2, "bg": palette(scheme).surface},
        }

    @app.callback(
        output={
            "opened": Output(ids.LOADED_DIALOG, "opened"),
            "title": Output(ids.LOADED_DIALOG, "title"),
            "summary": Output(ids.LOADED_SUMMARY, "children"),
            "content": Output(ids.LOADED_CONTENT, "children"),
            "trouble": Output(ids.TAKE_TROUBLE, "children", allow_duplicate=True),
            "dialog": Output(ids.TAKE_DIALOG, "opened", allow_duplicate=True),
            "contents": Output(ids.TAKE_UPLOAD, "contents"),
        },
        inputs={
            "contents": Input(ids.TAKE_UPLOAD, "contents"),
            "name": State(ids.TAKE_UPLOAD, "filename"),
            "display": State(ids.PAGE_DISPLAY, "data"),
        },
        prevent_initial_call=True,
    )
    def load(contents: Any, name: Any, display: Any) -> dict[str, Any]:
        if contents is None:
            raise PreventUpdate
        choose(display)
        answer = dict.fromkeys(("opened", "title", "summary", "content", "dialog"), no_update)
        try:
            answers = loaded(contents, name)
        except GraphFileError as error:
            # The same file may come again, mended: it must count as another one.
            return {**answer, "trouble": str(error), "contents": None}
        return {
            "opened": True,
            "title": f"Loaded file: {answers.file.name}",
            "summary": loaded_summary(answers),
            "content": loaded_view(answers),
            "trouble": "",
            "dialog": False,
            "contents": None,
        }

    @app.callback(
        Output(ids.LOADED_DIALOG, "opened", allow_duplicate=True),
        Input(ids.LOADED_BACK, "n_clicks"),
        prevent_initial_call=True,
    )
    def go_back(_clicks: Any) -> bool:
        return False

    wire: Any = app.clientside_callback
    wire(
        ClientsideFunction("atlasDialogs", "moved"),
        Input(ids.TAKE_DIALOG, "opened"),
        Input(ids.LOADED_DIALOG, "opened"),
        prevent_initial_call=True,
    )


def loaded(contents: object, name: object) -> LoadedAnswers:
    """Read what the browser sends of a file: a data URL.

    Raises:
        GraphFileError: It is no graph.json.
    """
    shown_name = str(name or "the file")[:_LONGEST_FILE_NAME]
    try:
        content = base64.b64decode(str(contents).partition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise GraphFileError(shown_name, "the file", "cannot be read", "a graph.json") from error
    return LoadedAnswers(read_graph(content, shown_name))


def _serve_files(app: Dash, source: Source) -> None:
    def serve(path: str, answer: Callable[[Shown], Response]) -> None:
        def download() -> Response:
            try:
                response = answer(
                    source.shown_search(request.query_string.decode("utf-8", "replace"))
                )
            except DashboardError as error:
                return Response(f"{error}\n", status=400, mimetype="text/plain")
            response.headers["Cache-Control"] = "no-store"
            return response

        app.server.add_url_rule(f"{app.config.routes_pathname_prefix}{path}", path, download)

    for form in GRAPH_FORMATS.values():
        serve(f"{form.stem}{form.suffix}", _graph_answer(form))
    for suffix, media_type in RECORD_TYPES.items():
        serve(f"flows{suffix}", _record_answer(suffix, media_type))


def _graph_answer(form: GraphFormat) -> Callable[[Shown], Response]:
    def answer(shown: Shown) -> Response:
        def placing(nodes: tuple[str, ...]) -> dict[str, tuple[float, float]]:
            placed = shown.place(shown.real, nodes, shown.query.level)
            return {node: places["force"] for node, places in placed.items()}

        version = _version(request.args.get("version"))
        out = leaving(shown.real, shown.answers, shown.query, shown.pseudonyms, placing)
        is_plain = form.suffix == ".json" and version == 1
        content = write_json(out.picture, 1) if is_plain else form.write(out)
        return Response(
            content,
            content_type=form.media_type,
            headers={"Content-Disposition": f"attachment; filename={form.file_name()}"},
        )

    return answer


def _record_answer(suffix: str, media_type: str) -> Callable[[Shown], Response]:
    def answer(shown: Shown) -> Response:
        pages = record_pages(shown.answers, shown.query, shared=shown.pseudonyms is not None)
        # Trouble on a later page is still an answer of its own, and no cut-off file.
        file = tempfile.SpooledTemporaryFile(_SPOOLED_BYTES)  # noqa: SIM115 - the response closes it.
        try:
            write_records(cast(BinaryIO, file), pages, suffix)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return send_file(
            file,
            mimetype=media_type,
            as_attachment=True,
            download_name=timed_name("flows", suffix),
            max_age=0,
        )

    return answer


def _version(text: str | None) -> Any:
    for version in VERSIONS:
        if text in (None, str(version)):
            return version if text else VERSIONS[-1]
    raise BadQueryError(
        field="version", value=text, expected="one of " + ", ".join(map(str, VERSIONS))
    )
