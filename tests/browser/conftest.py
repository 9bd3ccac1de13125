"""A real server over a real cache, and a real Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from dashboard.ui import ids
from tests.ports import free_port

PROJECT = Path(__file__).resolve().parents[2]
KNOWN_IPS = PROJECT / "data" / "sample" / "known_ips.csv"
CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT_MS = 40_000
# Cytoscape warns on every page with dash-cytoscape; the page sets no such thing.
_EXPECTED = ("wheel sensitivity",)
_QUIET_S = 0.25
_TWO_FRAMES = "() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"

OpenPage = Callable[..., Page]
Scheme = Literal["dark", "light"]


@dataclass
class Traffic:
    """Requests of a page that wait for their answer, and when the last of them moved.

    Attributes:
        redraws: How often the network was answered.
        seen: The same when the page was last seen idle.
    """

    open: list[str] = field(default_factory=list)
    last: float = field(default_factory=time.monotonic)
    redraws: int = 0
    seen: int = 0

    def follow(self, page: Page) -> None:
        """Count from now on."""
        page.on("request", lambda request: self._moved(request.url, opened=True))
        page.on("requestfinished", self._finished)
        page.on("requestfailed", lambda request: self._moved(request.url, opened=False))

    def _finished(self, request: Request) -> None:
        self._moved(request.url, opened=False)
        self.redraws += ids.NETWORK_SUMMARY in (request.post_data or "")

    def _moved(self, url: str, *, opened: bool) -> None:
        self.last = time.monotonic()
        if opened:
            self.open.append(url)
        elif url in self.open:
            self.open.remove(url)


_TRAFFIC: WeakKeyDictionary[Page, Traffic] = WeakKeyDictionary()


def chromium_path() -> str:
    """Return the system's Chromium: the one without windows where there is one.

    It opens a page in a third of the time, since it draws no frame around it.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail("Chromium is missing: sh tests/install_chromium.sh")
    return found


def follow(page: Page) -> None:
    """Know from now on what a page waits for; `wait_idle` needs it."""
    _TRAFFIC[page] = Traffic()
    _TRAFFIC[page].follow(page)


def run_module(*arguments: str | Path) -> bytes:
    """Run one of the two command lines; returns what it prints."""
    command = [sys.executable, "-m", *map(str, arguments)]
    done = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True)  # noqa: S603
    if done.returncode:
        pytest.fail(f"{' '.join(command)}: {done.stderr.decode()}")
    return done.stdout


@contextmanager
def served(cache: Path, *options: str) -> Iterator[str]:
    """Serve a cache on a free loopback port; gives the page's address."""
    port = free_port()
    command = [sys.executable, "-m", "dashboard", "serve", "--cache", str(cache)]
    command += ["--port", str(port), "--workers", "1", "--known-ips", str(KNOWN_IPS), *options]
    server = subprocess.Popen(command, cwd=PROJECT)  # noqa: S603
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/healthz", server)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)  # A process starts; there is no event to wait for.
    pytest.fail(f"the server at {url} does not answer")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hours of the simulated VPC, loaded by the real ingest."""
    folder = tmp_path_factory.mktemp("browser")
    run_module(
        "ingest", "simulate", folder / "logs", "--hours", "3", "--records", "20000", "--seed", "7"
    )
    run_module("ingest", "load", folder / "logs", "--cache", folder / "cache")
    return folder / "cache"


@pytest.fixture(scope="session")
def url(cache: Path) -> Iterator[str]:
    with served(cache) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; none is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def profiles(chromium: Browser) -> dict[Scheme, BrowserContext]:
    """One profile a theme, so that the page's scripts are loaded once."""
    schemes: tuple[Scheme, ...] = ("light", "dark")
    return {
        scheme: chromium.new_context(
            viewport={"width": 1440, "height": 900}, color_scheme=scheme, accept_downloads=True
        )
        for scheme in schemes
    }


@pytest.fixture
def open_page(profiles: dict[Scheme, BrowserContext], url: str) -> Iterator[OpenPage]:
    """Open the page with an empty storage; at the end, nothing may have gone wrong in it."""
    pages: list[Page] = []
    wrong: list[str] = []

    def open_(
        search: str = "", base: str = url, *, drawn: bool = True, scheme: str = "light"
    ) -> Page:
        page = profiles[scheme].new_page()
        pages.append(page)
        page.set_default_timeout(TIMEOUT_MS)
        follow(page)
        host = urlsplit(base).netloc
        page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
        page.on(
            "console",
            lambda line: (
                wrong.append(f"{line.type}: {line.text}")
                if line.type in ("error", "warning") and not any(e in line.text for e in _EXPECTED)
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                wrong.append(f"request to {request.url}")
                if urlsplit(request.url).netloc not in ("", host)
                else None
            ),
        )
        page.on(
            "response",
            lambda answer: (
                wrong.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
            ),
        )
        page.goto(f"{base}/{search}")
        if drawn:
            wait_drawn(page)
        return page

    yield open_
    for page in pages:
        if not page.is_closed():
            page.evaluate("localStorage.clear()")
            page.close()
    assert wrong == []


def wait_until(page: Page, claim: str, arg: Any = None) -> None:
    """Wait until an expression, or a function of `arg`, is true in the page.

    Playwright's own wait evaluates text in the page, which the page's policy forbids.
    """
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while not page.evaluate(claim, arg):
        if time.monotonic() > deadline:
            pytest.fail(f"not true in {TIMEOUT_MS} ms: {claim} (with {arg!r})")
        page.wait_for_timeout(30)


def wait_drawn(page: Page) -> None:
    """Wait until network and timeline are drawn and nothing waits for the server."""
    wait_until(page, "Boolean(window.cy) && window.cy.nodes().length > 0")
    # Plotly is loaded once the network stands; without traffic the chart holds a sentence.
    wait_until(
        page,
        "id => (plot => plot && (plot.data.length || (plot.layout.annotations || []).length) > 0)"
        "(document.querySelector(`#${id} .js-plotly-plot`))",
        ids.TIMELINE_GRAPH,
    )
    wait_idle(page)


def wait_idle(page: Page) -> None:
    """Wait until every view has drawn its answer: one leads to the next, with a pause between."""
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    traffic = _TRAFFIC[page]
    drawn = -1.0
    while traffic.open or time.monotonic() - traffic.last < _QUIET_S or drawn < traffic.last:
        if time.monotonic() > deadline:
            pytest.fail(f"still waiting for {traffic.open}")
        page.wait_for_timeout(30)
        if not traffic.open:
            # A busy page comes to frames of its own after it has taken in what arrived.
            last = traffic.last
            page.evaluate(_TWO_FRAMES)
            drawn = last
    traffic.seen = traffic.redraws


def wait_redrawn(page: Page) -> None:
    """Wait for an answer of the network that the last idle page did not have, then for all."""
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while _TRAFFIC[page].redraws == _TRAFFIC[page].seen:
        if time.monotonic() > deadline:
            pytest.fail("the network was not drawn again")
        page.wait_for_timeout(30)
    wait_idle(page)
