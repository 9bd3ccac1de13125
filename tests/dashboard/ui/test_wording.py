"""Numbers and times as the page writes them."""

import pytest

from dashboard.ui import wording


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0, "", "0"),
        (999, "", "999"),
        (8_271, "", "8.27 k"),
        (999_999, "B", "1.00 MB"),
        (3_503_590_252, "B", "3.50 GB"),
        (12_345, "B", "12.3 kB"),
    ],
)
def test_short_numbers_have_three_digits_and_a_decimal_prefix(
    number: int, unit: str, text: str
) -> None:
    """1 MB is a million bytes."""
    assert wording.short(number, unit) == text


@pytest.mark.parametrize(
    ("part", "of", "text"),
    [
        (0, 10, "0 %"),
        (1, 100_000, "< 0.1 %"),
        (99_999, 100_000, "> 99.9 %"),
        (832, 836, "99.5 %"),
        (836, 836, "100 %"),
        (1, 4, "25 %"),
        (29, 1_000, "2.9 %"),
        (1, 0, "0 %"),
    ],
)
def test_shares_are_never_rounded_to_none_or_all(part: int, of: int, text: str) -> None:
    """A share of 100 % means all of it."""
    assert wording.percent(part, of) == text


def test_range_within_a_day_names_the_day_once() -> None:
    """Both ends are UTC."""
    assert wording.span(1_772_445_600, 1_772_449_200) == "2026-03-02 10:00 – 11:00 UTC"  # noqa: RUF001


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5 s"), (90, "1 min"), (7_200, "2 h"), (86_400, "1 day")]
)
def test_age_is_told_in_its_largest_unit(seconds: int, text: str) -> None:
    """Nobody needs the seconds of a day."""
    assert wording.duration(seconds) == text


def test_service_names_protocol_and_port() -> None:
    """Protocols without ports stand alone; unknown ones keep their number."""
    assert wording.service(443, 6) == "TCP 443"
    assert wording.service(None, 1) == "ICMP"
    assert wording.service(None, 253) == "protocol 253"
    assert wording.service(80, None) == "any 80"
