"""Parquet objects as lines of text, so that one set of rules judges every record.

AWS writes underscored names and nulls; others write numbers as text or float, account
ids as numbers, `None` or `nan` as text. Values are cleaned once per distinct text where
the file keeps dictionaries, so a crafted file cannot expand in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.errors import BadObjectError
from ingest.parse.chunks import TextChunk, is_typed
from ingest.parse.columns import (
    ACCOUNT_FIELDS,
    DIGITS,
    MISSING,
    ODD,
    REMARK_ACCOUNT,
    SCIENTIFIC,
    TIME_FIELDS,
    WHOLE_NUMBER,
    BadTextError,
    cell,
    field_of,
    is_flow_log,
)
from ingest.parse.decompress import MAX_RATIO
from ingest.parse.header import header_fields
from ingest.parse.lines import MAX_LINE_BYTES, Reject, reject_line
from ingest.schema import COLUMN_BY_FIELD

BATCH_ROWS = 1 << 16
_CHUNK_BYTES = 16 << 20
_FREE_BYTES = 256 << 20  # Parquet packs equal rows far tighter than gzip; bounded all the same.
_DAMAGED = (pa.ArrowException, OSError, ValueError, OverflowError)
_ROUNDED = 1_000_000  # A spreadsheet keeps six digits of an account id.
_OK, _BAD_TEXT, _TOO_LONG = 0, 1, 2


@dataclass(slots=True)
class _Column:
    """One field of a batch.

    Attributes:
        field: AWS's name.
        texts: Distinct or all texts, never null.
        codes: Row to its place in `texts`; None where texts are rows.
        faults: Text to `_OK`, `_BAD_TEXT` or `_TOO_LONG`.
        raw: Text as the file has it, for messages.
    """

    field: str
    texts: Any
    codes: npt.NDArray[np.int64] | None
    faults: npt.NDArray[np.int8]
    raw: Any

    def by_row(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values if self.codes is None else values[self.codes]

    def rows(self, begin: int, end: int) -> Any:
        if self.codes is None:
            return self.texts.slice(begin, end - begin)
        return self.texts.take(pa.array(self.codes[begin:end]))


def parquet_chunks(key: str, content: bytes) -> Iterator[TextChunk]:
    """Yield the rows of a Parquet file as lines; `first_line` is a row number, from 1.

    Raises:
        BadObjectError: `corrupt`; `not-a-log`: no columns of a flow log; `bad-header`: two
            columns are the same field; `bomb`: it expands beyond all reason.
    """
    try:
        reader = _Reader(content)
    except _DAMAGED as error:
        raise _corrupt(key, error) from error
    fields = _fields(key, reader.names)
    limit = max(_FREE_BYTES, MAX_RATIO * len(content))
    produced = 0
    row = 1
    chunk = TextChunk(tuple(fields.values()), 1, 0, b"", "read from Parquet")
    yield chunk
    lost_accounts = False
    batches = reader.batches(list(fields))
    while True:
        try:
            batch = next(batches, None)
            if batch is None:
                return
            columns = []
            for name, field in fields.items():
                column, lost = _column(field, batch.column(name))
                columns.append(column)
                lost_accounts = lost_accounts or lost
        except _DAMAGED as error:
            raise _corrupt(key, error) from error
        remark = f"{chunk.remark}; {REMARK_ACCOUNT}" if lost_accounts else chunk.remark
        for n_rows, body, rejects in _lines(columns, batch.num_rows, row):
            produced += len(body)
            if produced > limit:
                detail = f"expands to more than {limit:,} bytes from {len(content):,}"
                raise BadObjectError(key, "bomb", detail)
            yield TextChunk(chunk.fields, row, n_rows, body, remark, rejects)
            row += n_rows


def _corrupt(key: str, error: Exception) -> BadObjectError:
    told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return BadObjectError(key, "corrupt", f"the Parquet data is damaged: {told}")


class _Reader:
    """An open file whose texts stay dictionaries."""

    def __init__(self, content: bytes) -> None:
        source = pa.BufferReader(content)
        schema = pq.ParquetFile(source).schema_arrow
        texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_binary(f.type)]
        self.file = pq.ParquetFile(source, read_dictionary=texts, page_checksum_verification=True)
        self.names = [f.name for f in self.file.schema_arrow if _is_text(f.type)]

    def batches(self, names: list[str]) -> Iterator[Any]:
        batches: Iterator[Any] = self.file.iter_batches(
            batch_size=BATCH_ROWS, columns=names, use_threads=False
        )
        return batches


def _is_text(kind: Any) -> bool:
    """Tell whether values of a type can be written as text; lists and maps cannot."""
    try:
        pc.cast(pa.nulls(0, kind), pa.string())
    except pa.ArrowException:
        return False
    return True


def _fields(key: str, names: list[str]) -> dict[str, str]:
    if not is_flow_log(tuple(names)):
        told = ", ".join(names[:8])
        detail = f"a Parquet file without the columns of a flow log; it has {told[:200]}"
        raise BadObjectError(key, "not-a-log", detail)
    fields: dict[str, str] = {}
    for name in names:
        field = field_of(name)
        if field is None:
            continue
        if field in fields.values():
            raise BadObjectError(key, "bad-header", f"two columns are the field {field}")
        fields[name] = field
    return fields


def _column(field: str, array: Any) -> tuple[_Column, bool]:
    """Turn values into texts; also tell whether account ids were lost in them."""
    codes = None
    if pa.types.is_dictionary(array.type):
        indices = array.indices
        n_known = len(array.dictionary)
        codes = np.asarray(pc.fill_null(pc.cast(indices, pa.int64()), n_known))
        array = pa.concat_arrays([array.dictionary, pa.nulls(1, array.dictionary.type)])
    kind = array.type
    lost = False
    if pa.types.is_timestamp(kind) and field in TIME_FIELDS:
        array = pc.cast(pc.cast(array, pa.timestamp("s", kind.tz), safe=False), pa.int64())
    elif pa.types.is_timestamp(kind):
        array = pc.cast(array, pa.timestamp(kind.unit))  # Without a zone: UTC.
    elif pa.types.is_floating(kind):
        array, lost = _whole_numbers(field, array)
    elif not pa.types.is_primitive(kind) and not pa.types.is_null(kind):
        array = _valid_texts(array)
    raw = pc.fill_null(pc.cast(array, pa.string()), "-")
    if not pa.types.is_integer(array.type) or field in ACCOUNT_FIELDS:
        texts, faults, lost_here = _cleaned(field, raw)
        return _Column(field, texts, codes, faults, raw), lost or lost_here
    return _Column(field, raw, codes, np.zeros(len(raw), np.int8), raw), lost


def _valid_texts(array: Any) -> Any:
    """Return texts; bytes that are no UTF-8 become a control character, to be rejected."""
    try:
        texts = pc.cast(array, pa.string())
        texts.validate(full=True)
    except pa.ArrowInvalid:
        held = pc.cast(array, pa.binary()).to_pylist()
        texts = pa.array([None if b is None else _decoded(b) for b in held], pa.string())
    return texts


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return "\0" + value.decode("utf-8", "replace")


def _whole_numbers(field: str, array: Any) -> tuple[Any, bool]:
    """Write floats as text, whole ones without a fraction; NaN is null."""
    values = np.asarray(array.to_numpy(zero_copy_only=False), np.float64)
    is_missing = np.isnan(values)
    lost = np.zeros(len(values), np.bool_)
    if field in ACCOUNT_FIELDS:
        # A float came through a data frame, perhaps from a spreadsheet's rounded text.
        lost = (values >= 1e11) & (np.mod(values, _ROUNDED) == 0)
    is_whole = np.zeros(len(values), np.bool_)
    if is_typed(field) or field in ACCOUNT_FIELDS:
        with np.errstate(invalid="ignore"):
            is_whole = (np.abs(values) < 2**63) & (np.floor(values) == values)
    whole = pc.cast(pa.array(np.where(is_whole, values, 0).astype(np.int64)), pa.string())
    other = pc.cast(pa.array(values), pa.string())
    texts = pc.if_else(pa.array(is_whole), whole, other)
    nulls = pa.nulls(len(values), pa.string())
    return pc.if_else(pa.array(is_missing | lost), nulls, texts), bool(lost.any())


def _cleaned(field: str, raw: Any) -> tuple[Any, npt.NDArray[np.int8], bool]:
    """Apply the rules of `ingest.parse.columns.cell` to many values at once."""
    texts = pc.ascii_trim_whitespace(raw)
    texts = pc.if_else(pc.is_in(texts, pa.array(sorted(MISSING))), "-", texts)
    column = COLUMN_BY_FIELD.get(field)
    is_account = field in ACCOUNT_FIELDS
    lost = False
    if is_account or (column is not None and column.highest is not None):
        texts = pc.replace_substring_regex(texts, f"^{WHOLE_NUMBER}$", r"\1")
    if is_account:
        rounded = pc.match_substring_regex(texts, f"^{SCIENTIFIC}$")
        lost = bool(pc.any(rounded).as_py())
        texts = pc.if_else(rounded, "-", texts)
        digits = pc.match_substring_regex(texts, f"^{DIGITS}$")
        texts = pc.if_else(digits, pc.utf8_lpad(texts, 12, "0"), texts)
    elif field in TIME_FIELDS:
        texts = _epochs(field, texts)
    if column is None:
        texts = pc.replace_substring(texts, " ", "%20")
    is_odd = pc.or_(pc.starts_with(texts, "#"), pc.match_substring_regex(texts, ODD))
    is_long = pc.greater(pc.binary_length(texts), MAX_LINE_BYTES)
    faults = np.where(np.asarray(is_long), _TOO_LONG, np.where(np.asarray(is_odd), _BAD_TEXT, _OK))
    texts = pc.if_else(pc.or_(is_odd, is_long), "-", texts)
    return texts, faults.astype(np.int8), lost


def _epochs(field: str, texts: Any) -> Any:
    is_date = pc.match_substring_regex(texts, r"^[0-9]{4}-")
    if not pc.any(is_date).as_py():
        return texts
    held = texts.to_pylist()
    for position in np.flatnonzero(np.asarray(is_date)).tolist():
        try:
            held[position] = cell(field, held[position])
        except BadTextError:
            continue
    return pa.array(held, pa.string())


def _lines(
    columns: list[_Column], n_rows: int, first_row: int
) -> Iterator[tuple[int, bytes, tuple[Reject, ...]]]:
    """Yield slices of a batch of bounded size; the line of a rejected row is blank."""
    sizes = np.full(n_rows, len(columns), np.int64)
    faults = np.zeros(n_rows, np.int8)
    for column in columns:
        sizes += column.by_row(np.asarray(pc.binary_length(column.texts), np.int64))
        faults = np.maximum(faults, column.by_row(column.faults))
    ends = np.cumsum(sizes)
    begin = 0
    while begin < n_rows:
        done = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _CHUNK_BYTES, side="right")))
        end = min(end, n_rows)
        parts = [column.rows(begin, end) for column in columns]
        lines = pc.binary_join_element_wise(*parts, " ")
        is_bad = faults[begin:end] != _OK
        if not any(is_typed(column.field) for column in columns):
            # A row of nothing but words may read like a header.
            is_bad |= [header_fields(line.as_py().encode()) is not None for line in lines]
        lines = pc.if_else(pa.array(is_bad), "", lines)
        rejects = [
            _reject(columns, first_row + begin + int(i), begin + int(i))
            for i in np.flatnonzero(is_bad)
        ]
        yield end - begin, _body(lines), tuple(rejects)
        begin = end


def _reject(columns: list[_Column], number: int, row: int) -> Reject:
    for column in columns:
        place = row if column.codes is None else int(column.codes[row])
        fault = column.faults[place]
        if fault != _OK:
            reason = "bad-text" if fault == _BAD_TEXT else "line-too-long"
            text = column.raw[place].as_py()[:MAX_LINE_BYTES]
            return reject_line(number, reason, column.field, text.encode())
    return reject_line(number, "bad-text", None, b"the values read like a header")


def _body(lines: Any) -> bytes:
    with_ends = pc.binary_join_element_wise(lines, "", "\n")
    if isinstance(with_ends, pa.ChunkedArray):
        with_ends = with_ends.combine_chunks()
    _, offsets, data = with_ends.buffers()
    bounds = np.frombuffer(offsets, np.int32)[[with_ends.offset, with_ends.offset + len(with_ends)]]
    return memoryview(data)[int(bounds[0]) : int(bounds[1])].tobytes()
