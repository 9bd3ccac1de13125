"""Which engine is opened for which settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard.analysis.engines.athena import AthenaEngine
from dashboard.analysis.engines.choice import EngineChoice
from dashboard.analysis.engines.duckdb import DuckDbEngine
from dashboard.analysis.engines.spark import SparkEngine
from dashboard.errors import DashboardError

LIMITS: dict[str, Any] = {"memory_limit": "100MB", "threads": 1, "time_limit_s": 5}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (EngineChoice(), DuckDbEngine),
        (EngineChoice("spark", "sc://127.0.0.1:1"), SparkEngine),
        (EngineChoice("athena", cache_url="s3://bucket/cache"), AthenaEngine),
    ],
)
def test_an_engine_is_opened_without_asking_it(
    tmp_path: Path, choice: EngineChoice, expected: type[object]
) -> None:
    """One that is out of reach is told by the first query."""
    engine = choice.open(tmp_path, **LIMITS)

    assert type(engine) is expected
    assert engine.dialect == choice.dialect
    engine.close()


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (EngineChoice("flink"), "--engine flink: is unknown. Give one of duckdb, spark, athena."),  # type: ignore[arg-type]
        (EngineChoice(url="sc://h"), "sc://h: the engine duckdb reads the cache folder itself."),
        (EngineChoice("spark"), "--engine-url is missing: --engine spark needs"),
        (EngineChoice("spark", "spark://h:7077"), "--engine-url spark://h:7077: --engine spark"),
        (EngineChoice("athena"), "--engine-cache is missing: Athena reads the cache in S3."),
        (EngineChoice("athena", cache_url="/data"), "--engine-cache /data: Athena reads"),
        (EngineChoice("athena", "sc://h", "s3://b"), "--engine-url 'sc://h' is not usable."),
    ],
)
def test_settings_that_do_not_fit_are_told(
    tmp_path: Path, choice: EngineChoice, sentence: str
) -> None:
    """Which, and what to give instead."""
    with pytest.raises(DashboardError) as error:
        choice.open(tmp_path, **LIMITS)

    assert str(error.value).startswith(sentence)
