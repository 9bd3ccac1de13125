"""Finished Parquet files, one per table and partition, in the temporary folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.kernels import dictionaries, groups
from ingest.schema import TABLES
from ingest.store.columns import Table
from ingest.store.commit import NewPart
from ingest.store.layout import HOUR_S, HOURLY_TABLES, partition_of
from ingest.store.leaves import Room
from ingest.store.parquet import ROW_GROUP_ROWS, write_parquet

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
    bounds = np.zeros(2, np.int64)
    room = Room(min(ROW_GROUP_ROWS, max(map(len, tables.values()), default=0)))
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
                checksum = write_parquet(file, columns, rows, room)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            dictionaries.find_bounds(table.times, rows, bounds)
            first, last = bounds.tolist() if hour_number >= 0 else (None, None)
            if last is not None and table.last_times is not None:
                dictionaries.find_bounds(table.last_times, rows, bounds)
                last = bounds.tolist()[1]
            parts.append(
                NewPart(
                    str(path), kind, date, hour,
                    first, last, len(rows), size, checksum,
                )
            )  # fmt: skip
    return parts


def _by_partition(kind: str, table: Table) -> Iterator[tuple[int, npt.NDArray[np.int32]]]:
    """Yield the first hour of each partition, and its rows as they came; undated rows last."""
    hours = table.hours
    if not len(hours):
        return
    if kind not in HOURLY_TABLES:
        hours = np.where(hours < 0, -1, hours // _DAY_HOURS * _DAY_HOURS).astype(np.int32)
    first, last = int(hours.min()), int(hours.max())
    if first == last:
        yield first, np.arange(len(hours), dtype=np.int32)
        return
    counts = np.bincount(hours - first)
    ends = np.cumsum(counts)
    order = np.empty(len(hours), np.int32)
    groups.order_by_hour(hours, first, ends - counts, order)
    present = (np.flatnonzero(counts) + first).tolist()
    for hour in sorted(present, key=lambda hour: (hour < 0, hour)):
        end = ends[hour - first]
        yield hour, order[end - counts[hour - first] : end]
