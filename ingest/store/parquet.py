"""Parquet files from columns of codes, without a detour over texts.

A general writer hashes values to find the dictionaries that ingest already has, and keeps
statistics that no query prunes by; that took longer than reading the logs. The files stay
in the plain middle of the format, which every engine reads: version 1 data pages, one per
column and row group, dictionaries, differences for line numbers, zstd (Apache Parquet,
"File format").
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from typing import IO, Any

from isal import isal_zlib

from ingest.schema import StoredType
from ingest.store.columns import Column, Pairs
from ingest.store.leaves import (
    BYTE_ARRAY,
    PHYSICAL,
    PLAIN,
    RLE,
    Leaf,
    Room,
    Rows,
    leaves,
)
from ingest.store.thrift import (
    END,
    TRUE,
    Value,
    head,
    i8,
    i32,
    i64,
    list_of,
    opened,
    struct,
    text,
    zigzag,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROW_GROUP_ROWS = 1 << 18

_MAGIC = b"PAR1"
_REQUIRED, _OPTIONAL, _REPEATED = 0, 1, 2
_UTF8, _LIST, _INT_16 = 0, 3, 16  # Types as readers of the format's first version know them.
_UNCOMPRESSED, _ZSTD = 0, 6
_DATA_PAGE, _DICTIONARY_PAGE = 0, 2
_LEVEL = 1
_WORTH = 0.95  # What compresses less is not worth decompressing.
_SMALL = 64  # Bytes of a chunk that are not worth a try.
_NO_FIELDS = struct({})

# Heads of pages and chunks are most of what is written of a small file, so what they have in
# common is written once: heads of fields by step and type, and what stands in front of sizes.
_INT, _LONG, _LONG_2 = head(1, 5), head(1, 6), head(2, 6)
_STRUCT, _STRUCT_3 = head(1, 12), head(3, 12)
_DATA_HEAD = opened({1: i32(_DATA_PAGE)}) + _INT
_DATA = head(2, 12) + _INT
_DICTIONARY_HEAD = opened({1: i32(_DICTIONARY_PAGE)}) + _INT
_DICTIONARY = head(4, 12) + _INT
_DICTIONARY_END = opened({2: i32(PLAIN)}, 1) + END + END

Columns = Sequence[tuple[str, StoredType, Column]]


def write_parquet(file: IO[bytes], columns: Columns, rows: Rows, room: Room | None = None) -> int:
    """Write some rows of some columns.

    Args:
        file: Open for writing, empty.
        columns: Name, type in the cache and values of each.
        rows: Which rows, in which order.
        room: To encode in, where several files are written; for a row group, or all rows.

    Returns:
        The CRC-32 of the file.
    """
    room = room or Room(min(len(rows), ROW_GROUP_ROWS))
    compressor = zstd.ZstdCompressor(level=_LEVEL)
    written = [_MAGIC]
    at = len(_MAGIC)
    groups: list[Value] = []
    for begin in range(0, max(len(rows), 1), ROW_GROUP_ROWS):
        chosen = rows[begin : begin + ROW_GROUP_ROWS]
        chunks: list[Value] = []
        group_at, group_bytes = at, 0
        room.begin()
        for name, stored, column in columns:
            for leaf in leaves(name, stored, column, chosen, room):
                chunk, data, plain_bytes = _chunk(leaf, at, compressor)
                chunks.append(chunk)
                written.append(data)
                at += len(data)
                group_bytes += plain_bytes
        groups.append(
            struct({
                1: list_of(chunks), 2: i64(group_bytes), 3: i64(len(chosen)),
                5: i64(group_at), 6: i64(at - group_at),
            })
        )  # fmt: skip
    footer = _footer(columns, len(rows), groups)
    written += [footer, len(footer).to_bytes(4, "little"), _MAGIC]
    content = b"".join(written)
    file.write(content)
    return isal_zlib.crc32(content)


def _chunk(leaf: Leaf, at: int, compressor: Any) -> tuple[Value, bytes, int]:
    """Return what the footer says of a column chunk, its bytes, and their plain size."""
    bodies = ([leaf.dictionary[1]] if leaf.dictionary else []) + [leaf.page.plain]
    codec, packed = _UNCOMPRESSED, bodies
    size = sum(map(len, bodies))
    if size >= _SMALL:
        if leaf.page.packed is None:
            leaf.page.packed = compressor.compress(leaf.page.plain, mode=compressor.FLUSH_FRAME)
        tried = [leaf.page.packed]
        if leaf.dictionary:
            tried.insert(0, compressor.compress(bodies[0], mode=compressor.FLUSH_FRAME))
        if sum(map(len, tried)) <= _WORTH * size:
            codec, packed = _ZSTD, tried
    heads = [_head(leaf, bodies[-1], packed[-1])]
    if leaf.dictionary:
        heads.insert(0, _dictionary_head(leaf.dictionary[0], bodies[0], packed[0]))
    data = b"".join(part for page in zip(heads, packed, strict=True) for part in page)
    plain_bytes = sum(map(len, heads)) + size
    data_at = at + (len(heads[0]) + len(packed[0]) if leaf.dictionary else 0)
    is_dictionary = leaf.dictionary is not None
    about = b"".join((
        _about(leaf.path, leaf.physical, leaf.encoding, codec, is_dictionary=is_dictionary),
        _LONG, zigzag(leaf.n_values), _LONG, zigzag(plain_bytes), _LONG, zigzag(len(data)),
        _LONG_2, zigzag(data_at),
        _LONG_2 + zigzag(at) + _STRUCT if is_dictionary else _STRUCT_3,
        leaf.statistics[1], END,
    ))  # fmt: skip
    return (12, b"".join((_LONG_2, zigzag(at), _STRUCT, about, END))), data, plain_bytes


@functools.cache
def _about(
    path: tuple[str, ...], physical: int, encoding: int, codec: int, *, is_dictionary: bool
) -> bytes:
    """Write what a chunk's struct begins with: its fields 1 to 4."""
    encodings = [i32(encoding), i32(RLE)] + ([i32(PLAIN)] if is_dictionary else [])
    return opened({
        1: i32(physical), 2: list_of(encodings), 3: list_of([text(name) for name in path]),
        4: i32(codec),
    })  # fmt: skip


def _head(leaf: Leaf, body: bytes, stored: bytes) -> bytes:
    return b"".join((
        _DATA_HEAD, zigzag(len(body)), _INT, zigzag(len(stored)), _DATA, zigzag(leaf.n_values),
        _data_end(leaf.encoding),
    ))  # fmt: skip


@functools.cache
def _data_end(encoding: int) -> bytes:
    """Write how a data page is encoded, and the ends of both structs of its head."""
    return opened({2: i32(encoding), 3: i32(RLE), 4: i32(RLE)}, 1) + END + END


def _dictionary_head(n_entries: int, body: bytes, stored: bytes) -> bytes:
    return b"".join((
        _DICTIONARY_HEAD, zigzag(len(body)), _INT, zigzag(len(stored)), _DICTIONARY,
        zigzag(n_entries), _DICTIONARY_END,
    ))  # fmt: skip


def _footer(columns: Columns, n_rows: int, groups: Sequence[Value]) -> bytes:
    schema = [struct({4: text("schema"), 5: i32(len(columns))})]
    n_leaves = 0
    for name, stored, column in columns:
        elements = _pairs_schema(name) if isinstance(column, Pairs) else [_schema(name, stored)]
        schema += elements
        n_leaves += 2 if isinstance(column, Pairs) else 1
    order = struct({1: _NO_FIELDS})  # Statistics compare values by their type.
    return struct({
        1: i32(2), 2: list_of(schema), 3: i64(n_rows), 4: list_of(groups),
        6: text("flow-atlas"), 7: list_of([order] * n_leaves),
    })[1]  # fmt: skip


@functools.cache
def _schema(name: str, stored: StoredType, repetition: int = _OPTIONAL) -> Value:
    if stored == "string":
        return struct({
            1: i32(BYTE_ARRAY), 3: i32(repetition), 4: text(name), 6: i32(_UTF8),
            10: struct({1: _NO_FIELDS}),
        })  # fmt: skip
    about = {1: i32(PHYSICAL[stored]), 3: i32(repetition), 4: text(name)}
    if stored == "int16":
        signed_16 = struct({1: i8(16), 2: TRUE})
        about |= {6: i32(_INT_16), 10: struct({10: signed_16})}
    return struct(about)


def _pairs_schema(name: str) -> list[Value]:
    return [
        struct(
            {
                3: i32(_OPTIONAL),
                4: text(name),
                5: i32(1),
                6: i32(_LIST),
                10: struct({3: _NO_FIELDS}),
            }
        ),
        struct({3: i32(_REPEATED), 4: text("list"), 5: i32(1)}),
        struct({3: i32(_REQUIRED), 4: text("element"), 5: i32(2)}),
        _schema("key", "string", _REQUIRED),
        _schema("value", "string", _REQUIRED),
    ]
