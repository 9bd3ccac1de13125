"""A cache with numbers of places, days and weeks answers as the same one without."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query import editions
from dashboard.analysis.query.naming import NameBook
from dashboard.analysis.query.source import FlowSource
from ingest.store.read import CacheReader
from tests.dashboard.analysis.hand_made import Record, make_flow, numbered, write_cache
from tests.dashboard.analysis.query.test_source import queries, records
from tests.dashboard.analysis.query.test_views import Inventory

DAY_S = 86_400
MONDAY = 1_767_571_200  # 2026-01-05T00:00Z
VPCS = (None, "vpc-a", "vpc-b")


@st.composite
def placed(draw: st.DrawFn) -> Record:
    """Draw a row of some day of two weeks, its ends in one of two VPCs or nobody knows."""
    record = draw(records())
    moved = DAY_S * draw(st.integers(-3, 9))
    for name in ("start", "end"):
        if record[name] is not None:
            record[name] += moved
    if record["is_counted"] is not None:
        record["src_vpc_id"] = draw(st.sampled_from(VPCS))
        record["dst_vpc_id"] = draw(st.sampled_from(VPCS))
    return record


@st.composite
def long_queries(draw: st.DrawFn) -> FlowQuery:
    """Draw a question over hours or days, often over whole ones."""
    query = draw(queries())
    width = draw(st.sampled_from([60, 3_600, DAY_S]))
    first, last = sorted(
        width * draw(st.integers(-4 * DAY_S // width, 12 * DAY_S // width)) for _ in range(2)
    )
    return query.replace(
        start=draw(st.sampled_from([None, MONDAY + first])),
        end=draw(st.sampled_from([None, MONDAY + last + width])),
        level=draw(st.sampled_from(["name", "address", "vpc", "/24"])),
    )


def book() -> NameBook:
    """Return names of which one changes within a day, and one at midnight."""
    return Inventory(
        {
            "192.0.2.1": [
                {"name": "old", "valid_to": MONDAY + 2 * DAY_S + 40_000, "az_id": "az-1"},
                {"name": "new", "valid_from": MONDAY + 2 * DAY_S + 40_000, "az_id": "az-2"},
            ],
            "198.51.100.2": [
                {"name": "web", "valid_to": MONDAY + DAY_S},
                {"name": "web-2", "valid_from": MONDAY + DAY_S},
            ],
            ("192.0.2.7", "vpc-a"): {"name": "office", "az_id": "az-1"},
        }
    )


def answers(source: FlowSource, query: FlowQuery) -> dict[str, Any]:
    """Ask everything."""
    before = query.replace(
        start=(query.start or MONDAY) - 2 * DAY_S, end=(query.start or MONDAY) + DAY_S
    )
    return {
        "totals": source.totals(query),
        "edges": source.edges(query),
        "talkers": source.talkers(query),
        "pairs": source.sides(query, "pair", top=4),
        "responders": source.sides(query, "dst"),
        "ports": source.ports(query),
        "timeline": source.timeline(query),
        "changes": source.changes(query, before),
        "breakdown": source.breakdown(query, ("src", "port", "dst"), top=2),
        "bins": source.edge_bins(query),
        "records": source.records(query, limit=3),
    }


def check_same(found: Any, expected: Any, what: str) -> None:
    """Compare two answers, data frames row by row."""
    for field in dataclasses.fields(expected):
        values = getattr(found, field.name), getattr(expected, field.name)
        if isinstance(values[1], pd.DataFrame):
            pd.testing.assert_frame_equal(*values, obj=f"{what} {field.name}")
        else:
            assert values[0] == values[1], (what, field.name)


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # Shrinking writes hundreds of caches: minutes.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    st.lists(st.lists(placed(), min_size=1, max_size=50), min_size=1, max_size=2),
    st.lists(long_queries(), min_size=4, max_size=4),
    st.booleans(),
    st.sampled_from([None, ("2026-01-05", "2026-01-06"), ("2026-01-07",)]),
)
def test_numbers_change_no_answer(
    batches: list[list[Record]], asked: list[FlowQuery], changes: bool, dates: Any
) -> None:
    """Whatever is asked, of caches that are numbered as a whole or for some days."""
    with tempfile.TemporaryDirectory() as folder:
        plain = write_cache(Path(folder) / "plain", *batches)
        cache = numbered(plain, Path(folder) / "numbered", dates)
        names = book() if changes else KnownNames()
        sources = [FlowSource(path, names) for path in (cache, plain)]
        for query in [FlowQuery(threshold=0), FlowQuery(threshold=0, level="vpc"), *asked]:
            found, expected = (answers(source, query) for source in sources)
            for what, answer in expected.items():
                check_same(found[what], answer, f"{what} of {query}")


@pytest.fixture
def nine_days(tmp_path: Path) -> Path:
    """One flow for each of 9 x 24 hours, from a Monday on, and one without a time."""
    flows = [make_flow(start=MONDAY + 3_600 * n, end=MONDAY + 3_600 * n + 9) for n in range(9 * 24)]
    plain = write_cache(tmp_path / "plain", flows, [make_flow(start=None, end=None)])
    return numbered(plain, tmp_path / "numbered")


def files_read(source: FlowSource, query: FlowQuery, monkeypatch: Any) -> list[str]:
    """Ask for the edges and list the folders that DuckDB was given, shortest names."""
    read: list[str] = []
    run = editions.Editions._run

    def noting(self: Any, prepared: Any, inputs: Any) -> Any:
        for kind, paths in inputs.files.items():
            read.extend(f"{kind} {len(paths)}" for _ in range(1) if paths)
        return run(self, prepared, inputs)

    source.nodes(("x",), query)
    with monkeypatch.context() as patch:
        patch.setattr(editions.Editions, "_run", noting)
        source.edges(query)
    return sorted(read)


@pytest.mark.parametrize(
    ("start", "end", "read"),
    [
        (None, None, ["edge_spans 2", "numbered_edges 1"]),
        (0, 7, ["edge_spans 1"]),
        (0, 9, ["edge_spans 3"]),
        (1, 8, ["edge_spans 7"]),
        (0.5, 2, ["edge_spans 1", "numbered_edges 12"]),
        (1.25, 1.5, ["numbered_edges 6"]),
    ],
)
def test_the_longest_parts_that_fit_are_read(
    nine_days: Path, monkeypatch: Any, start: float | None, end: float | None, read: list[str]
) -> None:
    """A week where all of it is asked, days beside it, hours at the ends."""
    bounds = [None if at is None else MONDAY + round(at * DAY_S) for at in (start, end)]
    source = FlowSource(nine_days, KnownNames())

    found = files_read(source, FlowQuery(start=bounds[0], end=bounds[1]), monkeypatch)

    assert found == read


def test_a_day_in_which_a_name_changes_is_read_by_the_hour(
    nine_days: Path, monkeypatch: Any
) -> None:
    """Its sums would have one name for both; the days beside it are taken whole."""
    change = MONDAY + DAY_S + 7_200
    names = Inventory(
        {"192.0.2.1": [{"name": "old", "valid_to": change}, {"name": "new", "valid_from": change}]}
    )
    source = FlowSource(nine_days, names)
    query = FlowQuery(start=MONDAY, end=MONDAY + 7 * DAY_S, threshold=0)

    assert files_read(source, query, monkeypatch) == ["edge_spans 6", "numbered_edges 24"]
    assert source.edges(query).rows[["src", "flows"]].to_numpy().tolist() == [
        ["new", 7 * 24 - 26], ["old", 26],
    ]  # fmt: skip


def test_codes_sort_as_texts_do(nine_days: Path) -> None:
    """Ties break on the node's text, by its bytes, whatever the numbers of places are."""
    names = ["10.0.0.9", "10.0.0.10", "Zoo", "alpha", "ångström", "\U0001f600", "~"]
    flows = [make_flow(srcaddr=f"198.51.100.{n}") for n in range(len(names))]
    folder = nine_days.parent
    cache = numbered(write_cache(folder / "ties", flows), folder / "ties-numbered")
    known = Inventory({f"198.51.100.{n}": {"name": name} for n, name in enumerate(names)})

    rows = FlowSource(cache, known).edges(FlowQuery(threshold=0, level="name", top_k=4)).rows

    shown = sorted((f"{n} (name)" if n[0] == "1" else n for n in names), key=str.encode)
    assert rows["src"].tolist() == shown[:4]
    assert all(part.is_numbered for part in CacheReader(cache).snapshot().found("edges"))


@pytest.mark.parametrize("several_vpcs", [False, True])
def test_without_a_time_or_a_name_at_that_time_an_address_is_its_own_node(
    tmp_path: Path, *, several_vpcs: bool
) -> None:
    """A record without a time, and one between two names, keep both of their ends."""
    names = [{"name": "old", "valid_to": MONDAY + DAY_S}]
    names += [{"name": "new", "valid_from": MONDAY + 3 * DAY_S}]
    known = Inventory({"192.0.2.1": names, ("192.0.2.1", "vpc-b"): {"name": "other"}})
    times = [MONDAY + day * DAY_S + 60 for day in (0, 2, 4)]
    flows = [make_flow(start=time, end=time, src_vpc_id="vpc-a") for time in (*times, None)]
    if several_vpcs:
        flows.append(make_flow(start=times[0], end=times[0], src_vpc_id="vpc-b"))
    plain = write_cache(tmp_path / "plain", flows)
    caches = plain, numbered(plain, tmp_path / "numbered")

    found = [
        FlowSource(cache, known)
        .edges(FlowQuery(threshold=0))
        .rows[["src", "flows"]]
        .values.tolist()
        for cache in caches
    ]

    expected = [["192.0.2.1", 2], ["new", 1], ["old", 1]]
    assert found == [expected + [["other", 1]] * several_vpcs] * 2
