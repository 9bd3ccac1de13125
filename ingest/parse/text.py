"""Many lines of one layout to typed columns, at once and strictly.

The fast reader takes a whole chunk or refuses it; what it refuses goes line by line
through `ingest.parse.lines`, which rejects the bad lines with their reasons and hands
back the good ones. Both hold to the same rules, so both give the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.parse.addresses import AddressTable
from ingest.schema import ACTIONS, ADDRESS_FIELDS, COLUMN_BY_FIELD, LOG_STATUSES

# Flow logs began in 2015, their documentation shows 2014. Outside of these bounds a
# number in `start` or `end` is no time in seconds.
EARLIEST = 946_684_800  # 2000-01-01
LATEST = 4_102_444_800  # 2100-01-01

_NARROW: dict[int, pl.DataType] = {255: pl.UInt8(), 65_535: pl.UInt16()}
_CHOICES = {"action": ACTIONS, "log-status": LOG_STATUSES}
_SCAN_BYTES = 256 << 10  # Stays in the processor's cache.


class RefusedError(Exception):
    """A chunk holds something that only the line reader can judge."""


@dataclass(frozen=True, slots=True)
class ParsedText:
    """Typed rows of one layout.

    Attributes:
        frame: One column per field under the cache's name. Text columns are categorical;
            the four address columns share one set of categories. `-` is null.
        addresses: Every distinct address text, as numbers; row i is category i.
    """

    frame: pl.DataFrame
    addresses: AddressTable


def parse_text(fields: tuple[str, ...], body: bytes, n_lines: int) -> ParsedText:
    """Parse `n_lines` lines, separated by newlines, into typed columns.

    Raises:
        RefusedError: A line does not fit, or the text has white space, comments or
            bytes that need a closer look.
    """
    _refuse_odd_bytes(body, n_lines * len(fields))
    addresses = pl.Categories.random()
    schema: dict[str, pl.DataType] = {}
    for field in fields:
        name = field.replace("-", "_")
        column = COLUMN_BY_FIELD.get(field)
        if field in _CHOICES:
            schema[name] = pl.Enum(_CHOICES[field])
        elif column is None or column.highest is None:
            is_address = field in ADDRESS_FIELDS
            schema[name] = pl.Categorical(addresses if is_address else pl.Categories.random())
        else:
            schema[name] = _NARROW.get(column.highest, pl.Int64())
    try:
        frame = pl.read_csv(
            body,
            separator=" ",
            has_header=False,
            schema=schema,
            quote_char=None,
            null_values="-",
        )
    except pl.exceptions.PolarsError as error:
        raise RefusedError(str(error)) from error
    if frame.height != n_lines:
        msg = f"{frame.height} rows from {n_lines} lines"
        raise RefusedError(msg)
    _refuse_bad_values(frame)
    try:
        return ParsedText(frame, AddressTable.of(_texts(addresses)))
    except ValueError as error:
        msg = f"the address {error}"
        raise RefusedError(msg) from error


def _texts(categories: pl.Categories) -> list[str]:
    texts: list[str] = categories.to_series().to_list()
    return texts


def _refuse_odd_bytes(body: bytes, separators: int) -> None:
    """Refuse unless white space is single separators, and exactly as many as are due.

    Carriage returns, tabs and NUL bytes would add to their number.
    """
    for byte in (b"#", b"+"):
        if byte in body:
            msg = f"the byte {byte!r}"
            raise RefusedError(msg)
    codes = np.frombuffer(body, np.uint8)
    is_space = np.empty(_SCAN_BYTES, np.bool_)
    found = 0
    follows_space = True  # A separator before the first field is one too many.
    for begin in range(0, len(codes), _SCAN_BYTES):
        block = codes[begin : begin + _SCAN_BYTES]
        spaces = np.less_equal(block, ord(" "), out=is_space[: len(block)])
        found += int(np.count_nonzero(spaces))
        if (follows_space and spaces[0]) or np.logical_and(spaces[1:], spaces[:-1]).any():
            msg = "an empty field"
            raise RefusedError(msg)
        follows_space = bool(spaces[-1])
    if found != separators:
        msg = f"{found} separators where {separators} are due"
        raise RefusedError(msg)


def _refuse_bad_values(frame: pl.DataFrame) -> None:
    checks = [
        pl.col(name).is_between(EARLIEST, LATEST, closed="left").all()
        for name in ("start", "end")
        if name in frame.columns
    ]
    if "start" in frame.columns and "end" in frame.columns:
        checks.append((pl.col("end") >= pl.col("start")).all())
    checks += [
        (pl.col(name) >= 0).all()
        for name, kind in frame.schema.items()
        if kind == pl.Int64 and name not in ("start", "end")
    ]
    if checks and not frame.select(pl.all_horizontal(*checks)).item():
        msg = "a number out of bounds"
        raise RefusedError(msg)
