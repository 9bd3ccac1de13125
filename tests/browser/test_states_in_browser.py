"""Every state of the page, as those meet it who do not see it, and on every screen."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage, wait_until
from tests.browser.states import STATES, WIDTHS, State, violations

pytestmark = pytest.mark.browser

_TESTED = [pytest.param(state, id=state.name) for state in STATES if not state.is_variant]
_DARK = "document.documentElement.setAttribute('data-mantine-color-scheme', 'dark')"


@pytest.mark.parametrize("state", _TESTED)
def test_axe_finds_nothing_wrong(open_page: OpenPage, state: State) -> None:
    """At the widths of a desk, a laptop and a phone, and in the dark; nothing scrolls sideways."""
    page = open_page(state.search, drawn=False)
    state.enter(page)

    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        wait_until(page, "width => innerWidth === width", width)
        assert violations(page) == "[]", width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Every color that axe-core can tell comes from the style sheets.
    page.evaluate(_DARK)
    assert violations(page) == "[]"
