"""The tools of the network: what is put forward, what is put away, and all of it by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from dashboard.ui import ids
from tests.browser.conftest import TIMEOUT_MS, OpenPage, wait_drawn, wait_until
from tests.browser.network_steps import (
    CANVAS,
    NODES,
    STATUS,
    VIEWPORT,
    click_node,
    marked,
    sent,
    spot_of,
    watch_stores,
)
from tests.browser.steps import choose, css, expect_search

pytestmark = pytest.mark.browser

expect.set_options(timeout=TIMEOUT_MS)


def test_search_finds_by_name_and_by_address(open_page: OpenPage) -> None:
    """Hits are marked and counted; Enter goes from one to the next."""
    page = open_page()
    field, hits = page.locator(css(ids.NETWORK_SEARCH)), page.locator(".network-hits")

    field.fill("redis")
    wait_until(page, "cy.nodes('.match').length > 0")
    named = marked(page, "match")
    assert named == {n for n in page.evaluate(NODES) if "redis" in n}
    expect(hits).to_have_text(str(len(named)))
    field.press("Enter")
    expect(hits).to_have_text(f"1 of {len(named)}")
    x, y = page.evaluate("(p => [p.x, p.y])(cy.$('.cursor').renderedPosition())")
    assert [x, y] == pytest.approx(page.evaluate("[cy.width() / 2, cy.height() / 2]"), abs=1)
    # Its address is in data/sample/known_ips.csv.
    field.fill("10.0.10.11")
    wait_until(page, "cy.$id('n:app-1').hasClass('match')")
    field.fill("no such node")
    expect(hits).to_have_text("none")
    field.press("Escape")
    expect(hits).to_have_text("")


def test_focus_shows_neighbors_hop_by_hop(open_page: OpenPage) -> None:
    """All but the neighbors are dimmed; one hop more brings theirs."""
    page = open_page()
    near = "hops => { let n = cy.$id('n:redis-primary');\n"
    near += "for (let i = 0; i < hops; i++) n = n.closedNeighborhood();\n"
    near += "return n.nodes().map(each => each.id()); }"
    click_node(page, "n:redis-primary")

    page.click(css(ids.NETWORK_FOCUS))
    every = set(page.evaluate(NODES))
    one, two = (set(page.evaluate(near, hops)) for hops in (1, 2))
    assert every > one
    assert every - marked(page, "unfocused") == one
    page.click(css(ids.NETWORK_FARTHER))
    expect(page.locator(".network-hop-count")).to_have_text("2 hops")
    assert every - marked(page, "unfocused") == two
    page.click(css(ids.NETWORK_NEARER))
    assert every - marked(page, "unfocused") == one
    page.click(css(ids.NETWORK_FOCUS))
    assert marked(page, "unfocused") == set()


def test_hidden_nodes_stay_hidden_until_all_are_shown(open_page: OpenPage) -> None:
    """Through a change of the filter and a reload; the button counts them."""
    page = open_page()
    button = page.locator(css(ids.NETWORK_UNHIDE))
    expect(button).to_be_hidden()
    click_node(page, "n:redis-primary")

    page.click(css(ids.NETWORK_HIDE))
    expect(button).to_have_text("Show hidden (1)")
    choose(page, ids.CONTROLS_METRIC, "Bytes")
    expect_search(page, "?metric=bytes")
    assert not page.evaluate("cy.$id('n:redis-primary').visible()")
    page.reload()
    wait_drawn(page)
    expect(button).to_have_text("Show hidden (1)")
    assert not page.evaluate("cy.$id('n:redis-primary').visible()")
    button.click()
    expect(button).to_be_hidden()
    wait_until(page, "cy.$id('n:redis-primary').visible()")  # The button is first.


def test_pinned_node_can_be_let_go(open_page: OpenPage) -> None:
    """The same button, and the link forgets it."""
    page = open_page()
    click_node(page, "n:redis-primary")

    page.click(css(ids.NETWORK_PIN))
    wait_until(page, "location.hash.includes('redis-primary')")
    assert marked(page, "pinned") == {"n:redis-primary"}
    page.click(css(ids.NETWORK_PIN))
    wait_until(page, "location.hash === ''")
    assert marked(page, "pinned") == set()


def test_other_is_a_node_when_wanted(open_page: OpenPage) -> None:
    """It says what was cut, moves no other node, and the link keeps it."""
    page = open_page()
    before = page.evaluate(NODES)

    page.locator(css(ids.NETWORK_OTHER)).check(force=True)
    wait_until(page, "cy.$id('o:other').length === 1")
    after = page.evaluate(NODES)
    assert {n: after[n] for n in before} == before
    cut = page.inner_text(css(ids.NETWORK_SUMMARY)).split(" edges")[0].split(" of ")
    n_cut = int(cut[1].replace(",", "")) - int(cut[0])
    assert page.evaluate("cy.$id('o:other').data('name')") == f"other: {n_cut:,} edges"
    assert page.evaluate("location.hash") == "#other=on"
    page.reload()
    wait_drawn(page)
    wait_until(page, "cy.$id('o:other').length === 1")


CLOSE = "((a, b) => a.every((value, i) => Math.abs(value - b[i]) <= 0.02 * Math.abs(b[i])))"


def test_zoom_fit_and_map(open_page: OpenPage) -> None:
    """The map appears when a part is out of sight; a click on it goes there."""
    page = open_page()
    whole = page.evaluate(VIEWPORT)
    small = page.locator(".network-map")
    expect(small).to_be_hidden()

    for _ in range(4):
        page.click(css(ids.NETWORK_ZOOM_IN))
    wait_until(page, "zoom => cy.zoom() > 2 * zoom", whole[0])
    expect(small).to_be_visible()
    pan = page.evaluate("cy.pan()")
    small.click(position={"x": 20, "y": 20})
    wait_until(page, "pan => cy.pan().x !== pan.x || cy.pan().y !== pan.y", pan)
    page.click(css(ids.NETWORK_FIT))
    wait_until(page, f"whole => {CLOSE}({VIEWPORT}, whole)", whole)
    expect(small).to_be_hidden()


@pytest.mark.parametrize("search", ["?top=200&threshold=0", "?top=200#layout=hierarchical"])
def test_labels_do_not_collide(open_page: OpenPage, search: str) -> None:
    """Neither with each other nor with nodes, and zooming in shows more of them."""
    page = open_page(search)
    collisions = """() => {
        const labeled = cy.nodes('.labeled').map(n => ({
            id: n.id(),
            box: n.boundingBox({includeNodes: false, includeEdges: false, includeOverlays: false}),
        }));
        const margin = 3 * cy.nodes()[0].data('gap') / 4;
        const meets = (a, b) => a.x1 + margin < b.x2 - margin && b.x1 + margin < a.x2 - margin
            && a.y1 + margin < b.y2 - margin && b.y1 + margin < a.y2 - margin;
        const met = [];
        labeled.forEach((a, i) => labeled.slice(0, i).forEach(b => {
            if (meets(a.box, b.box)) { met.push([a.id, b.id]); }
        }));
        return met;
    }"""

    shown = len(marked(page, "labeled"))
    assert shown > 20
    assert page.evaluate(collisions) == []
    for _ in range(5):
        page.click(css(ids.NETWORK_ZOOM_IN))
    wait_until(page, "shown => cy.nodes('.labeled').length > shown", shown)
    assert page.evaluate(collisions) == []


def test_many_edges_are_drawn_the_cheap_way(open_page: OpenPage) -> None:
    """Above 400 edges lines are straight and carry no label."""
    page = open_page("?top=1000&threshold=0")

    assert page.evaluate("cy.edges().length") > 400
    wait_until(page, "cy.edges()[0].style('curve-style') === 'straight'")
    assert page.evaluate("cy.edges('.labeled').length") == 0


def test_keys_walk_and_speak(open_page: OpenPage) -> None:
    """Arrows go from node to node, each is read out, Enter opens its details."""
    page = open_page()
    said = page.locator(STATUS)
    page.focus(css(ids.NETWORK_MAP))

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == CANVAS[1:]
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    (first,) = marked(page, "cursor")
    expect(said).to_contain_text(first.removeprefix("n:"))
    page.keyboard.press("ArrowRight")
    (second,) = marked(page, "cursor")
    assert second != first
    assert page.evaluate(NODES)[second][0] > page.evaluate(NODES)[first][0]
    expect(said).to_contain_text(second.removeprefix("n:"))
    page.keyboard.press("Enter")
    expect(page.locator(css(ids.DRAWER_PANEL))).to_contain_text(second.removeprefix("n:"))
    page.keyboard.press("e")
    expect(said).to_contain_text("→")


def test_keys_do_what_the_tools_do(open_page: OpenPage) -> None:
    """Focus, hops, hide, show, move, zoom, fit, search and the list of keys."""
    page = open_page()
    click_node(page, "n:redis-primary")

    page.keyboard.press("f")
    assert marked(page, "unfocused")
    page.keyboard.press("+")
    expect(page.locator(".network-hop-count")).to_have_text("2 hops")
    page.keyboard.press("Escape")
    assert marked(page, "unfocused") == set()
    place = page.evaluate(NODES)["n:redis-primary"]
    page.keyboard.press("Shift+ArrowDown")
    assert page.evaluate(NODES)["n:redis-primary"][1] == pytest.approx(place[1] + 20, abs=1)
    page.keyboard.press("h")
    expect(page.locator(css(ids.NETWORK_UNHIDE))).to_be_visible()
    page.keyboard.press("Shift+H")
    expect(page.locator(css(ids.NETWORK_UNHIDE))).to_be_hidden()
    zoom = page.evaluate("cy.zoom()")
    page.keyboard.press("+")
    assert page.evaluate("cy.zoom()") > zoom
    page.keyboard.press("0")
    assert page.evaluate("cy.zoom()") == pytest.approx(zoom, rel=0.05)
    page.keyboard.press("?")
    expect(page.locator(".network-help dl")).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator(css(ids.NETWORK_SEARCH))).to_be_focused()


def test_menu_of_a_node_reaches_the_server(open_page: OpenPage) -> None:
    """By the right button; the choice is written with the node."""
    page = open_page()
    watch_stores(page)
    menu = page.get_by_role("menu")

    page.mouse.click(*spot_of(page, "n:redis-primary"), button="right")
    items = menu.get_by_role("menuitem")
    assert items.all_inner_texts() == ["Only this", "Exclude", "Peers", "Hide", "Pin", "Details"]
    menu.get_by_role("menuitem", name="Only this").click()

    expect(menu).to_have_count(0)
    told = sent(page, ids.NETWORK_COMMAND)
    assert {k: told[k] for k in ("action", "kind", "key")} == {
        "action": "only",
        "kind": "node",
        "key": "redis-primary",
    }


def test_menu_by_keyboard(open_page: OpenPage) -> None:
    """The menu key opens it, arrows walk, Enter chooses; an edge has no pin."""
    page = open_page()
    watch_stores(page)
    click_node(page, "n:redis-primary")

    page.keyboard.press("e")
    page.keyboard.press("ContextMenu")
    menu = page.get_by_role("menu")
    assert menu.get_by_role("menuitem").all_inner_texts() == [
        "Only this",
        "Exclude",
        "Hide",
        "Details",
    ]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    told = sent(page, ids.NETWORK_COMMAND)
    assert (told["action"], told["kind"]) == ("exclude", "edge")
    assert "redis-primary" in (told["key"]["src"], told["key"]["dst"])
    assert page.evaluate("document.activeElement.className") == CANVAS[1:]
    page.keyboard.press("ContextMenu")
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
