"""Edges and flow records as CSV, Parquet and NDJSON.

CSV follows RFC 4180 in UTF-8: commas, CRLF, quotes where a field needs them. A text that a
spreadsheet would take for a formula (it begins with = + - @, tab or carriage return) gets a
leading apostrophe.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dashboard.analysis.answers import VOLUME_COLUMNS, FlowAnswers
from dashboard.analysis.export.picture import Picture
from dashboard.analysis.flow_query import FlowQuery
from dashboard.errors import DashboardError

if TYPE_CHECKING:
    import polars as pl

RECORD_SUFFIXES = (".csv", ".parquet", ".ndjson")
PAGE_ROWS = 50_000  # About 35 MB while a page is written.
# With AWS rights, each of them leads to the address behind a pseudonym.
NEVER_SHARED = ("object", "line", "interface_id", "instance_id")
_FORMULA = r"^[=+\-@\t\r]"
_INTEGERS = frozenset(
    {
        "service_port", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end",
        "tcp_flags", "traffic_path", "line",
    }
)  # fmt: skip
_EDGE_SCHEMA = pa.schema(
    [
        ("src", pa.string()),
        ("dst", pa.string()),
        ("port", pa.int32()),
        ("protocol", pa.int16()),
        *((name, pa.int64()) for name in VOLUME_COLUMNS),
        ("first_seen", pa.timestamp("s", "UTC")),
        ("last_seen", pa.timestamp("s", "UTC")),
    ]
)


class CacheMovedError(DashboardError):
    """Records arrived while those of a question were read page by page."""

    def __init__(self) -> None:
        super().__init__(
            "The cache took in records while they were read, so pages would not fit together. "
            "Ask again, or stop the load for a while."
        )


def edge_table(picture: Picture) -> pa.Table:
    """Return the edges of a picture in its order, with times as timestamps."""
    rows = [
        {
            "src": edge.src,
            "dst": edge.dst,
            "port": edge.port,
            "protocol": edge.protocol,
            **{name: getattr(edge.volume, name) for name in VOLUME_COLUMNS},
            "first_seen": _moment(edge.first_seen),
            "last_seen": _moment(edge.last_seen),
        }
        for edge in picture.edges
    ]
    return pa.Table.from_pylist(rows, schema=_EDGE_SCHEMA)


def csv_text(table: pa.Table, *, header: bool = True) -> bytes:
    """Write a table as CSV, times in ISO 8601, null as nothing."""
    safe = [_without_formulas(column) for column in table.columns]
    text = io.BytesIO()
    _polars(pa.table(safe, names=table.column_names)).write_csv(
        text, include_header=header, line_terminator="\r\n", datetime_format="%Y-%m-%dT%H:%M:%SZ"
    )
    return text.getvalue()


def parquet_bytes(table: pa.Table) -> bytes:
    """Write a table as one Parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def record_pages(answers: FlowAnswers, query: FlowQuery, *, shared: bool) -> Iterator[pa.Table]:
    """Return all flow records that fit, a page at a time, at least one page.

    Args:
        answers: Real answers, or those of sharing mode.
        query: The question; threshold and top-K do not apply.
        shared: Leave out NEVER_SHARED.

    Raises:
        CacheMovedError: Records arrived between two pages.
    """
    version, offset = answers.facts().version, 0
    while True:
        page = answers.records(query, PAGE_ROWS, offset)
        if answers.facts().version != version:
            raise CacheMovedError
        yield _record_table(page.rows, shared=shared)
        offset += len(page.rows)
        if offset >= page.total or page.rows.empty:
            return


def write_records(file: BinaryIO, pages: Iterable[pa.Table], suffix: str) -> int:
    """Write pages of records in the format of a suffix, one of RECORD_SUFFIXES.

    Returns:
        How many records there were.
    """
    if suffix == ".parquet":
        return _write_parquet(file, pages)
    n_rows = 0
    for number, page in enumerate(pages):
        file.write(csv_text(page, header=number == 0) if suffix == ".csv" else _lines(page))
        n_rows += len(page)
    return n_rows


def _write_parquet(file: BinaryIO, pages: Iterable[pa.Table]) -> int:
    writer: pq.ParquetWriter | None = None
    n_rows = 0
    try:
        for page in pages:
            writer = writer or pq.ParquetWriter(file, page.schema, compression="zstd")
            writer.write_table(page)
            n_rows += len(page)
    finally:
        if writer is not None:
            writer.close()
    return n_rows


def _record_table(rows: pd.DataFrame, *, shared: bool) -> pa.Table:
    names = [name for name in rows.columns if not (shared and name in NEVER_SHARED)]
    return pa.table({name: _record_column(rows[name], name) for name in names})


def _record_column(column: pd.Series[Any], name: str) -> pa.Array:
    # Pandas guesses the type of a column without values, another one on each page.
    if column.isna().all():
        return pa.nulls(len(column), _record_type(name))
    return pa.array(column, type=_record_type(name), from_pandas=True)


def _record_type(name: str) -> pa.DataType:
    if name == "is_counted":
        return pa.bool_()
    return pa.int64() if name in _INTEGERS else pa.string()


def _lines(page: pa.Table) -> bytes:
    lines = io.BytesIO()
    _polars(page).write_ndjson(lines)
    return lines.getvalue()


def _polars(table: pa.Table) -> pl.DataFrame:
    # Only these two formats need it, and every command would wait for its import.
    import polars as pl  # noqa: PLC0415

    return cast(pl.DataFrame, pl.from_arrow(table))


def _without_formulas(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_string(column.type):
        return column
    risky = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)


def _moment(epoch_s: int | None) -> datetime | None:
    return None if epoch_s is None else datetime.fromtimestamp(epoch_s, UTC)
