"""Columns of a row group as Parquet's dictionary and data pages, not compressed yet.

The columns know their dictionaries: texts and addresses are codes already, so nothing is
hashed but numbers (Apache Parquet, "Encodings").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.kernels import dictionaries, pages
from ingest.kernels.tables import new_slots
from ingest.schema import StoredType
from ingest.store.columns import Codes, Column, Flags, Numbers, Pairs, Texts
from ingest.store.thrift import Value, binary, i64, struct, varint

BOOLEAN, INT32, INT64, BYTE_ARRAY = 0, 1, 2, 6
PLAIN, RLE, DELTA, DICTIONARY = 0, 3, 5, 8
PHYSICAL = {"int16": INT32, "int32": INT32, "int64": INT64, "bool": BOOLEAN}

_MOST_TEXTS_COMPARED = 8  # More of them reach from one end of the alphabet to the other.
_DENSE = 1 << 17  # Numbers within such a range find their place without hashing.
_FIRST_DISTINCT = 1 << 13
_NO_NULLS = np.zeros(0, np.uint8)

Rows = npt.NDArray[np.int32]
Indexes = npt.NDArray[np.int32]


@dataclass(slots=True)
class Page:
    """A data page, which columns of the same codes share.

    Attributes:
        plain: Levels and values.
        packed: Compressed; None: not yet.
    """

    plain: bytes
    packed: bytes | None = None


@dataclass(slots=True)
class Leaf:
    """One column of values of a row group, encoded.

    Attributes:
        path: Its names from the root.
        physical: Parquet's type.
        n_values: With nulls.
        dictionary: Number of entries and their bytes; None without.
        page: The data page.
        encoding: Of the page's values.
        statistics: Thrift's struct.
    """

    path: tuple[str, ...]
    physical: int
    n_values: int
    dictionary: tuple[int, bytes] | None
    page: Page
    encoding: int
    statistics: Value


@dataclass(slots=True)
class _Indexed:
    """Codes of some rows, numbered anew.

    Attributes:
        codes: As they came; held, so that nothing else takes their place in memory.
        found: The code of each number.
        n_set: How many are not null.
        page: The numbers.
        numbers, is_set: The same before packing, and which rows are not null, for columns
            that share the codes.
    """

    codes: Indexes
    found: Indexes
    n_set: int
    page: Page
    numbers: Indexes | None = None
    is_set: npt.NDArray[np.uint8] | None = None


class Room:
    """Arrays that columns are encoded in, one after the other; made once for many files."""

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self.indexes = np.empty(n_rows, np.int32)
        self.levels = np.empty(n_rows, np.uint8)
        self.found = np.empty(n_rows, np.int64)
        # At most 33 bits a value, the heads of runs and blocks, and one block filled up.
        self.packed = np.empty(5 * n_rows + 1_024, np.uint8)
        self.count = np.zeros(1, np.int64)
        self.deltas = np.empty(pages.DELTA_BLOCK, np.int64)
        self.indexed: dict[int, _Indexed] = {}
        self._places = np.zeros(_DENSE, np.int32)

    def begin(self) -> None:
        """Forget the rows before: those that follow are others."""
        self.indexed.clear()

    def levels_of(self, column: Numbers | Codes) -> npt.NDArray[np.uint8]:
        """Return room for the levels of a column; none where they are all the same."""
        return self.levels if column.has_null else _NO_NULLS

    def places(self, n: int) -> Indexes:
        """Return zeros."""
        if n > len(self._places):
            self._places = np.zeros(2 * n, np.int32)
        return self._places

    def pack(self, values: Indexes, largest: int) -> tuple[int, memoryview]:
        """Return the width in bits and the packed values, good until the next call."""
        bits = max(1, largest.bit_length())
        width = next((w for w in (1, 2, 4) if bits <= w), (bits + 7) // 8 * 8)
        used = pages.pack(values, width, self.packed)
        return width, self.packed[:used].data


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
        return [_flags(name, column, rows, room)]
    return _pairs(name, column, rows)


def _numbers(name: str, stored: StoredType, column: Numbers, rows: Rows, room: Room) -> Leaf:
    values = column.values
    kind = "<i8" if stored == "int64" else "<i4"
    is_large = values.dtype == np.int64
    levels = room.levels_of(column)
    low, high = column.bounds
    if low == high and not column.has_null:
        only = np.array([low])
        entries = only.astype(kind).tobytes()
        return Leaf(
            (name,), PHYSICAL[stored], len(rows), (1, entries), _run(len(rows)), DICTIONARY,
            _statistics(0, only, kind),
        )  # fmt: skip
    found: npt.NDArray[np.integer] = room.found[:0]
    if high - low < _DENSE:
        index = dictionaries.index_longs if is_large else dictionaries.index_ints
        offsets = room.found.view(np.int32)
        n_found = index(
            values, rows, low, _NO_NULLS, room.places(_DENSE), offsets,
            room.indexes, levels, room.count,
        ) if high >= 0 else _all_null(len(rows), room)  # fmt: skip
        found = offsets[:n_found].astype(np.int64)
        found += low
    else:
        n_found = _index_scattered(values, rows, room)
        found = room.found[: max(n_found, 0)]
    if n_found != dictionaries.TOO_MANY:
        n_set = int(room.count[0])
        statistics = _statistics(len(rows) - n_set, found, kind)
        page = _page(n_found, n_set, levels, len(rows), room)
        dictionary = n_found, found.astype(kind).tobytes()
        return Leaf((name,), PHYSICAL[stored], len(rows), dictionary, page, DICTIONARY, statistics)
    chosen = values[rows]
    is_set = chosen >= 0
    chosen = chosen[is_set]
    data = _levels(is_set, len(chosen)) + chosen.astype(kind).tobytes()
    statistics = _statistics(len(rows) - len(chosen), chosen, kind)
    return Leaf((name,), PHYSICAL[stored], len(rows), None, Page(data), PLAIN, statistics)


def _all_null(n_rows: int, room: Room) -> int:
    room.levels[:n_rows] = 0
    room.count[0] = 0
    return 0


def _index_scattered(
    values: npt.NDArray[np.int32] | npt.NDArray[np.int64], rows: Rows, room: Room
) -> int:
    """Number the distinct values while they repeat: a dictionary of all does not pay."""
    most = len(rows) // 2
    limit = min(_FIRST_DISTINCT, most)
    while True:
        n_found = dictionaries.index_scattered(
            values.astype(np.int64, copy=False), rows, limit, new_slots(limit), room.found,
            room.indexes, room.levels, room.count,
        )  # fmt: skip
        if n_found != dictionaries.TOO_MANY or limit == most:
            return n_found
        limit = most


def _codes(name: str, column: Codes, rows: Rows, room: Room) -> Leaf:
    meanings = column.meanings
    indexed = _same_indexes(column, rows, room) or _index_codes(column, rows, room)
    found, n_set = indexed.found, indexed.n_set
    n_found = len(found)
    if isinstance(meanings, Texts):
        physical = BYTE_ARRAY
        written = np.empty(int(meanings.lengths[found].sum()) + 4 * n_found, np.uint8)
        pages.gather_texts(found, meanings.data, meanings.begins, meanings.lengths, written)
        statistics = _text_statistics(len(rows) - n_set, meanings, found)
        entries = written.tobytes()
    else:
        physical = INT64
        met = meanings[found]
        statistics = _statistics(len(rows) - n_set, met, "<i8")
        entries = met.astype("<i8").tobytes()
    dictionary = n_found, entries
    return Leaf((name,), physical, len(rows), dictionary, indexed.page, DICTIONARY, statistics)


def _same_indexes(column: Codes, rows: Rows, room: Room) -> _Indexed | None:
    """Return what another column made of the same codes, where it fits this one too."""
    indexed = room.indexed.get(id(column.codes))
    if indexed is None or column.is_null is None:
        return indexed
    is_null = column.is_null[indexed.found]
    if not is_null.any():
        return indexed
    if is_null.all():
        empty = Page(_levels(room.levels[: len(rows)], 0) + b"\1")
        return _Indexed(column.codes, indexed.found[:0], 0, empty)
    if indexed.numbers is None or indexed.is_set is None:
        return None
    found = indexed.found[~is_null]
    chosen = np.full(len(is_null), -1, np.int32)
    chosen[~is_null] = np.arange(len(found), dtype=np.int32)
    dictionaries.choose_indexes(
        indexed.numbers, chosen, indexed.is_set, room.indexes, room.levels, room.count
    )
    n_set = int(room.count[0])
    page = _page(len(found), n_set, room.levels, len(rows), room)
    return _Indexed(column.codes, found, n_set, page)


def _index_codes(column: Codes, rows: Rows, room: Room) -> _Indexed:
    if column.is_constant:
        return _Indexed(column.codes, column.codes[:1], len(rows), _run(len(rows)))
    found = room.found.view(np.int32)
    nulls = _NO_NULLS if column.is_null is None else column.is_null.view(np.uint8)
    levels = room.levels_of(column)
    n_found = dictionaries.index_ints(
        column.codes, rows, 0, nulls, room.places(len(column.meanings)), found,
        room.indexes, levels, room.count,
    )  # fmt: skip
    n_set = int(room.count[0])
    page = _page(n_found, n_set, levels, len(rows), room)
    indexed = _Indexed(column.codes, found[:n_found].copy(), n_set, page)
    if column.is_shared:
        indexed.numbers = room.indexes[:n_set].copy()
        indexed.is_set = levels[: len(rows)].copy()
    if column.is_null is None:
        room.indexed[id(column.codes)] = indexed
    return indexed


def _run(n_rows: int) -> Page:
    """Return the page of one value for all rows."""
    return Page(b"".join((_levels(None, n_rows), b"\1", varint(n_rows << 1), b"\0")))


def _page(n_found: int, n_set: int, levels: npt.NDArray[np.uint8], n_rows: int, room: Room) -> Page:
    width, packed = room.pack(room.indexes[:n_set], max(n_found - 1, 0))
    is_set = levels[:n_rows] if len(levels) else None
    return Page(b"".join((_levels(is_set, n_set), bytes([width]), packed)))


def _deltas(name: str, column: Numbers, rows: Rows, room: Room) -> Leaf:
    used = pages.pack_deltas(column.values, rows, room.deltas, room.packed)
    data = _levels(None, len(rows)) + room.packed[:used].tobytes()
    return Leaf((name,), INT32, len(rows), None, Page(data), DELTA, struct({3: i64(0)}))


def _flags(name: str, column: Flags, rows: Rows, room: Room) -> Leaf:
    is_set = _NO_NULLS if column.is_set is None else column.is_set.view(np.uint8)
    n_set = pages.pack_flags(column.values, rows, is_set, room.levels, room.packed)
    levels = _levels(room.levels[: len(rows)] if len(is_set) else None, n_set)
    page = Page(levels + room.packed[: (n_set + 7) // 8].tobytes())
    statistics = struct({3: i64(len(rows) - n_set)})
    return Leaf((name,), BOOLEAN, len(rows), None, page, PLAIN, statistics)


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
        levels += len(packed).to_bytes(4, "little") + bytes(packed)
    parts = []
    for part, indexes, entries in (
        ("key", key_of.astype(np.int32), keys),
        ("value", values, texts),
    ):
        width, packed = room.pack(indexes[is_pair], max(len(entries) - 1, 0))
        plain = b"".join(len(entry).to_bytes(4, "little") + entry for entry in entries)
        parts.append(
            Leaf((name, "list", "element", part), BYTE_ARRAY, len(row_of), (len(entries), plain),
                 Page(levels + bytes([width]) + bytes(packed)), DICTIONARY, statistics)
        )  # fmt: skip
    return parts


def _levels(is_set: npt.NDArray[np.uint8] | npt.NDArray[np.bool_] | None, n_set: int) -> bytes:
    """Write which rows are not null, in front of a page's values."""
    if is_set is None or n_set == len(is_set):
        packed = varint((n_set if is_set is None else len(is_set)) << 1) + b"\1"
    elif n_set == 0:
        packed = varint(len(is_set) << 1) + b"\0"
    else:
        groups = (len(is_set) + 7) // 8
        packed = varint(groups << 1 | 1) + np.packbits(is_set, bitorder="little").tobytes()
    return len(packed).to_bytes(4, "little") + packed


def _statistics(n_null: int, values: npt.NDArray[np.integer], kind: str) -> Value:
    if not len(values):
        return struct({3: i64(n_null)})
    low, high = (
        int(value).to_bytes(int(kind[-1]), "little") for value in (values.min(), values.max())
    )
    return struct({3: i64(n_null), 5: binary(high), 6: binary(low)})


def _text_statistics(n_null: int, texts: Texts, found: Indexes) -> Value:
    if not 0 < len(found) <= _MOST_TEXTS_COMPARED:
        return struct({3: i64(n_null)})
    met = [texts.text(code) for code in found.tolist()]
    return struct({3: i64(n_null), 5: binary(max(met)), 6: binary(min(met))})
