"""The Spark engine against a real cluster: limits, trouble, and text that wants to be SQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.analysis.engines.protocol import (
    EngineRefusedError,
    EngineUnreachableError,
    Inputs,
    PartMissingError,
    PartUnreadableError,
    TotalTooLargeError,
)
from dashboard.analysis.engines.spark import SparkEngine
from dashboard.analysis.engines.stopping import (
    Cancellation,
    QueryCancelledError,
    QueryTimeoutError,
)
from tests.ports import free_port
from tests.spark.cluster import N_WORKERS, SparkCluster

NOTHING = Inputs({})
SLOW = "SELECT count(*) AS n FROM range(1000000000000) WHERE hash(id) = 7"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose name Spark would take for a pattern, with two parts of `ports`."""
    folder = tmp_path_factory.mktemp("c") / "a [b] 50% *"
    folder.mkdir()
    write_ports(folder / "one.parquet", service_port=[443, 22])
    pq.write_table(pa.table({"bytes": pa.array([7], pa.int64())}), folder / "two.parquet")
    return folder


@pytest.fixture(scope="module")
def engine(cluster: SparkCluster, cache: Path) -> Iterator[SparkEngine]:
    engine = SparkEngine(cache, cluster.url, time_limit_s=60)
    yield engine
    engine.close()


def write_ports(path: Path, service_port: list[int]) -> None:
    """Write a part of `ports` with two of its columns."""
    table = {"service_port": pa.array(service_port, pa.int32()), "bytes": [1] * len(service_port)}
    pq.write_table(pa.table(table), path)


def test_both_workers_serve_the_engine(cluster: SparkCluster, engine: SparkEngine) -> None:
    """It is a cluster: the application holds a core of each worker."""
    engine.fetch("SELECT count(*) AS n FROM range(100)", NOTHING)

    assert cluster.alive_workers() == N_WORKERS
    assert cluster.used_cores() == N_WORKERS


def test_columns_that_a_part_lacks_are_null(engine: SparkEngine, cache: Path) -> None:
    """The schema comes from ingest, whatever a part holds."""
    files = {"ports": [str(cache / "one.parquet"), str(cache / "two.parquet")], "coverage": []}
    sql = (
        "SELECT service_port, bytes, action FROM ports"
        " UNION ALL SELECT 0, records, log_status FROM coverage ORDER BY service_port NULLS LAST"
    )

    rows = engine.fetch(sql, Inputs(files))

    assert rows.to_pydict() == {
        "service_port": [22, 443, None],
        "bytes": [1, 1, 7],
        "action": [None] * 3,
    }
    assert rows.schema.types == [pa.int32(), pa.int64(), pa.string()]


def test_hostile_text_stays_text(engine: SparkEngine) -> None:
    """Values and tables from memory are never read as SQL."""
    hostile = "it's \\' ` $low \"); DROP VIEW x; --"
    tables = {"names": pa.table({"address": ["192.0.2.1", None], "node": [hostile, None]})}

    rows = engine.fetch(
        "SELECT node, '$low' AS plain, $low AS low, $none AS none FROM names WHERE node = $node",
        Inputs({}, tables),
        {"low": 2**40, "none": None, "node": hostile},
    )

    assert rows.to_pylist() == [{"node": hostile, "plain": "$low", "low": 2**40, "none": None}]


def test_a_slow_query_is_interrupted(cluster: SparkCluster, cache: Path) -> None:
    """The cluster is free again, and the message says what to change."""
    engine = SparkEngine(cache, cluster.url, time_limit_s=2)
    with pytest.raises(QueryTimeoutError, match=r"longer than 2 s .* --time-limit"):
        engine.fetch(SLOW, NOTHING)

    assert engine.fetch("SELECT 1 AS one", NOTHING).to_pylist() == [{"one": 1}]
    engine.close()


@pytest.mark.parametrize("after_s", [0.05, 0.1, 0.2, 0.5])
def test_a_query_is_cancelled_from_another_thread(engine: SparkEngine, after_s: float) -> None:
    """Other queries of the session go on, at whatever step of its work it was."""
    cancellation = Cancellation()
    threading.Timer(after_s, cancellation.cancel).start()

    with pytest.raises(QueryCancelledError, match="Ask it again"):
        engine.fetch(SLOW, NOTHING, cancel=cancellation)

    assert engine.fetch("SELECT 1 AS one", NOTHING).to_pylist() == [{"one": 1}]


def test_threads_do_not_disturb_each_other(engine: SparkEngine) -> None:
    """Threads share a session, and each sees its own tables under the same name."""
    found: dict[int, list[int]] = {}

    def ask(number: int) -> None:
        table = pa.table({"n": [number]})
        found[number] = [
            engine.fetch("SELECT sum(n) AS n FROM mine", Inputs({}, {"mine": table}))["n"][
                0
            ].as_py()
            for _ in range(3)
        ]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {number: [number] * 3 for number in range(6)}


def test_a_sum_beyond_64_bits_is_told(engine: SparkEngine) -> None:
    """Nothing wraps around."""
    rows = {"big": pa.table({"bytes": [2**63 - 1, 2**63 - 1]})}

    with pytest.raises(TotalTooLargeError, match="the sum does not fit 64 bits"):
        engine.fetch("SELECT sum(bytes) AS bytes FROM big", Inputs({}, rows))


def test_a_missing_part_is_named(engine: SparkEngine, cache: Path) -> None:
    """Gone before the first look at it, or after."""
    path = cache / "gone.parquet"
    inputs = Inputs({"ports": [str(path)]})
    with pytest.raises(PartMissingError, match=r"gone\.parquet: the catalog names this file"):
        engine.fetch("SELECT count(*) AS n FROM ports", inputs)

    write_ports(path, service_port=[1])
    assert engine.fetch("SELECT sum(bytes) AS n FROM ports", inputs)["n"].to_pylist() == [1]
    path.unlink()
    with pytest.raises(PartMissingError, match="ingest verify"):
        engine.fetch("SELECT sum(bytes) AS n FROM ports", inputs)


def test_the_cluster_may_read_a_copy(cluster: SparkCluster, cache: Path, tmp_path: Path) -> None:
    """Paths of the catalog are looked for below the copy."""
    (tmp_path / "date=2026-03-02").mkdir()
    write_ports(tmp_path / "date=2026-03-02" / "part.parquet", service_port=[1, 2, 3])
    engine = SparkEngine(cache, cluster.url, cache_url=f"file://{tmp_path}/")
    part = cache / "date=2026-03-02" / "part.parquet"

    rows = engine.fetch("SELECT count(*) AS n FROM ports", Inputs({"ports": [str(part)]}))

    assert rows["n"].to_pylist() == [3]
    engine.close()


def test_a_damaged_part_is_named(engine: SparkEngine, cache: Path) -> None:
    """What cannot be read as Parquet is no missing file."""
    path = cache / "damaged.parquet"
    path.write_bytes(b"PAR1 this is not one PAR1")

    with pytest.raises(PartUnreadableError, match="damaged"):
        engine.fetch("SELECT sum(bytes) AS n FROM ports", Inputs({"ports": [str(path)]}))


def test_a_query_that_spark_refuses_is_one_sentence(engine: SparkEngine) -> None:
    """Without the stack of the server."""
    with pytest.raises(EngineRefusedError, match="TABLE_OR_VIEW_NOT_FOUND") as refused:
        engine.fetch("SELECT 1 FROM nowhere", NOTHING)

    assert "\n" not in str(refused.value)


def test_a_lost_session_is_opened_again(engine: SparkEngine, cache: Path) -> None:
    """The server forgets a session after an hour without questions."""
    inputs = Inputs({"ports": [str(cache / "one.parquet")]})
    sql = "SELECT count(*) AS n FROM ports"
    assert engine.fetch(sql, inputs)["n"].to_pylist() == [2]
    assert engine._session is not None
    engine._session.spark.client.release_session()

    assert engine.fetch(sql, inputs)["n"].to_pylist() == [2]


def test_no_server_is_one_sentence(cache: Path) -> None:
    """Within seconds, with what to check."""
    url = f"sc://127.0.0.1:{free_port()}"

    with pytest.raises(EngineUnreachableError, match=r"cannot be reached .* --engine-url") as error:
        SparkEngine(cache, url).fetch("SELECT 1 AS one", NOTHING)

    assert "\n" not in str(error.value)
