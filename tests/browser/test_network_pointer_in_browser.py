"""A pointer meets what it points at, however slow the hand and wherever the panel has gone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from dashboard.ui import ids
from tests.browser.conftest import TIMEOUT_MS, OpenPage, wait_idle, wait_until
from tests.browser.network_steps import VIEWPORT, click_node, drag, spot_of
from tests.browser.steps import css

pytestmark = pytest.mark.browser

expect.set_options(timeout=TIMEOUT_MS)

_LONG_MS = 700  # Cytoscape calls half a second a long press.
_TOUCH = "Input.dispatchTouchEvent"
_MIDDLE = "[(cy.width() / 2 - cy.pan().x) / cy.zoom(), (cy.height() / 2 - cy.pan().y) / cy.zoom()]"


def test_slow_click_is_a_click(open_page: OpenPage) -> None:
    """A mouse that is held for long selects; it opens no menu."""
    page = open_page()

    page.mouse.move(*spot_of(page, "n:redis-primary"))
    page.mouse.down()
    page.wait_for_timeout(_LONG_MS)
    page.mouse.up()

    expect(page.locator(css(ids.DRAWER_PANEL))).to_contain_text("redis-primary")
    expect(page.get_by_role("menu")).to_have_count(0)


def test_menu_of_a_long_touch_stays(open_page: OpenPage) -> None:
    """A finger opens it, and lets go of it without closing it; an entry can be touched."""
    page = open_page()
    x, y = spot_of(page, "n:redis-primary")
    finger = page.context.new_cdp_session(page)
    menu = page.get_by_role("menu")

    finger.send(_TOUCH, {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    expect(menu).to_be_visible()
    finger.send(_TOUCH, {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(300)  # No event tells that nothing has closed it.

    expect(menu).to_be_visible()
    expect(page.locator(css(ids.DRAWER_PANEL))).to_be_hidden()
    menu.get_by_role("menuitem", name="Details").click()
    expect(page.locator(css(ids.DRAWER_PANEL))).to_contain_text("redis-primary")


def test_moved_panel_is_clicked_where_it_is(open_page: OpenPage) -> None:
    """Something above has grown: the panel has its size, and another place."""
    page = open_page()
    page.mouse.move(*spot_of(page, "n:redis-primary"))
    expect(page.locator(".network-tip")).to_contain_text("redis-primary")
    page.evaluate("() => { document.querySelector('.network').style.translate = '0 -40px'; }")

    click_node(page, "n:alb-b")

    expect(page.locator(css(ids.DRAWER_PANEL))).to_contain_text("alb-b")


def test_resize_before_the_next_frame_keeps_the_view(open_page: OpenPage) -> None:
    """The panel tells of its size at any time, also between a fit and its picture."""
    page = open_page()
    fitted = page.evaluate(VIEWPORT)
    page.evaluate("void cy.viewport({ zoom: 1, pan: { x: 0, y: 0 } })")
    wait_idle(page)

    seen = page.evaluate(
        f"""() => {{
            flowAtlasNetwork.view.fit();
            cy.resize();
            return {VIEWPORT};
        }}"""
    )

    assert seen == pytest.approx(fitted)


def test_new_size_fits_or_keeps_the_middle(open_page: OpenPage) -> None:
    """A picture that nobody has moved is fitted; what a reader chose stays in the middle."""
    page = open_page()
    zoom, height = page.evaluate("[cy.zoom(), cy.height()]")
    resize(page, 1700, 1300)
    wait_until(page, "zoom => cy.zoom() > 1.05 * zoom", zoom)
    resize(page, 1440, 900)
    wait_until(page, "zoom => Math.abs(cy.zoom() - zoom) < 0.001", zoom)
    assert page.evaluate("cy.height()") == height

    drag(page, "n:redis-primary", (30, 30))
    page.click(css(ids.NETWORK_ZOOM_IN))
    chosen, middle = page.evaluate("cy.zoom()"), page.evaluate(_MIDDLE)
    resize(page, 1280, 1000)

    assert page.evaluate("cy.zoom()") == chosen
    assert page.evaluate(_MIDDLE) == pytest.approx(middle, abs=0.01)


def resize(page: Page, width: int, height: int) -> None:
    """Give the window another size, and wait until the network has its own."""
    size = "`${cy.width()} ${cy.height()}`"
    before = page.evaluate(size)
    page.set_viewport_size({"width": width, "height": height})
    wait_until(page, f"before => {size} !== before", before)
    wait_idle(page)
