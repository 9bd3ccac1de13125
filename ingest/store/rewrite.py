"""Several parts of one hour of `flows` as one part, as the loader would have written it.

DuckDB keeps no dictionary of most columns, so its files are a quarter larger. What the
loader's writer cannot take is left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.parse.text import Narrow, Wide
from ingest.schema import FLOW_TABLE, StoredType
from ingest.store.columns import Codes, Column, Flags, Numbers, Table, Texts
from ingest.store.commit import NewPart
from ingest.store.layout import HOUR_S
from ingest.store.parts import write_parts

# About 200 bytes a row are held at once.
LARGEST_REWRITE = 3_000_000
_PLACE = ("filename", "file_row_number")


def rewritten(paths: Sequence[str], facts: Path | None, folder: Path, name: str) -> NewPart | None:
    """Write the rows of some parts as one synced file, in the order of time.

    Args:
        paths: Parts of one hour.
        facts: Columns that take the place of the rows' own, as `Engine.with_facts` takes them.
        folder: Where the file goes.
        name: Keeps it apart from others.

    Returns:
        None where the rows are too many, have fields that are not known, or no time.

    Raises:
        pa.ArrowException: A part cannot be read.
        OSError: The disk refuses.
    """
    try:
        table = _read(paths, facts)
    except OSError as error:  # Of a damaged file; one from the writer is about the disk.
        raise pa.ArrowInvalid(str(error)) from error
    if table is None:
        return None
    times = _times(table)
    if times.min(initial=0) < 0 or not len(times):
        return None
    ends = _filled(table, "end", times)
    order = np.lexsort((_longs(table["line"]), _longs(table["object_id"]), ends, times))
    columns = {
        column: _column(table[column], FLOW_TABLE[column], order) for column in table.column_names
    }
    times = times[order]
    hours = (times // HOUR_S).astype(np.int32)
    parts = write_parts({"flows": Table(columns, hours, times)}, folder, name)
    if len(parts) == 1:
        return parts[0]
    for part in parts:
        Path(part.tmp).unlink()
    return None


def _read(paths: Sequence[str], facts: Path | None) -> pa.Table | None:
    schemas = [pq.read_schema(path) for path in paths]
    names = {name for schema in schemas for name in schema.names}
    n_rows = sum(pq.read_metadata(path).num_rows for path in paths)
    if n_rows > LARGEST_REWRITE or "extra" in names or not names <= FLOW_TABLE.keys():
        return None
    tables = []
    new = pq.read_table(facts) if facts is not None else None
    for path, schema in zip(paths, schemas, strict=True):
        texts = [column for column in schema.names if FLOW_TABLE[column] == "string"]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            table = file.read()
        if new is not None:
            mine = new.filter(pc.equal(new["filename"], path)).sort_by("file_row_number")
            if len(mine) != len(table):
                msg = f"{len(mine):,} facts for {len(table):,} rows of {path}"
                raise pa.ArrowInvalid(msg)
            for column in set(mine.column_names).difference(_PLACE):
                table = _replaced(table, column, mine[column])
        tables.append(table)
    whole = pa.concat_tables(tables, promote_options="default")
    return whole.select([column for column in FLOW_TABLE if column in whole.column_names])


def _replaced(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    if FLOW_TABLE[name] == "string":
        values = values.dictionary_encode()
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, values)
    return table.append_column(name, values)


def _column(column: pa.ChunkedArray, stored: StoredType, order: npt.NDArray[np.int64]) -> Column:
    if stored == "string":
        codes, meanings = _codes(column)
        return Codes(codes[order], Texts.of(meanings))
    if stored == "bool":
        values = column.fill_null(False).to_numpy().astype(np.uint8)
        is_set = column.is_valid().to_numpy() if column.null_count else None
        return Flags(values[order], None if is_set is None else is_set[order])
    values = _longs(column)[order]
    return Numbers(values if stored == "int64" else values.astype(np.int32))


def _codes(column: pa.ChunkedArray) -> tuple[Narrow, list[str]]:
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    codes = array.indices.fill_null(-1).cast(pa.int32()).to_numpy(zero_copy_only=False)
    return codes, array.dictionary.to_pylist()


def _longs(column: pa.ChunkedArray) -> Wide:
    return np.ascontiguousarray(column.fill_null(-1).cast(pa.int64()).to_numpy())


def _times(table: pa.Table) -> Wide:
    """Return each row's `start`, else its `end`, else -1."""
    start = _filled(table, "start", np.full(len(table), -1))
    return np.where(start < 0, _filled(table, "end", start), start)


def _filled(table: pa.Table, name: str, missing: Wide) -> Wide:
    return _longs(table[name]) if name in table.column_names else missing
