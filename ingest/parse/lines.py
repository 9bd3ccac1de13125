"""Line by line: which lines are records, which are not, and why.

The slow and exact way, for objects that the fast reader refuses. It follows headers
wherever they stand, forgives what hand-made files have (doubled spaces, comments,
carriage returns), and names the first fault of every other line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.parse.addresses import canonical_address, packed_address
from ingest.parse.header import header_fields
from ingest.parse.text import EARLIEST, LATEST
from ingest.schema import ACTIONS, ADDRESS_FIELDS, COLUMN_BY_FIELD, LOG_STATUSES

MAX_LINE_BYTES = 64 << 10
REJECT_TEXT_BYTES = 200

_SPACE = ord(" ")  # The fast reader takes every byte up to here for a separator.
_DIGITS = re.compile(rb"[0-9]+")
_CHOICES = {"action": ACTIONS, "log-status": LOG_STATUSES}


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that no record could be made of.

    Attributes:
        line: Its number in the object, from 1.
        reason: Short code: `field-count`, `not-a-number`, `out-of-range`, `not-an-address`,
            `unknown-value`, `not-utf8`, `nul-byte`, `control-byte`, `line-too-long`,
            `end-before-start`; of containers also `bad-text` (white space or a control
            character inside a value), `no-record` and `not-json`.
        field: The field at fault, AWS's name; None where it is the whole line.
        text: Its first 200 bytes, escaped.
    """

    line: int
    reason: str
    field: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """A line that holds, cleaned so that the fast reader takes it."""

    line: int
    fields: tuple[str, ...]
    text: bytes


def examine(
    fields: tuple[str, ...], lines: Iterable[bytes], first_line: int
) -> Iterator[Record | Reject]:
    """Judge every line that is neither blank, nor a comment, nor a header.

    Args:
        fields: The layout until a header line names another.
        lines: Without their newlines.
        first_line: The number of the first.
    """
    for number, line in enumerate(lines, first_line):
        if len(line) > MAX_LINE_BYTES:
            yield reject_line(number, "line-too-long", None, line)
            continue
        tokens = _tokens(line)
        if not tokens:
            continue
        named = header_fields(b" ".join(tokens))
        if named is not None:
            fields = named
            continue
        fault = _fault(fields, tokens)
        if fault is None:
            yield Record(number, fields, b" ".join(tokens))
        else:
            yield reject_line(number, *fault, line)


def _tokens(line: bytes) -> list[bytes]:
    tokens = line.removeprefix(b"\xef\xbb\xbf").split()
    for position, token in enumerate(tokens):
        if token.startswith(b"#"):  # Published examples carry trailing comments.
            return tokens[:position]
    return tokens


def reject_line(number: int, reason: str, field: str | None, line: bytes) -> Reject:
    """Make a reject of a line, with its beginning escaped."""
    text = line[:REJECT_TEXT_BYTES].decode("utf-8", "backslashreplace")
    return Reject(number, reason, field, text.encode("unicode_escape").decode("ascii"))


def _fault(fields: tuple[str, ...], tokens: list[bytes]) -> tuple[str, str | None] | None:
    """Return reason and field of the first fault; None where the line holds.

    IPv6 addresses are rewritten in `tokens` as AWS writes them.
    """
    if len(tokens) != len(fields):
        return "field-count", None
    times: dict[str, int] = {}
    for position, (field, token) in enumerate(zip(fields, tokens, strict=True)):
        if token == b"-":
            continue
        if min(token) < _SPACE:
            return "nul-byte" if 0 in token else "control-byte", field
        try:
            text = token.decode("utf-8")
        except UnicodeDecodeError:
            return "not-utf8", field
        column = COLUMN_BY_FIELD.get(field)
        if column is not None and column.highest is not None:
            if not _DIGITS.fullmatch(token):
                return "not-a-number", field
            number = int(token) if len(token) < 40 else column.highest + 1
            if number > column.highest:
                return "out-of-range", field
            if field in ("start", "end"):
                if not EARLIEST <= number < LATEST:
                    return "out-of-range", field
                times[field] = number
        elif field in ADDRESS_FIELDS:
            packed = packed_address(text)
            if packed is None:
                return "not-an-address", field
            tokens[position] = canonical_address(packed).encode()
        elif field in _CHOICES and text not in _CHOICES[field]:
            return "unknown-value", field
    if times.get("end", LATEST) < times.get("start", 0):
        return "end-before-start", "end"
    return None
