"""What a reader does with the page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from dashboard.ui import ids
from tests.browser.conftest import wait_redrawn, wait_until


def css(component_id: str) -> str:
    """Return the selector of a component."""
    return f"#{component_id}"


def choose(page: Page, control: str, text: str) -> None:
    """Pick one of a segmented control's choices."""
    page.locator(css(control)).get_by_text(text, exact=True).click()


def type_into(page: Page, control: str, text: str) -> None:
    """Fill a field and leave it with Enter."""
    page.fill(css(control), text)
    page.press(css(control), "Enter")


def expect_search(page: Page, search: str) -> None:
    """Wait for the address bar, then for the views of a new question."""
    wait_until(page, "wanted => location.search === wanted", search)
    wait_redrawn(page)


def open_tab(page: Page, title: str) -> None:
    """Open a tab of the main panel or of the drawer."""
    page.get_by_role("tab", name=title, exact=True).click()


def selection(page: Page) -> Any:
    """Return what the store of the selection holds."""
    return page.evaluate("id => dash_component_api.getLayout(id).props.data", ids.NETWORK_SELECTION)
