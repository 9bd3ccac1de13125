"""Which engine answers, and how it is opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from dashboard.analysis.engines.duckdb import DuckDbEngine
from dashboard.analysis.engines.protocol import Dialect, Engine
from dashboard.errors import DashboardError

EngineName = Literal["duckdb", "spark", "athena"]
ENGINES: tuple[EngineName, ...] = ("duckdb", "spark", "athena")
_DIALECTS: dict[EngineName, Dialect] = {
    "duckdb": "duckdb",
    "spark": "pyspark",
    "athena": "athena",
}
_BUCKET = re.compile(r"s3://[^/\s]+(/\S*)?")


class EngineChoiceError(DashboardError):
    """The settings of an engine do not fit together."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Which engine answers.

    Attributes:
        name: `duckdb` inside this process, `spark` or `athena` elsewhere.
        url: Spark: `sc://host:port`. Athena: `athena://database?workgroup=…`.
        cache_url: The cache folder as the engine sees it, such as `s3://bucket/cache`.
            Spark: where absent, under the same path as here.
    """

    name: EngineName = "duckdb"
    url: str | None = None
    cache_url: str | None = None

    @property
    def dialect(self) -> Dialect:
        """What Ibis compiles for it."""
        return _DIALECTS[self.name]

    def check(self) -> None:
        """Raise unless the settings fit together.

        Raises:
            EngineChoiceError, BadEngineUrlError: They do not; says which, and what to give.
        """
        if self.name not in ENGINES:
            msg = f"--engine {self.name}: is unknown. Give one of {', '.join(ENGINES)}."
            raise EngineChoiceError(msg)
        if self.name == "duckdb" and (self.url or self.cache_url):
            msg = (
                f"{self.url or self.cache_url}: the engine duckdb reads the cache folder itself. "
                "Leave --engine-url and --engine-cache out, or give another --engine."
            )
            raise EngineChoiceError(msg)
        if self.name == "spark" and not (self.url or "").startswith("sc://"):
            msg = (
                f"--engine-url {self.url or 'is missing'}: --engine spark needs the address of a "
                "Spark Connect server. Give --engine-url sc://host:15002."
            )
            raise EngineChoiceError(msg)
        if self.name == "athena":
            if not _BUCKET.fullmatch(self.cache_url or ""):
                msg = (
                    f"--engine-cache {self.cache_url or 'is missing'}: Athena reads the cache in "
                    "S3. Give --engine-cache s3://bucket/prefix."
                )
                raise EngineChoiceError(msg)
            from dashboard.analysis.engines.athena import AthenaSettings  # noqa: PLC0415

            AthenaSettings.from_url(self.url)

    def open(self, cache: Path, *, memory_limit: str, threads: int, time_limit_s: float) -> Engine:
        """Return the engine over a cache; one elsewhere is reached by the first query.

        Args:
            cache: The cache folder.
            memory_limit: For DuckDB; others have limits of their own.
            threads: For DuckDB.
            time_limit_s: Seconds until a query is stopped.

        Raises:
            EngineChoiceError, BadEngineUrlError: As `check`.
        """
        self.check()
        # Each engine is imported by those who chose it.
        if self.name == "spark":
            from dashboard.analysis.engines.spark import SparkEngine  # noqa: PLC0415

            return SparkEngine(
                cache, cast(str, self.url), cache_url=self.cache_url, time_limit_s=time_limit_s
            )
        if self.name == "athena":
            from dashboard.analysis.engines.athena import (  # noqa: PLC0415
                AthenaEngine,
                AthenaSettings,
            )

            settings = AthenaSettings.from_url(self.url)
            return AthenaEngine(
                cache, cast(str, self.cache_url), settings, time_limit_s=time_limit_s
            )
        return DuckDbEngine(
            cache, memory_limit=memory_limit, threads=threads, time_limit_s=time_limit_s
        )
