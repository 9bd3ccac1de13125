"""Every state of the page, as those meet it who do not see it, and on every screen."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage, wait_until
from tests.browser.states import STATES, WIDTHS, State, violations

pytestmark = pytest.mark.browser

_TESTED = [pytest.param(state, id=state.name) for state in STATES if not state.is_variant]
_SHEETS = "scheme => document.documentElement.setAttribute('data-mantine-color-scheme', scheme)"


@pytest.mark.parametrize("state", _TESTED)
def test_axe_finds_nothing_wrong(open_page: OpenPage, state: State) -> None:
    """At the widths of a desk, a laptop and a phone, in turn by day and by night.

    Nothing scrolls sideways. `python -m tests.browser.screenshots` goes through all of both.
    """
    page = open_page(state.search, drawn=False)
    state.enter(page)

    for (width, height), scheme in zip(WIDTHS, ("light", "dark", "light"), strict=True):
        # Every color that axe-core can tell comes from the style sheets.
        page.evaluate(_SHEETS, scheme)
        page.set_viewport_size({"width": width, "height": height})
        wait_until(page, "width => innerWidth === width", width)
        assert violations(page) == "[]", (width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
