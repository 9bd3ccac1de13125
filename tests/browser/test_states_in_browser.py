"""Every state of the page, as those meet it who do not see it, and on every screen."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage, wait_until
from tests.browser.states import STATES, WIDTHS, State, violations

pytestmark = pytest.mark.browser

# The themes take turns; `python -m tests.browser.screenshots` goes through all of both.
_TURNS = [
    pytest.param(state, ("light", "dark")[n % 2], id=state.name)
    for n, state in enumerate(state for state in STATES if not state.is_variant)
]


@pytest.mark.parametrize(("state", "scheme"), _TURNS)
def test_axe_finds_nothing_wrong(open_page: OpenPage, state: State, scheme: str) -> None:
    """At the widths of a desk, a laptop and a phone; and nothing scrolls sideways."""
    page = open_page(state.search, drawn=False, scheme=scheme)
    state.enter(page)

    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        wait_until(page, "width => innerWidth === width", width)
        assert violations(page) == "[]", width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
