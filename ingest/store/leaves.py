"""Columns of a row group as Parquet's dictionary and data pages, not compressed yet.

The columns know their dictionaries: texts and addresses are codes already, so nothing is
hashed but numbers (Apache Parquet, "Encodings").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.kernels import pages
from ingest.kernels.tables import new_keys
from ingest.schema import StoredType
from ingest.store.columns import Codes, Column, Flags, Numbers, Pairs, Texts
from ingest.store.thrift import Value, binary, i64, struct, varint

BOOLEAN, INT32, INT64, BYTE_ARRAY = 0, 1, 2, 6
PLAIN, RLE, DELTA, DICTIONARY = 0, 3, 5, 8
PHYSICAL = {"int16": INT32, "int32": INT32, "int64": INT64, "bool": BOOLEAN}

_MOST_TEXTS_COMPARED = 64

Rows = npt.NDArray[np.int32]
Indexes = npt.NDArray[np.int32]


@dataclass(slots=True)
class Leaf:
    """One column of values of a row group, encoded.

    Attributes:
        path: Its names from the root.
        physical: Parquet's type.
        n_values: With nulls.
        dictionary: Number of entries and their bytes; None without.
        data: The data page.
        encoding: Of the page's values.
        statistics: Thrift's struct.
    """

    path: tuple[str, ...]
    physical: int
    n_values: int
    dictionary: tuple[int, bytes] | None
    data: bytes
    encoding: int
    statistics: Value


class Room:
    """Arrays that the columns of a row group are encoded in, one after the other."""

    def __init__(self, n_rows: int) -> None:
        self.indexes = np.empty(n_rows, np.int32)
        self.levels = np.empty(n_rows, np.uint8)
        self.found = np.empty(n_rows + 1, np.int64)
        # At most 33 bits a value, the heads of runs and blocks, and one block filled up.
        self.packed = np.empty(5 * n_rows + 1_024, np.uint8)
        self.count = np.zeros(1, np.int64)
        self.deltas = np.empty(pages.DELTA_BLOCK, np.int64)

    def pack(self, values: Indexes, largest: int) -> tuple[int, bytes]:
        """Return the width in bits and the packed values."""
        bits = max(1, largest.bit_length())
        width = next((w for w in (1, 2, 4) if bits <= w), (bits + 7) // 8 * 8)
        used = pages.pack(values, width, self.packed)
        return width, self.packed[:used].tobytes()


def leaves(name: str, stored: StoredType, column: Column, rows: Rows, room: Room) -> list[Leaf]:
    """Encode some rows of a column; pairs have two leaves, anything else one.

    Args:
        name: The column.
        stored: Its type in the cache.
        column: Its values.
        rows: Which rows, in which order.
        room: For as many rows.
    """
    if isinstance(column, Numbers):
        if column.is_ascending:
            return [_deltas(name, column, rows, room)]
        return [_numbers(name, stored, column, rows, room)]
    if isinstance(column, Codes):
        return [_codes(name, column, rows, room)]
    if isinstance(column, Flags):
        return [_flags(name, column, rows)]
    return _pairs(name, column, rows)


def _numbers(name: str, stored: StoredType, column: Numbers, rows: Rows, room: Room) -> Leaf:
    values = column.values
    index = pages.index_longs if values.dtype == np.int64 else pages.index_ints
    kind = "<i8" if stored == "int64" else "<i4"
    # A dictionary pays while values repeat.
    limit = max(16, len(rows) // 2)
    keys = new_keys(limit + 1)
    n_found = index(
        values, rows, limit, keys, np.empty(len(keys), np.int32), room.found,
        room.indexes, room.levels, room.count,
    )  # fmt: skip
    if n_found != pages.TOO_MANY:
        found = room.found[:n_found]
        dictionary = found.astype(kind).tobytes()
        n_set = int(room.count[0])
        statistics = _statistics(len(rows) - n_set, found, kind)
        return _indexed((name,), PHYSICAL[stored], (n_found, dictionary), n_set, statistics,
                        len(rows), room)  # fmt: skip
    chosen = values[rows]
    is_set = chosen >= 0
    chosen = chosen[is_set]
    data = _levels(is_set, len(chosen)) + chosen.astype(kind).tobytes()
    statistics = _statistics(len(rows) - len(chosen), chosen, kind)
    return Leaf((name,), PHYSICAL[stored], len(rows), None, data, PLAIN, statistics)


def _codes(name: str, column: Codes, rows: Rows, room: Room) -> Leaf:
    meanings = column.meanings
    places = np.zeros(len(meanings), np.int32)
    if column.is_null is not None:
        places[column.is_null] = -1
    found = np.empty(min(len(meanings), len(rows)), np.int32)
    n_found = pages.index_codes(
        column.codes, rows, places, found, room.indexes, room.levels, room.count
    )
    found = found[:n_found]
    n_set = int(room.count[0])
    if isinstance(meanings, Texts):
        physical = BYTE_ARRAY
        dictionary = np.empty(int(meanings.lengths[found].sum()) + 4 * n_found, np.uint8)
        pages.gather_texts(found, meanings.data, meanings.begins, meanings.lengths, dictionary)
        statistics = _text_statistics(len(rows) - n_set, meanings, found)
        entries = dictionary.tobytes()
    else:
        physical = INT64
        statistics = _statistics(len(rows) - n_set, meanings[found], "<i8")
        entries = meanings[found].astype("<i8").tobytes()
    return _indexed((name,), physical, (n_found, entries), n_set, statistics, len(rows), room)


def _indexed(
    path: tuple[str, ...], physical: int, dictionary: tuple[int, bytes], n_set: int,
    statistics: Value, n_rows: int, room: Room,
) -> Leaf:  # fmt: skip
    width, packed = room.pack(room.indexes[:n_set], max(dictionary[0] - 1, 0))
    data = _levels(room.levels[:n_rows], n_set) + bytes([width]) + packed
    return Leaf(path, physical, n_rows, dictionary, data, DICTIONARY, statistics)


def _deltas(name: str, column: Numbers, rows: Rows, room: Room) -> Leaf:
    used = pages.pack_deltas(column.values, rows, room.deltas, room.packed)
    data = _levels(None, len(rows)) + room.packed[:used].tobytes()
    return Leaf((name,), INT32, len(rows), None, data, DELTA, struct({3: i64(0)}))


def _flags(name: str, column: Flags, rows: Rows) -> Leaf:
    values = column.values[rows]
    is_set = None if column.is_set is None else column.is_set[rows]
    if is_set is not None:
        values = values[is_set]
    bits = np.packbits(values, bitorder="little").tobytes()
    statistics = struct({3: i64(len(rows) - len(values))})
    return Leaf((name,), BOOLEAN, len(rows), None, _levels(is_set, len(values)) + bits, PLAIN,
                 statistics)  # fmt: skip


def _pairs(name: str, column: Pairs, rows: Rows) -> list[Leaf]:
    """Write lists of key and value, with levels that tell where each row's pairs begin."""
    is_set = np.stack([codes.codes[rows] >= 0 for codes in column.by_key.values()], axis=1)
    # A row without pairs takes one place, at which its first key would stand.
    shown = is_set.copy()
    shown[~is_set.any(axis=1), 0] = True
    row_of, key_of = np.nonzero(shown)
    is_pair = is_set[row_of, key_of]
    texts: list[bytes] = []
    values = np.zeros(len(row_of), np.int32)
    for number, codes in enumerate(column.by_key.values()):
        here = key_of == number
        values[here] = codes.codes[rows[row_of[here]]] + len(texts)
        if isinstance(codes.meanings, Texts):
            texts += [codes.meanings.text(code) for code in range(len(codes.meanings))]
    repeats = np.zeros(len(row_of), np.int32)
    repeats[1:] = row_of[1:] == row_of[:-1]
    room = Room(len(row_of))
    statistics = struct({3: i64(int((~is_pair).sum()))})
    keys = [key.encode() for key in column.by_key]
    levels = b""
    for level, highest in ((repeats, 1), (1 + is_pair.astype(np.int32), 2)):
        _, packed = room.pack(level, highest)
        levels += len(packed).to_bytes(4, "little") + packed
    parts = []
    for part, indexes, entries in (
        ("key", key_of.astype(np.int32), keys),
        ("value", values, texts),
    ):
        width, packed = room.pack(indexes[is_pair], max(len(entries) - 1, 0))
        plain = b"".join(len(entry).to_bytes(4, "little") + entry for entry in entries)
        parts.append(
            Leaf((name, "list", "element", part), BYTE_ARRAY, len(row_of), (len(entries), plain),
                 levels + bytes([width]) + packed, DICTIONARY, statistics)
        )  # fmt: skip
    return parts


def _levels(is_set: npt.NDArray[np.uint8] | npt.NDArray[np.bool_] | None, n_set: int) -> bytes:
    """Write which rows are not null, in front of a page's values."""
    if is_set is None or n_set == len(is_set):
        packed = varint((n_set if is_set is None else len(is_set)) << 1) + b"\1"
    else:
        groups = (len(is_set) + 7) // 8
        packed = varint(groups << 1 | 1) + np.packbits(is_set, bitorder="little").tobytes()
    return len(packed).to_bytes(4, "little") + packed


def _statistics(n_null: int, values: npt.NDArray[np.integer], kind: str) -> Value:
    if not len(values):
        return struct({3: i64(n_null)})
    low, high = values.min(), values.max()
    return struct({
        3: i64(n_null),
        5: binary(high.astype(kind).tobytes()),
        6: binary(low.astype(kind).tobytes()),
    })  # fmt: skip


def _text_statistics(n_null: int, texts: Texts, found: Indexes) -> Value:
    if not 0 < len(found) <= _MOST_TEXTS_COMPARED:
        return struct({3: i64(n_null)})
    met = [texts.text(code) for code in found.tolist()]
    return struct({3: i64(n_null), 5: binary(max(met)), 6: binary(min(met))})
