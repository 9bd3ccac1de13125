"""The network under the reader's hand: nothing moves by itself, nothing stale is shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from dashboard.ui import ids
from tests.browser.conftest import TIMEOUT_MS, OpenPage, wait_drawn, wait_idle, wait_until
from tests.browser.network_steps import (
    NODES,
    VIEWPORT,
    click_node,
    drag,
    is_drawn_in,
    layout_choice,
    sent,
    spot_of,
    watch_stores,
)
from tests.browser.steps import choose, css, expect_search

pytestmark = pytest.mark.browser

expect.set_options(timeout=TIMEOUT_MS)


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
    wait_until(
        page,
        "([x, y]) => Math.hypot(cy.$id('n:redis-primary').position().x - x,"
        " cy.$id('n:redis-primary').position().y - y) < 0.1",
        home,
    )


def test_link_carries_layout_and_pins(open_page: OpenPage) -> None:
    """Somebody else, whose browser knows nothing, opens the same picture."""
    page = open_page()
    layout_choice(page, "Hierarchical")
    wait_until(page, is_drawn_in("hierarchical"))
    drag(page, "n:redis-primary", (40, 50))
    wait_until(page, "location.hash.includes('pin=')")
    choose(page, ids.CONTROLS_METRIC, "Bytes")
    expect_search(page, "?metric=bytes")
    mine = page.evaluate(NODES)["n:redis-primary"]
    link = page.evaluate("location.search + location.hash")
    page.evaluate("localStorage.clear()")
    page.close()

    other = open_page(link)

    assert other.evaluate(NODES)["n:redis-primary"] == pytest.approx(mine, abs=1)
    places = other.evaluate("cy.$id('n:postgres-primary').data('places').hierarchical")
    assert other.evaluate(NODES)["n:postgres-primary"] == places
    checked = other.locator(f"{css(ids.NETWORK_LAYOUT)} input:checked")
    assert checked.get_attribute("value") == "hierarchical"


@pytest.mark.parametrize("layout", ["concentric", "hierarchical"])
def test_layouts_switch_and_survive_filters(open_page: OpenPage, layout: str) -> None:
    """All nodes go to their places at once, and a filter moves none of them."""
    page = open_page()
    force = page.evaluate(NODES)

    layout_choice(page, layout.capitalize())
    wait_until(page, is_drawn_in(layout))
    before, viewport = page.evaluate(NODES), page.evaluate(VIEWPORT)
    choose(page, ids.CONTROLS_ACTION, "Accepted")
    expect_search(page, "?action=accept")
    after = page.evaluate(NODES)

    survivors = before.keys() & after.keys()
    assert len(survivors) > 5
    assert {n: after[n] for n in survivors} == {n: before[n] for n in survivors}
    assert page.evaluate(VIEWPORT) == viewport
    layout_choice(page, "Force")
    wait_until(page, is_drawn_in("force"))
    assert {n: page.evaluate(NODES)[n] for n in survivors} == {n: force[n] for n in survivors}


def test_hierarchy_leads_from_the_internet_to_data(open_page: OpenPage) -> None:
    """Clients, load balancers, app servers and databases stand from left to right."""
    page = open_page("#layout=hierarchical")
    left = {node: x for node, (x, _) in page.evaluate(NODES).items()}

    clients = page.evaluate("cy.nodes('[scope = \"internet\"]').map(n => n.id())")
    assert max(left[node] for node in clients) < left["n:alb-a"]
    assert left["n:alb-a"] < left["n:app-1"] < left["n:postgres-primary"]


def test_selected_parts_show_their_figures(open_page: OpenPage) -> None:
    """A click on a node, then on an edge, then beside both; the server is told which."""
    page = open_page()
    details = page.locator(css(ids.DRAWER_PANEL))
    watch_stores(page)

    click_node(page, "n:redis-primary")
    expect(details).to_contain_text("redis-primary")
    expect(details).to_contain_text("as initiator")
    assert sent(page, ids.NETWORK_SELECTION) == {"kind": "node", "id": "redis-primary"}
    page.evaluate("void cy.edges()[0].emit('tap')")
    expect(details).to_contain_text("→")
    expect(details).to_contain_text("Service")
    key = page.evaluate(
        "(({src, dst, port, protocol}) => ({src, dst, port, protocol}))(cy.edges()[0].data())"
    )
    assert sent(page, ids.NETWORK_SELECTION) == {"kind": "edge", "id": key}
    page.evaluate("void cy.emit('tap')")
    expect(details).to_be_hidden()
    assert sent(page, ids.NETWORK_SELECTION) is None


def test_double_click_asks_to_expand(open_page: OpenPage) -> None:
    """The server gets the node."""
    page = open_page()
    watch_stores(page)

    page.mouse.dblclick(*spot_of(page, "n:redis-primary"))

    wait_until(page, "store => store in window.sent", ids.NETWORK_EXPAND)
    assert sent(page, ids.NETWORK_EXPAND)["node"] == "redis-primary"


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
