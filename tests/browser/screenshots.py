"""Pictures of every state of the page: `python -m tests.browser.screenshots [NAME ...]`.

They go to build/screenshots/, light and dark, at the widths of a desk, a laptop and a phone,
for a person to look at. What axe-core finds wrong on the way is printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import (
    CHROMIUM_ARGS,
    PROJECT,
    TIMEOUT_MS,
    Scheme,
    chromium_path,
    follow,
    run_module,
    served,
)
from tests.browser.states import STATES, WIDTHS, State, violations

_SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def main() -> int:
    """Take the pictures; exit code 1 where axe-core finds something."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="states to take; all by default")
    parser.add_argument("--cache", type=Path, help="a cache to show; else a simulated day")
    parser.add_argument("--scheme", choices=_SCHEMES, action="append", help="light or dark only")
    parser.add_argument(
        "--width", type=int, action="append", help="this width; its height as a screen has it"
    )
    parser.add_argument("--out", type=Path, default=PROJECT / "build" / "screenshots")
    options = parser.parse_args()
    states = [state for state in STATES if not options.names or state.name in options.names]
    options.out.mkdir(parents=True, exist_ok=True)
    wrong = 0
    with _shown(options.cache) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        for scheme in options.scheme or _SCHEMES:
            for width in options.width or dict(WIDTHS):
                size = width, dict(WIDTHS).get(width, width * 9 // 16)
                wrong += _take(browser, url, states, scheme, size, options.out)
        browser.close()
    return 1 if wrong else 0


@contextmanager
def _shown(cache: Path | None) -> Iterator[str]:
    """Serve a cache; without one, a simulated day with all incidents."""
    if cache is not None:
        with served(cache) as url:
            yield url
        return
    with tempfile.TemporaryDirectory(prefix="flow-atlas-") as name:
        folder = Path(name)
        run_module(
            "ingest", "simulate", folder / "logs", "--hours", "24", "--records", "300000",
            "--incidents", "all",
        )  # fmt: skip
        run_module("ingest", "load", folder / "logs", "--cache", folder / "cache")
        with served(folder / "cache") as url:
            yield url


def _take(
    browser: Browser,
    url: str,
    states: list[State],
    scheme: Scheme,
    size: tuple[int, int],
    out: Path,
) -> int:
    """Take all states in one theme and size; returns in how many something is wrong."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        timezone_id="Europe/Berlin",
    )
    wrong = 0
    for state in states:
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        follow(page)
        file = out / f"{state.name}-{scheme}-{width}.png"
        try:
            page.goto(f"{url}/{state.search}")
            state.enter(page)
            found = violations(page)
        except Exception as error:  # noqa: BLE001 - the other pictures are still wanted.
            found = str(error).partition("\n")[0]
        page.screenshot(path=file, full_page=width < 1024)
        page.close()
        if found != "[]":
            wrong += 1
        sys.stdout.write(f"{file.name}: {'no violation' if found == '[]' else found}\n")
        sys.stdout.flush()
    context.close()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
