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
from tests.browser.states import violations
from tests.browser.steps import choose, css, expect_search, open_tab, type_into

pytestmark = pytest.mark.browser

expect.set_options(timeout=TIMEOUT_MS)
IPV4 = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")


def picture(page: Page) -> dict[str, Any]:
    """Return what each view shows, to compare."""
    return {
        "totals": page.inner_text(css(ids.HEADER_TOTALS)),
        "summary": page.inner_text(css(ids.NETWORK_SUMMARY)),
        "elements": page.evaluate("cy.elements().map(e => e.id()).sort()"),
        "talkers": page.inner_text(css(ids.RANKINGS_LIST)),
        "timeline": page.evaluate(
            f"document.querySelector('#{ids.TIMELINE_GRAPH} .js-plotly-plot').data.map(t => t.y)"
        ),
    }


def test_page_opens_whole(open_page: OpenPage) -> None:
    """Totals, network and charts are on the first screen; the fixture finds any error."""
    page = open_page()

    expect(page.locator(css(ids.HEADER_TOTALS))).to_contain_text("counted once")
    for part in (ids.NETWORK_GRAPH, ids.TIMELINE_GRAPH, ids.RANKINGS_LIST):
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


def test_what_is_not_seen_asks_nothing(open_page: OpenPage) -> None:
    """A filter change asks for what lies on top; a tab asks once, when it is opened."""
    page = open_page()
    asked: list[str] = []
    page.on(
        "request",
        lambda request: (
            asked.append(str(json.loads(request.post_data)["output"]).strip(".").split(".")[0])
            if request.post_data
            else None
        ),
    )
    follow = ids.PAGE_URL

    choose(page, ids.CONTROLS_METRIC, "Bytes")
    expect_search(page, "?metric=bytes")
    seen = [follow, ids.NETWORK_GRAPH, ids.RANKINGS_LIST, ids.TIMELINE_GRAPH]
    assert sorted(asked) == sorted(seen)

    asked.clear()
    open_tab(page, "Table")
    expect(page.locator(css(ids.TABLE_NOTE))).to_contain_text("bytes per")
    wait_idle(page)
    assert sorted(asked) == sorted([follow, ids.TABLE_GRID, ids.TABLE_STATISTICS])

    asked.clear()
    open_tab(page, "Sankey")
    expect(page.locator(f"{css(ids.SANKEY_GRAPH)} .sankey-node").first).to_be_visible()
    for tab in ("Network", "Sankey", "Table"):
        open_tab(page, tab)
        wait_idle(page)
    assert sorted(asked) == sorted([follow, ids.SANKEY_GRAPH, follow, follow, follow])


def test_node_levels_are_a_list(open_page: OpenPage) -> None:
    """Each is a step of the history, too."""
    page = open_page()
    before = picture(page)

    page.click(css(ids.CONTROLS_LEVEL))
    page.get_by_role("option", name="Address", exact=True).click()
    expect_search(page, "?level=address")

    assert picture(page)["elements"] != before["elements"]
    page.go_back()
    expect_search(page, "")
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


def test_threshold_that_hides_all_offers_to_show_them(open_page: OpenPage) -> None:
    """One click takes the threshold away."""
    page = open_page("?threshold=1000000", drawn=False)

    expect(page.locator(css(ids.NETWORK_EMPTY))).to_contain_text(
        "edges are below the threshold of 1,000,000 flows"
    )
    wait_idle(page)
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

    page.click(css(ids.TAKE_OPEN))
    with page.expect_download() as download:
        page.get_by_role("link", name="graph.json", exact=True).click()
    graph_file(cache, *filters, "-o", output)

    assert re.fullmatch(r"graph_\d{8}T\d{6}Z\.json", download.value.suggested_filename)
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
    page.click(css(ids.TAKE_OPEN))
    with page.expect_download() as download:
        page.get_by_role("link", name="graph.json", exact=True).click()
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
            .filter(e => !(e.getAttribute('aria-label') || e.textContent || e.title
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


def test_a_limit_is_told_where_the_answer_would_be(open_page: OpenPage, cache: Path) -> None:
    """The controls stay: they lead to a smaller question. Nothing old is taken for the answer."""
    with served(cache, "--memory-limit", "1MB") as base:
        page = open_page(base=base, drawn=False)
        notice = page.locator(css(ids.PAGE_NOTICE))
        expect(notice).to_contain_text("needs more than the memory limit of 1MB.")
        expect(page.locator(".network-stage")).to_have_attribute("data-stale", "")
        expect(page.locator(css(ids.CONTROLS_SPAN))).to_be_visible()
        wait_idle(page)
        assert violations(page) == "[]"
        page.close()


def test_times_and_units_are_the_readers(open_page: OpenPage) -> None:
    """Kept by the browser; the link stays in UTC, and so does what is typed into it."""
    page = open_page("?start=2026-03-02T01:00Z&end=2026-03-02T02:00Z&metric=bytes")
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")

    page.click(css(ids.DISPLAY_SUMMARY))
    choose(page, ids.DISPLAY_UNITS, "MiB")
    choose(page, ids.DISPLAY_ZONE, "Local")
    expect(page.locator(css(ids.DISPLAY_SUMMARY))).to_contain_text(zone.split("/")[-1])
    expect(page.locator(css(ids.HEADER_TOTALS))).to_contain_text("iB")
    page.keyboard.press("Escape")
    wait_idle(page)
    page.reload()
    wait_drawn(page)

    expect(page.locator(css(ids.HEADER_TOTALS))).to_contain_text("iB")
    before = page.evaluate("location.search")
    page.click(css(ids.CONTROLS_EARLIER))
    wait_until(page, "location.search.includes('end=2026-03-02T01:00Z')")
    page.click(css(ids.CONTROLS_LATER))
    wait_until(page, "wanted => location.search === wanted", before)


def test_steps_wait_for_a_range(open_page: OpenPage) -> None:
    """Where all records are shown they say so; a range gives them something to do."""
    page = open_page()
    earlier = page.locator(css(ids.CONTROLS_EARLIER))
    expect(earlier).to_be_disabled()
    expect(earlier).to_have_attribute("title", re.compile("all records are shown already"))

    choose(page, ids.CONTROLS_SPAN, "1h")
    expect_search(page, "?range=1h")

    expect(earlier).to_be_enabled()
    expect(earlier).to_have_attribute("title", "Earlier by the length of the range")
