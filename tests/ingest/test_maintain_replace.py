"""An object that was replaced at its source counts once, in its newest version."""

import os
import random
import signal
import subprocess
import time

import pytest

from ingest.store.compact import compact
from ingest.store.forget import forget_objects
from ingest.store.plan import Plan
from ingest.store.read import CacheReader
from ingest.store.verify import verify
from ingest.store.write import CacheWriter
from tests.conftest import START, make_flows, write_log
from tests.ingest.loading import cached_rows, run_ingest, start_python
from tests.ingest.maintaining import commit_objects, contents, copied, etag_of, traffic

KILLS = 6
REPLACE = """
import sys
from pathlib import Path
from tests.ingest.maintaining import commit_objects
print("ready", flush=True)
commit_objects(Path(sys.argv[1]), [(Path(sys.argv[2]), sys.argv[3])])
"""


def write_versions(folder, n):
    """Write objects; `b` in its n-th version."""
    for name, hour in (("a", 0), ("b", 0), ("c", 1)):
        rows = traffic(hour, 30)
        if name == "b":
            rows = traffic(n % 3, 20 + n, packets=3 + n)
        path = write_log(folder / f"{name}.log", rows)
        os.utime(path, ns=(10**18 + n * (name == "b"),) * 2)
    return folder


def listed(folder):
    """List files with the ETags that a load gives them."""
    return [(path, etag_of(path)) for path in sorted(folder.iterdir())]


def known_objects(cache):
    with CacheWriter(cache) as writer:
        return writer.known_objects()


@pytest.mark.parametrize("compacted", [False, True])
def test_a_replaced_object_counts_once(tmp_path, compacted):
    """After a third version, the cache equals one that never saw the first two."""
    logs, cache = tmp_path / "logs", tmp_path / "cache"
    for version in range(3):
        write_versions(logs, version)
        known = known_objects(cache)
        commit_objects(cache, [o for o in listed(logs) if (str(o[0]), o[1]) not in known])
        if compacted:
            with CacheWriter(cache) as writer:
                compact(writer, include_open=True)
    commit_objects(tmp_path / "fresh", listed(logs))

    assert contents(cache) == contents(tmp_path / "fresh")
    assert verify(cache, deep=True).is_whole


def test_a_load_reads_a_replaced_object_again(tmp_path):
    """The command line brings the new version, and the old one no longer counts."""
    for version in (1, 2):
        write_versions(tmp_path / "logs", version)
        result = run_ingest("load", tmp_path / "logs", "--cache", tmp_path / "cache")
        assert result.returncode == 0, result.stderr
    commit_objects(tmp_path / "fresh", listed(tmp_path / "logs"))

    assert "2 known + 1 new" in result.stdout
    assert contents(tmp_path / "cache") == contents(tmp_path / "fresh")


def test_a_version_that_cannot_be_read_takes_nothing_out(tmp_path):
    """The rows of the last readable version stay; the bad one is told beside it."""
    log = write_log(tmp_path / "a.log.gz", traffic(0, 5))
    commit_objects(tmp_path / "cache", [(log, "v1")])
    before = cached_rows(tmp_path / "cache")
    log.write_bytes(log.read_bytes()[:-4])
    commit_objects(tmp_path / "cache", [(log, "v2")])

    facts = CacheReader(tmp_path / "cache").snapshot().facts
    assert cached_rows(tmp_path / "cache") == before
    assert (facts.objects, facts.objects_set_aside, facts.rows_stored) == (2, 1, len(before))

    write_log(log, traffic(0, 6))
    commit_objects(tmp_path / "cache", [(log, "v3")])
    facts = CacheReader(tmp_path / "cache").snapshot().facts
    assert (facts.objects, facts.rows_stored) == (1, 13)


def test_the_writer_tells_what_is_superseded_and_what_is_the_same(tmp_path):
    """By key for other versions, by content for copies."""
    log = write_log(tmp_path / "a.log", traffic(0, 5))
    copy = write_log(tmp_path / "copy.log", traffic(0, 5))
    commit_objects(tmp_path / "cache", [(log, "v1"), (copy, "v1")])
    with CacheWriter(tmp_path / "cache") as writer:
        (known,) = writer.superseded(str(log), "v2")
        assert writer.superseded(str(log), "v1") == []
        assert [same.key for same in writer.same_content(known.content_hash)] == [
            str(log), str(copy)
        ]  # fmt: skip
        source = next(iter(writer.superseded(str(log))))
        assert source == known


def test_forgotten_objects_were_never_read(tmp_path):
    """Rows, rollups and facts are those of the other objects, wherever the parts were."""
    logs = [(write_log(tmp_path / f"{n}.log", traffic(n % 2, 9 + n)), "v1") for n in range(6)]
    late = (write_log(tmp_path / "late.log", make_flows(start=START + 10**6)), "v1")
    bad = (write_log(tmp_path / "bad.log", make_flows({}, {"packets": "many"})), "v1")
    commit_objects(tmp_path / "cache", logs[:3])
    with CacheWriter(tmp_path / "cache") as writer:
        compact(writer, include_open=True)
    commit_objects(tmp_path / "cache", [*logs[3:], late, bad])
    commit_objects(tmp_path / "kept", [logs[0], logs[4]])
    with CacheWriter(tmp_path / "cache") as writer, Plan(writer) as plan:
        keys = {str(path) for path, _ in (logs[0], logs[4])}
        ids = [i for i, k in writer.catalog.execute("SELECT object_id, key FROM objects")
               if k not in keys]  # fmt: skip
        forget_objects(plan, ids)
        plan.measure()
        writer.apply(plan)

    assert contents(tmp_path / "cache") == contents(tmp_path / "kept")
    assert verify(tmp_path / "cache", deep=True).is_whole


def test_a_commit_killed_while_it_replaces_keeps_one_version(tmp_path):
    """Killed at any moment, one of the versions counts; at the end the newest, once."""
    logs = tmp_path / "logs"
    write_versions(logs, 1)
    commit_objects(tmp_path / "old", listed(logs))
    write_versions(logs, 2)
    (newer,) = [o for o in listed(logs) if o[0].name == "b.log"]
    commit_objects(copied(tmp_path / "old", tmp_path / "new"), [newer])
    states = [contents(tmp_path / name) for name in ("old", "new")]
    moments = random.Random(3)  # noqa: S311 - moments of kills, no secrets
    for kill in range(KILLS):
        cache = copied(tmp_path / "old", tmp_path / f"cache-{kill}")
        child = start_python("-c", REPLACE, cache, *newer, stdout=subprocess.PIPE)
        assert child.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0.0, 0.4))  # The moment is what is tried here.
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        state = contents(cache)
        assert state in states
        if state == states[0]:
            commit_objects(cache, [newer])
        assert contents(cache) == states[1]
