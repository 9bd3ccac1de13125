"""Whatever the SQL says, the engine reads the cache and nothing else, within limits."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard.analysis.engines.duckdb import (
    DuckDbEngine,
    Inputs,
    QueryMemoryError,
    QueryTimeoutError,
    TotalTooLargeError,
)
from dashboard.errors import DashboardError

NOTHING = Inputs({})
SLOW = "SELECT count(*) FROM range(1000000000000) WHERE hash(range) = 7"


@pytest.fixture
def engine(tmp_path: Path) -> DuckDbEngine:
    """An engine over an empty cache with a secret beside it."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "secret.parquet")
    (tmp_path / "cache" / "link.parquet").symlink_to(tmp_path / "secret.parquet")
    return DuckDbEngine(tmp_path / "cache", memory_limit="100MB", time_limit_s=0.5)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM read_csv('{outside}/secret.csv')",
        "SELECT * FROM sniff_csv('{outside}/secret.csv')",
        "SELECT * FROM read_parquet('{outside}/secret.parquet')",
        "SELECT * FROM read_parquet('{outside}/cache/../secret.parquet')",
        "SELECT * FROM read_parquet('{outside}/cache/link.parquet')",
        "SELECT * FROM '{outside}/secret.parquet'",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('http://127.0.0.1:1/a.parquet')",
        "COPY (SELECT 1) TO '{outside}/out.csv'",
        "ATTACH '{outside}/new.db'",
        "EXPORT DATABASE '{outside}/export'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '64GB'",
        "SET allowed_directories = ['/']",
        "RESET lock_configuration",
        "SELECT * FROM captured",
    ],
)
def test_nothing_outside_the_cache_is_reached(
    engine: DuckDbEngine, tmp_path: Path, sql: str
) -> None:
    """Files, network, settings and Python's own variables are refused."""
    captured = pa.table({"a": [1]})

    with pytest.raises((duckdb.Error, DashboardError)) as refused:
        engine.fetch(sql.replace("{outside}", str(tmp_path)), NOTHING)

    assert not isinstance(refused.value, QueryTimeoutError), captured
    assert not (tmp_path / "out.csv").exists()
    assert not (tmp_path / "new.db").exists()


def test_a_slow_query_is_stopped(engine: DuckDbEngine) -> None:
    """The message says what to change."""
    with pytest.raises(QueryTimeoutError, match=r"longer than 0\.5 s .* --time-limit"):
        engine.fetch(SLOW, NOTHING)


def test_a_large_query_is_stopped(tmp_path: Path) -> None:
    """There is no temporary folder to spill into, so the limit holds."""
    engine = DuckDbEngine(tmp_path, memory_limit="30MB", time_limit_s=30)

    with pytest.raises(QueryMemoryError, match="more than the memory limit of 30MB"):
        engine.fetch("SELECT list(range) FROM range(50000000)", NOTHING)


def test_a_sum_beyond_64_bits_is_told(engine: DuckDbEngine) -> None:
    """Nothing wraps around."""
    rows = {"big": pa.table({"bytes": [2**63 - 1, 2**63 - 1]})}

    with pytest.raises(TotalTooLargeError, match="bytes: the sum does not fit 64 bits"):
        engine.fetch("SELECT sum(bytes) AS bytes FROM big", Inputs({}, rows))


def test_threads_do_not_disturb_each_other(engine: DuckDbEngine) -> None:
    """Each query has its cursor, and sees its own tables."""
    found: dict[int, int] = {}

    def ask(number: int) -> None:
        table = pa.table({"n": [number]})
        for _ in range(5):
            rows = engine.fetch("SELECT sum(n) AS n FROM mine", Inputs({}, {"mine": table}))
            found[number] = rows.column("n")[0].as_py()

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {n: n for n in range(8)}


def test_an_empty_file_list_is_an_empty_table(engine: DuckDbEngine) -> None:
    """Its columns have their types."""
    rows = engine.fetch("SELECT service_port, action FROM ports", Inputs({"ports": []}))

    assert rows.num_rows == 0
    assert rows.schema.types == [pa.int32(), pa.string()]
