"""A load that is killed at any moment, and what the next one makes of it."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ingest.schema import TABLES
from ingest.store.read import CacheFacts, CacheMissingError, CacheReader
from tests.conftest import START, make_flows, no_data, write_log
from tests.ingest.loading import Row, cached_rows, run_ingest, start_python

KILLS = int(os.environ.get("FLOW_ATLAS_KILLS", "25"))
N_OBJECTS = 150
MOMENTS = (0.2, 0.75)  # Of a whole load: from before the first commit to among the last.
# Batches as small as these give a load many commits to be killed between.
LOAD = """
import sys
from ingest import batching
from ingest.cli import main

batching.BATCH_OBJECTS = 6
main()
"""
VOLUMES = ("records", "flows", "packets", "bytes", "logged_packets", "logged_bytes",
           "return_packets", "return_bytes", "initiated_flows", "sent_packets", "sent_bytes",
           "received_packets", "received_bytes")  # fmt: skip


def write_objects(folder: Path) -> None:
    """Write small objects; every tenth has a bad line, every twentieth is damaged."""
    for n in range(N_OBJECTS):
        flows = make_flows(
            *({"bytes": 100 * n + i, "srcport": 40_000 + n, "start": START + 60 * (n % 50) + i}
              for i in range(5)), end=START + 10**6,
        )  # fmt: skip
        flows.append(no_data())
        if n % 10 == 3:
            flows += make_flows({"packets": "many"})
        path = write_log(folder / f"{n % 7}" / f"{n:04d}.log.gz", flows)
        if n % 20 == 7:
            path.write_bytes(path.read_bytes()[:-3])


def contents(cache: Path) -> dict[str, object]:
    """Return what a cache says, whatever batches it came in."""
    facts = CacheReader(cache).snapshot().facts
    flows = sorted(
        str({k: v for k, v in row.items() if k != "object_id"}) for row in cached_rows(cache)
    )
    totals = (facts.objects, facts.rows_read, facts.rows_stored, facts.rows_rejected, facts.nodata,
              facts.logged_bytes, facts.first, facts.last)  # fmt: skip
    rollups = {kind: summed(cached_rows(cache, kind)) for kind in TABLES if kind != "flows"}
    return {"flows": flows, "facts": totals, **rollups}


def summed(rows: list[Row]) -> dict[str, list[int]]:
    """Add up the partial rows of a rollup by their keys."""
    sums: dict[str, list[int]] = {}
    for row in rows:
        names = [name for name in row if name in VOLUMES]
        key = str({k: v for k, v in row.items() if k not in {*VOLUMES, "first_seen", "last_seen"}})
        totals = sums.setdefault(key, [0] * len(names))
        for place, name in enumerate(names):
            totals[place] += row[name]
    return sums


def files_beside_the_catalog(cache: Path) -> set[str]:
    named = {part.path for part in CacheReader(cache).snapshot().parts}
    return {str(path) for path in cache.rglob("*.parquet")} - named


def test_a_killed_load_ends_with_every_record_once(tmp_path):
    """Killed again and again at any moment, the cache ends equal to an undisturbed one."""
    write_objects(tmp_path / "logs")
    undisturbed = tmp_path / "undisturbed"
    begun = time.monotonic()
    assert start_load(tmp_path / "logs", undisturbed, stdout=subprocess.DEVNULL).wait() == 0
    whole_s = time.monotonic() - begun
    expected = contents(undisturbed)
    moments = random.Random(1)  # noqa: S311 - moments of kills, no secrets
    kills = trials = 0
    sizes = set()
    killed: list[int] = []

    while kills < KILLS:
        trials += 1
        cache = tmp_path / f"cache-{trials}"
        interrupted = True
        while interrupted and kills < KILLS:
            seconds = whole_s * moments.uniform(*MOMENTS)
            interrupted, group = load_and_kill(tmp_path / "logs", cache, seconds)
            kills += interrupted
            # Until here, what the killed one before left running could do its harm.
            for earlier in killed:
                end_group(earlier)
            killed = [group] if interrupted else []
            with suppress(CacheMissingError):  # Killed before it had made the cache.
                sizes.add(whole_batches(cache).objects)
        final = run_ingest("load", tmp_path / "logs", "--cache", cache)
        for earlier in killed:
            end_group(earlier)

        assert final.returncode == 0, final.stderr
        assert contents(cache) == expected
        assert files_beside_the_catalog(cache) == set()

    assert len(sizes) > 3, "the kills have to meet loads that are half done"


def test_a_killed_load_leaves_no_process(tmp_path):
    """The parsers end with the load that started them."""
    write_objects(tmp_path / "logs")
    child = start_load(tmp_path / "logs", tmp_path / "cache", stdout=subprocess.PIPE)
    while not list((tmp_path / "cache").glob("flows/*/*/*.parquet")):
        assert child.poll() is None, "the load ended before it could be killed"
    child.kill()
    try:
        child.communicate(timeout=3)  # The pipe ends with the last process that holds it.
    finally:
        end_group(child.pid)
        child.communicate()


def start_load(logs: Path, cache: Path, **options: Any) -> subprocess.Popen[str]:
    """Start a load of small batches, in a process group of its own."""
    return start_python("-c", LOAD, "load", logs, "--cache", cache, start_new_session=True,
                        **options)  # fmt: skip


def load_and_kill(logs: Path, cache: Path, seconds: float) -> tuple[bool, int]:
    """Start a load and kill it after some time; say whether it was killed, and its group."""
    child = start_load(logs, cache, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert child.wait(timeout=seconds) == 0
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
        return True, child.pid
    return False, child.pid


def end_group(group: int) -> None:
    """End what a killed load may have left running."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def whole_batches(cache: Path) -> CacheFacts:
    """Read the cache of a killed load, and check that what it names is there and adds up."""
    snapshot = CacheReader(cache).snapshot()
    facts, rows = snapshot.facts, dict.fromkeys(TABLES, 0)
    for part in snapshot.parts:
        assert Path(part.path).stat().st_size == part.bytes
        rows[part.kind] += part.rows
    assert facts.rows_read == facts.rows_stored + facts.rows_rejected
    assert rows["flows"] == facts.rows_stored
    return facts
