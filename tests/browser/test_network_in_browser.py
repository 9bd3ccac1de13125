"""The network under the reader's hand: nothing moves by itself, nothing stale is shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.ui import ids
from tests.browser.conftest import TIMEOUT_MS, OpenPage, wait_drawn, wait_idle, wait_until
from tests.browser.steps import choose, css, expect_search

pytestmark = pytest.mark.browser

expect.set_options(timeout=TIMEOUT_MS)
NODES = "Object.fromEntries(cy.nodes().map(n => [n.id(), [n.position().x, n.position().y]]))"
VIEWPORT = "[cy.zoom(), cy.pan().x, cy.pan().y]"


def test_surviving_nodes_move_by_nothing(open_page: OpenPage) -> None:
    """Zero pixels, same zoom, same pan, through four changes of the filter."""
    page = open_page()
    before, viewport = page.evaluate(NODES), page.evaluate(VIEWPORT)

    for control, choice, search in (
        (ids.CONTROLS_METRIC, "Bytes", "?metric=bytes"),
        (ids.CONTROLS_ACTION, "Accepted", "?action=accept&metric=bytes"),
        (ids.CONTROLS_METRIC, "Packets", "?action=accept&metric=packets"),
        (ids.CONTROLS_SPAN, "1h", "?action=accept&metric=packets&range=1h"),
    ):
        choose(page, control, choice)
        expect_search(page, search)
        after = page.evaluate(NODES)
        survivors = before.keys() & after.keys()
        assert len(survivors) > 5
        assert {n: after[n] for n in survivors} == {n: before[n] for n in survivors}
        assert page.evaluate(VIEWPORT) == viewport


def spot_of(page: Page, node: str) -> list[float]:
    """Return where a node is on the screen."""
    spot: list[float] = page.evaluate(
        """id => {
            const place = cy.getElementById(id).renderedPosition();
            const box = cy.container().getBoundingClientRect();
            return [box.left + place.x, box.top + place.y];
        }""",
        node,
    )
    return spot


def drag(page: Page, node: str, by: tuple[int, int]) -> None:
    """Take a node with the mouse and put it elsewhere."""
    x, y = spot_of(page, node)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0], y + by[1], steps=5)
    page.mouse.up()


def test_dragged_node_stays_where_it_was_put(open_page: OpenPage) -> None:
    """Across a change of the filter and a reload, until the moves are undone."""
    page = open_page()
    home = page.evaluate(NODES)["n:redis-primary"]

    drag(page, "n:redis-primary", (60, -45))
    moved = page.evaluate(NODES)["n:redis-primary"]
    assert abs(moved[0] - home[0]) > 20
    choose(page, ids.CONTROLS_METRIC, "Bytes")
    expect_search(page, "?metric=bytes")
    after_filter = page.evaluate(NODES)["n:redis-primary"]
    page.reload()
    wait_drawn(page)
    after_reload = page.evaluate(NODES)["n:redis-primary"]

    for place in (after_filter, after_reload):
        assert place == pytest.approx(moved, abs=1)
    page.click(css(ids.NETWORK_FORGET))
    page.wait_for_function(
        "([x, y]) => Math.hypot(cy.$id('n:redis-primary').position().x - x,"
        " cy.$id('n:redis-primary').position().y - y) < 0.1",
        arg=home,
    )


def test_selected_parts_show_their_figures(open_page: OpenPage) -> None:
    """A tap on a node, then on an edge."""
    page = open_page()
    details = page.locator(css(ids.NETWORK_DETAILS))

    page.evaluate("void cy.getElementById('n:redis-primary').emit('tap')")
    expect(details).to_contain_text("redis-primary")
    expect(details).to_contain_text("as initiator")
    page.evaluate("void cy.edges()[0].emit('tap')")
    expect(details).to_contain_text("→")
    expect(details).to_contain_text("Service")


def test_pointer_shows_names_and_figures(open_page: OpenPage) -> None:
    """The tip is text, beside the pointer."""
    page = open_page()
    page.mouse.move(*spot_of(page, "n:redis-primary"))

    expect(page.locator(".network-tip")).to_contain_text("redis-primary")


def test_late_answer_does_not_replace_a_newer_one(open_page: OpenPage) -> None:
    """The first of two requests comes back last, and is not shown."""
    page = open_page()
    summary = page.locator(css(ids.NETWORK_SUMMARY))
    first = summary.inner_text()
    held: list[Any] = []

    def hold(route: Any) -> None:
        body = route.request.post_data or ""
        if ids.NETWORK_SUMMARY in body and "action=reject" in body and not held:
            held.append(route)
        else:
            route.continue_()

    page.route(re.compile("_dash-update-component"), hold)
    choose(page, ids.CONTROLS_ACTION, "Rejected")
    wait_until(page, "location.search === '?action=reject'")
    for _ in range(100):
        if held:
            break
        page.wait_for_timeout(30)
    choose(page, ids.CONTROLS_ACTION, "Accepted")
    wait_until(page, "location.search === '?action=accept'")
    expect(summary).not_to_have_text(first)
    shown = summary.inner_text()
    assert held
    for route in held:
        route.continue_()
    wait_idle(page)

    assert summary.inner_text() == shown
    assert page.evaluate("cy.edges('[state = \"rejected\"]').length") == 0
