"""What an object is, told by its bytes alone, and its records as plain lines of one layout.

Every form that AWS or a colleague can hand over ends here as `TextChunk`s: lines with
the fields they hold, the object's own line numbers, and the rejects met on the way.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import chain

from ingest.errors import BadObjectError
from ingest.parse.chunks import TextChunk, chunks_of
from ingest.parse.console_csv import CsvRecords
from ingest.parse.decompress import GZIP_MAGIC, text_blocks
from ingest.parse.json_records import BASE64_GZIP, JsonRecords, payload_values
from ingest.parse.json_text import json_values
from ingest.parse.plain_text import (
    REMARK_JOINED,
    PlainForm,
    cut_joined,
    is_joined,
    plain_chunks,
    text_form,
    whole_lines,
)

__all__ = ["TextChunk", "read_object"]

_PARQUET_MAGIC = b"PAR1"

MAX_NESTED_BYTES = 256 << 20  # What is inside gzip and must be held as a whole.
_HEAD_BYTES = 64 << 10
_BOM = codecs.BOM_UTF8
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NOT_SUPPORTED = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"\x04\x22\x4d\x18": "LZ4",
    b"\xff\x06\x00\x00sNaPpY": "Snappy",
    b"PARE": "encrypted Parquet",
    b"ORC": "ORC",
    b"Obj\x01": "Avro",
    b"ARROW1": "Arrow",
    b"SQLite format 3\x00": "SQLite",
}


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
    if content.startswith(_PARQUET_MAGIC):
        yield from _parquet(key, content)
        return
    head, blocks = _peeked(text_blocks(key, content))
    if content.startswith(GZIP_MAGIC) and head.startswith(GZIP_MAGIC):
        # Firehose compresses what CloudWatch Logs has compressed before.
        head, blocks = _peeked(text_blocks(key, _whole(key, blocks)))
    if head.startswith(_PARQUET_MAGIC):
        yield from _parquet(key, _whole(key, blocks))
        return
    for magic, name in _NOT_SUPPORTED.items():
        if head.startswith(magic):
            detail = f"this is {name}; deliver text, gzip or Parquet"
            raise BadObjectError(key, "not-supported", detail)
    if head.startswith(tuple(_UTF16)):
        head, blocks = _peeked(_utf8(blocks, _UTF16[head[:2]]))
    if head.startswith(_BOM):
        blocks = chain([next(blocks).removeprefix(_BOM)], blocks)
        head = head.removeprefix(_BOM)
    yield from _read_text(key, head.lstrip(), blocks, given)


def _read_text(
    key: str, head: bytes, blocks: Iterator[bytes], given: tuple[str, ...] | None
) -> Iterator[TextChunk]:
    if head.startswith((b"{", b"[", BASE64_GZIP.encode())):
        is_json = not head.startswith(BASE64_GZIP.encode())
        values = json_values(key, blocks) if is_json else payload_values(key, blocks)
        json = JsonRecords(key)
        yield from _never_none(chunks_of(key, json.items(values), given, json.remark))
        return
    remark = None
    if is_joined(head, given):
        blocks, remark = cut_joined(blocks), REMARK_JOINED
    lines = whole_lines(blocks)
    passed: list[bytes] = []
    form = None
    number = 1
    for block in lines:
        form = text_form(key, block, number, given)
        passed.append(block)
        if form is not None:
            break
        number += block.count(b"\n")
        passed = [b"\n" * sum(part.count(b"\n") for part in passed)]
    lines = chain(passed, lines)
    if form is None:
        return
    if isinstance(form, PlainForm):
        yield from plain_chunks(form, lines, remark)
    else:
        rows = CsvRecords(form.shape, form.line)
        yield from _never_none(chunks_of(key, rows.items(lines), given, rows.remark))


def _never_none(chunks: Iterator[TextChunk]) -> Iterator[TextChunk]:
    """Say that a container was read, where it holds no record at all."""
    first = next(chunks, None)
    if first is None:
        yield TextChunk((), 1, 0, b"", "a container without records")
        return
    yield first
    yield from chunks


def _parquet(key: str, content: bytes) -> Iterator[TextChunk]:
    # Importing pyarrow would cost every parser as much as 40,000 records.
    from ingest.parse.parquet import parquet_chunks  # noqa: PLC0415

    return parquet_chunks(key, content)


def _peeked(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the beginning of a text, and all of it; the first block is no shorter."""
    head = b""
    for block in blocks:
        head = head + block if head else block
        if len(head) >= _HEAD_BYTES:
            break
    return head[:_HEAD_BYTES], chain([head], blocks)


def _whole(key: str, blocks: Iterator[bytes]) -> bytes:
    parts: list[bytes] = []
    size = 0
    for block in blocks:
        parts.append(block)
        size += len(block)
        if size > MAX_NESTED_BYTES:
            detail = f"more than {MAX_NESTED_BYTES >> 20} MiB inside gzip; deliver it without"
            raise BadObjectError(key, "too-large", detail)
    return b"".join(parts)


def _utf8(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Recode what a Windows program saved; the byte order mark stays, in UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")
