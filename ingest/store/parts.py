"""Finished Parquet files, one per table and partition, in the temporary folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.kernels import groups
from ingest.schema import TABLES
from ingest.store.columns import Table
from ingest.store.layout import HOUR_S, HOURLY_TABLES, partition_of
from ingest.store.parquet import write_parquet
from ingest.store.write import NewPart

_DAY_HOURS = 24


def write_parts(tables: Mapping[str, Table], folder: Path, name: str) -> list[NewPart]:
    """Write each table as one synced file per partition.

    Args:
        tables: By kind; columns as in `ingest.schema.TABLES`, `flows` with those that their
            format has.
        folder: Where the files go until the catalog names them.
        name: Keeps the files of several calls apart.

    Raises:
        OSError: The disk refuses.
    """
    parts = []
    for kind, table in tables.items():
        columns = [
            (column, stored, table.columns[column])
            for column, stored in TABLES[kind].items()
            if column in table.columns
        ]
        for hour_number, rows in _by_partition(kind, table):
            date, hour = partition_of(kind, None if hour_number < 0 else hour_number * HOUR_S)
            path = folder / f"{kind}-{name}-{date}-{hour or 'day'}.parquet"
            with path.open("wb") as file:
                write_parquet(file, columns, rows)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            times = table.times[rows]
            is_dated = hour_number >= 0
            parts.append(
                NewPart(
                    str(path), kind, date, hour,
                    int(times.min()) if is_dated else None,
                    int(times.max()) if is_dated else None,
                    len(rows), size,
                )
            )  # fmt: skip
    return parts


def _by_partition(kind: str, table: Table) -> Iterator[tuple[int, npt.NDArray[np.int32]]]:
    """Yield the first hour of each partition, and its rows as they came; undated rows last."""
    hours = table.hours
    if not len(hours):
        return
    first, last = int(hours.min()), int(hours.max())
    if kind not in HOURLY_TABLES:
        days = np.where(hours < 0, -1, hours // _DAY_HOURS * _DAY_HOURS).astype(np.int32)
        first, last, hours = int(days.min()), int(days.max()), days
    if first == last:
        yield first, np.arange(len(hours), dtype=np.int32)
        return
    # Few hours, but maybe years apart: number those that occur.
    distinct, slots = _numbered(hours)
    counts = np.bincount(slots)
    ends = np.cumsum(counts)
    order = np.empty(len(hours), np.int32)
    groups.order_by_slot(slots, ends - counts, order)
    places = sorted(range(len(distinct)), key=lambda place: (distinct[place] < 0, distinct[place]))
    for place in places:
        yield distinct[place], order[ends[place] - counts[place] : ends[place]]


def _numbered(hours: npt.NDArray[np.int32]) -> tuple[list[int], npt.NDArray[np.int32]]:
    offset = hours - hours.min()
    present = np.flatnonzero(np.bincount(offset))
    numbers = np.zeros(int(present[-1]) + 1, np.int32)
    numbers[present] = np.arange(len(present))
    return (present + hours.min()).tolist(), numbers[offset]
