"""Taking away in a real browser: the dialog, a download, a loaded file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.ui import ids
from tests.browser.steps import css

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


def test_the_dialog_speaks_before_a_file_leaves(open_page: OpenPage) -> None:
    """By keyboard too: Enter opens it, Escape closes it."""
    page = open_page("?sharing=on&threshold=0")
    page.focus(css(ids.TAKE_OPEN))
    page.keyboard.press("Enter")

    dialog = page.get_by_role("dialog", name="Take away")
    expect(dialog).to_contain_text("Addresses become pseudonyms")
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Report").click()
    assert download.value.suggested_filename.startswith("report_")
    assert "pseudonyms; names stay" in Path(download.value.path()).read_text(encoding="utf-8")

    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(css(ids.TAKE_OPEN))).to_be_focused()


def test_a_png_holds_the_network(open_page: OpenPage) -> None:
    """Drawn by the page itself."""
    page = open_page("")
    page.click(css(ids.TAKE_OPEN))

    with page.expect_download() as download:
        page.click(css(ids.TAKE_PNG))

    assert download.value.suggested_filename.endswith("Z.png")
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_a_loaded_file_is_looked_at_and_left(open_page: OpenPage, tmp_path: Path) -> None:
    """What is wrong with a bad one is told; a good one is drawn; the way back is to live data."""
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    graph = {"nodes": ["<b>a</b>", "b"], "edges": [{"src": "<b>a</b>", "dst": "b", "count": 7}]}
    good.write_text(json.dumps(graph))
    bad.write_text(json.dumps(graph | {"nodes": ["b"]}))
    page = open_page("")
    page.click(css(ids.TAKE_OPEN))
    upload = page.locator(f"{css(ids.TAKE_UPLOAD)} input")

    trouble = page.locator(css(ids.TAKE_TROUBLE))
    upload.set_input_files({"name": "all.json", "mimeType": "", "buffer": b" " * 6_000_000})
    expect(trouble).to_contain_text("all.json: is 6.0 MB, more than the 5.0 MB")
    upload.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"{}"})
    expect(trouble).to_contain_text("notes.txt: is not a .json file.")
    upload.set_input_files(bad)
    expect(trouble).to_contain_text("bad.json: edges[0].src is")
    upload.set_input_files(good)

    shown = page.get_by_role("dialog", name="Loaded file: good.json")
    expect(shown.get_by_role("img", name="Network of 2 nodes and 1 edges")).to_be_visible()
    expect(shown.get_by_role("cell", name="<b>a</b>")).to_be_visible()
    page.click(css(ids.LOADED_BACK))
    expect(shown).to_be_hidden()
    expect(page.locator(css(ids.NETWORK_GRAPH))).to_be_visible()
