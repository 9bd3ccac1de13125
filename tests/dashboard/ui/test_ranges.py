"""The range of time, moved by its own length."""

from __future__ import annotations

import pytest

from dashboard.ui.ranges import Range, moved

OLDEST, NEWEST = 600, 86_400  # A day less ten minutes.


@pytest.mark.parametrize(
    ("how", "now", "then"),
    [
        ("earlier", ("", 7_200, 10_800), ("", 3_600, 7_200)),
        ("later", ("", 7_200, 10_800), ("", 10_800, 14_400)),
        ("wider", ("", 7_200, 10_800), ("", 5_400, 12_600)),
        ("earlier", ("1h", 82_800, None), ("", 79_200, 82_800)),
        # At the newest record the range is a preset again, and follows it.
        ("later", ("", 79_200, 82_800), ("1h", 82_800, None)),
        ("later", ("1h", 82_800, None), ("1h", 82_800, None)),
        # No step leads past the first record; the length stays.
        ("earlier", ("", 1_200, 4_800), ("", 600, 4_200)),
        ("wider", ("", 600, 86_000), ("all", None, None)),
        ("earlier", ("all", None, None), ("all", None, None)),
        # From a range without records every step leads back to some.
        ("earlier", ("", 900_000, 903_600), ("1h", 82_800, None)),
        ("wider", ("", 900_000, 903_600), ("all", None, None)),
    ],
)
def test_step(how: str, now: Range, then: Range) -> None:
    """Half-open, on whole minutes, within what is cached."""
    assert moved(how, *now, OLDEST, NEWEST) == then
