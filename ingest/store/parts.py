"""Finished Parquet files, one per table and partition, in the temporary folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from ingest.schema import TABLES
from ingest.store.layout import HOUR_S, HOURLY_TABLES, partition_of
from ingest.store.write import NewPart

_TIME_COLUMNS = {"flows": "time", "series": "minute_start"}
_KINDS = {"int16": pl.Int16(), "int32": pl.Int32(), "int64": pl.Int64(), "bool": pl.Boolean()}


def write_parts(tables: dict[str, pl.DataFrame], folder: Path, name: str) -> list[NewPart]:
    """Write each table as one synced file per partition.

    Args:
        tables: By kind; columns as in `ingest.schema.TABLES`, `flows` with `time` besides.
        folder: Where the files go until the catalog names them.
        name: Keeps the files of several calls apart.

    Raises:
        OSError: The disk refuses.
    """
    parts = []
    for kind, table in tables.items():
        time_column = _TIME_COLUMNS.get(kind, "hour_start")
        for start, rows in _by_partition(kind, table, time_column):
            date, hour = partition_of(kind, start)
            path = folder / f"{kind}-{name}-{date}-{hour or 'day'}.parquet"
            first, last = rows[time_column].min(), rows[time_column].max()
            _as_stored(kind, rows).write_parquet(path, compression="zstd", compression_level=1)
            with path.open("rb") as written:
                os.fsync(written.fileno())
            parts.append(
                NewPart(
                    str(path), kind, date, hour,
                    first if isinstance(first, int) else None,
                    last if isinstance(last, int) else None,
                    rows.height, path.stat().st_size,
                )
            )  # fmt: skip
    return parts


def _by_partition(
    kind: str, table: pl.DataFrame, time_column: str
) -> Iterator[tuple[int | None, pl.DataFrame]]:
    width = HOUR_S if kind in HOURLY_TABLES else 24 * HOUR_S
    slots = table[time_column] // width * width
    distinct = slots.unique().to_list()
    if len(distinct) == 1:
        yield distinct[0], table
        return
    for slot in sorted(distinct, key=lambda value: (value is None, value)):
        chosen = slots.is_null() if slot is None else (slots == slot).fill_null(value=False)
        yield slot, table.filter(chosen)


def _as_stored(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Bring columns to the types and order of the cache; flows hold what their format has."""
    casts = []
    for name, stored in TABLES[kind].items():
        if name in rows.columns:
            wanted = _KINDS.get(stored)
            column = pl.col(name)
            casts.append(column if wanted is None else column.cast(wanted))
    return rows.select(casts)
