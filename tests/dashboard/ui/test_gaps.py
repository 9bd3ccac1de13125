"""What the logs lack, as the chart over time shows it."""

from __future__ import annotations

import json

import pandas as pd

from dashboard.analysis.answers import Timeline, Volume
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.source import FlowSource
from dashboard.ui.figures.gaps import Coverage, Gap, gaps
from dashboard.ui.figures.timeline import timeline_chart, timeline_figure, timeline_legend

H = 3_600


def coverage(skipdata: dict[int, int], first: int = 0, last: int = 6 * H) -> Coverage:
    """Make hours out of their numbers."""
    hours = pd.DataFrame({"hour_start": [h * H for h in skipdata], "skipdata": skipdata.values()})
    return Coverage(hours.astype("Int64"), first, last)


def bars(start: int, end: int, bin_s: int) -> Timeline:
    """One flow in each bin."""
    starts = list(range(start, end, bin_s))
    rows = pd.DataFrame({"bin_start": starts, "action": "ACCEPT"})
    for name in ("flows", "records", "packets", "bytes"):
        rows[name] = 1
    return Timeline(rows, bin_s, start, end, Volume())


def test_hours_in_a_row_are_one_gap() -> None:
    """Lost records are counted; an hour without any line is another kind."""
    found = gaps(coverage({0: 0, 1: 2, 2: 3, 4: 0, 5: 1}), 0, 6 * H)

    assert found == [
        Gap("lost", H, 3 * H, 5),
        Gap("missing", 3 * H, 4 * H),
        Gap("lost", 5 * H, 6 * H, 1),
    ]


def test_time_beside_the_cache_lacks_nothing() -> None:
    """Before the oldest record, after the newest, and in the hour that is under way."""
    assert gaps(coverage({2: 0}, first=2 * H + 60, last=3 * H + 60), 0, 9 * H) == []
    assert gaps(Coverage(pd.DataFrame({"hour_start": [], "skipdata": []}), None, None), 0, H) == []


def test_shade_is_cut_to_the_chart_and_tells_the_whole_hour() -> None:
    """It is as wide as what is drawn of it."""
    timeline = bars(90 * 60, 2 * H, 600)
    query = FlowQuery(start=90 * 60, end=2 * H)

    figure = timeline_figure(timeline, query, "light", None, coverage({1: 1}))

    shade = figure.data[-1]
    assert (shade.name, shade.width[0], shade.x[0]) == (
        "Records lost",
        1_800_000,
        "1970-01-01 01:45:00",
    )
    assert shade.customdata[0][1] == (
        "1970-01-01 01:00 – 02:00 UTC<br><b>Records lost</b> (SKIPDATA) in 1 interval: "  # noqa: RUF001
        "there was more traffic"
    )


def test_chart_is_what_plotly_makes_of_it() -> None:
    """Plotly's classes take every name in it, and change nothing."""
    known = coverage({0: 0, 1: 1}, first=1_800, last=2 * H + 60)
    before = bars(0, H, 600)
    drawn = (bars(90 * 60, 2 * H, 600), FlowQuery(), "dark", before, known)

    chart = timeline_chart(*drawn)

    assert json.loads(json.dumps(chart)) == json.loads(timeline_figure(*drawn).to_json())
    assert [trace["name"] for trace in chart["data"]] == ["Accepted", "Before", "Records lost"]


def test_columns_that_hold_a_part_of_their_time_are_marked() -> None:
    """The first, before which nothing is cached, and the last, that still fills."""
    known = coverage({0: 0, 1: 0, 2: 0}, first=1_800, last=2 * H + 60)
    timeline = bars(0, 3 * H, H)

    column = timeline_figure(timeline, FlowQuery(), "light", None, known).data[0]

    assert list(column.marker.pattern.shape) == ["/", "", "/"]
    assert [data[1].endswith("(incomplete)") for data in column.customdata] == [True, False, True]
    legend = timeline_legend(timeline, FlowQuery(), None, known)
    assert [entry.children[1] for entry in legend] == ["Accepted", "Incomplete"]


def test_hours_are_what_ingest_counted(logged: FlowSource) -> None:
    """The hours add up to the totals of the range."""
    hours, totals = logged.coverage(FlowQuery()), logged.totals(FlowQuery())

    assert int(hours["skipdata"].sum()) == totals.skipdata
    assert int(hours["nodata"].sum()) == totals.nodata
    assert int(hours["ok"].sum()) == totals.volume.records
    assert list(hours["hour_start"]) == sorted(hours["hour_start"])


def test_hour_that_the_range_cuts_counts_whole(logged: FlowSource) -> None:
    """An hour of which the chart shows the second half is no hour without logs."""
    everything = logged.coverage(FlowQuery())
    hour = int(everything["hour_start"].iloc[0])

    half = logged.coverage(FlowQuery(start=hour + 1_800, end=hour + 3_600))

    assert half.to_dict("records") == everything.head(1).to_dict("records")
    by_interface = logged.quality(FlowQuery(start=hour + 1_800, end=hour + 3_600)).interfaces
    assert int(by_interface["records"].sum()) == int(half["ok"].sum())
