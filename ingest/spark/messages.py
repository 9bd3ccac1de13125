"""What driver and worker say to each other: one row, one column of bytes, each way."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ingest.batch import BatchResult, BatchTask
from ingest.parser_pool import ParserLimits
from ingest.schema import SCHEMA_VERSION

COLUMN = "message"
SPARK_SCHEMA = f"{COLUMN} BINARY"


@dataclass(frozen=True, slots=True)
class Order:
    """A batch for a worker.

    Attributes:
        task: The batch; paths are the driver's.
        limits: What the parser may take.
        schema_version: Of the driver; a worker with another writes nothing.
    """

    task: BatchTask
    limits: ParserLimits
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch.

    Attributes:
        results: One, or several where the batch was halved; numbers are the worker's own.
        trouble: What is no object's fault; empty where all went well.
    """

    results: list[BatchResult] = field(default_factory=list)
    trouble: str = ""


def packed(message: Order | Report) -> pa.Table:
    """Return a message as a table of one row."""
    return pa.table({COLUMN: pa.array([pickle.dumps(message)], pa.binary())})


def unpacked(table: pa.Table | pa.RecordBatch) -> list[Any]:
    """Return the messages of a table; they come from this program on trusted machines."""
    return [pickle.loads(value) for value in table.column(COLUMN).to_pylist()]  # noqa: S301
