"""Every state of the page that a reader can come to, and the way to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from dashboard.ui import ids
from tests.browser.conftest import TIMEOUT_MS, wait_drawn, wait_idle
from tests.browser.network_steps import CANVAS, click_node
from tests.browser.steps import choose, css

expect.set_options(timeout=TIMEOUT_MS)

WIDTHS = ((1440, 900), (1024, 768), (390, 844))
NODE = "n:redis-primary"

_AXE = Axe()


@dataclass(frozen=True)
class State:
    """One state.

    Attributes:
        name: Of the picture's file.
        search: The URL's search string that it begins with.
        reach: What a reader does from there.
        is_drawn: The network has nodes.
        is_variant: It has no part that another state lacks: worth a picture and no test.
    """

    name: str
    search: str = ""
    reach: Callable[[Page], Any] = lambda _page: None
    is_drawn: bool = True
    is_variant: bool = False

    def enter(self, page: Page) -> None:
        """Wait for the opened page and go where the state is."""
        if self.is_drawn:
            wait_drawn(page)
        else:
            expect(page.locator(".tile").first).to_be_visible()
        wait_idle(page)
        self.reach(page)
        wait_idle(page)


def violations(page: Page) -> str:
    """Return what axe-core finds wrong, short enough to read; `[]` for nothing."""
    found = _AXE.run(page).response["violations"]
    short = [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found]
    return json.dumps(short, indent=1)


def _node(page: Page) -> None:
    page.locator(CANVAS).scroll_into_view_if_needed()
    page.wait_for_timeout(100)  # The drawing hears of the scroll a moment later.
    click_node(page, NODE)
    expect(page.locator(css(ids.NETWORK_DETAILS))).to_contain_text("as initiator")


def _edge(page: Page) -> None:
    # The way by keyboard needs no free spot of a line.
    page.focus(CANVAS)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("e")
    page.keyboard.press("Enter")
    expect(page.locator(css(ids.DRAWER_PANEL))).to_be_visible()


def _drawer_tab(title: str) -> Callable[[Page], None]:
    def reach(page: Page) -> None:
        _node(page)
        page.get_by_role("tab", name=title, exact=True).click()

    return reach


def _menu(page: Page) -> None:
    _node(page)
    page.focus(CANVAS)
    page.keyboard.press("f")
    page.keyboard.press("m")
    expect(page.get_by_role("menu")).to_be_visible()


def _keys(page: Page) -> None:
    page.focus(CANVAS)
    page.keyboard.press("?")


def _tour(page: Page) -> None:
    page.get_by_role("button", name="Tour").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _views(page: Page) -> None:
    page.locator("details.views summary").first.click()


def _take_away(page: Page) -> None:
    page.click(css(ids.TAKE_OPEN))
    expect(page.get_by_role("dialog", name="Take away")).to_contain_text("graph.json")


def _loaded(page: Page) -> None:
    _take_away(page)
    graph = {"nodes": ["web-1", "db-1"], "edges": [{"src": "web-1", "dst": "db-1", "count": 7}]}
    file: Any = {"name": "team.json", "mimeType": "application/json"}
    page.locator(f"{css(ids.TAKE_UPLOAD)} input").set_input_files(
        {**file, "buffer": json.dumps(graph).encode()}
    )
    expect(page.get_by_role("dialog", name="Loaded file: team.json")).to_be_visible()


def _completion(page: Page) -> None:
    page.click(css(ids.FILTER_TEXT))
    page.locator(css(ids.FILTER_TEXT)).press_sequentially("src")
    expect(page.get_by_role("option").first).to_be_visible()


def _bad_filter(page: Page) -> None:
    page.fill(css(ids.FILTER_TEXT), "port in (443")
    page.press(css(ids.FILTER_TEXT), "Escape")
    page.press(css(ids.FILTER_TEXT), "Enter")
    expect(page.locator(css(ids.FILTER_TROUBLE))).not_to_be_empty()


def _display(page: Page) -> None:
    page.click(css(ids.DISPLAY_SUMMARY))
    choose(page, ids.DISPLAY_ZONE, "Local")
    choose(page, ids.DISPLAY_UNITS, "MiB")
    wait_idle(page)


def _level_list(page: Page) -> None:
    page.click(css(ids.CONTROLS_LEVEL))
    expect(page.get_by_role("option", name="Subnet", exact=True)).to_be_visible()


STATES: tuple[State, ...] = (
    State("network"),
    State("network-200", "?top=200&threshold=0", is_variant=True),
    State("network-subnets", "?level=subnet&internet=one", is_variant=True),
    State("filtered", "?filter=action+%3D+reject&metric=bytes", is_variant=True),
    State("table", "?tab=table"),
    State("sankey", "?tab=sankey"),
    State("matrix", "?tab=matrix"),
    State("changes", "?tab=changes&compare=previous&range=1h"),
    State("changes-none", "?tab=changes"),
    State("changed-network", "?compare=previous&range=1h", is_variant=True),
    State("quality", "?tab=quality"),
    State("drawer-node", reach=_node),
    State("drawer-edge", reach=_edge, is_variant=True),
    State("drawer-records", reach=_drawer_tab("Log records")),
    State("drawer-initiator", reach=_drawer_tab("Who began")),
    State("menu", reach=_menu),
    State("keys", reach=_keys),
    State("tour", reach=_tour),
    State("views", reach=_views),
    State("take-away", reach=_take_away),
    State("take-away-sharing", "?sharing=on", reach=_take_away, is_variant=True),
    State("loaded-file", reach=_loaded),
    State("completion", reach=_completion),
    State("bad-filter", reach=_bad_filter),
    State("level-list", reach=_level_list),
    State("local-time", "?metric=bytes", reach=_display, is_variant=True),
    State("bad-url", "?threshold=few&tab=nowhere", is_variant=True),
    State("nothing-fits", "?start=2027-01-01T00:00Z", is_drawn=False, is_variant=True),
    State("below-threshold", "?threshold=1000000000", is_drawn=False),
)  # fmt: skip
