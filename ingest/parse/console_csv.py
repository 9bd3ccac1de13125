"""Comma-separated exports: the CloudWatch console, Logs Insights, Athena, spreadsheets.

Either one column holds the record as AWS wrote it, or there is one column a field.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingest.parse.chunks import ColumnRecord, Item, TextRecord, encoded
from ingest.parse.columns import (
    REMARK_ACCOUNT,
    BadTextError,
    cell,
    field_of,
    is_flow_log,
    is_lost_account,
)
from ingest.parse.header import looks_like_a_record
from ingest.parse.lines import MAX_LINE_BYTES, reject_line
from ingest.schema import DEFAULT_FIELDS

_DELIMITERS = ",;\t"
_MAX_QUOTED_LINES = 100  # A stray quote must not take the rest of the file with it.
_TEXT_NAMES = ("message", "@message", "_raw", "raw", "event.original")
_NAME = re.compile(r"[@A-Za-z_][\w@ .-]*")
# ISO 8601, milliseconds, or what a spreadsheet makes of either.
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+(Z|[+-][0-9:]+)?|[0-9.]+([eE]\+?[0-9]+)?"
)
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class CsvShape:
    """What the columns of a file are.

    Attributes:
        delimiter: Between cells.
        text_column: Where the record stands; None where each field has a column.
        columns: Cell and field of each column that holds one.
        n_columns: How many cells a row has.
        is_header: The row that told it holds names, no record.
    """

    delimiter: str
    text_column: int | None
    columns: tuple[tuple[int, str], ...]
    n_columns: int
    is_header: bool


def csv_shape(line: str, given: tuple[str, ...] | None) -> CsvShape | None:
    """Tell from one row what the columns are; None where it is no row of a known form."""
    for delimiter in _DELIMITERS:
        row = _cells(line, delimiter)
        if row is None or (len(row) == 1 and delimiter != _DELIMITERS[0]):
            continue
        shape = _named(row, delimiter) or _unnamed(row, delimiter, given)
        if shape is not None:
            return shape
    return None


def _named(row: Sequence[str], delimiter: str) -> CsvShape | None:
    names = [name.strip() for name in row]
    if not all(_NAME.fullmatch(name) for name in names if name) or not any(names):
        return None
    lowered = [name.lower() for name in names]
    for name in _TEXT_NAMES:
        if name in lowered:
            return CsvShape(delimiter, lowered.index(name), (), len(row), is_header=True)
    if len(row) == 1 or not is_flow_log(tuple(names)):
        return None
    columns = tuple((i, field) for i, name in enumerate(names) if (field := field_of(name)))
    return CsvShape(delimiter, None, columns, len(row), is_header=True)


def _unnamed(row: Sequence[str], delimiter: str, given: tuple[str, ...] | None) -> CsvShape | None:
    """Recognise a row without names: a time and a record, or the fields of a layout."""
    has_time = len(row) > 1 and _TIME.fullmatch(row[0].strip()) is not None
    if len(row) == 2 and has_time and looks_like_a_record(encoded(row[1])):
        return CsvShape(delimiter, 1, (), 2, is_header=False)
    fields = given or DEFAULT_FIELDS
    offset = len(row) - len(fields)
    if offset not in (0, 1) or len(row) < 2 or (offset and not has_time):
        return None
    if given is None and not (
        _DIGITS.fullmatch(row[offset]) and _DIGITS.fullmatch(row[offset + 10])
    ):
        return None
    columns = tuple(enumerate(fields, offset))
    return CsvShape(delimiter, None, columns, len(row), is_header=False)


class CsvRecords:
    """The records of a file of one shape, numbered by the line that they begin on."""

    def __init__(self, shape: CsvShape, header_line: int) -> None:
        self.shape = shape
        self.header_line = header_line
        self.lost_accounts = False

    def remark(self) -> str:
        """Say how the object was read."""
        return "read as CSV" + (f"; {REMARK_ACCOUNT}" if self.lost_accounts else "")

    def items(self, blocks: Iterable[bytes]) -> Iterator[Item]:
        """Yield the record of every row that is not blank; rows before the header are rejects.

        Args:
            blocks: Whole lines each.
        """
        for number, row_text in _rows(blocks):
            if number == self.header_line and self.shape.is_header:
                continue
            row = _cells(row_text, self.shape.delimiter)
            if row is not None and not any(cell.strip() for cell in row):
                continue
            if number < self.header_line and self.shape.is_header:
                yield reject_line(number, "no-record", None, encoded(row_text))
            elif row is None or len(row) != self.shape.n_columns:
                yield from self._misshapen(number, row_text)
            elif self.shape.text_column is not None:
                yield from _text_records(number, row[self.shape.text_column])
            else:
                yield self._columns(number, row, row_text)

    def _misshapen(self, number: int, row_text: str) -> Iterator[Item]:
        """Judge a row of another width; a message that was not quoted may hold commas."""
        if (
            self.shape.text_column is not None
            and self.shape.text_column == self.shape.n_columns - 1
        ):
            cells = row_text.split(self.shape.delimiter, self.shape.n_columns - 1)
            if len(cells) == self.shape.n_columns:
                yield from _text_records(number, cells[-1])
                return
        yield reject_line(number, "field-count", None, encoded(row_text))

    def _columns(self, number: int, row: Sequence[str], row_text: str) -> Item:
        values: dict[str, str] = {}
        for index, field in self.shape.columns:
            try:
                values[field] = cell(field, row[index])
            except BadTextError:
                return reject_line(number, "bad-text", field, encoded(row_text))
            if values[field] == "-" and is_lost_account(field, row[index]):
                self.lost_accounts = True
        return ColumnRecord(number, values)


def _text_records(number: int, text: str) -> Iterator[Item]:
    for line in text.strip().split("\n"):
        yield TextRecord(number, encoded(line.strip()))
        number += 1


def _rows(blocks: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """Yield rows with the number of their first line; a quoted cell may span lines."""
    number = 0
    held: list[str] = []
    for block in blocks:
        for raw in block.split(b"\n")[:-1]:
            number += 1
            held.append(raw.decode("utf-8", "surrogateescape").removesuffix("\r"))
            if len(held) == 1 and '"' not in held[0]:
                yield number, held.pop()
                continue
            while held:
                row = "\n".join(held)
                if row.count('"') % 2 == 0:
                    yield number - len(held) + 1, row
                    held = []
                elif len(held) < _MAX_QUOTED_LINES and len(row) <= MAX_LINE_BYTES:
                    break
                else:
                    yield from _released(number, held)
    while held:
        yield from _released(number, held)


def _released(number: int, held: list[str]) -> Iterator[tuple[int, str]]:
    """Give up on a quote that nothing closes: its line is a row by itself."""
    yield number - len(held) + 1, held.pop(0)
    while held and '"' not in held[0]:
        yield number - len(held) + 1, held.pop(0)


def _cells(row: str, delimiter: str) -> list[str] | None:
    """Split a row; None where its quotes do not fit."""
    if '"' not in row:
        return row.split(delimiter)
    try:
        return next(csv.reader([row], delimiter=delimiter, strict=True, skipinitialspace=True))
    except (csv.Error, StopIteration):
        return None
