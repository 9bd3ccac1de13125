"""The page as its reader uses it: real Chromium, real server, real cache."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.ui import ids
from tests.browser.conftest import (
    KNOWN_IPS,
    TIMEOUT_MS,
    OpenPage,
    run_module,
    served,
    wait_drawn,
    wait_idle,
    wait_until,
)

pytestmark = pytest.mark.browser

expect.set_options(timeout=TIMEOUT_MS)
NODES = "Object.fromEntries(cy.nodes().map(n => [n.id(), [n.position().x, n.position().y]]))"
VIEWPORT = "[cy.zoom(), cy.pan().x, cy.pan().y]"
IPV4 = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")


def css(component_id: str) -> str:
    return f"#{component_id}"


def choose(page: Page, control: str, text: str) -> None:
    """Pick one of a segmented control's choices."""
    page.locator(css(control)).get_by_text(text, exact=True).click()


def type_into(page: Page, control: str, text: str) -> None:
    page.fill(css(control), text)
    page.press(css(control), "Enter")


def expect_search(page: Page, search: str) -> None:
    """Wait for the address bar, then for the views."""
    wait_until(page, "wanted => location.search === wanted", search)
    wait_idle(page)


def picture(page: Page) -> dict[str, Any]:
    """Return what each view shows, to compare."""
    return {
        "totals": page.inner_text(css(ids.HEADER_TOTALS)),
        "summary": page.inner_text(css(ids.NETWORK_SUMMARY)),
        "elements": page.evaluate("cy.elements().map(e => e.id()).sort()"),
        "talkers": page.inner_text(css(ids.TALKERS_GRAPH)),
        "timeline": page.evaluate(
            f"document.querySelector('#{ids.TIMELINE_GRAPH} .js-plotly-plot').data.map(t => t.y)"
        ),
    }


def test_page_opens_whole(open_page: OpenPage) -> None:
    """Totals, network and charts are on the first screen; the fixture finds any error."""
    page = open_page()

    expect(page.locator(css(ids.HEADER_TOTALS))).to_contain_text("counted once")
    for part in (ids.NETWORK_GRAPH, ids.TIMELINE_GRAPH, ids.TALKERS_GRAPH, ids.PORTS_GRAPH):
        box = page.locator(css(part)).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900
        assert box["height"] > 80
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


@pytest.mark.parametrize(
    ("control", "choice", "search"),
    [
        (ids.CONTROLS_ACTION, "Rejected", "?action=reject"),
        (ids.CONTROLS_METRIC, "Bytes", "?metric=bytes"),
        (ids.CONTROLS_LEVEL, "Address", "?level=address"),
        (ids.CONTROLS_SPAN, "1h", "?range=1h"),
    ],
)
def test_choices_change_url_and_pictures(
    open_page: OpenPage, control: str, choice: str, search: str
) -> None:
    """And the way back brings the first view again."""
    page = open_page()
    before = picture(page)

    choose(page, control, choice)
    expect_search(page, search)
    after = picture(page)
    page.go_back()
    expect_search(page, "")

    assert after["elements"] != before["elements"]
    assert picture(page) == before


def test_fields_change_url_and_pictures(open_page: OpenPage) -> None:
    """Threshold, top-K, start and end; each value is a step of the history."""
    page = open_page()

    type_into(page, ids.CONTROLS_THRESHOLD, "2")
    expect_search(page, "?threshold=2")
    type_into(page, ids.CONTROLS_TOP_K, "7")
    expect_search(page, "?threshold=2&top=7")
    expect(page.locator(css(ids.NETWORK_SUMMARY))).to_contain_text("7 of ")
    type_into(page, ids.CONTROLS_START, "2026-03-02 01:00")
    expect_search(page, "?start=2026-03-02T01:00Z&threshold=2&top=7")
    type_into(page, ids.CONTROLS_END, "2026-03-02 02:00")
    expect_search(page, "?start=2026-03-02T01:00Z&end=2026-03-02T02:00Z&threshold=2&top=7")
    expect(page.locator(css(ids.HEADER_RANGE))).to_contain_text("2026-03-02 01:00")

    page.click(css(ids.CONTROLS_RESET))
    expect_search(page, "")
    assert page.input_value(css(ids.CONTROLS_TOP_K)) == "50"


def test_bad_values_are_explained(open_page: OpenPage) -> None:
    """In the URL and in a field; the page goes on."""
    page = open_page("?threshold=few&tab=nowhere")

    notice = page.locator(css(ids.PAGE_NOTICE))
    expect(notice).to_contain_text("threshold: 'few' is not usable. Give a whole number.")
    assert page.input_value(css(ids.CONTROLS_THRESHOLD)) == "10"
    type_into(page, ids.CONTROLS_END, "soon")
    expect(notice).to_contain_text("end: 'soon' is not usable.")
    type_into(page, ids.CONTROLS_END, "2026-03-02 02:00")
    expect_search(page, "?end=2026-03-02T02:00Z")
    expect(notice).to_have_text("")


def test_brush_sets_the_range(open_page: OpenPage) -> None:
    """Dragging over the time chart is typing both times."""
    page = open_page()
    box = page.locator(f"{css(ids.TIMELINE_GRAPH)} .nsewdrag").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2

    page.mouse.move(box["x"] + box["width"] * 0.4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, y, steps=6)
    page.mouse.up()
    wait_until(page, "location.search.includes('start=') && location.search.includes('end=')")
    wait_idle(page)

    start, end = (page.input_value(css(c)) for c in (ids.CONTROLS_START, ids.CONTROLS_END))
    assert "2026-03-02 01:0" <= start < "2026-03-02 01:3"
    assert "2026-03-02 01:5" < end <= "2026-03-02 02:2"


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
    assert page.evaluate(NODES)["n:redis-primary"] == pytest.approx(home, abs=0.1)


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


def test_threshold_that_hides_all_offers_to_show_them(open_page: OpenPage) -> None:
    """One click takes the threshold away."""
    page = open_page("?threshold=1000000", drawn=False)

    expect(page.locator(css(ids.NETWORK_EMPTY))).to_contain_text(
        "edges are below the threshold of 1,000,000 flows"
    )
    page.click(css(ids.NETWORK_SHOW_ALL))
    expect_search(page, "?threshold=0")
    assert page.evaluate("cy.edges().length") == 50


def test_range_without_records_says_so(open_page: OpenPage) -> None:
    """Which range, and what to change."""
    page = open_page("?start=2027-01-01T00:00Z", drawn=False)

    expect(page.locator(css(ids.NETWORK_EMPTY))).to_have_text(
        "No flows since 2027-01-01 00:00 UTC. Take a wider range."
    )
    expect(page.locator(css(ids.HEADER_RANGE))).to_have_text("No records in this range")


def test_download_is_what_the_command_writes(
    open_page: OpenPage, cache: Path, tmp_path: Path
) -> None:
    """Byte for byte, for the same filters."""
    page = open_page("?action=accept&metric=bytes&threshold=1000&top=30")
    output = tmp_path / "graph.json"
    filters = ("--action", "accept", "--metric", "bytes", "--threshold", "1000", "--top", "30")

    with page.expect_download() as download:
        page.click(css(ids.CONTROLS_DOWNLOAD))
    graph_file(cache, *filters, "-o", output)

    assert download.value.suggested_filename == "graph.json"
    assert Path(download.value.path()).read_bytes() == output.read_bytes()


def graph_file(cache: Path, *arguments: str | Path) -> bytes:
    """Run the command that writes graph.json, with the names that the page has."""
    names = ("--known-ips", KNOWN_IPS)
    return run_module("dashboard", "graph", "--cache", cache, *names, *arguments)


def addresses_in(graph: bytes) -> set[str]:
    details = json.loads(graph)["node_details"].values()
    return {address for node in details for address in node["addresses"]}


def test_sharing_hides_every_address_without_a_name(open_page: OpenPage, cache: Path) -> None:
    """On the page, in the table, in the network, in the download."""
    filters = ("--threshold", "0", "--top", "200")
    known = addresses_in(graph_file(cache, *filters))
    pseudonyms = addresses_in(graph_file(cache, *filters, "--share"))
    page = open_page("?threshold=0&top=200&tab=table")

    page.locator(css(ids.CONTROLS_SHARING)).check(force=True)
    expect_search(page, "?threshold=0&top=200&tab=table&sharing=on")
    texts = [
        page.inner_text("body"),
        json.dumps(page.evaluate("cy.elements().map(e => e.data())")),
    ]
    with page.expect_download() as download:
        page.click(css(ids.CONTROLS_DOWNLOAD))
    texts.append(Path(download.value.path()).read_text(encoding="utf-8"))

    source = page.content()

    # By chance, a pseudonym may be the address of somebody else.
    hidden = known - pseudonyms
    assert len(hidden) > 100
    for text in texts:
        assert "redis-primary" in text
        assert set(IPV4.findall(text)) <= pseudonyms
    for text in [*texts, source]:
        assert not [a for a in hidden if re.search(rf"(?<![\w.:]){re.escape(a)}(?![\w.:])", text)]


def test_table_lists_edges_other_and_total(open_page: OpenPage) -> None:
    """The pinned rows close the sum."""
    page = open_page("?tab=table")
    grid = page.locator(css(ids.TABLE_GRID))

    expect(grid.locator(".ag-floating-bottom")).to_contain_text("other")
    expect(grid.locator(".ag-floating-bottom")).to_contain_text("total")
    expect(grid.locator(".ag-center-cols-container .ag-row").first).to_contain_text("redis")


def test_theme_follows_the_system_and_is_remembered(open_page: OpenPage) -> None:
    """Dark by the system, light by the switch, light after a reload."""
    page = open_page(scheme="dark")
    scheme = "document.documentElement.getAttribute('data-mantine-color-scheme')"
    ground = "getComputedStyle(document.body).backgroundColor"
    paper = (
        f"document.querySelector('#{ids.TIMELINE_GRAPH} .js-plotly-plot')._fullLayout.paper_bgcolor"
    )

    assert page.evaluate(scheme) == "dark"
    assert page.evaluate(ground) == "rgb(14, 17, 22)"
    page.click(css(ids.HEADER_THEME))
    wait_until(page, f"{scheme} === 'light'")
    wait_until(page, f"{paper} === '#ffffff'")
    page.reload()
    wait_drawn(page)

    assert page.evaluate(scheme) == "light"


def test_every_control_has_a_name(open_page: OpenPage) -> None:
    """For those who hear the page."""
    page = open_page()

    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, a[href], [role=radiogroup]')]
            .filter(e => !e.closest('.ag-root-wrapper') && e.offsetParent !== null)
            .filter(e => !(e.getAttribute('aria-label') || e.innerText || e.title
                || (e.labels && e.labels.length) || e.getAttribute('aria-labelledby')))
            .map(e => e.outerHTML.slice(0, 120))"""
    )

    assert nameless == []


@pytest.mark.parametrize("width", [1024, 390])
def test_small_screens_do_not_scroll_sideways(open_page: OpenPage, width: int) -> None:
    """A laptop and a phone."""
    page = open_page()

    page.set_viewport_size({"width": width, "height": 768})
    wait_until(page, "width => innerWidth === width", width)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator(css(ids.NETWORK_GRAPH))).to_be_visible()


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


@pytest.mark.parametrize("exists", [True, False])
def test_cache_without_records_is_one_sentence(
    open_page: OpenPage, tmp_path: Path, exists: bool
) -> None:
    """What to do, with the command; and the page fills itself later."""
    cache = tmp_path / "cache"
    if exists:
        cache.mkdir()

    with served(cache) as base:
        page = open_page(base=base, drawn=False)
        notice = page.locator(css(ids.PAGE_NOTICE))
        expect(notice).to_contain_text(f"python -m ingest load SOURCE --cache {cache}")
        expect(page.locator(css(ids.NETWORK_GRAPH))).to_be_hidden()
        wait_idle(page)
        page.close()
