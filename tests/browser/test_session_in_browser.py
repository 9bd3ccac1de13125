"""An engineer's session: find the denied burst, find who does it, compare, share, export."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from dashboard.ui import ids
from tests.browser.conftest import (
    TIMEOUT_MS,
    OpenPage,
    run_module,
    served,
    wait_idle,
    wait_redrawn,
    wait_until,
)
from tests.browser.network_steps import NODES
from tests.browser.steps import css, open_tab

pytestmark = pytest.mark.browser

expect.set_options(timeout=TIMEOUT_MS)

FIRST_BAR = f"{css(ids.RANKINGS_LIST)} [data-claim]"
# The red columns: when the most was denied, and where that is on the screen.
BURST = """id => {
    const plot = document.querySelector(`#${id} .js-plotly-plot`);
    const red = plot.data.find(trace => trace.name === "Rejected");
    const most = red.y.indexOf(Math.max(...red.y));
    const axis = plot._fullLayout.xaxis, box = plot.getBoundingClientRect();
    const half = red.width / 2, middle = axis.d2c(red.x[most]);
    return [middle - half, middle + half].map(t => box.left + axis._offset + axis.c2p(t));
}"""


@pytest.fixture(scope="module")
def burst(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """Two days with a burst of denied traffic on the second; who did it is labelled."""
    folder = tmp_path_factory.mktemp("session")
    run_module(
        "ingest", "simulate", folder / "logs", "--hours", "48", "--records", "24000",
        "--seed", "7", "--incidents", "denied-burst",
    )  # fmt: skip
    run_module("ingest", "load", folder / "logs", "--cache", folder / "cache")
    labels = pq.read_table(next(folder.rglob("labels.parquet")))
    mine = labels.filter(pc.equal(labels["incident"], "denied-burst"))
    return folder / "cache", set(mine["initiator"].to_pylist())


@pytest.fixture(scope="module")
def session_url(burst: tuple[Path, set[str]]) -> Iterator[str]:
    with served(burst[0]) as address:
        yield address


def picture(page: Page) -> dict[str, Any]:
    """Return what the page shows, with the place of every node."""
    return {
        "totals": page.inner_text(css(ids.HEADER_TOTALS)),
        "range": page.inner_text(css(ids.HEADER_RANGE)),
        "places": page.evaluate(NODES),
        "edges": page.evaluate("cy.edges().map(e => e.id()).sort()"),
        "top": page.inner_text(css(ids.RANKINGS_LIST)),
    }


def test_from_the_burst_to_the_file(
    open_page: OpenPage, session_url: str, burst: tuple[Path, set[str]]
) -> None:
    """Eight clicks and a drag; no surviving node moves; the link and the file are the picture."""
    page = open_page(base=session_url)
    first = page.evaluate(NODES)

    # What is denied, and when.
    page.locator(".question").first.click()
    wait_until(page, "location.search.includes('action=reject')")
    wait_redrawn(page)
    left, right = page.evaluate(BURST, ids.TIMELINE_GRAPH)
    box = page.locator(f"{css(ids.TIMELINE_GRAPH)} .nsewdrag").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(left + 1, y)
    page.mouse.down()
    page.mouse.move(right - 1, y, steps=6)
    page.mouse.up()
    wait_until(page, "location.search.includes('start=2026-03-03T10:')")
    wait_redrawn(page)

    # Who does it, and what is left without.
    page.locator(css(ids.RANKINGS_KIND)).get_by_text("Initiators", exact=True).click()
    wait_until(page, "location.search.includes('list=src')")
    wait_idle(page)
    expect(page.locator(FIRST_BAR).first).to_have_attribute("data-claim", re.compile("^src = "))
    claim = page.locator(FIRST_BAR).first.get_attribute("data-claim") or ""
    culprit = claim.removeprefix("src = ")
    assert culprit in burst[1]
    assert page.evaluate("name => cy.nodes().some(n => n.data('name') === name)", culprit)
    before = page.evaluate(NODES)
    page.locator(FIRST_BAR).first.click(modifiers=["Shift"])
    expect(page.locator(css(ids.FILTER_CHIPS))).to_contain_text(culprit)
    wait_redrawn(page)
    after = page.evaluate(NODES)
    assert not page.evaluate("name => cy.nodes().some(n => n.data('name') === name)", culprit)
    assert {node: before[node] for node in after if node in before} == {
        node: place for node, place in after.items() if node in before
    }
    assert {n: p for n, p in after.items() if n in first} == {
        n: p for n, p in first.items() if n in after
    }

    # Was it so the day before?
    page.click(css(ids.CONTROLS_COMPARE))
    page.get_by_role("option", name="a day earlier").click()
    wait_until(page, "location.search.includes('compare=day')")
    wait_redrawn(page)
    open_tab(page, "Changes")
    expect(page.locator(css(ids.CHANGES_SUMMARY))).to_contain_text("compared with 2026-03-02 10:")
    expect(page.locator(css(ids.CHANGES_SUMMARY))).to_contain_text("Added")
    open_tab(page, "Network")
    wait_idle(page)

    # The link shows somebody else the same.
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click(css(ids.CONTROLS_COPY))
    expect(page.locator(css(ids.CONTROLS_COPY))).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    other = open_page(link.removeprefix(f"{session_url}/"), base=session_url, scheme="dark")
    assert picture(other) == picture(page)

    # And the file holds what is seen.
    page.click(css(ids.TAKE_OPEN))
    with page.expect_download() as download:
        page.get_by_role("link", name="graph.json", exact=True).click()
    graph = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert culprit not in graph["nodes"]
    assert len(graph["edges"]) == page.evaluate("cy.edges().length")
    assert graph["meta"]["query"]["filter"] == f"src != {culprit}"
