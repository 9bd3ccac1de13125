"""Lines of text: which layout an object's first lines tell, and its lines in chunks.

Three forms share this: objects as AWS writes them to S3, CloudWatch export tasks, whose
lines begin with a time, and Firehose streams without a delimiter between records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from ingest.kernels.text import count_lines
from ingest.parse.chunks import SCANNED_RECORDS, TextChunk
from ingest.parse.console_csv import CsvShape, csv_shape
from ingest.parse.header import Layout, header_fields, layout_of, refusal
from ingest.parse.lines import MAX_LINE_BYTES, reject_line
from ingest.schema import DEFAULT_FIELDS

# `aws logs tail` writes the stream's name behind the time.
_EXPORTED = re.compile(
    rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)[ \t]+"
    rb"(?:\S+-(?:all|accept|reject)[ \t]+)?",
    re.MULTILINE,
)
# The default format ends with log-status and begins with version, account, interface.
_JOINED = re.compile(rb"(?<= )(OK|NODATA|SKIPDATA)(?=\d{1,2} (?:\d+|unknown|-) (?:eni-|- ))")
_MAY_BE_HEADER = re.compile(rb"\n(?=[a-z$][a-z0-9_ \t\r${}-]*\n)")
_UNREADABLE = re.compile(rb"[\x00-\x08\x0e-\x1a]")
REMARK_EXPORTED = "lines begin with the time of a CloudWatch export"
REMARK_JOINED = "records without a newline between them, cut behind log-status"


@dataclass(frozen=True, slots=True)
class PlainForm:
    """Lines of one layout.

    Attributes:
        layout: The fields, and how they were found out.
        line: The line that told them.
        is_exported: Lines begin with a time.
    """

    layout: Layout
    line: int
    is_exported: bool = False


@dataclass(frozen=True, slots=True)
class CsvForm:
    """Rows of one shape, and the line that told it."""

    shape: CsvShape
    line: int


def text_form(
    key: str, head: bytes, first_line: int, given: tuple[str, ...] | None
) -> PlainForm | CsvForm | None:
    """Tell the form of a text from its first lines; None where these are blank or comments.

    Args:
        key: The object's key or path, for messages.
        head: Whole lines.
        first_line: The number of the first of them.
        given: Layout of records without a header; None: only AWS's documented defaults.

    Raises:
        BadObjectError: `no-header`, `bad-header` or `not-a-log`: no line tells its layout.
    """
    lines = _significant(head, first_line)
    first = next(lines, None)
    if first is None:
        return None
    number, line = first
    bare = _EXPORTED.sub(b"", line, count=1)
    by_given = Layout(given or (), False, "read with the given format")
    if given and len(bare.split()) == len(given) > 1 and header_fields(bare) is None:
        return PlainForm(by_given, number, bare != line)  # A header may follow further down.
    for number, line in chain([first], lines):
        record, n_times = _EXPORTED.subn(b"", line, count=1)
        layout = layout_of(record, None)
        if layout is not None and (layout.is_header or given is None):
            return PlainForm(layout, number, bool(n_times))
        shape = csv_shape(line.decode("utf-8", "surrogateescape"), given)
        if shape is not None:
            return CsvForm(shape, number)
    number, line = first
    foreign = line.startswith(b"<") or line.count(b",") > line.count(b" ")
    if given is None or foreign or _UNREADABLE.search(line[:MAX_LINE_BYTES]):
        raise refusal(key, bare, number)
    return PlainForm(by_given, number, bare != line)


def _significant(head: bytes, first_line: int) -> Iterator[tuple[int, bytes]]:
    """Yield the first lines that are neither blank nor comments, with their numbers."""
    begin = n_found = 0
    number = first_line
    while begin < len(head) and n_found < SCANNED_RECORDS:
        end = head.find(b"\n", begin) + 1 or len(head)
        line = head[begin:end].strip()
        if line and not line.startswith(b"#"):
            n_found += 1
            yield number, line
        begin = end
        number += 1


def plain_chunks(
    form: PlainForm, blocks: Iterator[bytes], remark: str | None = None
) -> Iterator[TextChunk]:
    """Yield the lines of a text; those before its header are rejects.

    Args:
        form: What `text_form` found.
        blocks: Whole lines each, from the first.
        remark: What else to know about how the object was read.
    """
    layout = form.layout
    remarks = [layout.remark, REMARK_EXPORTED if form.is_exported else None, remark]
    told = "; ".join(filter(None, remarks)) or None
    start = form.line + 1 if layout.is_header else 1
    number = 1
    chunk = TextChunk(layout.fields, start, 0, b"", told)
    yielded = False
    block = b""
    for lines in blocks:
        chunk = replace(chunk, fields=_last_header(block) or chunk.fields)
        block, begin = lines, 0
        rejects = []
        while number < start and begin < len(block):
            end = block.index(b"\n", begin) + 1
            line, begin = block[begin:end].strip(), end
            if line and not line.startswith(b"#") and number < form.line:
                rejects.append(reject_line(number, "no-record", None, line))
            number += 1
        if form.is_exported:
            block, begin = _EXPORTED.sub(b"", block[begin:]), 0
        n_lines = count_lines(np.frombuffer(block, np.uint8)[begin:])
        if n_lines or rejects:
            yield replace(
                chunk, first_line=number, n_lines=n_lines, block=block, begin=begin,
                rejects=tuple(rejects),
            )  # fmt: skip
            yielded = True
        number += n_lines
    if not yielded:
        yield chunk


def _last_header(block: bytes) -> tuple[str, ...] | None:
    """Return the layout that the next block begins with, where a header changed it in this one."""
    begins = [0, *(found.end() for found in _MAY_BE_HEADER.finditer(block))] if block else []
    for begin in reversed(begins):
        named = header_fields(block[begin : block.find(b"\n", begin)])
        if named is not None:
            return named
    return None


def whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
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


def is_joined(head: bytes, given: tuple[str, ...] | None) -> bool:
    """Tell whether records of the default format follow each other without a newline."""
    if given not in (None, DEFAULT_FIELDS):
        return False
    first = head.lstrip()[:MAX_LINE_BYTES].split(b"\n", 1)[0]
    tokens = first.split(None, len(DEFAULT_FIELDS))
    return len(tokens) > len(DEFAULT_FIELDS) and bool(_JOINED.search(first))


def cut_joined(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Put the newlines between records that were delivered without."""
    rest = b""
    for block in blocks:
        text = _JOINED.sub(rb"\1\n", rest + block)
        # Keep what may be half a boundary; a line of any length is cut later.
        end = text.rfind(b"\n") + 1 or max(0, len(text) - MAX_LINE_BYTES)
        yield text[:end]
        rest = text[end:]
    yield rest
