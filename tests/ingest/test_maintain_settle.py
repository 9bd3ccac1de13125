"""Compaction derives hours again: how records were delivered leaves no trace."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.pipeline import load
from ingest.schema import DEFAULT_FIELDS
from ingest.sources.local import LocalSource
from ingest.store.compact import CompactReport, compact
from ingest.store.rows import settled_hours
from ingest.store.verify import verify
from ingest.store.write import CacheWriter
from tests.conftest import (
    CLIENT_ENI,
    SERVER_ENI,
    START,
    Flow,
    answer,
    make_flows,
    no_data,
    write_log,
)
from tests.ingest.loading import Row, cached_rows
from tests.ingest.maintaining import ROLLUPS, commit_objects, parts_of

V5 = (
    *DEFAULT_FIELDS, "vpc-id", "subnet-id", "instance-id", "tcp-flags", "pkt-srcaddr",
    "pkt-dstaddr", "flow-direction", "az-id", "region",
)  # fmt: skip
_DELIVERY = {"object_id", "line"}
HOUR = 3_600


def hosts_and_a_gateway(seed: int, n: int) -> list[Flow]:
    """Return both directions of n exchanges, at every interface that saw them, over hours.

    Two VPCs with the same private addresses, a NAT gateway in each, ports that tell little.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    flows: list[Flow] = []
    for _ in range(n):
        vpc = chance.choice(["vpc-0a", "vpc-0b"])
        a, b = chance.sample(["10.0.0.5", "10.0.0.6", "10.0.0.7"], 2)
        start = START + chance.randrange(3 * HOUR) // 97 * 97
        sent = make_flows(
            srcaddr=a, dstaddr=b, pkt_srcaddr=a, pkt_dstaddr=b,
            srcport=chance.choice([5_000, 40_000, 50_000]),
            dstport=chance.choice([443, 5_000, 40_001]), protocol=chance.choice([1, 6, 17]),
            tcp_flags=chance.choice([0, 2, 3, 18]), start=start,
            end=start + chance.choice([0, 30, 61, 599]), bytes=chance.randrange(10**6),
            action=chance.choice(["ACCEPT", "ACCEPT", "REJECT"]), vpc_id=vpc,
        )[0]  # fmt: skip
        if chance.random() < 0.3:
            web, nat = "203.0.113.9", "10.0.0.250"
            out = sent | {"dstaddr": web, "pkt_dstaddr": web}
            legs = [(out, a, True), (out | {"dstaddr": nat}, nat, False),
                    (out | {"srcaddr": nat, "pkt_srcaddr": nat}, nat, True)]  # fmt: skip
        else:
            legs = [(sent, a, True), (sent | {"start": start + chance.choice([0, 1])}, b, False)]
        for flow, own, leaves in legs:
            seen = {"interface_id": f"eni-{vpc[-1]}{own[-1]}", "subnet_id": f"subnet-{vpc[-1]}"}
            back = answer(flow, start=flow["start"], bytes=7)
            flows.append(flow | seen | {"flow_direction": "egress" if leaves else "ingress"})
            flows.append(back | seen | {"flow_direction": "ingress" if leaves else "egress"})
    flows.append(no_data(start=START, end=START + 60))
    for flow in flows:
        flow["end"] = max(flow["start"], flow["end"])
    return flows


def told(cache: Path) -> dict[str, list[str]]:
    """Return all rows of a cache, but for the objects and lines that they came in."""
    rows = {}
    for kind in ("flows", *ROLLUPS):
        found: list[Row] = cached_rows(cache, kind)
        rows[kind] = sorted(
            str(sorted((n, v) for n, v in row.items() if n not in _DELIVERY and v is not None))
            for row in found
        )
    return rows


def compacted(cache: Path, **options: Any) -> CompactReport:
    with CacheWriter(cache, grace_s=0) as writer:
        return compact(writer, include_open=True, **options)


def delivered(cache: Path, folder: Path, batches: Sequence[Sequence[Flow]], fields: Any) -> Path:
    """Commit each batch of flows as an object of its own."""
    for n, flows in enumerate(batches):
        commit_objects(cache, [(write_log(folder / f"{n}.log", flows, fields), "v1")])
    return cache


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    seed=st.integers(0, 9_999),
    fields=st.sampled_from([DEFAULT_FIELDS, V5]),
    cuts=st.lists(st.integers(0, 200), max_size=5),
)
def test_any_delivery_ends_in_the_same_cache(tmp_path_factory, seed, fields, cuts):
    """Shuffled and split at random, in one load or many: all rows are the same in the end."""
    folder = tmp_path_factory.mktemp("deliveries")
    flows = hosts_and_a_gateway(seed, 30)
    shuffled = random.Random(seed + 1).sample(flows, len(flows))  # noqa: S311 - no secret
    edges = [0, *sorted(min(cut, len(flows)) for cut in cuts), len(flows)]
    split = [shuffled[a:b] for a, b in itertools.pairwise(edges) if a < b]
    caches = [
        delivered(folder / "once", folder / "1", [flows], fields),
        delivered(folder / "split", folder / "2", split, fields),
    ]
    for cache in caches:
        compacted(cache)
        assert verify(cache, deep=True).is_whole

    once, other = map(told, caches)
    for kind, rows in once.items():
        assert other[kind] == rows, kind


def test_a_second_delivery_changes_nothing(tmp_path):
    """A log that is delivered twice under other names and times is read once."""
    flows = hosts_and_a_gateway(5, 40)
    for n in range(4):
        write_log(tmp_path / "logs" / f"{n}.log", flows[n::4], V5)
    load(LocalSource(tmp_path / "logs"), tmp_path / "cache")
    compacted(tmp_path / "cache")
    before = told(tmp_path / "cache")

    for n in (2, 0):
        path = tmp_path / "logs" / f"{n}.log"
        path.write_bytes(path.read_bytes())
    load(LocalSource(tmp_path / "logs"), tmp_path / "cache")
    compacted(tmp_path / "cache")

    assert told(tmp_path / "cache") == before


def test_formats_of_one_hour_tell_of_each_other(tmp_path):
    """A default-format log learns the VPC of its ends from one that names it."""
    rich = make_flows(
        interface_id=SERVER_ENI, flow_direction="ingress", vpc_id="vpc-0a",
        pkt_srcaddr="10.0.0.5", pkt_dstaddr="10.0.0.9", srcaddr="10.0.0.5", dstaddr="10.0.0.9",
    )  # fmt: skip
    plain = [flow | {"interface_id": CLIENT_ENI} for flow in rich]
    other = make_flows(interface_id=CLIENT_ENI, srcaddr="10.0.0.5", dstaddr="203.0.113.7")
    cache = tmp_path / "cache"
    delivered(cache, tmp_path / "v2", [plain + other], DEFAULT_FIELDS)
    delivered(cache, tmp_path / "v5", [rich], V5)
    compacted(cache)

    rows = {row["interface_id"]: row for row in cached_rows(cache) if row["dstaddr"] == "10.0.0.9"}
    assert rows[CLIENT_ENI]["dst_vpc_id"] == "vpc-0a"
    assert (rows[CLIENT_ENI]["is_counted"], rows[SERVER_ENI]["is_counted"]) == (False, True)
    assert [row["flows"] for row in cached_rows(cache, "edges") if row["responder"] == "10.0.0.9"
            ] == [1]  # fmt: skip


def test_a_late_record_settles_its_hour_and_the_ones_beside_it_again(tmp_path):
    """Hours are derived again when their records, or their witnesses, have changed."""
    cache = tmp_path / "cache"
    starts = [START + n * HOUR for n in range(5)]
    flows = make_flows(*({"start": start, "end": start + 59} for start in starts))
    delivered(cache, tmp_path / "logs", [flows], V5)
    first = compacted(cache)
    delivered(cache, tmp_path / "late", [[flows[2]]], V5)
    with CacheWriter(cache) as writer:
        left = {hour for _, hour in settled_hours(writer.catalog)}
    second = compacted(cache)

    assert (first.settled, second.settled, compacted(cache).settled) == (5, 3, 0)
    assert left == {"10", "14"}


def test_a_flow_over_a_full_hour_counts_once_however_its_reports_came(tmp_path):
    """The source's report of 10:59 and the destination's of 11:00 lie in two hours and batches."""
    left = make_flows(start=START + HOUR - 1, end=START + HOUR + 9, interface_id=CLIENT_ENI,
                      flow_direction="egress")  # fmt: skip
    arrived = make_flows(start=START + HOUR, end=START + HOUR + 9, flow_direction="ingress")
    cache = delivered(tmp_path / "cache", tmp_path / "logs", [left, arrived], V5)
    compacted(cache)

    assert [(row["start"] - START, row["is_counted"]) for row in cached_rows(cache)] == [
        (HOUR - 1, False), (HOUR, True),
    ]  # fmt: skip
    assert sum(row["flows"] for row in cached_rows(cache, "series")) == 1


def test_an_hour_with_too_many_rows_stays_as_delivered_and_is_named(tmp_path):
    """Memory has a limit; the report says which hours were left, and merges their parts."""
    left = make_flows(interface_id=CLIENT_ENI, flow_direction="egress")
    arrived = make_flows(flow_direction="ingress")
    cache = delivered(tmp_path / "cache", tmp_path / "logs", [left * 2, arrived * 2], V5)
    report = compacted(cache, largest_hour=3)

    assert report.not_settled == ["flows 2026-03-02 hour 10"]
    assert all(row["is_counted"] for row in cached_rows(cache))
    assert len(parts_of(cache, "flows")) == 1


def test_neighbors_are_left_out_where_they_do_not_fit(tmp_path):
    """An hour that fits alone is derived alone."""
    left = make_flows(interface_id=CLIENT_ENI, flow_direction="egress")
    arrived = make_flows(flow_direction="ingress")
    later = [flow | {"start": START + HOUR, "end": START + HOUR} for flow in left * 3]
    cache = delivered(tmp_path / "cache", tmp_path / "logs", [left, arrived, later], V5)
    report = compacted(cache, largest_hour=3)

    assert (report.settled, report.not_settled) == (2, [])
    assert [row["is_counted"] for row in cached_rows(cache)] == [False, True, True, True, True]


@pytest.mark.parametrize("fields", [("srcaddr", "dstaddr", "bytes"), DEFAULT_FIELDS[3:12]])
def test_formats_with_few_fields_are_derived_again(tmp_path, fields):
    """Without times, statuses or interfaces there is less to tell, and nothing fails."""
    flows = hosts_and_a_gateway(7, 20)[:-1]
    cache = delivered(tmp_path / "cache", tmp_path / "logs", [flows[::2], flows[1::2]], fields)
    once = delivered(tmp_path / "once", tmp_path / "log", [flows], fields)
    for each in (cache, once):
        compacted(each)

    assert told(cache) == told(once)
    names = pq.ParquetFile(parts_of(cache, "flows")[0]).schema_arrow.names
    assert "src_vpc_id" not in names
