"""Compaction: fewer parts, the same content, and readers that notice nothing."""

import itertools
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.errors import CacheError
from ingest.schema import DEFAULT_FIELDS, FLOW_TABLE
from ingest.store.compact import compact
from ingest.store.layout import UNDATED
from ingest.store.plan import Plan
from ingest.store.read import CacheReader
from ingest.store.rows import settled_hours
from ingest.store.write import CacheWriter
from tests.conftest import START, make_flows, write_log
from tests.ingest.loading import cached_rows, start_python
from tests.ingest.maintaining import (
    ROLLUPS,
    V5,
    commit_objects,
    contents,
    copied,
    logged,
    parts_of,
    summed,
    traffic,
)

KILLS = 15
COMPACT = """
import sys
from pathlib import Path
from ingest.store.compact import compact
from ingest.store.write import CacheWriter
with CacheWriter(Path(sys.argv[1]), grace_s=int(sys.argv[2])) as writer:
    print("ready", flush=True)
    compact(writer, include_open=True)
"""
READ = """
import sys, duckdb
from pathlib import Path
from ingest.store.read import CacheReader
reader = CacheReader(Path(sys.argv[1]))
seen = set()
n = 0
print("ready", flush=True)
while not Path(sys.argv[2]).exists() or n < 3:
    snapshot = reader.snapshot()
    flows = duckdb.connect().read_parquet(
        snapshot.files("flows"), union_by_name=True, hive_partitioning=False
    ).aggregate('count(*), sum("bytes"), sum("bytes") FILTER (is_counted)').fetchall()[0]
    edges = duckdb.connect().read_parquet(
        snapshot.files("edges"), hive_partitioning=False
    ).aggregate('sum(records), sum("bytes")').fetchall()[0]
    is_one_state = flows[2] == edges[1]
    seen.add(str((snapshot.facts.rows_stored, flows[:2], edges[0], is_one_state)))
    n += 1
print(n, len(seen), is_one_state)
"""


@pytest.fixture(scope="module")
def small_parts(tmp_path_factory) -> Path:
    """Three hours in five batches of several formats, with undated records."""
    folder = tmp_path_factory.mktemp("small-parts")
    for batch in range(4):
        logs = [
            (write_log(folder / f"{batch}-{hour}.log", traffic(hour, 40 + batch)), "v1")
            for hour in (0, 1, 5)
        ]
        v5 = make_flows(
            *traffic(batch % 2, 20), tcp_flags=2, pkt_srcaddr="10.0.0.9", flow_direction="ingress",
            my_own_field="blue",
        )  # fmt: skip
        ip6 = make_flows(srcaddr="2001:db8::1", dstaddr="2001:db8::2", start=START + 20)
        undated = make_flows(start=None, end=None)
        logs += [
            (write_log(folder / f"{batch}-v5.log.gz", v5, V5), "v1"),
            (write_log(folder / f"{batch}-ip6.log", ip6 + undated), "v1"),
            (write_log(folder / f"{batch}-short.log", make_flows(), DEFAULT_FIELDS[3:12]), "v1"),
        ]
        commit_objects(folder / "cache", logs)
    return folder / "cache"


def test_content_is_the_same_and_parts_are_fewer(small_parts, tmp_path):
    """What was logged does not change, nor do its sums; each partition has one part."""
    cache = copied(small_parts, tmp_path / "cache")
    before = logged(cache)
    with CacheWriter(cache, grace_s=0) as writer:
        report = compact(writer, include_open=True)
        writer.remove_replaced()

    assert logged(cache) == before
    assert report.settled == 4
    assert report.parts_before > 3 * report.parts_after
    assert len(list(cache.rglob("*.parquet"))) == report.parts_after
    for kind in ROLLUPS:
        rows = cached_rows(cache, kind)
        assert len(rows) == len(summed(rows)), "one row a key"
    for path in parts_of(cache, "flows"):
        names = pq.ParquetFile(path).schema_arrow.names
        assert names == [name for name in FLOW_TABLE if name in names]


def test_hours_that_may_still_grow_are_left_alone(small_parts, tmp_path):
    """Only hours that ended an hour before the newest record are merged, unless asked for."""
    cache = copied(small_parts, tmp_path / "cache")
    with CacheWriter(cache) as writer:
        compact(writer)

    assert len([p for p in parts_of(cache, "flows") if "/hour=10/" in p]) == 1
    assert len([p for p in parts_of(cache, "flows") if "/hour=15/" in p]) == 4
    with CacheWriter(cache) as writer:
        assert {hour for _, hour in settled_hours(writer.catalog)} == {"10", "11", UNDATED}
    assert logged(cache) == logged(small_parts)


def test_a_second_compaction_finds_nothing_to_do(small_parts, tmp_path):
    """One part is as good as it gets: the version stays."""
    cache = copied(small_parts, tmp_path / "cache")
    with CacheWriter(cache) as writer:
        compact(writer, include_open=True)
        version = CacheReader(cache).version()
        again = compact(writer, include_open=True)

    assert (again.partitions, CacheReader(cache).version()) == (0, version)


def test_large_parts_stay_apart(small_parts, tmp_path):
    """Flow parts are merged up to a size; none is split or lost."""
    cache = copied(small_parts, tmp_path / "cache")
    with CacheWriter(cache) as writer:
        compact(writer, include_open=True, largest_part=1)
    assert len(parts_of(cache, "flows")) == len(parts_of(small_parts, "flows"))
    assert logged(cache) == logged(small_parts)


def test_replaced_files_outlive_a_query(small_parts, tmp_path):
    """A snapshot taken before finds its files until the grace time is over."""
    cache = copied(small_parts, tmp_path / "cache")
    earlier = CacheReader(cache).snapshot()
    with CacheWriter(cache) as writer:
        compact(writer, include_open=True)
    assert all(Path(part.path).is_file() for part in earlier.parts)

    with CacheWriter(cache, grace_s=0):
        pass
    now = {part.path for part in CacheReader(cache).snapshot().parts}
    assert {str(path) for path in cache.rglob("*.parquet")} == now


def test_a_part_that_lost_rows_is_not_merged(small_parts, tmp_path):
    """Damage is named, and stays for repair instead of being merged in."""
    cache = copied(small_parts, tmp_path / "cache")
    victim = Path(parts_of(cache, "flows")[0])
    table = pq.ParquetFile(victim).read()
    pq.write_table(table.slice(1), victim)

    with CacheWriter(cache) as writer, pytest.raises(CacheError, match="ingest verify --cache"):
        compact(writer, include_open=True)


@pytest.mark.parametrize("first", ["as delivered", "compacted"])
def test_rollups_made_again_equal_those_of_ingest(small_parts, tmp_path, first):
    """SQL over the flows' derived columns gives what ingest.rollup gave, and compaction."""
    cache = copied(small_parts, tmp_path / "cache")
    with CacheWriter(cache) as writer:
        if first == "compacted":
            compact(writer, include_open=True)
        before = contents(cache)
        with Plan(writer) as plan:
            plan.rebuild_all({(part.date, part.hour) for part in plan.live_in("flows")})
            plan.measure()
            writer.apply(plan)

    assert contents(cache) == before


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cuts=st.sets(st.integers(1, 9), max_size=4), order=st.permutations(range(10)))
def test_any_split_into_loads_ends_in_the_same_cache(tmp_path_factory, cuts, order):
    """Batches decide how many parts there are, and after compaction nothing at all."""
    folder = tmp_path_factory.mktemp("split")
    logs = [(write_log(folder / f"{n}.log", traffic(n % 3, 10 + n)), "v1") for n in range(10)]
    edges = [0, *sorted(cuts), 10]
    for begin, end in itertools.pairwise(edges):
        commit_objects(folder / "cache", [logs[n] for n in order[begin:end]])
    commit_objects(folder / "at-once", logs)
    for cache in ("cache", "at-once"):
        with CacheWriter(folder / cache) as writer:
            compact(writer, include_open=True)

    assert contents(folder / "cache") == contents(folder / "at-once")
    for kind in ROLLUPS:
        split, whole = (
            sorted(map(str, cached_rows(folder / c, kind))) for c in ("cache", "at-once")
        )
        assert split == whole


def test_readers_in_another_process_see_constant_totals(small_parts, tmp_path):
    """While parts are replaced over and over, flows keep their sums and rollups agree."""
    cache, stop = copied(small_parts, tmp_path / "cache"), tmp_path / "stop"
    readers = [
        start_python("-c", READ, cache, stop, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout.readline() == "ready\n"
    for _ in range(3):
        with CacheWriter(cache) as writer:
            compact(writer, include_open=True)
            with Plan(writer) as plan:
                plan.rebuild_all({(p.date, p.hour) for p in plan.live_in("flows")})
                writer.apply(plan)
    stop.touch()
    for reader in readers:
        told, trouble = reader.communicate(timeout=60)
        assert reader.returncode == 0, trouble
        queries, answers, is_one_state = told.split()
        assert (answers, is_one_state) == ("1", "True")
        assert int(queries) > 3


def test_a_killed_compaction_leaves_the_same_cache(tmp_path):
    """Killed at any moment, readers have all records once, and the next start sweeps."""
    few = tmp_path / "few"
    for batch in range(3):
        logs = [write_log(tmp_path / f"{batch}-{n}.log", traffic(14 * n, 9)) for n in range(3)]
        commit_objects(few, [(log, "v1") for log in logs])
    expected = contents(few)
    moments = random.Random(7)  # noqa: S311 - moments of kills, no secrets
    versions = set()
    for kill in range(KILLS):
        cache = copied(few, tmp_path / f"cache-{kill}")
        child = start_python("-c", COMPACT, cache, "0", stdout=subprocess.PIPE)
        assert child.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0.0, 1.5))  # The moment is what is tried here.
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        versions.add(CacheReader(cache).version())
        assert contents(cache) == expected
        named = {part.path for part in CacheReader(cache).snapshot().parts}
        with CacheWriter(cache, grace_s=0) as writer:
            assert {str(path) for path in cache.rglob("*.parquet")} == named
            compact(writer, include_open=True)
        if kill % 5 == 0:
            assert contents(cache) == expected

    assert len(versions) > 1, "some kills have to come before a commit, some after it"
