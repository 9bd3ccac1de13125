"""The filter, ready questions and saved views, and one engineer's whole session."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from dashboard.ui import ids
from tests.browser.conftest import OpenPage, wait_idle, wait_redrawn, wait_until

pytestmark = pytest.mark.browser

FIELD = ".filter-input input"


def filter_of(page: Page) -> str:
    """Return the filter that the page's address holds."""
    return parse_qs(urlsplit(page.url).query).get("filter", [""])[0]


def places_of(page: Page) -> dict[str, list[float]]:
    """Return where each node of the picture stands."""
    found: dict[str, list[float]] = page.evaluate(
        "Object.fromEntries(cy.nodes().map(n => [n.id(), [n.position('x'), n.position('y')]]))"
    )
    return found


def enter(page: Page, text: str) -> None:
    """Type a filter and send it."""
    page.fill(FIELD, text)
    page.press(FIELD, "Enter")
    wait_redrawn(page)


def test_a_typed_filter_becomes_a_chip_and_an_address(open_page: OpenPage) -> None:
    """What is typed is in the URL, on the page as a chip, and in every number."""
    page = open_page()
    before = page.inner_text(f"#{ids.HEADER_TOTALS}")

    enter(page, "port = 443 and not action = reject")

    assert filter_of(page) == "port = 443 and action != reject"
    assert page.locator(".chip").count() == 2
    assert page.input_value(FIELD) == ""
    assert page.inner_text(f"#{ids.HEADER_TOTALS}") != before
    page.click(".chip >> nth=0 >> [data-do=remove]")
    wait_redrawn(page)
    assert filter_of(page) == "action != reject"
    page.go_back()
    wait_redrawn(page)
    assert filter_of(page) == "port = 443 and action != reject"
    assert page.locator(".chip").count() == 2


def test_completion_is_a_list_box_that_keys_walk(open_page: OpenPage) -> None:
    """Fields, signs and values of the data, taken with the keyboard alone."""
    page = open_page()

    page.click(FIELD)
    page.keyboard.type("src.na")
    wait_until(page, "document.querySelectorAll('.filter-list li').length === 1")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute(FIELD, "aria-activedescendant") == "filter-option-0"
    page.keyboard.press("Enter")
    assert page.input_value(FIELD) == "src.name "
    page.keyboard.type("= alb")
    wait_until(
        page,
        "[...document.querySelectorAll('.filter-list .option-label')]"
        ".map(label => label.textContent).join() === 'alb-a,alb-b'",
    )
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    wait_redrawn(page)

    assert filter_of(page) == "src.name = alb-a"


def test_a_mistake_is_shown_under_its_character(open_page: OpenPage) -> None:
    """The text stays in the field, the views stay as they were."""
    page = open_page("?filter=port+%3D+443")

    page.fill(FIELD, "prot = 3")
    page.press(FIELD, "Enter")
    wait_until(page, "document.querySelector('.filter-mark') !== null")

    assert "did you mean proto?" in page.inner_text(f"#{ids.FILTER_TROUBLE}")
    assert page.inner_text(".filter-mark").split("\n")[1].index("^") == 0
    assert page.input_value(FIELD) == "prot = 3"
    assert filter_of(page) == "port = 443"


def test_a_ready_question_opens_its_own_view(open_page: OpenPage) -> None:
    """Its answer stands on the card before anybody clicks."""
    page = open_page()
    wait_until(page, "document.querySelectorAll('a.question').length === 8")
    card = page.locator(f"#{ids.question('denied')} a")
    assert "198.51.100" in card.inner_text() or "192.0.2" in card.inner_text()

    card.click()
    wait_redrawn(page)

    assert parse_qs(urlsplit(page.url).query)["action"] == ["reject"]
    assert page.evaluate("cy.edges().every(edge => edge.data('state') === 'rejected')")


def test_a_saved_view_is_there_for_the_next_visitor(open_page: OpenPage) -> None:
    """Named, shared, opened with a click, and removed again."""
    page = open_page("?filter=port+%3D+5432&level=subnet")
    page.click(".views summary")
    page.fill(f"#{ids.VIEWS_NAME}", "Database <b>traffic</b>")
    page.click(f"#{ids.VIEWS_SAVE}")
    wait_until(page, "document.querySelectorAll('.views-link').length === 1")

    other = open_page()
    other.click(".views summary")
    assert other.inner_text(".views-link") == "Database <b>traffic</b>"
    other.click(".views-link")
    wait_redrawn(other)

    assert filter_of(other) == "port = 5432"
    assert "level=subnet" in other.url
    other.click(".views-row button")
    wait_until(other, "document.querySelectorAll('.views-link').length === 0")


def test_levels_open_and_close(open_page: OpenPage) -> None:
    """A subnet opens into its machines, and its chip closes it again."""
    page = open_page("?level=subnet&threshold=1&top=200")
    subnet = page.evaluate(
        "cy.nodes().map(n => n.id().slice(2)).find(id => id.startsWith('subnet-'))"
    )

    page.evaluate(
        "([store, node]) => dash_clientside.set_props(store, {data: {node: node, time: 1}})",
        [ids.NETWORK_EXPAND, subnet],
    )
    wait_redrawn(page)

    assert subnet not in page.evaluate("cy.nodes().map(n => n.id().slice(2))")
    assert page.inner_text(".chip.expansion .chip-text") == f"inside {subnet}"
    page.click(".chip.expansion button")
    wait_redrawn(page)
    assert subnet in page.evaluate("cy.nodes().map(n => n.id().slice(2))")


def test_the_filter_of_a_shared_picture_holds_no_address(open_page: OpenPage) -> None:
    """Switching sharing on hides addresses in chips and URL, and the numbers stay."""
    page = open_page("?filter=src+in+198.51.100.0%2F24&threshold=0")
    before = page.inner_text(f"#{ids.HEADER_TOTALS}")

    page.locator(f"#{ids.CONTROLS_SHARING}").locator("..").click()
    wait_redrawn(page)

    assert filter_of(page).startswith("src in ")
    assert page.inner_text(f"#{ids.HEADER_TOTALS}") == before
    assert "198.51.100.0/24" not in page.content() or "198.51.100.0" in filter_of(page)


def test_an_engineer_finds_who_is_denied_and_shares_it(open_page: OpenPage) -> None:
    """Find the denied burst, who does it, exclude it, compare, share the link, export."""
    page = open_page()
    wait_until(page, "document.querySelectorAll('a.question').length === 8")
    page.locator(f"#{ids.question('denied')} a").click()
    wait_redrawn(page)
    who = page.evaluate("cy.edges().max(edge => edge.data('width')).ele.data('src')")
    at = places_of(page)

    page.evaluate(
        "([store, node]) => dash_clientside.set_props(store,"
        " {data: {action: 'exclude', kind: 'node', key: node, time: 1}})",
        [ids.NETWORK_COMMAND, who],
    )
    wait_redrawn(page)

    assert who not in page.evaluate("cy.nodes().map(n => n.id().slice(2))")
    stayed = places_of(page)
    assert {node: place for node, place in at.items() if node in stayed} == {
        node: place for node, place in stayed.items() if node in at
    }
    page.goto(page.url + "&compare=previous&tab=changes")
    wait_idle(page)
    shared = open_page(f"?{urlsplit(page.url).query}", drawn=False)
    wait_idle(shared)
    assert filter_of(shared) == filter_of(page)
    answer = shared.request.get(f"{page.url.split('?')[0]}graph.json?{urlsplit(shared.url).query}")
    graph = json.loads(answer.body())
    assert graph["meta"]["query"]["filter"] == filter_of(shared)
    assert who not in graph["nodes"]
    assert all(edge["accepted"] == 0 for edge in graph["edges"])
