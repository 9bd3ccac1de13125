"""The URL says all that the page shows."""

import pytest

from dashboard.analysis.flow_query import FlowQuery
from dashboard.errors import BadQueryError
from dashboard.ui.callbacks.view import control_values, state_after
from dashboard.ui.figures.rankings import KINDS
from dashboard.ui.view_state import CUSTOM, LISTS, ViewState, brushed_range, forgiving

NEWEST = 1_772_449_170  # 2026-03-02 10:59:30 UTC
DAY_S, LATEST = 86_400, 1_772_900_010


def controls(**changes: object) -> dict[str, object]:
    return control_values(ViewState()) | changes


def test_first_view_has_an_empty_search() -> None:
    """Defaults do not clutter the address bar."""
    assert ViewState().to_search() == ""
    assert ViewState.from_search("") == ViewState()


@pytest.mark.parametrize(
    "search",
    [
        "?action=reject&metric=bytes&threshold=0&top=7&level=address",
        "?start=2026-03-02T10:05Z&end=2026-03-02T10:20Z",
        "?range=6h",
        "?tab=table&sharing=on",
        "?action=accept&range=1h&tab=table&sharing=on",
    ],
)
def test_search_survives_the_way_there_and_back(search: str) -> None:
    """What is read from a URL is written as the same URL."""
    assert ViewState.from_search(search, NEWEST).to_search() == search


def test_preset_ends_with_the_newest_record() -> None:
    """One hour back from the minute after the newest record, and open to what comes."""
    state = ViewState.from_search("?range=1h", NEWEST)

    assert state.query.start == 1_772_445_600  # 10:00 UTC
    assert state.query.end is None
    assert state.to_fixed_search() == "?start=2026-03-02T10:00Z"


def test_views_do_not_read_the_tab() -> None:
    """Another tab is no other question, so no view is worked out again."""
    assert ViewState(tab="table").to_fixed_search() == ViewState().to_fixed_search()


def test_bad_value_in_a_url_is_named_and_left_out() -> None:
    """The rest of the URL still counts."""
    state, problems = forgiving("?threshold=abc&top=5&tab=nowhere", NEWEST)

    assert state == ViewState(query=FlowQuery(top_k=5))
    assert problems == [
        "threshold: 'abc' is not usable. Give a whole number.",
        "tab: 'nowhere' is not usable. Give one of network, table, sankey, matrix, changes, "
        "quality.",
    ]


def test_range_the_wrong_way_round_is_left_out_whole() -> None:
    """Neither end is more wrong than the other."""
    search = "?start=2026-03-03T00:00Z&end=2026-03-02T00:00Z"

    state, problems = forgiving(search, NEWEST)

    assert state == ViewState()
    assert problems == ["end: '2026-03-02T00:00Z' is not usable. Give a time after the start."]


def test_typed_time_leaves_the_preset() -> None:
    """A range of its own stays where it is."""
    raw = controls(range="6h", start="2026-03-02 10:05")

    state = state_after("start", raw, {}, NEWEST)

    assert state.span == CUSTOM
    assert state.query.start == 1_772_445_900


def test_other_control_keeps_the_preset() -> None:
    """The time fields show the preset; they do not fix it."""
    raw = controls(range="1h", start="2026-03-02 10:00", metric="bytes")

    assert state_after("metric", raw, {}, NEWEST).to_search() == "?metric=bytes&range=1h"


def test_emptied_number_means_the_default() -> None:
    """A field without a number asks for nothing special."""
    raw = controls(threshold="", top=None)

    assert state_after("top", raw, {}, NEWEST).query == FlowQuery()


def test_brush_sets_a_range_of_whole_minutes() -> None:
    """The minutes under both ends of the brush lie inside."""
    event = {
        "xaxis.range[0]": "2026-03-02 10:05:10.5",
        "xaxis.range[1]": "2026-03-02 10:20:00",
    }

    state = state_after("brush", controls(range="1h"), {"brush": event}, NEWEST)

    assert state.to_search() == "?start=2026-03-02T10:05Z&end=2026-03-02T10:21Z"


@pytest.mark.parametrize("event", [None, {"autosize": True}, {"xaxis.range[0]": "2026"}, "x"])
def test_other_chart_events_are_no_brush(event: object) -> None:
    """A resized chart asks for nothing."""
    assert brushed_range(event) is None


def test_brush_with_nonsense_is_a_bad_query() -> None:
    """A made-up event is answered with a sentence."""
    with pytest.raises(BadQueryError, match="range: 'x' is not usable"):
        brushed_range({"xaxis.range[0]": "x", "xaxis.range[1]": "y"})


def test_reset_keeps_tab_and_sharing() -> None:
    """Sharing never ends by accident."""
    raw = controls(metric="bytes", tab="table", sharing=True)

    assert state_after("reset", raw, {}, NEWEST).to_search() == "?tab=table&sharing=on"


def test_show_all_takes_the_threshold_away() -> None:
    """Zero lets every edge through."""
    assert state_after("show_all", controls(), {}, NEWEST).to_search() == "?threshold=0"


def test_the_link_carries_the_top_list() -> None:
    """Whoever opens it sees the same; views and downloads do not depend on it."""
    state = ViewState.from_search("?list=src")

    assert state.top_list == "src"
    assert state.to_search() == "?list=src"
    assert state.to_fixed_search() == ""
    assert tuple(KINDS) == LISTS
    with pytest.raises(BadQueryError, match="list: 'longest' is not usable"):
        ViewState.from_search("?list=longest")


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", "?range=24h"),
        ("?range=7d&metric=bytes", "?metric=bytes&range=24h"),
        ("?start=2026-03-02T00%3A00Z&end=2026-03-05T00%3A00Z",
         "?start=2026-03-04T00%3A00Z&end=2026-03-05T00%3A00Z"),
        ("?range=24h", "?range=24h"),
        ("?range=1h", "?range=1h"),
        ("?start=2026-03-04T12%3A00Z&end=2026-03-05T00%3A00Z",
         "?start=2026-03-04T12%3A00Z&end=2026-03-05T00%3A00Z"),
    ],
)  # fmt: skip
def test_the_last_day_of_a_longer_range(search: str, expected: str) -> None:
    """Yesterday is the day before it; a preset stays one that follows the records."""
    state = ViewState.from_search(search, LATEST)

    last_day = state.last_day(LATEST - 9 * DAY_S, LATEST)

    assert last_day == ViewState.from_search(expected, LATEST)


@pytest.mark.parametrize(("first", "last"), [(None, None), (LATEST - DAY_S, LATEST)])
def test_what_is_no_longer_than_a_day_stays_whole(first: int | None, last: int | None) -> None:
    """All that is there, too."""
    assert ViewState().last_day(first, last) == ViewState()
