"""DuckDB inside the process: compiled SQL in, small tables out.

One hardened in-memory connection a process, one cursor a query. After the lock-down the
connection reads Parquet below the cache folder and nothing else, whatever the SQL says.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from dashboard.analysis.engines.protocol import (
    Inputs,
    PartMissingError,
    PartUnreadableError,
    QueryMemoryError,
    TotalTooLargeError,
    Value,
)
from dashboard.analysis.engines.stopping import Cancellation, QueryTimeoutError, Watch
from dashboard.errors import DashboardError
from ingest.schema import BASE, NUMBERED, READ_TABLES, StoredType

__all__ = [
    "DuckDbEngine",
    "Inputs",
    "PartMissingError",
    "PartUnreadableError",
    "QueryMemoryError",
    "QueryTimeoutError",
    "TotalTooLargeError",
]

# A relation would make none, and be planned twice, which takes longer than copying an answer.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result makes an extra copy")

_SQL_TYPES: dict[StoredType, str] = {
    "string": "VARCHAR",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "bool": "BOOLEAN",
}


class DuckDbEngine:
    """Runs compiled queries over one cache; safe to use from many threads."""

    dialect: Literal["duckdb"] = "duckdb"

    def __init__(
        self, cache: Path, *, memory_limit: str = "1GB", threads: int = 2, time_limit_s: float = 8
    ) -> None:
        self.cache = cache.resolve()
        self._memory_limit, self._time_limit_s = memory_limit, time_limit_s
        self._lock = threading.Lock()
        self._connection = duckdb.connect()
        settings: tuple[tuple[str, object], ...] = (
            ("temp_directory", ""),
            ("allowed_directories", [str(self.cache)]),
            ("enable_external_access", False),
            ("memory_limit", memory_limit),
            ("threads", threads),
            ("max_execution_time", round(time_limit_s * 1000)),
            ("parquet_metadata_cache", True),
            # It takes facts of addresses, which always stand on the right, for the larger side
            # of a join with millions of rows that a filter leaves, and hashes these.
            ("disabled_optimizers", "build_side_probe_side"),
            ("python_enable_replacements", False),
            ("autoinstall_known_extensions", False),
            ("autoload_known_extensions", False),
            ("allow_community_extensions", False),
            ("lock_configuration", True),  # Last: it refuses every SET after it.
        )
        for name, value in settings:
            self._connection.execute(f"SET {name} = $value", {"value": value})

    def fetch(
        self,
        sql: str,
        inputs: Inputs,
        values: Mapping[str, Value] | None = None,
        *,
        cancel: Cancellation | None = None,
    ) -> pa.Table:
        """Run one compiled query.

        Args:
            sql: The query, values as `$name`.
            inputs: The tables that it reads.
            values: The values.
            cancel: Stops it from another thread.

        Returns:
            Its rows; sums as int64.

        Raises:
            QueryTimeoutError, QueryMemoryError: A limit was reached.
            QueryCancelledError: Another thread stopped it.
            PartMissingError, PartUnreadableError: The cache is not what its catalog says.
            TotalTooLargeError: A sum does not fit 64 bits.
        """
        with self._lock:
            cursor = self._connection.cursor()
        # DuckDB 2.0.0 looks at max_execution_time too seldom: a plain scan runs to its end.
        watch = Watch(self._time_limit_s, cancel, lambda: _interrupt(cursor))
        try:
            with watch:
                for name, table in inputs.tables.items():
                    cursor.register(name, table)
                files: dict[str, object] = {n: paths for n, paths in inputs.files.items() if paths}
                params = files | dict(values or {})
                cursor.execute(_over_files(sql, inputs.files), params)
                return _plain_integers(cursor.to_arrow_table())
        except duckdb.InterruptException as error:
            raise watch.verdict or QueryTimeoutError(self._time_limit_s) from error
        except duckdb.OutOfMemoryException as error:
            raise QueryMemoryError(self._memory_limit) from error
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise self._trouble_with_files(inputs, error) from error
        finally:
            cursor.close()

    def close(self) -> None:
        """Close the connection; queries after this fail."""
        self._connection.close()

    def _trouble_with_files(self, inputs: Inputs, error: duckdb.Error) -> DashboardError:
        for paths in inputs.files.values():
            for path in paths:
                if not Path(path).is_file():
                    return PartMissingError(path, self.cache)
        return PartUnreadableError(str(error).splitlines()[0], self.cache)


def _interrupt(cursor: duckdb.DuckDBPyConnection) -> None:
    # The query may have ended in the same moment.
    with suppress(duckdb.Error):
        cursor.interrupt()


def _over_files(sql: str, files: Mapping[str, list[str]]) -> str:
    """Put a common table expression for each table of the cache before a query."""
    if not files:
        return sql
    tables = ", ".join(
        f'"{name}" AS NOT MATERIALIZED ({_scan(name, files[name])})' for name in files
    )
    # Ibis puts its own expressions behind one leading WITH.
    return f"WITH {tables}, {sql[5:]}" if sql.startswith("WITH ") else f"WITH {tables} {sql}"


def _scan(kind: str, paths: list[str]) -> str:
    """Read some files of one table, with every column of the schema.

    A part holds only the columns that its log format has: the empty typed row set in front
    makes the others null.
    """
    if kind.removeprefix(BASE) in NUMBERED and paths:  # Compaction writes all of their columns.
        names = ", ".join(f'"{name}"' for name in READ_TABLES[kind])
        return f"SELECT {names} FROM read_parquet(${kind}, hive_partitioning = false)"  # noqa: S608
    columns = ", ".join(
        f'CAST(NULL AS {_SQL_TYPES[stored]}) AS "{name}"'
        for name, stored in READ_TABLES[kind].items()
        if stored != "map"  # Parquet has no one type for maps, and no view reads them.
    )
    seed = f"SELECT {columns} WHERE false"
    if not paths:
        return seed
    options = f"hive_partitioning = false, union_by_name = {str(kind == 'flows').lower()}"
    return f"{seed} UNION ALL BY NAME SELECT * FROM read_parquet(${kind}, {options})"  # noqa: S608


def _plain_integers(table: pa.Table) -> pa.Table:
    """Turn DuckDB's 128-bit sums into int64."""
    for position, column in enumerate(table.schema):
        if pa.types.is_decimal(column.type):
            try:
                values = table.column(position).cast(pa.int64())
            except pa.ArrowInvalid as error:
                raise TotalTooLargeError(column.name) from error
            table = table.set_column(position, column.name, values)
    return table
