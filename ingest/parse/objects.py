"""What an object is, and its records as plain lines of one layout.

Every form that AWS or a colleague can hand over ends here as `TextChunk`s: lines with
the fields they hold, the object's own line numbers, and the rejects met on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ingest.errors import BadObjectError
from ingest.parse.decompress import text_blocks
from ingest.parse.header import default_layout, header_fields
from ingest.parse.lines import MAX_LINE_BYTES, Reject

_NEWLINE = ord("\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class TextChunk:
    """Consecutive lines of one object.

    Attributes:
        fields: The layout, AWS's names in order. Header lines further down may change it.
        first_line: The number of the first line in the object, from 1.
        n_lines: How many lines `body` has.
        body: The lines, each with its newline.
        remark: What to know about how the object was read; None for the usual way.
        rejects: Records of the container that no line could be made of.
    """

    fields: tuple[str, ...]
    first_line: int
    n_lines: int
    body: bytes
    remark: str | None = None
    rejects: tuple[Reject, ...] = ()


def read_object(
    key: str, content: bytes, given: tuple[str, ...] | None = None
) -> Iterator[TextChunk]:
    """Read one object, in chunks of bounded size; an object without lines yields none.

    Args:
        key: Its key or path, for messages.
        content: Its bytes as delivered.
        given: Layout of records without a header; None: only AWS's documented defaults.

    Raises:
        BadObjectError: It cannot be used as a whole; rows of earlier chunks must go too.
    """
    fields: tuple[str, ...] | None = None
    remark: str | None = None
    line = 1
    for lines in _whole_lines(text_blocks(key, content)):
        body = lines
        while fields is None and body:
            first, body, number = _first_line(body, line)
            line = number + 1
            if first is None:
                continue
            fields, remark, is_record = _layout(key, first, number, given)
            if is_record:
                line = number
                body = first + body
        if fields is not None and body:
            n_lines = int(np.count_nonzero(np.frombuffer(body, np.uint8) == _NEWLINE))
            yield TextChunk(fields, line, n_lines, body, remark)
            line += n_lines


def _first_line(body: bytes, line: int) -> tuple[bytes | None, bytes, int]:
    """Cut off the first line; None where it is blank or a comment."""
    end = body.index(b"\n") + 1
    first = body[:end].removeprefix(_BOM)
    text = first.strip()
    return (first if text and not text.startswith(b"#") else None), body[end:], line


def _layout(
    key: str, first: bytes, line: int, given: tuple[str, ...] | None
) -> tuple[tuple[str, ...], str | None, bool]:
    """Return the layout that an object's first line tells, and whether it is a record itself."""
    named = header_fields(first)
    if named is not None:
        return named, None, False
    if given is not None:
        return given, "read with the given format", True
    default = default_layout(first)
    if default is not None:
        return default, "no header; recognised as AWS's default format", True
    detail = (
        f"line {line} is no header and no record of a default format; name its fields with --format"
    )
    raise BadObjectError(key, "no-header", detail)


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut blocks at line ends; a last line without one gets it. Long lines are passed on cut."""
    rest = b""
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        elif len(rest) <= MAX_LINE_BYTES:
            # The part of an overlong line beyond the cap is not kept; the cut line
            # is still over the cap, so it is rejected with its number.
            rest += block[: MAX_LINE_BYTES + 1]
    if rest.strip():
        yield rest + b"\n"
