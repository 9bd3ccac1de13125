"""Loading on a real cluster gives the cache that one machine makes, row for row."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingest.errors import IngestError
from ingest.parser_pool import MakePool, local_pool
from ingest.pipeline import load
from ingest.report import IngestReport
from ingest.schema import TABLES
from ingest.simulate import simulate
from ingest.sources.local import LocalSource
from ingest.spark.pool import SparkError, SparkPools
from ingest.store.read import CacheReader
from tests.ingest.loading import run_ingest
from tests.ports import free_port
from tests.spark.cluster import N_WORKERS, SparkCluster

RECORDS = 50_000


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hours of a simulated VPC; a damaged object and one with a bad line beside."""
    folder = tmp_path_factory.mktemp("logs")
    simulate(folder, hours=3, records=RECORDS, incidents=("port-scan", "denied-burst"))
    (folder / "damaged.log.gz").write_bytes(b"\x1f\x8b\x08\x00 and no more of it")
    (folder / "partial.log").write_text(
        "version account-id interface-id srcaddr dstaddr bytes start\n"
        "2 123456789012 eni-1 192.0.2.1 198.51.100.2 77 1772409660\n"
        "2 123456789012 eni-1 192.0.2.300 198.51.100.2 77 1772409660\n"
    )
    return folder


def filled(logs: Path, cache: Path, make_pool: MakePool) -> IngestReport:
    """Load a folder into a new cache, two batches at once."""
    return load(LocalSource(logs), cache, jobs=2, make_pool=make_pool)


def rows(cache: Path, kind: str) -> list[str]:
    """Return every row of a table as text, columns without a value left out, sorted."""
    found: list[dict[str, Any]] = [
        row
        for path in CacheReader(cache).snapshot().files(kind)
        for row in pq.ParquetFile(path).read().to_pylist()
    ]
    return sorted(
        str(sorted((name, value) for name, value in row.items() if value is not None))
        for row in found
    )


def test_the_cluster_makes_the_same_cache(
    cluster: SparkCluster, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flows with all derived columns and every rollup, over several batches."""
    monkeypatch.setattr("ingest.batching.BATCH_OBJECTS", 9)
    reports = [
        filled(logs, tmp_path / "local", local_pool),
        filled(logs, tmp_path / "spark", SparkPools(cluster.url)),
    ]

    for kind in TABLES:
        expected = rows(tmp_path / "local", kind)
        assert expected, f"nothing to compare in {kind}"
        assert rows(tmp_path / "spark", kind) == expected
    facts = [CacheReader(tmp_path / name).snapshot().facts for name in ("local", "spark")]
    assert facts[1].records == facts[0].records > 0.98 * RECORDS
    assert facts[1].version == facts[0].version > 3  # As many batches, each committed by itself.
    troubles = [(r.rows_rejected, r.objects_new, r.exit_code(strict=True)) for r in reports]
    assert troubles[0] == troubles[1]
    assert list((tmp_path / "spark" / "tmp").iterdir()) == []


def test_a_second_load_reads_nothing_twice(
    cluster: SparkCluster, logs: Path, tmp_path: Path
) -> None:
    """The catalog is the same, so either engine goes on where the other was."""
    filled(logs, tmp_path / "cache", local_pool)

    report = filled(logs, tmp_path / "cache", SparkPools(cluster.url))

    assert report.objects_new == 0
    assert report.objects_known == report.objects_listed > 0


def test_the_command_uses_all_cores_of_the_cluster(
    cluster: SparkCluster, logs: Path, tmp_path: Path
) -> None:
    """Without --jobs, as many batches run at once as the cluster has cores."""
    done = run_ingest(
        "load", logs, "--cache", tmp_path / "cache",
        "--engine", "spark", "--engine-url", cluster.url,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "rows " in done.stdout
    assert done.stderr == ""
    with SparkPools(cluster.url)(None, lambda: 1, None) as pool:
        assert pool.size == N_WORKERS


def test_a_load_that_is_stopped_leaves_no_job(
    cluster: SparkCluster, logs: Path, tmp_path: Path
) -> None:
    """What was committed stays; the cluster is free for the next one."""
    stop = threading.Event()
    stop.set()

    report = load(
        LocalSource(logs), tmp_path / "cache", make_pool=SparkPools(cluster.url), stop=stop
    )

    assert report.stopped
    assert filled(logs, tmp_path / "cache", SparkPools(cluster.url)).objects_pending == 0


def test_workers_that_do_not_see_the_logs_are_told(
    cluster: SparkCluster, logs: Path, tmp_path: Path
) -> None:
    """Nothing is set aside as unreadable only because a disk is not shared."""
    hidden = _Hidden(logs)

    with pytest.raises(IngestError, match="does not see it"):
        load(hidden, tmp_path / "cache", make_pool=SparkPools(cluster.url))

    assert CacheReader(tmp_path / "cache").snapshot().facts.objects == 0


def test_no_server_is_one_sentence(logs: Path, tmp_path: Path) -> None:
    """Within seconds, and nothing is committed."""
    with pytest.raises(SparkError, match="look into Spark's log") as error:
        filled(logs, tmp_path / "cache", SparkPools(f"sc://127.0.0.1:{free_port()}"))

    assert "\n" not in str(error.value)


class _Hidden(LocalSource):
    """Tells paths that only this machine would have."""

    def local_path(self, log_object: Any) -> Path | None:
        found = super().local_path(log_object)
        return None if found is None else Path("/only-here") / found.name
