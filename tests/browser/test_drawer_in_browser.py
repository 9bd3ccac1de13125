"""The drawer, the changes and the quality report, as their reader uses them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from dashboard.ui import ids
from tests.browser.conftest import TIMEOUT_MS, OpenPage, wait_idle, wait_until
from tests.browser.network_steps import CANVAS, click_node
from tests.browser.steps import css, expect_search, open_tab, selection

pytestmark = pytest.mark.browser

expect.set_options(timeout=TIMEOUT_MS)

DRAWER = css(ids.DRAWER_PANEL)
NODE = "n:redis-primary"
COMPARED = "?compare=previous&range=1h"


def test_click_on_a_node_leads_to_its_log_lines(open_page: OpenPage) -> None:
    """Facts at once; the records name object and line; the network stays where it is."""
    page = open_page()
    box = page.locator(CANVAS).bounding_box()

    click_node(page, NODE)
    details = page.locator(css(ids.NETWORK_DETAILS))
    expect(details).to_contain_text("as initiator")
    expect(page.locator(css(ids.DRAWER_TITLE))).to_have_text("redis-primary")
    assert page.locator(CANVAS).bounding_box() == box
    drawer = page.locator(DRAWER).bounding_box()
    assert drawer is not None
    assert box is not None
    assert drawer["x"] >= box["x"] + box["width"]

    open_tab(page, "Log records")
    note = page.locator(css(ids.DRAWER_RECORDS_NOTE))
    expect(note).to_contain_text("1 to 50 of")
    records = page.locator(css(ids.DRAWER_RECORDS))
    expect(records.locator(".object-row code").first).to_contain_text("AWSLogs/123456789012")
    first = records.locator("tbody tr:not(.object-row)").first.inner_text()
    page.click(css(ids.DRAWER_LATER))
    expect(note).to_contain_text("51 to 100 of")
    assert records.locator("tbody tr:not(.object-row)").first.inner_text() != first


def test_escape_closes_and_gives_the_focus_back(open_page: OpenPage) -> None:
    """Enter opens, D goes in, Esc comes back to the network, which is walked on."""
    page = open_page()
    page.locator(CANVAS).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(DRAWER)).to_be_visible()
    expect(page.locator(CANVAS)).to_be_focused()

    page.keyboard.press("d")
    expect(page.locator(DRAWER)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(".drawer-close")).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.locator(DRAWER)).to_be_hidden()
    expect(page.locator(CANVAS)).to_be_focused()
    assert selection(page) is None


def test_peers_lead_from_node_to_node(open_page: OpenPage) -> None:
    """The name of a peer selects it, in the network too; its button filters for the pair."""
    page = open_page()
    click_node(page, NODE)
    peer = page.locator(f"{css(ids.NETWORK_DETAILS)} .peers .drawer-link", has_text="app-1").first

    peer.click()
    expect(page.locator(css(ids.DRAWER_TITLE))).to_have_text("app-1")
    wait_until(page, "cy.$('node:selected').map(n => n.id()).join() === 'n:app-1'")
    button = page.get_by_role("button", name="Include only app-1 → redis-primary")
    button.click()

    expect_search(page, "?filter=src+%3D+app-1+and+dst+%3D+redis-primary")


def test_wide_drawer_shows_more_columns(open_page: OpenPage) -> None:
    """And gives the place back."""
    page = open_page()
    click_node(page, NODE)
    wide = page.get_by_role("button", name="Wider")

    wide.click()
    expect(wide).to_have_attribute("aria-pressed", "true")
    broad = page.locator(DRAWER).bounding_box()
    wide.click()
    narrow = page.locator(DRAWER).bounding_box()

    assert broad is not None
    assert narrow is not None
    assert broad["width"] > 2 * narrow["width"]


def test_comparison_begins_with_a_click(open_page: OpenPage) -> None:
    """The tab offers it, then lists the changes; a row opens the drawer."""
    page = open_page("?tab=changes&range=1h")
    offer = page.get_by_role("button", name="The time before")

    offer.click()
    expect_search(page, "?range=1h&tab=changes&compare=previous")
    grid = page.locator(css(ids.CHANGES_GRID))
    cell = grid.locator(".ag-center-cols-container .ag-cell[col-id='src']").first
    initiator = cell.inner_text()
    cell.click()

    expect(page.locator(DRAWER)).to_be_visible()
    assert selection(page)["id"]["src"] == initiator
    with page.expect_download() as download:
        page.click(css(ids.CHANGES_DOWNLOAD))
    assert download.value.path().read_text().startswith("change,src,dst,port,protocol,")


def test_compared_network_is_colored_and_then_not(open_page: OpenPage) -> None:
    """The colors go with the comparison."""
    page = open_page(COMPARED)
    expect(page.locator(".changes-marks")).to_be_visible()
    assert page.evaluate('cy.edges(\'[change = "grew"], [change = "shrank"]\').length') > 5

    page.goto(page.url.replace("compare=previous&", ""))
    wait_until(page, "Boolean(window.cy) && window.cy.edges().length > 0")
    wait_idle(page)

    expect(page.locator(".changes-marks")).to_have_count(0)
    assert page.evaluate("cy.edges('[change != \"\"]').length") == 0


def test_command_for_a_better_format_is_copied(open_page: OpenPage) -> None:
    """The clipboard holds what is shown."""
    page = open_page("?tab=quality")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = page.locator(".copied pre").nth(1).inner_text()

    page.get_by_role("button", name="Copy: Command").click()

    expect(page.get_by_role("button", name="Copy: Command")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == shown
    assert shown.startswith("aws ec2 create-flow-logs")
