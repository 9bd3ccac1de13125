"""Times and volumes as a reader wants them; what leaves the page stays UTC."""

from __future__ import annotations

import pytest
from dash import Dash

from dashboard.ui import ids, wording
from dashboard.ui.display import Display, shown_as
from dashboard.ui.figures.axes import amount_axis, time_ticks
from dashboard.ui.ranges import typed_time
from tests.dashboard.ui.test_page import VIEW, call, view

TEN = 1_772_445_600  # 2026-03-02 10:00 UTC
BERLIN = {"zone": "Europe/Berlin", "units": "iec"}
SET_BACK = 1_792_886_400  # 2026-10-25 00:00 UTC: at 01:00 clocks in Berlin go from 03:00 to 02:00.


@pytest.mark.parametrize(
    "raw", [None, 7, {}, {"zone": "Nowhere/Here", "units": "stone"}, {"zone": "../../etc/passwd"}]
)
def test_what_cannot_be_used_is_utc_and_decimal(raw: object) -> None:
    """The browser is not believed."""
    assert Display.of(raw) == Display("UTC", "si")


def test_times_name_the_zone_that_they_are_in() -> None:
    """Also where a zone has no letters for itself, and where clocks change inside a range."""
    with shown_as(zone="Europe/Berlin"):
        assert wording.zone_note() == "; times of Europe/Berlin"
        assert wording.span(TEN, TEN + 3_600) == "2026-03-02 11:00 – 12:00 CET"  # noqa: RUF001
        changed = wording.span(SET_BACK, SET_BACK + 7_200)
    with shown_as(zone="Asia/Dubai"):
        elsewhere = wording.span(TEN, TEN + 60)

    assert wording.zone_note() == ""
    assert changed == "2026-10-25 02:00 CEST – 03:00 CET"  # noqa: RUF001
    assert elsewhere == "2026-03-02 14:00 – 14:01 UTC+04"  # noqa: RUF001


@pytest.mark.parametrize(
    ("number", "text"),
    [(1_000, "0.98 KiB"), (1_048_576, "1.00 MiB"), (3_503_590_252, "3.26 GiB"), (12, "12 B")],
)
def test_binary_units_are_of_bytes_alone(number: int, text: str) -> None:
    """Flows stay decimal: nobody counts them in powers of two."""
    with shown_as(units="iec"):
        assert wording.short(number, "B") == text
        assert wording.short(8_271) == "8.27 k"


def test_typed_times_are_of_the_readers_zone() -> None:
    """But where the text names a zone; what clocks showed twice is the first."""
    with shown_as(zone="Europe/Berlin"):
        assert typed_time("2026-03-02 11:00") == "2026-03-02T11:00:00+01:00"
        assert typed_time("2026-03-02T11:00Z") == "2026-03-02T11:00:00+00:00"
        assert typed_time("2026-10-25 02:30") == "2026-10-25T02:30:00+02:00"
        assert typed_time("soon") == "soon"
        assert typed_time("") == ""


def test_ticks_stand_where_clocks_show_them() -> None:
    """Over a change of clocks as well: four hours of UTC hold 02:00 twice."""
    with shown_as(zone="Europe/Berlin"):
        ticks = time_ticks(SET_BACK - 3_600, SET_BACK + 3 * 3_600)

    shown = dict(zip(ticks["tickvals"], ticks["ticktext"], strict=True))
    assert shown["2026-10-24 23:00:00"] == "01:00<br>Oct 25, 2026"
    assert shown["2026-10-25 00:00:00"] == "02:00"
    assert shown["2026-10-25 01:00:00"] == "02:00"
    assert shown["2026-10-25 02:00:00"] == "03:00"


def test_every_range_has_a_few_ticks() -> None:
    """From minutes to years."""
    with shown_as(zone="Asia/Kathmandu"):
        for length in (300, 3_600, 86_400, 86_400 * 30, 86_400 * 800):
            ticks = time_ticks(TEN, TEN + length)["tickvals"]
            assert 1 <= len(ticks) <= 10
            assert len(set(ticks)) == len(ticks)
    assert time_ticks(TEN, TEN + 3_600) == {}


def test_axis_of_bytes_has_ticks_of_its_units() -> None:
    """Plotly knows powers of ten alone."""
    with shown_as(units="iec"):
        axis = amount_axis("bytes", 3.5 * 2**20)
        assert axis["ticktext"] == ["0", "1 MiB", "2 MiB", "3 MiB"]
        assert amount_axis("flows", 100) == {"tickformat": "~s"}
    with shown_as(units="bits"):
        assert amount_axis("bytes", 100)["ticksuffix"] == "bit/s"


def test_page_writes_in_the_readers_zone_and_links_in_utc(app: Dash) -> None:
    """The fields too; the address stays what it was."""
    search = "?start=2026-03-02T10:00Z&end=2026-03-02T11:00Z"
    asked = {f"{ids.PAGE_URL}.search": search, f"{ids.PAGE_DISPLAY}.data": BERLIN}

    answer = call(app, VIEW, **asked)

    assert answer[ids.CONTROLS_START]["value"] == "2026-03-02 11:00"
    assert answer[ids.PAGE_VIEW]["data"]["search"] == search
    assert answer[ids.PAGE_VIEW]["data"]["display"] == BERLIN
    state = {VIEW: {**view(search)[VIEW], "display": BERLIN}}
    header = call(app, f"{ids.HEADER_RANGE}.children", **state)
    assert header[ids.HEADER_RANGE]["children"].endswith("CET")
    # The next request of the same thread is somebody else's.
    other = call(app, f"{ids.HEADER_RANGE}.children", **view(search))
    assert other[ids.HEADER_RANGE]["children"].endswith("UTC")


def test_typed_start_goes_into_the_link_as_utc(app: Dash) -> None:
    """And the end that was not touched keeps its time."""
    payload = {
        f"{ids.PAGE_URL}.search": "?start=2026-03-02T10:00Z&end=2026-03-02T11:00Z",
        f"{ids.PAGE_DISPLAY}.data": BERLIN,
        f"{ids.CONTROLS_START}.value": "2026-03-02 11:15",
        f"{ids.CONTROLS_END}.value": "2026-03-02 12:00",
    }

    answer = call(app, VIEW, changed=[f"{ids.CONTROLS_START}.value"], **payload)

    search = answer[ids.PAGE_URL]["search"]
    assert search == "?start=2026-03-02T10:15Z&end=2026-03-02T11:00Z"


def test_rates_are_drawn_where_they_are_wanted(app: Dash) -> None:
    """1,000 bytes in a minute are 133 bit/s; the tip has the bytes."""
    bits = {"zone": "UTC", "units": "bits"}
    state = {VIEW: {**view("?metric=bytes")[VIEW], "display": bits}}

    figure = call(app, f"{ids.TIMELINE_GRAPH}.figure", **state)[ids.TIMELINE_GRAPH]["figure"]

    column = figure["data"][0]
    assert column["y"] == pytest.approx([1_000 * 8 / 60])
    assert column["customdata"][0][2] == "1,000 bytes (133 bit/s)"
