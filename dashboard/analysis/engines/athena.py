"""Athena, through boto3: compiled SQL in, small tables out, and what they cost.

This adapter was tried against moto, which runs no SQL, and against prepared answers; no
query of it has met the real service.
"""

from __future__ import annotations

import logging
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa

from dashboard.analysis.engines.athena_sql import query_text
from dashboard.analysis.engines.protocol import (
    EngineRefusedError,
    EngineUnreachableError,
    Inputs,
    PartMissingError,
    TotalTooLargeError,
    Value,
)
from dashboard.analysis.engines.stopping import Cancellation, Watch
from dashboard.errors import DashboardError

_log = logging.getLogger(__name__)

# Limits of the Athena API ("Service Quotas", "Understand Amazon Athena pricing").
MAX_QUERY_BYTES = 262_144
_BILLED_AT_LEAST = 10_000_000
_TB = 10**12
_PAGE_ROWS = 1_000
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 2.0

_ARROW_TYPES: dict[str, pa.DataType] = {
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "varchar": pa.string(),
}
_NAME = re.compile(r"[a-z0-9_]+")


class BadEngineUrlError(DashboardError):
    """The address of an engine says something that cannot be used."""

    def __init__(self, url: str, expected: str) -> None:
        self.url, self.expected = url, expected
        super().__init__(f"--engine-url {url!r} is not usable. Give {expected}.")


class QueryCostError(DashboardError):
    """A query read more than the limit, and was stopped."""

    def __init__(self, scanned: int, limit_gb: float) -> None:
        self.scanned, self.limit_gb = scanned, limit_gb
        super().__init__(
            f"The question read {scanned / 1e9:,.1f} GB, more than {limit_gb:g} GB, and was "
            "stopped. Choose a shorter time range, or a larger max_gb in --engine-url."
        )


class QueryTooLongError(DashboardError):
    """A query with its files and names is longer than Athena takes."""

    def __init__(self, n_bytes: int) -> None:
        self.n_bytes = n_bytes
        super().__init__(
            f"The question is {n_bytes:,} bytes of SQL, and Athena takes {MAX_QUERY_BYTES:,}. "
            "Choose a shorter time range, or merge the files: python -m ingest compact."
        )


@dataclass(frozen=True, slots=True)
class AthenaSettings:
    """How Athena is asked.

    Attributes:
        database: Of the Glue catalog, where `dashboard ddl` made the tables.
        workgroup: Whose limits and bill apply.
        output: Where results go, `s3://…`; None: where the workgroup says.
        region: Of the service; None: the SDK's own.
        profile: Of the AWS configuration; None: the SDK's own.
        usd_per_tb: Price of a TB scanned, for the estimate.
        max_gb: A query that reads more is stopped.
        endpoint_url: Athena elsewhere than at AWS.
    """

    database: str = "flow_atlas"
    workgroup: str = "primary"
    output: str | None = None
    region: str | None = None
    profile: str | None = None
    usd_per_tb: float = 5.0
    max_gb: float = 100.0
    endpoint_url: str | None = None

    @classmethod
    def from_url(cls, url: str | None) -> Self:
        """Read `athena://database?workgroup=…&output=s3://…`; what is left out has its default.

        Raises:
            BadEngineUrlError: It is no such address.
        """
        parts = urlsplit(url or "athena://flow_atlas")
        given = dict(parse_qsl(parts.query))
        known = set(cls.__slots__) - {"database"}
        if parts.scheme != "athena" or not _NAME.fullmatch(parts.netloc) or set(given) - known:
            expected = f"athena://DATABASE?NAME=VALUE&… with names of {', '.join(sorted(known))}"
            raise BadEngineUrlError(str(url), expected)
        values: dict[str, Any] = {"database": parts.netloc, **given}
        for name in ("usd_per_tb", "max_gb"):
            if name in given:
                try:
                    values[name] = float(given[name])
                except ValueError as error:
                    raise BadEngineUrlError(str(url), f"a number for {name}") from error
        return cls(**values)


@dataclass(slots=True)
class Spending:
    """What queries have cost so far.

    Attributes:
        queries: How many ran.
        scanned: Bytes that they read.
        usd: What that costs, by the configured price; an estimate.
    """

    queries: int = 0
    scanned: int = 0
    usd: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, scanned: int, usd_per_tb: float) -> None:
        """Count a query; ten megabytes are billed at least."""
        with self._lock:
            self.queries += 1
            self.scanned += scanned
            self.usd += max(scanned, _BILLED_AT_LEAST) / _TB * usd_per_tb


class AthenaEngine:
    """Runs compiled queries on Athena; safe to use from many threads.

    Args:
        cache: The cache folder, as the catalog's paths begin.
        cache_url: The same folder in S3, `s3://bucket/prefix`.
        settings: How Athena is asked.
        time_limit_s: Seconds until a query is stopped.
        client: A boto3 client for Athena; None: made by the first query.

    Attributes:
        spending: What the queries have cost so far.
    """

    dialect: Literal["athena"] = "athena"

    def __init__(
        self,
        cache: Path,
        cache_url: str,
        settings: AthenaSettings | None = None,
        *,
        time_limit_s: float = 60,
        client: Any = None,
    ) -> None:
        self.cache, self._cache_url = cache.resolve(), cache_url.rstrip("/")
        self.settings = settings or AthenaSettings()
        self._time_limit_s = time_limit_s
        self._lock = threading.Lock()
        self._client = client
        self.spending = Spending()

    @property
    def url(self) -> str:
        """What messages call it."""
        return f"athena://{self.settings.database}"

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
            QueryTimeoutError, QueryCancelledError, QueryCostError: It was stopped.
            QueryTooLongError: Its text is longer than Athena takes.
            PartMissingError: A file of the cache is not in S3.
            TotalTooLargeError: A sum does not fit 64 bits.
            EngineUnreachableError, EngineRefusedError: Athena does not answer, or not with rows.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        text = query_text(
            sql, inputs, dict(values or {}), self.settings.database, self._urls(inputs)
        )
        n_bytes = len(text.encode())
        if n_bytes > MAX_QUERY_BYTES:
            raise QueryTooLongError(n_bytes)
        try:
            execution = self._execution(text, cancel)
            return self._rows(execution)
        except ClientError as error:
            raise EngineRefusedError(self.url, str(error)) from error
        except BotoCoreError as error:
            raise EngineUnreachableError(self.url, str(error)) from error

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _open(self) -> Any:
        with self._lock:
            if self._client is None:
                import boto3  # noqa: PLC0415 - takes longer to import than DuckDB takes to answer

                session = boto3.Session(
                    profile_name=self.settings.profile, region_name=self.settings.region
                )
                endpoint = self.settings.endpoint_url
                self._client = session.client("athena", endpoint_url=endpoint)
            return self._client

    def _urls(self, inputs: Inputs) -> dict[str, str]:
        return {
            path: f"{self._cache_url}/{Path(path).relative_to(self.cache)}"
            for paths in inputs.files.values()
            for path in paths
        }

    def _execution(self, text: str, cancel: Cancellation | None) -> str:
        """Run a query to its end; return the number of its execution."""
        client, settings = self._open(), self.settings
        more: dict[str, Any] = {}
        if settings.output is not None:
            more["ResultConfiguration"] = {"OutputLocation": settings.output}
        execution: str = client.start_query_execution(
            QueryString=text,
            ClientRequestToken=uuid.uuid4().hex,
            QueryExecutionContext={"Database": settings.database},
            WorkGroup=settings.workgroup,
            **more,
        )["QueryExecutionId"]
        ended = threading.Event()
        with Watch(self._time_limit_s, cancel, ended.set) as watch:
            state = self._awaited(execution, ended)
            if ended.is_set() and state["Status"]["State"] not in ("SUCCEEDED", "FAILED"):
                client.stop_query_execution(QueryExecutionId=execution)
                self._count(state)
                watch.check()
        self._count(state)
        if state["Status"]["State"] != "SUCCEEDED":
            raise self._explained(state["Status"])
        return execution

    def _awaited(self, execution: str, ended: threading.Event) -> dict[str, Any]:
        """Ask, less and less often, until the query is over or should be."""
        client, wait_s = self._open(), _FIRST_WAIT_S
        while True:
            found = client.get_query_execution(QueryExecutionId=execution)
            state: dict[str, Any] = found["QueryExecution"]
            if state["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return state
            scanned = _scanned(state)
            if scanned > self.settings.max_gb * 1e9:
                client.stop_query_execution(QueryExecutionId=execution)
                self._count(state)
                raise QueryCostError(scanned, self.settings.max_gb)
            if ended.wait(wait_s):
                return state
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    def _count(self, state: dict[str, Any]) -> None:
        scanned = _scanned(state)
        self.spending.add(scanned, self.settings.usd_per_tb)
        _log.info("athena query over: scanned=%d", scanned)

    def _rows(self, execution: str) -> pa.Table:
        client = self._open()
        pages = client.get_paginator("get_query_results").paginate(
            QueryExecutionId=execution, PaginationConfig={"PageSize": _PAGE_ROWS}
        )
        schema: pa.Schema | None = None
        cells: list[list[str | None]] = []
        for page in pages:
            rows = page["ResultSet"]["Rows"]
            if schema is None:
                schema = _schema(page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"])
                # The first row of a SELECT's first page repeats the names.
                rows = rows[1:]
            cells += [[datum.get("VarCharValue") for datum in row["Data"]] for row in rows]
        if schema is None:
            raise EngineRefusedError(self.url, "no result")
        columns = list(zip(*cells, strict=True)) or [()] * len(schema)
        arrays = [_array(texts, column) for texts, column in zip(columns, schema, strict=True)]
        return pa.table(arrays, schema=schema)

    def _explained(self, status: dict[str, Any]) -> DashboardError:
        """Say in one sentence why a query failed."""
        reason = str(status.get("StateChangeReason", status["State"])).partition("\n")[0]
        if "NUMERIC_VALUE_OUT_OF_RANGE" in reason or "addition overflow" in reason:
            return TotalTooLargeError("bytes or packets")
        if "HIVE_CANNOT_OPEN_SPLIT" in reason or "NoSuchKey" in reason:
            path = re.search(r"s3://\S+?\.parquet", reason)
            return PartMissingError(path[0] if path else self._cache_url, self.cache)
        return EngineRefusedError(self.url, reason[:300])


def _scanned(state: Mapping[str, Any]) -> int:
    return int(state.get("Statistics", {}).get("DataScannedInBytes", 0))


def _schema(columns: list[dict[str, Any]]) -> pa.Schema:
    fields = []
    for column in columns:
        # Sums of whole numbers are decimals without a fraction in other engines' words.
        whole = column["Type"] == "decimal" and not column.get("Scale")
        fields.append((column["Name"], pa.int64() if whole else _ARROW_TYPES[column["Type"]]))
    return pa.schema(fields)


def _array(texts: tuple[str | None, ...], column: pa.Field) -> pa.Array:
    convert: Callable[[str], Any] = str
    if pa.types.is_integer(column.type):
        convert = int
    elif pa.types.is_floating(column.type):
        convert = float
    elif pa.types.is_boolean(column.type):
        convert = "true".__eq__
    values = [None if text is None else convert(text) for text in texts]
    return pa.array(values, column.type)
