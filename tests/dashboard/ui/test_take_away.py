"""Taking away: what the dialog says, what the links give, and a file to look at."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from dash import Dash

from dashboard.analysis.export.formats import GRAPH_FORMATS, RECORD_TYPES
from dashboard.analysis.export.graph_json import graph_json
from dashboard.app import create_app
from dashboard.config import DashboardConfig
from dashboard.ui import ids
from dashboard.ui.callbacks.download import loaded
from tests.dashboard.analysis.export.exporting import (
    ADDRESSES,
    ALL,
    HOSTILE,
    leaving_of,
    small_source,
)
from tests.dashboard.ui.test_page import call

VIEW = f"{ids.PAGE_VIEW}.data"
CONTENT = f"{ids.TAKE_CONTENT}.children"
UPLOAD = f"{ids.TAKE_UPLOAD}.contents"
FILES = [*(form.stem + suffix for suffix, form in GRAPH_FORMATS.items()),
         *(f"flows{suffix}" for suffix in RECORD_TYPES)]  # fmt: skip


@pytest.fixture
def real_app(tmp_path: Path, config: DashboardConfig) -> Dash:
    """The page over a small cache with a hostile name."""
    return create_app(small_source(tmp_path), config)


def offered(app: Dash, search: str) -> str:
    given = {f"{ids.TAKE_OPEN}.n_clicks": 1, VIEW: {"search": search, "version": 1}}
    answer = call(app, CONTENT, **given)
    assert answer[ids.TAKE_DIALOG]["opened"] is True
    return json.dumps(answer[ids.TAKE_CONTENT]["children"], ensure_ascii=False)


@pytest.mark.parametrize("file", FILES)
def test_each_link_is_a_file_with_the_time_in_its_name(real_app: Dash, file: str) -> None:
    """Named, typed, and never kept by a cache on the way."""
    assert f'"href": "/{file}?threshold=0"' in offered(real_app, "?threshold=0")

    response = real_app.server.test_client().get(f"/{file}?threshold=0", buffered=True)

    stem, _, suffix = file.rpartition(".")
    assert response.status_code == 200
    disposition = response.headers["Content-Disposition"]
    assert disposition.startswith(f"attachment; filename={stem}_2")
    assert disposition.endswith(f"Z.{suffix}")
    assert response.headers["Cache-Control"] == "no-store"
    assert len(response.data) > 100


def test_page_and_command_write_the_same_bytes(real_app: Dash, tmp_path: Path) -> None:
    """For the same question, in every format of the graph."""
    client, out = real_app.server.test_client(), leaving_of(small_source(tmp_path / "again"))

    for suffix, form in GRAPH_FORMATS.items():
        content = client.get(f"/{form.stem}{suffix}?threshold=0", buffered=True).data
        assert content == form.write(out), suffix


def test_the_dialog_says_what_will_leave(real_app: Dash) -> None:
    """Nodes, names that stay, pseudonyms, and examples without a raw address."""
    plain = offered(real_app, "?threshold=0")
    shared = offered(real_app, "?threshold=0&sharing=on")

    assert "This view holds 6 nodes, 7 edges and 7 flow records." in plain
    assert "Sharing is off: 5 addresses in the graph" in plain
    assert "Names stay: 1 (" in shared
    assert "Addresses become pseudonyms: 5 (" in shared
    assert not [address for address in ADDRESSES if address in shared]
    assert '"href": "/graph.json?version=1&threshold=0&sharing=on"' in shared


@pytest.mark.parametrize("file", FILES)
def test_shared_files_hold_no_address(real_app: Dash, file: str) -> None:
    """Over the wire as in a folder."""
    content = (
        real_app.server.test_client().get(f"/{file}?threshold=0&sharing=on", buffered=True).data
    )
    if file.endswith(".parquet"):
        content += repr(pq.read_table(io.BytesIO(content)).to_pylist()).encode()

    assert not [address for address in ADDRESSES if address.encode() in content]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("graph.json?version=3", "version: '3' is not usable. Give one of 1, 2.\n"),
        ("edges.csv?top=x", "top: 'x' is not usable. Give a whole number.\n"),
        ("flows.csv?filter=port+%3D", "the text ends too early"),
    ],
)
def test_a_bad_question_is_a_sentence_and_no_file(real_app: Dash, file: str, text: str) -> None:
    """Plain text with status 400."""
    response = real_app.server.test_client().get(f"/{file}", buffered=True)

    assert response.status_code == 400
    assert text in response.text
    assert "Content-Disposition" not in response.headers


def uploaded(app: Dash, content: bytes, name: str = "mine.json") -> dict[str, Any]:
    url = "data:application/json;base64," + base64.b64encode(content).decode()
    given = {UPLOAD: url, f"{ids.TAKE_UPLOAD}.filename": name}
    return call(app, f"{ids.LOADED_CONTENT}.children", **given)


def test_a_loaded_file_is_drawn_and_listed(real_app: Dash, tmp_path: Path) -> None:
    """As an image and a table: a name in it is never markup."""
    answer = uploaded(real_app, graph_json(small_source(tmp_path / "other"), ALL))

    assert answer[ids.LOADED_DIALOG] == {"opened": True, "title": "Loaded file: mine.json"}
    assert "6 nodes, 7 of 7 edges" in answer[ids.LOADED_SUMMARY]["children"]
    image, table = answer[ids.LOADED_CONTENT]["children"]
    assert image["props"]["src"].startswith("data:image/svg+xml;base64,")
    assert HOSTILE in json.dumps(table).encode().decode("unicode_escape")
    assert answer[ids.TAKE_UPLOAD]["contents"] is None


def test_a_file_that_is_none_is_explained_in_the_dialog(real_app: Dash) -> None:
    """The dialog stays open, and the same file may come again."""
    answer = uploaded(real_app, b'{"nodes": [], "edges": [{}]}')

    assert answer[ids.TAKE_TROUBLE]["children"] == (
        "mine.json: edges[0].src is missing. Give a file with this key."
    )
    assert ids.LOADED_DIALOG not in answer


def test_what_is_no_data_url_is_no_file() -> None:
    """Whatever the browser sends."""
    with pytest.raises(Exception, match="the file cannot be read"):
        loaded("data:;base64,###", "x" * 500)
