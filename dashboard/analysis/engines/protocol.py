"""What every engine has in common: what a query reads, how it is run, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa

from dashboard.analysis.engines.stopping import Cancellation
from dashboard.errors import DashboardError

Dialect = Literal["duckdb", "pyspark", "athena"]
Value = int | str | float | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a query reads.

    Attributes:
        files: Table of the cache and its files; an empty list is an empty table.
        tables: More tables by name, from memory.
    """

    files: Mapping[str, list[str]]
    tables: Mapping[str, pa.Table] = field(default_factory=dict)


class Engine(Protocol):
    """Runs compiled queries over the files that a catalog names.

    Attributes:
        dialect: What Ibis compiles for it.
    """

    @property
    def dialect(self) -> Dialect:
        """What Ibis compiles for it."""

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
            sql: The query in the engine's dialect, values as `$name`.
            inputs: The tables that it reads.
            values: The values.
            cancel: Stops it from another thread.

        Returns:
            Its rows, the same in every engine; sums as int64.

        Raises:
            DashboardError: Expected trouble: a limit, a damaged cache, an engine out of reach.
        """

    def close(self) -> None:
        """Let go of what the engine holds; queries after this fail."""


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

    def __init__(self, path: str, cache: Path | str) -> None:
        self.path, self.cache = path, cache
        super().__init__(
            f"{path}: the catalog names this file, but it is missing. "
            f"Check the cache with: python -m ingest verify --cache {cache}"
        )


class PartUnreadableError(DashboardError):
    """A file of the cache cannot be read as Parquet."""

    def __init__(self, detail: str, cache: Path | str) -> None:
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


class EngineMissingError(DashboardError):
    """The package that talks to an engine is not installed."""

    def __init__(self, engine: str, extra: str) -> None:
        self.engine, self.extra = engine, extra
        super().__init__(
            f"--engine {engine}: its client is not installed. "
            f"Install it with: pip install 'flow-atlas[{extra}]'"
        )


class EngineUnreachableError(DashboardError):
    """The engine does not answer, or lost what it had been asked."""

    def __init__(self, url: str, detail: str) -> None:
        self.url, self.detail = url, detail
        super().__init__(
            f"{url}: the engine cannot be reached ({detail}). "
            "Check that it runs and that --engine-url is right, or leave --engine out."
        )


class EngineRefusedError(DashboardError):
    """The engine answered that it will not run a query."""

    def __init__(self, url: str, detail: str) -> None:
        self.url, self.detail = url, detail
        super().__init__(
            f"{url}: the engine refused the question ({detail}). "
            "Look into its log, or leave --engine out."
        )
