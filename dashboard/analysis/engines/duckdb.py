"""DuckDB inside the process: compiled SQL in, small tables out.

One hardened in-memory connection a process, one cursor a query. After the lock-down the
connection reads Parquet below the cache folder and nothing else, whatever the SQL says.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from dashboard.errors import DashboardError
from ingest.schema import TABLES, StoredType

_SQL_TYPES: dict[StoredType, str] = {
    "string": "VARCHAR",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "bool": "BOOLEAN",
}


class QueryTimeoutError(DashboardError):
    """A query ran longer than the limit."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        super().__init__(
            f"The question took longer than {limit_s:g} s and was stopped. Choose a shorter time "
            "range, or start the dashboard with a larger --time-limit."
        )


class QueryMemoryError(DashboardError):
    """A query needed more memory than the limit."""

    def __init__(self, limit: str) -> None:
        self.limit = limit
        super().__init__(
            f"The question needs more than the memory limit of {limit}. Choose a shorter time "
            "range, or start the dashboard with a larger --memory-limit."
        )


class PartMissingError(DashboardError):
    """A file that the catalog names is not there."""

    def __init__(self, path: str, cache: Path) -> None:
        self.path, self.cache = path, cache
        super().__init__(
            f"{path}: the catalog names this file, but it is missing. "
            f"Check the cache with: python -m ingest verify --cache {cache}"
        )


class PartUnreadableError(DashboardError):
    """A file of the cache cannot be read as Parquet."""

    def __init__(self, detail: str, cache: Path) -> None:
        self.detail, self.cache = detail, cache
        super().__init__(
            f"{cache}: a file of the cache cannot be read ({detail}). "
            f"Check the cache with: python -m ingest verify --cache {cache}"
        )


class TotalTooLargeError(DashboardError):
    """A sum does not fit 64 bits: some record claims an impossible volume."""

    def __init__(self, column: str) -> None:
        self.column = column
        super().__init__(
            f"{column}: the sum does not fit 64 bits, so a record claims an impossible volume. "
            "Choose a time range without it."
        )


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a query reads.

    Attributes:
        files: Table of the cache and its files; an empty list is an empty table.
        tables: More tables by name, from memory.
    """

    files: Mapping[str, list[str]]
    tables: Mapping[str, pa.Table] = field(default_factory=dict)


class DuckDbEngine:
    """Runs compiled queries over one cache; safe to use from many threads."""

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
            ("python_enable_replacements", False),
            ("autoinstall_known_extensions", False),
            ("autoload_known_extensions", False),
            ("allow_community_extensions", False),
            ("lock_configuration", True),  # Last: it refuses every SET after it.
        )
        for name, value in settings:
            self._connection.execute(f"SET {name} = $value", {"value": value})

    def fetch(self, sql: str, inputs: Inputs, values: Mapping[str, int] | None = None) -> pa.Table:
        """Run one compiled query.

        Args:
            sql: The query, numbers as `$name`.
            inputs: The tables that it reads.
            values: The numbers.

        Returns:
            Its rows; sums as int64.

        Raises:
            QueryTimeoutError, QueryMemoryError: A limit was reached.
            PartMissingError, PartUnreadableError: The cache is not what its catalog says.
            TotalTooLargeError: A sum does not fit 64 bits.
        """
        with self._lock:
            cursor = self._connection.cursor()
        # DuckDB 2.0.0 looks at max_execution_time too seldom: a plain scan runs to its end.
        alarm = threading.Timer(self._time_limit_s, _interrupt, (cursor,))
        alarm.daemon = True
        alarm.start()
        try:
            for name, table in inputs.tables.items():
                cursor.register(name, table)
            files: dict[str, object] = {n: paths for n, paths in inputs.files.items() if paths}
            relation = cursor.sql(_over_files(sql, inputs.files), params=files | dict(values or {}))
            return _plain_integers(relation.to_arrow_table())
        except duckdb.InterruptException as error:
            raise QueryTimeoutError(self._time_limit_s) from error
        except duckdb.OutOfMemoryException as error:
            raise QueryMemoryError(self._memory_limit) from error
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise self._trouble_with_files(inputs, error) from error
        finally:
            alarm.cancel()
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
    columns = ", ".join(
        f'CAST(NULL AS {_SQL_TYPES[stored]}) AS "{name}"'
        for name, stored in TABLES[kind].items()
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
