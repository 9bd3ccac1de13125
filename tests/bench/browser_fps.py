"""How smoothly the network pans: `python -m tests.bench.browser_fps --cache DIR`.

Opens the page in headless Chromium without a graphics card, pans the drawing by script once
a frame and then by the mouse, and counts the pictures a second. A machine with a graphics
card is faster; a busy one slower.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM_ARGS, chromium_path, served

EDGES = (200, 1_000, 3_000)
SECONDS = 4
REPEATS = 3

# Pictures are counted, so that a frame without one does not count.
COUNT = """() => {
    window.pictures = 0;
    window.since = performance.now();
    window.countPicture = window.countPicture || (() => { window.pictures += 1; });
    cy.off('render', window.countPicture);
    cy.on('render', window.countPicture);
}"""
COUNTED = "window.pictures * 1000 / (performance.now() - window.since)"
PAN = """seconds => new Promise(done => {
    const start = performance.now();
    let step = 0;
    const next = now => {
        if (now - start > seconds * 1000) { done(); return; }
        step += 1;
        cy.panBy({ x: 9 * Math.cos(step / 20), y: 6 * Math.sin(step / 20) });
        requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
})"""
# A spot of the drawing without a node or an edge under it.
FREE_SPOT = """() => {
    const box = cy.container().getBoundingClientRect();
    const to = cy.renderer();
    for (let y = 40; y < box.height - 40; y += 12) {
        for (let x = 40; x < box.width - 40; x += 12) {
            const at = to.projectIntoViewport(box.left + x, box.top + y);
            if (!to.findNearestElement(at[0], at[1], true, false)) {
                return [box.left + x, box.top + y];
            }
        }
    }
    return [box.left + 5, box.top + 5];
}"""


def main() -> None:
    """Print one JSON line for each number of edges."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="a cache with many edges")
    arguments = parser.parse_args()
    with served(arguments.cache) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        for edges in EDGES:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{base}/?top={edges}&threshold=0")
            print(json.dumps(panned(page)))  # noqa: T201 - its result.
            page.close()
        browser.close()


def panned(page: Page) -> dict[str, Any]:
    """Return frames a second over REPEATS runs, for the whole network and zoomed in."""
    while not page.evaluate("Boolean(window.cy) && cy.nodes().length > 0"):
        page.wait_for_timeout(50)
    page.wait_for_timeout(3_000)  # The charts and the first picture of it are drawn.
    result: dict[str, Any] = page.evaluate("({edges: cy.edges().length, nodes: cy.nodes().length})")
    for view, zoom in (("whole", 1), ("zoomed", 2.5)):
        page.evaluate("factor => { cy.zoom(cy.zoom() * factor); cy.center(); }", zoom)
        page.wait_for_timeout(500)
        result[f"{view}_scripted_fps"] = [scripted(page) for _ in range(REPEATS)]
        result[f"{view}_dragged_fps"] = [dragged(page) for _ in range(REPEATS)]
    result["load_average"] = round(os.getloadavg()[0], 1)
    return result


def scripted(page: Page) -> float:
    """Pan by script, once a frame."""
    page.evaluate(COUNT)
    page.evaluate(PAN, SECONDS)
    return round(float(page.evaluate(COUNTED)), 1)


def dragged(page: Page) -> float:
    """Pan with the mouse: the steps follow each other as fast as the page takes them."""
    x, y = page.evaluate(FREE_SPOT)
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(COUNT)
    start, step = time.monotonic(), 0
    while time.monotonic() - start < SECONDS:
        step += 1
        page.mouse.move(x + 90 * math.sin(step / 15), y + 60 * math.cos(step / 15))
    shown = round(float(page.evaluate(COUNTED)), 1)
    page.mouse.up()
    return shown


if __name__ == "__main__":
    main()
