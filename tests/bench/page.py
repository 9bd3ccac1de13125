"""The page in a browser: first paint, changes of the filter, bytes on the wire."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, ViewportSize, sync_playwright
from rich.console import Console
from rich.table import Table

from dashboard.ui import ids
from tests.bench.measure import Options
from tests.bench.queries import cache_of
from tests.browser.conftest import CHROMIUM_ARGS, chromium_path, served

RECORDS = 10_000_000
# Each is another question, of shapes that people type; the first of a shape compiles it.
FILTERS = tuple(
    text
    for port, app in ((443, 1), (5432, 2), (6379, 3), (8080, 4), (22, 5))
    for text in (
        f"port = {port}",
        f"src = app-{app}",
        f"ip in 10.0.{10 + app}.0/24 and action = accept",
        f"dst = app-{app} and port != {port}",
    )
)
PAINT_GOAL_S, MEDIAN_GOAL_MS, P95_GOAL_MS = 2.0, 500, 1_000
VISIT_GOAL, CHANGE_GOAL = 4_000_000, 50_000
_QUIET_S = 0.2
# Notes when the page last changed what can be seen: markup, or the picture of the network.
# Cytoscape draws the same picture once more a tenth of a second after it was complete.
_WATCH = """() => {
    window.benchLast = performance.now();
    const note = () => { window.benchLast = performance.now(); };
    const pictures = new Map();
    const isOther = (canvas) => {
        const size = [0, 0, canvas.width, canvas.height];
        const bytes = canvas.getContext("2d").getImageData(...size).data.buffer;
        const now = new Uint32Array(bytes), before = pictures.get(canvas);
        pictures.set(canvas, now);
        return !before || before.length !== now.length || now.some((x, n) => x !== before[n]);
    };
    new MutationObserver(note).observe(document.body, {
        subtree: true, childList: true, attributes: true, characterData: true,
    });
    window.cy.on("render", () => {
        const begun = performance.now();
        const changed = [...window.cy.container().querySelectorAll("canvas")].filter(isOther);
        if (changed.length) { window.benchLast = begun; }
    });
}"""
_ASK = """([store, text]) => {
    window.benchBegun = performance.now();
    dash_clientside.set_props(store, {data: {how: "only", claim: text, n: performance.now()}});
}"""


@dataclass
class _Wire:
    """What a page receives: bytes as they travel, and when the last of them came.

    What the browser takes from its own cache travels no more.
    """

    open: int = 0
    sizes: list[int] = field(default_factory=list)
    last: float = field(default_factory=time.perf_counter)

    def follow(self, page: Page) -> None:
        """Count from now on."""
        page.on("request", lambda _: self._opened())
        page.on("requestfailed", lambda _: self._closed())
        page.on("response", lambda _: self._closed())
        network = page.context.new_cdp_session(page)
        network.on("Network.loadingFinished", lambda done: self.sizes.append(_size(done)))
        network.send("Network.enable")

    def _opened(self) -> None:
        self.open += 1
        self.last = time.perf_counter()

    def _closed(self) -> None:
        self.open -= 1
        self.last = time.perf_counter()

    def settle(self, page: Page, since: float = 0) -> float:
        """Wait until something came after `since` and nothing is under way any more.

        Returns:
            The time of the last answer.
        """
        while self.last <= since or self.open > 0 or time.perf_counter() - self.last < _QUIET_S:
            page.wait_for_timeout(10)
        return self.last


def _size(done: dict[str, Any]) -> int:
    return int(done["encodedDataLength"])


def run(options: Options, console: Console) -> object:
    """Measure one visit and a row of filters, with the network and with the table on top."""
    cache = cache_of(options, 1_000_000 if options.quick else RECORDS)
    with served(cache, "--workers", "2") as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        # The first visitor after a start pays for imports and names; a team looks all day.
        _visit(browser.new_page(), url)
        size: ViewportSize = {"width": 1440, "height": 900}
        result = _visit(browser.new_page(viewport=size), url)
        table_too = _visit(browser.new_page(viewport=size), f"{url}/?tab=table")
        result |= {f"{name}, table": ms for name, ms in table_too.items() if " ms" in name}
        browser.close()
    table = Table(title="the page, headless Chromium")
    for name in ("figure", "measured", "goal"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for name, measured, goal in (
        ("first useful paint", f"{result['first paint s']:.2f} s", f"{PAINT_GOAL_S} s"),
        ("first visit, bytes", f"{result['first visit bytes']:,.0f}", f"{VISIT_GOAL:,}"),
        ("filter change, median", f"{result['change median ms']:.0f} ms", f"{MEDIAN_GOAL_MS} ms"),
        ("filter change, p95", f"{result['change p95 ms']:.0f} ms", f"{P95_GOAL_MS} ms"),
        (
            "the same with the table on top, median",
            f"{result['change median ms, table']:.0f} ms",
            f"{MEDIAN_GOAL_MS} ms",
        ),
        ("its p95", f"{result['change p95 ms, table']:.0f} ms", f"{P95_GOAL_MS} ms"),
        ("filter change, bytes", f"{result['change bytes']:,.0f}", f"{CHANGE_GOAL:,}"),
    ):
        table.add_row(name, measured, goal)
    console.print(table)
    return result


def _visit(page: Page, url: str) -> dict[str, float]:
    wire = _Wire()
    wire.follow(page)
    begun = time.perf_counter()
    page.goto(url)
    while not page.evaluate(
        "Boolean(window.cy) && cy.nodes().length > 0 && document.querySelector('.tile') !== null"
    ):
        page.wait_for_timeout(10)
    painted = time.perf_counter() - begun
    wire.settle(page)
    first = sum(wire.sizes)
    page.evaluate(_WATCH)
    changes: list[float] = []
    sizes: list[int] = []
    for text in FILTERS:
        wire.sizes.clear()
        begun = time.perf_counter()
        page.evaluate(_ASK, [ids.PAGE_COMMAND, text])
        wire.settle(page, begun)
        # To the last picture: a slow machine may still draw what came last over the wire.
        while page.evaluate("performance.now() - window.benchLast") < _QUIET_S * 1_000:
            wire.settle(page)
        changes.append(page.evaluate("window.benchLast - window.benchBegun"))
        sizes.append(sum(wire.sizes))
    page.close()
    return {
        "first paint s": painted,
        "first visit bytes": float(first),
        "change median ms": statistics.median(changes),
        "change p95 ms": sorted(changes)[-2],
        "change bytes": statistics.median(sizes),
    }
