"""What stands beside the network, as its reader uses it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.ui import ids
from tests.browser.conftest import TIMEOUT_MS, OpenPage, wait_idle, wait_until
from tests.browser.steps import choose, css, expect_search, open_tab, selection

pytestmark = pytest.mark.browser

expect.set_options(timeout=TIMEOUT_MS)


def bar(page: Page, name: str) -> Locator:
    return page.locator(f"{css(ids.RANKINGS_LIST)} button").filter(has_text=name).first


def test_click_on_a_bar_includes_it(open_page: OpenPage) -> None:
    """The filter is in the URL and in the field; the list follows."""
    page = open_page()

    bar(page, "redis-primary").click()
    expect_search(page, "?filter=ip+%3D+redis-primary")

    expect(page.locator(css(ids.RANKINGS_LIST))).not_to_contain_text("postgres-primary")


@pytest.mark.parametrize(
    ("how", "modifier", "search"),
    [
        ("exclude", None, "?filter=action+%3D+accept+and+ip+%21%3D+redis-primary"),
        ("only", None, "?filter=ip+%3D+redis-primary"),
        ("include", "Shift", "?filter=action+%3D+accept+and+ip+%21%3D+redis-primary"),
        ("include", "Alt", "?filter=ip+%3D+redis-primary"),
    ],
)
def test_click_may_exclude_or_replace(
    open_page: OpenPage, how: str, modifier: Any, search: str
) -> None:
    """By the control beside the list, or by a key held down."""
    page = open_page("?filter=action+%3D+accept")

    choose(page, ids.RANKINGS_HOW, how)
    bar(page, "redis-primary").click(modifiers=[modifier] if modifier else [])

    expect_search(page, search)


def test_bars_work_by_keyboard(open_page: OpenPage) -> None:
    """Each is a button that can be reached and pressed, with a name that is read out."""
    page = open_page()

    bar(page, "redis-primary").focus()
    page.keyboard.press("Tab")
    name = page.evaluate("document.activeElement.title.split(':')[0]")
    page.keyboard.press("Enter")
    wait_until(page, "location.search.includes('filter=')")
    wait_idle(page)

    assert name
    assert page.evaluate("new URLSearchParams(location.search).get('filter')") == f"ip = {name}"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Initiators", "who opened the conversations"),
        ("Responders", "who was called"),
        ("Pairs", " → "),
        ("Denied", "initiators of rejected flows"),
        ("Ports", "TCP 6379 · redis"),
    ],
)
def test_each_list_has_its_tab(open_page: OpenPage, title: str, text: str) -> None:
    """Ten bars and one for the others, which no click filters."""
    page = open_page()
    panel = page.locator(".rankings")

    choose(page, ids.RANKINGS_KIND, title)

    expect(panel).to_contain_text(text)
    expect(panel.locator("li").last).to_contain_text("Other")
    assert panel.locator("li > button").count() == 10


def test_more_shows_25_bars(open_page: OpenPage) -> None:
    """In the same place: the panel keeps its size."""
    page = open_page()
    panel = page.locator(".rankings")
    before = panel.bounding_box()

    page.click(css(ids.RANKINGS_MORE))

    expect(panel.locator("li > button")).to_have_count(25)
    assert panel.bounding_box() == before


def test_click_on_red_asks_for_rejected_flows(open_page: OpenPage) -> None:
    """The red part of a column of the chart over time."""
    page = open_page()
    x, y = page.evaluate(
        """id => [...document.querySelectorAll(`#${id} .barlayer .trace:first-child path`)]
            .map(path => path.getBoundingClientRect())
            .sort((a, b) => b.height - a.height)
            .map(box => [box.x + box.width / 2, box.y + box.height / 2])[0]""",
        ids.TIMELINE_GRAPH,
    )

    page.mouse.click(x, y)

    expect_search(page, "?filter=action+%3D+reject")


def test_sankey_diagram_filters_by_a_band(open_page: OpenPage) -> None:
    """A click on a band includes both of its values; on a node, its own."""
    page = open_page()
    open_tab(page, "Sankey")
    bands = page.locator(f"{css(ids.SANKEY_GRAPH)} .sankey-link")
    expect(bands.first).to_be_visible()
    wait_idle(page)
    x, y = page.evaluate(
        """id => {
          const figure = document.querySelector(`#${id} .js-plotly-plot`);
          const claims = figure.data[0].link.customdata;
          const box = figure.getBoundingClientRect();
          for (let y = box.top; y < box.bottom; y += 5) {
            for (let x = box.left; x < box.right; x += 9) {
              const mark = document.elementFromPoint(x, y);
              if (mark && mark.classList.contains('sankey-link')
                  && claims[mark.__data__.link.pointNumber][0]) {
                return [x, y];
              }
            }
          }
        }""",
        ids.SANKEY_GRAPH,
    )

    page.mouse.move(x, y)
    page.mouse.click(x, y)
    wait_until(page, "location.search.includes('filter=')")
    wait_idle(page)

    asked = page.evaluate("new URLSearchParams(location.search).get('filter')")
    assert re.fullmatch(r"(src|port) = \S+ and (port|dst) = \S+", asked)
    expect(bands.first).to_be_visible()


def test_dimensions_stay_for_the_visit(open_page: OpenPage) -> None:
    """They belong to the browser's tab and not to the question."""
    page = open_page("?tab=sankey")
    heading = page.locator(f"{css(ids.SANKEY_GRAPH)} .annotation-text").nth(1)
    expect(heading).to_have_text("Port")

    page.click(css(ids.SANKEY_SECOND))
    page.get_by_role("option", name="Protocol").click()
    expect(heading).to_have_text("Protocol")
    page.reload()

    expect(heading).to_have_text("Protocol")
    assert page.evaluate("location.search") == "?tab=sankey"


def test_matrix_filters_by_a_cell(open_page: OpenPage) -> None:
    """The first cell of the first row: what it claims is what is asked."""
    page = open_page("?tab=matrix")
    figure = f"document.querySelector('#{ids.MATRIX_GRAPH} .js-plotly-plot')"
    wait_until(page, f"Boolean({figure} && {figure}.data && {figure}.data.length)")
    wait_idle(page)
    x, y, claim = page.evaluate(
        f"""() => {{
          const figure = {figure};
          const {{xaxis, yaxis}} = figure._fullLayout;
          const box = figure.getBoundingClientRect();
          const cells = figure.data[0].customdata;
          const column = cells[0].findIndex(Boolean);
          return [box.left + xaxis._offset + xaxis.d2p(column),
                  box.top + yaxis._offset + yaxis.d2p(0), cells[0][column]];
        }}"""
    )

    page.mouse.move(x, y)
    expect(page.locator(f"{css(ids.MATRIX_GRAPH)} .hovertext")).to_be_visible()
    page.mouse.click(x, y)
    wait_until(page, "location.search.includes('filter=')")
    wait_idle(page)

    assert page.evaluate("new URLSearchParams(location.search).get('filter')") == claim


def test_table_draws_each_edge_over_time(open_page: OpenPage) -> None:
    """A line and four statistics for each row, none for the sums below."""
    page = open_page()
    open_tab(page, "Table")
    grid = page.locator(css(ids.TABLE_GRID))

    expect(grid.locator("svg.spark").first).to_be_visible()
    expect(page.locator(css(ids.TABLE_NOTE))).to_contain_text("min, average, p95, max: flows per")
    points = grid.locator("svg.spark polyline").first.get_attribute("points") or ""
    assert len(points.split()) > 10
    assert grid.locator(".ag-floating-bottom svg.spark").count() == 0
    expect(grid.locator(".ag-floating-bottom")).to_contain_text("100 %")


def test_row_selects_its_edge(open_page: OpenPage) -> None:
    """By a click, and by Enter on any of its cells."""
    page = open_page("?tab=table")
    rows = page.locator(f"{css(ids.TABLE_GRID)} .ag-center-cols-container .ag-row")
    expect(rows.first).to_be_visible()
    ends = [rows.nth(n).locator("[col-id=src], [col-id=dst]").all_inner_texts() for n in (0, 1)]

    rows.nth(0).locator("[col-id=dst]").click()
    wait_until(page, f"Boolean(dash_component_api.getLayout('{ids.NETWORK_SELECTION}').props.data)")
    clicked = selection(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_until(
        page,
        "([id, src, dst]) => { const edge = dash_component_api.getLayout(id).props.data.id;"
        " return edge.src === src && edge.dst === dst; }",
        [ids.NETWORK_SELECTION, *ends[1]],
    )

    assert clicked["kind"] == "edge"
    assert [clicked["id"]["src"], clicked["id"]["dst"]] == ends[0]
    assert isinstance(clicked["id"]["port"], int)


@pytest.mark.parametrize(("sign", "start"), [("+", "src = "), ("−", "not (src = ")])  # noqa: RUF001
def test_row_has_buttons_for_the_filter(open_page: OpenPage, sign: str, start: str) -> None:
    """Include only this edge, or exclude it; neither selects it."""
    page = open_page("?tab=table")

    page.locator(".row-button").get_by_text(sign, exact=True).first.click()
    wait_until(page, "location.search.includes('filter=')")
    wait_idle(page)

    assert page.evaluate("new URLSearchParams(location.search).get('filter')").startswith(start)
    assert selection(page) is None


def test_table_sorts_by_several_columns(open_page: OpenPage) -> None:
    """Shift and a click add a column to the order."""
    page = open_page("?tab=table")
    head = page.locator(f"{css(ids.TABLE_GRID)} .ag-header-row-column")
    rows = page.locator(f"{css(ids.TABLE_GRID)} .ag-center-cols-container .ag-row")
    expect(rows.first).to_be_visible()

    head.locator("[col-id=dst]").click()
    head.locator("[col-id=src]").click(modifiers=["Shift"])

    expect(head.locator("[aria-sort=ascending]")).to_have_count(2)


def test_empty_table_says_what_to_change(open_page: OpenPage) -> None:
    """Instead of an empty grid alone."""
    page = open_page("?tab=table&start=2027-01-01T00:00Z", drawn=False)

    expect(page.locator(css(ids.TABLE_EMPTY))).to_have_text(
        "No flows since 2027-01-01 00:00 UTC. Take a wider range."
    )
    expect(page.locator(css(ids.RANKINGS_LIST))).to_contain_text("Take a wider range.")


@pytest.mark.parametrize("title", ["Table", "Sankey", "Matrix"])
def test_panels_keep_their_places_when_a_tab_is_opened(open_page: OpenPage, title: str) -> None:
    """Nothing beside jumps, and the page gets no wider."""
    page = open_page()
    places = "() => [...document.querySelectorAll('.panel')].map(p => p.getBoundingClientRect().x)"
    before = page.evaluate(places)

    open_tab(page, title)
    wait_idle(page)

    assert page.evaluate(places) == before
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_plain_markup_is_text_and_known_attributes(open_page: OpenPage) -> None:
    """What stands in the logs stays text, and no property becomes a handler or HTML."""
    page = open_page()
    hostile = "<img src=x onerror=\"document.title='taken'\">"
    row = {
        "namespace": "dash_html_components",
        "type": "Li",
        "props": {
            "children": [hostile, None, 7],
            "title": hostile,
            "onClick": "document.title='taken'",
            "dangerouslySetInnerHTML": {"__html": hostile},
            "data-claim": hostile,
        },
    }

    page.evaluate(
        "([id, content]) => dash_clientside.set_props(id, {content})", [ids.RANKINGS_LIST, row]
    )

    shown = page.locator(f"{css(ids.RANKINGS_LIST)} li")
    expect(shown).to_have_text(f"{hostile}7")
    expect(shown).to_have_attribute("title", hostile)
    assert shown.evaluate("li => li.getAttributeNames().sort()") == ["data-claim", "title"]
    assert page.locator(f"{css(ids.RANKINGS_LIST)} img").count() == 0
    assert page.title() == "Flow Atlas"


@pytest.mark.parametrize("units", ["MB", "MiB", "bit/s"])
def test_ticks_of_the_chart_over_time_are_whole(open_page: OpenPage, units: str) -> None:
    """Their room is worked out beforehand: to find it, Plotly would draw all of it twice."""
    page = open_page("?metric=bytes")
    page.click(css(ids.DISPLAY_SUMMARY))
    choose(page, ids.DISPLAY_UNITS, units)
    page.keyboard.press("Escape")
    wait_idle(page)

    n_ticks, cut = page.evaluate(
        """graph => {
            const ticks = [...document.querySelectorAll(
                `${graph} .xtick text, ${graph} .ytick text`)];
            const all = document.querySelector(`${graph} .main-svg`).getBoundingClientRect();
            const cut = ticks.filter(tick => {
                const box = tick.getBoundingClientRect();
                return !box.width || box.left < all.left || box.right > all.right
                    || box.bottom > all.bottom;
            });
            return [ticks.length, cut.map(tick => tick.textContent)];
        }""",
        css(ids.TIMELINE_GRAPH),
    )

    assert n_ticks > 4
    assert cut == []
