"""Spark, through Spark Connect: compiled SQL in, small tables out.

The cluster reads the same Parquet files as DuckDB does: the catalog's own list, over a file
system that its workers share. The schema is given, never inferred, so columns that a part
lacks are null.
"""

from __future__ import annotations

import logging
import re
import threading
import uuid
import warnings
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from dashboard.analysis.engines.protocol import (
    EngineMissingError,
    EngineRefusedError,
    EngineUnreachableError,
    Inputs,
    PartMissingError,
    PartUnreadableError,
    TotalTooLargeError,
    Value,
)
from dashboard.analysis.engines.spark_views import Views
from dashboard.analysis.engines.sql_text import with_tables, with_values
from dashboard.analysis.engines.stopping import Cancellation, Watch
from ingest.schema import TABLES, StoredType

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

_log = logging.getLogger(__name__)

_SQL_TYPES: dict[StoredType, str] = {
    "string": "STRING",
    "int16": "SMALLINT",
    "int32": "INT",
    "int64": "BIGINT",
    "bool": "BOOLEAN",
}
# The server has forgotten the session: it was started again, or nobody asked for an hour.
_SESSION_GONE = ("INVALID_HANDLE", "SESSION_", "NO_ACTIVE_SESSION", "INVALID_CURSOR")
_UNREACHABLE = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "UNAUTHENTICATED", "PERMISSION_DENIED")
_MISSING = ("PATH_NOT_FOUND", "FAILED_READ_FILE.FILE_NOT_EXIST", "FILE_NOT_EXIST")
_UNREADABLE = ("FAILED_READ_FILE", "CANNOT_READ_FILE_FOOTER", "PARQUET")
_RETRIES = 4  # Within about five seconds; the client's own default goes on for ten minutes.
_DETAILS = re.compile(r'details = "(.*)"')
_GLOB = re.compile(r"[\[\]{}*?\\]")


class _SessionLostError(Exception):
    """The server does not know this session any more."""


@dataclass(frozen=True, slots=True)
class _Session:
    spark: SparkSession
    views: Views


class SparkEngine:
    """Runs compiled queries on a cluster; safe to use from many threads.

    The session is opened by the first query, so a process that forks before has none.
    One that the server has lost is opened again.

    Args:
        cache: The cache folder, as the catalog's paths begin.
        url: Of the Connect server, `sc://host:port`.
        cache_url: The same folder as the workers see it; default: under the same path.
        time_limit_s: Seconds until a query is interrupted.
    """

    dialect: Literal["pyspark"] = "pyspark"

    def __init__(
        self, cache: Path, url: str, *, cache_url: str | None = None, time_limit_s: float = 60
    ) -> None:
        self.cache, self.url = cache.resolve(), url
        self._cache_url = (cache_url or f"file://{self.cache}").rstrip("/")
        self._time_limit_s = time_limit_s
        self._lock = threading.Lock()
        self._session: _Session | None = None

    def fetch(
        self,
        sql: str,
        inputs: Inputs,
        values: Mapping[str, Value] | None = None,
        *,
        cancel: Cancellation | None = None,
    ) -> pa.Table:
        """Run one compiled query, as `Engine.fetch` says.

        Raises:
            QueryTimeoutError, QueryCancelledError: It was interrupted.
            PartMissingError, PartUnreadableError: The workers cannot read a file of the cache.
            TotalTooLargeError: A sum does not fit 64 bits.
            EngineMissingError, EngineUnreachableError, EngineRefusedError: No cluster answers.
        """
        for is_last in (False, True):
            session = self._open()
            try:
                return self._run(session, sql, inputs, dict(values or {}), cancel)
            except _SessionLostError as error:
                self._forget(session)
                if is_last:
                    raise EngineUnreachableError(self.url, str(error)) from error
                _log.info("session lost, opened again: %s", error)
        raise AssertionError

    def close(self) -> None:
        """Release the session on the server."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.spark.stop()

    def _open(self) -> _Session:
        with self._lock:
            if self._session is None:
                self._session = self._new_session()
            return self._session

    def _new_session(self) -> _Session:
        try:
            with warnings.catch_warnings():
                # What it says of pandas concerns pandas frames; here all rows are Arrow's.
                warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
                # An extra: few who start the dashboard have a cluster, and it imports slowly.
                from pyspark.errors import PySparkException  # noqa: PLC0415
                from pyspark.logger import PySparkLogger  # noqa: PLC0415
                from pyspark.sql.connect.client.retries import DefaultPolicy  # noqa: PLC0415
                from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415
        except ImportError as error:
            raise EngineMissingError(engine="spark", extra="spark") from error
        # Both say at length what one sentence of ours says.
        PySparkLogger.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
        warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]")
        spark = SparkSession.builder.remote(self.url).create()
        try:
            spark.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
            # A sum beyond 64 bits is an error in ANSI mode, and wraps around without.
            spark.conf.set("spark.sql.ansi.enabled", "true")
            spark.conf.set("spark.sql.session.timeZone", "UTC")
            # Stages that it submits while a query is being cancelled run on to their end.
            spark.conf.set("spark.sql.adaptive.enabled", "false")
        except PySparkException as error:
            spark.client.close()
            raise EngineUnreachableError(self.url, _first_line(error)) from error

        def drop(name: str) -> None:
            with suppress(PySparkException):  # The session may be gone with its views.
                spark.catalog.dropTempView(name)

        return _Session(spark, Views(drop))

    def _forget(self, session: _Session) -> None:
        with self._lock:
            if self._session is session:
                self._session = None

    def _run(
        self,
        session: _Session,
        sql: str,
        inputs: Inputs,
        values: dict[str, Value],
        cancel: Cancellation | None,
    ) -> pa.Table:
        from pyspark.errors import PySparkException  # noqa: PLC0415

        spark, tag = session.spark, f"flow-atlas-{uuid.uuid4().hex}"

        def interrupt() -> None:
            with suppress(PySparkException):
                spark.interruptTag(tag)

        with Watch(self._time_limit_s, cancel, interrupt) as watch:
            spark.addTag(tag)
            try:
                with session.views.held(self._makers(spark, inputs)) as names:
                    tables = dict(zip(_non_empty(inputs), names, strict=True))
                    text = with_values(
                        _over_views(sql, inputs, tables), self.dialect, lambda name: f":{name}"
                    )
                    watch.check()
                    rows = spark.sql(text, args=values).toArrow()
                    return _plain(rows)
            except PySparkException as error:
                watch.check()
                raise self._explained(error) from error
            finally:
                spark.removeTag(tag)

    def _makers(self, spark: SparkSession, inputs: Inputs) -> dict[Hashable, Callable[[str], None]]:
        """Say how to make the view of each input that is not empty."""
        makers: dict[Hashable, Callable[[str], None]] = {}
        for kind, paths in inputs.files.items():
            if paths:
                makers[kind, tuple(paths)] = partial(self._make_files, spark, kind, paths)
        for name, table in inputs.tables.items():
            makers[name, _Same(table)] = partial(_make_table, spark, table)
        return makers

    def _make_files(self, spark: SparkSession, kind: str, paths: list[str], name: str) -> None:
        urls = [self._url_of(path) for path in paths]
        reader = spark.read.schema(_columns(kind, "`{name}` {type}"))
        # Partition values are columns of every table already.
        reader = reader.options(recursiveFileLookup=True, mergeSchema=False)
        reader.parquet(*urls).createTempView(name)

    def _url_of(self, path: str) -> str:
        # Spark takes what it is given for a pattern.
        url = f"{self._cache_url}/{Path(path).relative_to(self.cache)}"
        return _GLOB.sub(r"\\\g<0>", url)

    def _explained(self, error: Any) -> Exception:
        """Say in one sentence what an error of the cluster means."""
        condition, status = error.getCondition() or "", _status(error)
        text = str(error)
        if condition.startswith(_SESSION_GONE):
            return _SessionLostError(_first_line(error))
        if status in _UNREACHABLE:
            return _SessionLostError(_first_line(error))
        if condition.startswith("ARITHMETIC_OVERFLOW"):
            return TotalTooLargeError("bytes or packets")
        if any(name in condition or name in text for name in _MISSING):
            path = (error.getMessageParameters() or {}).get("path", self._cache_url)
            return PartMissingError(path, self.cache)
        if any(name in condition for name in _UNREADABLE):
            return PartUnreadableError(_first_line(error), self.cache)
        return EngineRefusedError(self.url, _first_line(error))


class _Same:
    """A table as a key: equal to itself alone, and kept as long as the key is."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._table is other._table

    def __hash__(self) -> int:
        return id(self._table)


def _make_table(spark: SparkSession, table: pa.Table, name: str) -> None:
    spark.createDataFrame(table).createTempView(name)


def _non_empty(inputs: Inputs) -> list[str]:
    return [*(kind for kind, paths in inputs.files.items() if paths), *inputs.tables]


def _over_views(sql: str, inputs: Inputs, views: Mapping[str, str]) -> str:
    tables = {name: f"SELECT * FROM {view}" for name, view in views.items()}  # noqa: S608
    for kind, paths in inputs.files.items():
        if not paths:
            columns = _columns(kind, "CAST(NULL AS {type}) AS `{name}`")
            tables[kind] = f"SELECT {columns} WHERE false"
    return with_tables(sql, tables, "`")


def _columns(kind: str, pattern: str) -> str:
    return ", ".join(
        pattern.format(name=name, type=_SQL_TYPES[stored])
        for name, stored in TABLES[kind].items()
        if stored != "map"  # Parquet has no one type for maps, and no view reads them.
    )


def _plain(table: pa.Table) -> pa.Table:
    """Leave out what Spark says of a column beside name and type."""
    fields = [pa.field(column.name, column.type) for column in table.schema]
    return pa.table(table.columns, schema=pa.schema(fields))


def _status(error: Any) -> str:
    code = getattr(error, "getGrpcStatusCode", lambda: None)()
    return getattr(code, "name", "")


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    details = _DETAILS.search(text)  # Of an error by gRPC itself.
    return (details[1] if details else text.partition("\n")[0])[:300]
