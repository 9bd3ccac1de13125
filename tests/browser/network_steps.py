"""What a reader does with the network."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from dashboard.ui import ids

NODES = "Object.fromEntries(cy.nodes().map(n => [n.id(), [n.position().x, n.position().y]]))"
VIEWPORT = "[cy.zoom(), cy.pan().x, cy.pan().y]"
STATUS = ".network-status"
CANVAS = ".network-canvas"


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


def click_node(page: Page, node: str) -> None:
    """Select a node with the mouse."""
    page.mouse.click(*spot_of(page, node))


def marked(page: Page, mark: str) -> set[str]:
    """Return the ids of the nodes that carry a class."""
    return set(page.evaluate("mark => cy.nodes('.' + mark).map(n => n.id())", mark))


def watch_stores(page: Page) -> None:
    """Note from now on what the network tells the server through its stores."""
    page.evaluate(
        """() => {
            window.sent = {};
            const real = window.dash_clientside.set_props;
            window.dash_clientside.set_props = (id, props) => {
                window.sent[id] = props.data;
                return real(id, props);
            };
        }"""
    )


def sent(page: Page, store: str) -> Any:
    """Return what a store was last told; None: nothing, or that nothing is selected."""
    return page.evaluate("store => window.sent[store] ?? null", store)


def is_drawn_in(layout: str) -> str:
    """Return the claim that every node stands in its place of a layout."""
    return (
        "cy.nodes().every(n => {"
        f" const [x, y] = n.data('places').{layout};"
        " return Math.hypot(n.position().x - x, n.position().y - y) < 0.1; })"
    )


def layout_choice(page: Page, layout: str) -> None:
    """Pick a layout on the toolbar."""
    page.locator(f"#{ids.NETWORK_LAYOUT}").get_by_text(layout, exact=True).click()
