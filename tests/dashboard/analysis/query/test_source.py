"""Every answer equals the one worked out in plain Python, and all of them add up."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dashboard.analysis.answers import VOLUME_COLUMNS, Ranking, Volume
from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.flow_query import ACTIONS, METRICS, FlowQuery
from dashboard.analysis.query.filtering import needs_of
from dashboard.analysis.query.prepared import is_in_series
from dashboard.analysis.query.source import FlowSource
from tests.dashboard.analysis.hand_made import Record, make_flow, write_cache
from tests.dashboard.analysis.oracle import Oracle

NOON = 1_767_614_400  # 2026-01-05T12:00Z
NAMES = (
    ("192.0.2.0/24", "office"),
    ("192.0.2.7/32", "scanner"),
    ("2001:db8::/64", "office"),
    ("198.51.100.2/32", "web"),
)
ADDRESSES = (
    "192.0.2.1", "192.0.2.7", "198.51.100.2", "203.0.113.9", "2001:db8::1", "2001:db8:1::1",
)  # fmt: skip
QUERIES_PER_CACHE = 6

times = st.one_of(
    st.none(),
    st.integers(NOON - 3 * 3_600, NOON + 3 * 3_600),
    st.integers(-9, 9).map(lambda n: NOON + 600 * n),
    st.sampled_from([NOON, NOON - 1, NOON + 59, NOON + 60, NOON + 3_599, NOON + 3_600]),
)
minutes = st.one_of(
    st.none(),
    st.integers(-200, 200).map(lambda n: NOON + 60 * n),
    st.integers(-9, 9).map(lambda n: NOON + 600 * n),
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Draw one row as ingest may store it."""
    start, lasts = draw(times), draw(st.one_of(st.none(), st.integers(0, 600)))
    end = None if lasts is None else (start or NOON) + lasts
    if draw(st.integers(0, 9)) == 0:
        return make_flow(
            srcaddr=None, dstaddr=None, packets=None, bytes=None, protocol=None, action=None,
            start=start, end=end, log_status=draw(st.sampled_from(["NODATA", "SKIPDATA"])),
            is_counted=None, initiator_is_src=None, service_port=None,
        )  # fmt: skip
    return make_flow(
        srcaddr=draw(st.sampled_from(ADDRESSES)),
        dstaddr=draw(st.sampled_from(ADDRESSES)),
        pkt_srcaddr=draw(st.sampled_from([None, None, *ADDRESSES])),
        protocol=draw(st.sampled_from([6, 17, None])),
        service_port=draw(st.sampled_from([443, 53, None])),
        packets=draw(st.one_of(st.none(), st.integers(0, 9))),
        bytes=draw(st.one_of(st.none(), st.integers(0, 2**45))),
        action=draw(st.sampled_from(["ACCEPT", "REJECT", None])),
        initiator_is_src=draw(st.sampled_from([True, False, None])),
        is_counted=draw(st.booleans()),
        start=start,
        end=end,
        reporter=draw(st.sampled_from(["src", "dst", None])),
        srcport=draw(st.sampled_from([None, 443, 50_000])),
    )


ends_of_flow = st.sampled_from(["src", "dst", "ip"])
addresses_asked = st.sampled_from(
    ["192.0.2.0/28", "192.0.2.7", "2001:db8::/63", "198.51.100.0/24", "office", "web"]
)
claims = st.one_of(
    st.tuples(ends_of_flow, st.sampled_from(["=", "!="]), addresses_asked).map(" ".join),
    st.tuples(
        ends_of_flow, st.sampled_from(["~", "!~"]), st.sampled_from(["off*", "*", "?eb"])
    ).map(" ".join),
    st.lists(addresses_asked, min_size=2, max_size=3).map(lambda v: f"ip in ({', '.join(v)})"),
    st.sampled_from(
        [
            "port = 443", "port in (53, 440-450)", "port > 100", "not port < 100",
            "protocol = tcp", "protocol != udp", "action = reject", "action in (accept, none)",
            "bytes > 1MB", "flows >= 2", "packets <= 5", "direction = ingress",
            "direction != egress", "srcport = 443", 'dst.name ~ "*e*"', "src.name = office",
            'node = "office"', 'node = "192.0.2.0/24"',
        ]
    ),
)  # fmt: skip
filters = st.recursive(
    claims,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda p: f"({' and '.join(p)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: f"({' or '.join(p)})"),
        inner.map(lambda part: f"not ({part})"),
    ),
    max_leaves=4,
)


@st.composite
def queries(draw: st.DrawFn) -> FlowQuery:
    """Draw a question, often with ragged minutes."""
    start, end = draw(minutes), draw(minutes)
    if start is not None and end is not None:
        if start == end:
            end += 60
        start, end = min(start, end), max(start, end)
    return FlowQuery(
        start=start,
        end=end,
        action=draw(st.sampled_from(ACTIONS)),
        metric=draw(st.sampled_from(METRICS)),
        threshold=draw(st.sampled_from([0, 1, 2, 10])),
        top_k=draw(st.sampled_from([1, 3, 50])),
        level=draw(st.sampled_from(["name", "address", "/24", "/12"])),
        filter=draw(st.one_of(st.just(""), filters)),
    )


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # Shrinking writes hundreds of caches: minutes.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    st.lists(st.lists(records(), min_size=1, max_size=40), min_size=1, max_size=2),
    st.lists(queries(), min_size=QUERIES_PER_CACHE, max_size=QUERIES_PER_CACHE),
)
def test_answers_equal_plain_python(batches: list[list[Record]], asked: list[FlowQuery]) -> None:
    """Graph plus other, talkers, ports and timeline are the records, to the unit."""
    with tempfile.TemporaryDirectory() as folder:
        cache = write_cache(Path(folder) / "cache", *batches)
        source = FlowSource(cache, KnownNames(_names_file(Path(folder))))
        oracle = Oracle([record for batch in batches for record in batch], NAMES)
        for query in [FlowQuery(threshold=0), *asked]:
            check_answers(source, oracle, query)


def test_everything_of_a_day_is_the_sum_of_its_ragged_parts(tmp_path: Path) -> None:
    """Ranges that touch add up: no minute is counted twice or left out."""
    flows = [make_flow(start=NOON + 20 * n, end=NOON + 20 * n + 9) for n in range(700)]
    source = FlowSource(write_cache(tmp_path / "cache", flows), KnownNames())
    cuts = [None, NOON + 60, NOON + 3_540, NOON + 3_600, NOON + 7_260, None]

    parts = [source.totals(FlowQuery(start=start, end=end)).volume for start, end in pairwise(cuts)]

    assert [part.flows for part in parts] == [3, 174, 3, 183, 337]
    assert sum(parts, Volume()) == source.totals(FlowQuery()).volume


def test_the_return_volume_is_what_the_responder_sends(tmp_path: Path) -> None:
    """Both directions of a conversation are one edge; the answer's bytes are its return."""
    request = make_flow(bytes=100, packets=2)
    answer = make_flow(
        srcaddr="198.51.100.2", dstaddr="192.0.2.1", initiator_is_src=False, bytes=900, packets=3
    )
    seen_again = make_flow(bytes=100, packets=2, is_counted=False)
    cache = write_cache(tmp_path / "cache", [request, answer, seen_again])

    edges = FlowSource(cache, KnownNames()).edges(FlowQuery(threshold=0))

    assert edges.total == Volume(
        records=3, flows=2, accepted=2, packets=5, bytes=1_000, return_packets=3, return_bytes=900
    )
    assert edges.rows[["src", "dst", "port", "bytes", "return_bytes"]].to_numpy().tolist() == [
        ["192.0.2.1", "198.51.100.2", 443, 1_000, 900]
    ]


def test_equal_edges_keep_the_order_of_their_keys(tmp_path: Path) -> None:
    """Ties break on the full key, nulls last."""
    flows = [
        make_flow(service_port=port, protocol=protocol)
        for port, protocol in ((None, 1), (443, 17), (443, 6), (80, 6))
    ]
    source = FlowSource(write_cache(tmp_path / "cache", flows), KnownNames())

    rows = source.edges(FlowQuery(threshold=0)).rows

    keys = rows[["port", "protocol"]].astype(object).where(rows[["port", "protocol"]].notna(), None)
    assert keys.to_numpy().tolist() == [[80, 6], [443, 6], [443, 17], [None, 1]]


def test_a_format_with_few_columns_is_answered(tmp_path: Path) -> None:
    """Columns that no part holds are null, also in the ragged minutes."""
    thin = {
        "srcaddr": "192.0.2.1", "dstaddr": "198.51.100.2", "bytes": 10, "start": NOON,
        "is_counted": True, "initiator_is_src": True, "service_port": None,
    }  # fmt: skip
    source = FlowSource(
        write_cache(tmp_path / "cache", [thin, make_flow(start=NOON)]), KnownNames()
    )

    edges = source.edges(FlowQuery(start=NOON, end=NOON + 60, threshold=0))

    assert edges.total == Volume(records=2, flows=2, accepted=1, packets=1, bytes=50)
    assert edges.rows["port"].tolist() == [443, pd.NA]


def check_answers(source: FlowSource, oracle: Oracle, query: FlowQuery) -> None:
    """Compare every answer to one question."""
    volume = oracle.volume(oracle.filtered(query))
    totals, edges = source.totals(query), source.edges(query)
    kept, n_edges = oracle.edges(query)
    assert totals.volume == volume == edges.total
    assert (totals.logged_packets, totals.logged_bytes) == oracle.logged(query)
    assert totals.edges == n_edges
    assert (totals.first, totals.last) == oracle.seen(query)
    assert totals.nodata == oracle.gaps(query, "NODATA")
    assert totals.skipdata == oracle.gaps(query, "SKIPDATA")
    assert _rows(edges.rows, ("src", "dst", "port", "protocol")) == kept
    assert edges.other_edges == n_edges - len(kept)
    assert edges.addressless == oracle.addressless(query)
    assert sum((v for _, v in kept), edges.other) == edges.total

    talkers, ports = source.talkers(query, 2), source.ports(query, 2)
    _check_ranking(talkers, oracle.talkers(query, 2), ("node",))
    _check_ranking(ports, oracle.ports(query, 2), ("port", "protocol"))
    one_way = _without_returns(volume)
    addressed = one_way - _without_returns(edges.addressless)
    assert ports.total == one_way
    assert talkers.total == addressed + addressed
    _check_split(talkers, query)
    _check_timeline(source, oracle, query, volume)


def _check_ranking(
    ranking: Ranking, expected: list[tuple[Any, Volume]], key: tuple[str, ...]
) -> None:
    found = _rows(ranking.rows, key)
    assert found == [
        (k if isinstance(k, tuple) else (k,), _without_returns(v)) for k, v in expected
    ]
    assert sum((v for _, v in found), ranking.other) == ranking.total


def _check_split(ranking: Ranking, query: FlowQuery) -> None:
    rows = ranking.rows
    if query.metric == "flows":
        assert rows["accepted_metric"].tolist() == rows["accepted"].tolist()
        assert rows["rejected_metric"].tolist() == rows["rejected"].tolist()
    assert (rows["accepted_metric"] + rows["rejected_metric"] <= rows[query.metric]).all()
    assert (rows["sent_bytes"] + rows["received_bytes"] == rows["bytes"]).all()


def _check_timeline(source: FlowSource, oracle: Oracle, query: FlowQuery, total: Volume) -> None:
    line = source.timeline(query, 30)
    is_plain = is_in_series(query.expression) or needs_of(query.expression).records
    is_spread = is_plain or not _is_long(source, query)
    expected = oracle.timeline(query, line.bin_s, is_spread=is_spread)
    names = ("flows", "records", "packets", "bytes")
    found = {
        (int(row["bin_start"]), row["action"]): tuple(int(row[n]) for n in names)
        for row in line.rows.to_dict("records")
    }
    assert found == {
        key: tuple(getattr(v, n) for n in names)
        for key, v in expected.items()
        if key[0] is not None
    }
    assert line.undated == sum((v for k, v in expected.items() if k[0] is None), Volume())
    assert (line.end - line.start) // line.bin_s <= 30
    assert line.start % line.bin_s == line.end % line.bin_s == 0
    assert all(line.start <= start < line.end for start, _ in found)
    for name in names:
        drawn = int(line.rows[name].sum())
        assert drawn + getattr(line.undated, name) == getattr(total, name)


def _is_long(source: FlowSource, query: FlowQuery) -> bool:
    """Tell whether a range is drawn by the hour under a filter: more than six hours."""
    line = source.timeline(FlowQuery(start=query.start, end=query.end), 100_000)
    start = query.start if query.start is not None else line.start
    end = query.end if query.end is not None else line.rows["bin_start"].max() + 1
    return bool(end - start > 6 * 3_600)


def _rows(rows: pd.DataFrame, key: tuple[str, ...]) -> list[tuple[tuple[Any, ...], Volume]]:
    return [
        (
            tuple(None if pd.isna(row[k]) else row[k] for k in key),
            Volume(**{n: int(row[n]) for n in VOLUME_COLUMNS if n in row}),
        )
        for row in rows.to_dict("records")
    ]


def _without_returns(volume: Volume) -> Volume:
    return volume - Volume(return_packets=volume.return_packets, return_bytes=volume.return_bytes)


def _names_file(folder: Path) -> Path:
    path = folder / "known_ips.csv"
    lines = [f"{network},{name}" for network, name in NAMES]
    path.write_text("\n".join(["address,name", *lines]), encoding="utf-8")
    return path
