"""Values to the bytes of Parquet pages (Apache Parquet, "Encodings").

Every function writes to an array that is long enough for the worst case and returns how
much of it is used. `rows` picks and orders the rows of a part.
"""

from __future__ import annotations

from ingest.kernels.compiled import Bytes, Ints, Longs, inlined, kernel, long, word

DELTA_BLOCK, DELTA_MINIBLOCKS, DELTA_MINIBLOCK = 128, 4, 32

_MIN_RUN = 16  # Shorter runs cost less among packed values.
_GROUP = 8  # Values are packed in groups of so many.
_ZERO, _DOT = ord("0"), ord(".")


@kernel
def pack_flags(values: Bytes, rows: Ints, is_set: Bytes, levels: Bytes, out: Bytes) -> int:
    """Write truth values as bits, nulls left out.

    Args:
        is_set: 0 where a value is null; empty where none is.
        levels: Filled with 0 for null, else 1, per row; untouched where none is.

    Returns:
        How many are not null.
    """
    n = 0
    held = long(0)
    for position in range(rows.shape[0]):
        row = rows[position]
        if is_set.shape[0]:
            levels[position] = is_set[row]
            if not is_set[row]:
                continue
        held |= long(values[row]) << (n % _GROUP)
        n += 1
        if n % _GROUP == 0:
            out[n // _GROUP - 1] = held
            held = long(0)
    if n % _GROUP:
        out[n // _GROUP] = held
    return n


@inlined
def _write_varint(value: int, out: Bytes, at: int) -> int:
    left = word(value)
    while left >= word(0x80):
        out[at] = (left & word(0x7F)) | word(0x80)
        left >>= word(7)
        at += 1
    out[at] = left
    return at + 1


@inlined
def _write_packed(values: Ints, begin: int, end: int, width: int, out: Bytes, at: int) -> int:
    """Write packed values as one run, filled up with zeros to whole groups."""
    if begin == end:
        return at
    groups = (end - begin + _GROUP - 1) // _GROUP
    at = _write_varint((groups << 1) | 1, out, at)
    padding = groups * _GROUP - (end - begin)
    if width == 8:
        for i in range(end - begin):
            out[at + i] = values[begin + i]
        at += end - begin
    elif width == 16:
        for i in range(end - begin):
            value = values[begin + i]
            out[at + 2 * i] = value & 0xFF
            out[at + 2 * i + 1] = value >> 8
        at += 2 * (end - begin)
    elif width > 16:
        n_bytes = width // _GROUP
        for i in range(begin, end):
            for place in range(n_bytes):
                out[at] = (values[i] >> (_GROUP * place)) & 0xFF
                at += 1
    if width >= 8:
        for place in range(padding * (width // _GROUP)):
            out[at + place] = 0
        return at + padding * (width // _GROUP)
    per_byte = _GROUP // width
    first = begin
    while first < begin + groups * _GROUP:
        byte = 0
        for place in range(per_byte):
            if first + place < end:
                byte |= values[first + place] << (width * place)
        out[at] = byte
        at += 1
        first += per_byte
    return at


@kernel
def pack(values: Ints, width: int, out: Bytes) -> int:
    """Write numbers as runs and packed groups (Parquet, "RLE / Bit-Packing Hybrid").

    Args:
        width: 1, 2, 4, or whole bytes: bits of the largest number, rounded up. Compression
            finds little in values that do not begin at a byte.
    """
    n = values.shape[0]
    at = 0
    begin = 0  # Of the values that wait to be packed.
    # Packed values come in whole groups, so a run is looked for where a group begins.
    i = 0
    while i + _MIN_RUN <= n:
        value = values[i]
        end = i
        # Most values differ from the next: the cheap test comes first.
        if values[i + _GROUP] == value and values[i + _MIN_RUN - 1] == value:
            while end < n and values[end] == value:
                end += 1
        if end - i < _MIN_RUN:
            i += _GROUP
            continue
        at = _write_packed(values, begin, i, width, out, at)
        at = _write_varint((end - i) << 1, out, at)
        for place in range((width + _GROUP - 1) // _GROUP):
            out[at] = (value >> (_GROUP * place)) & 0xFF
            at += 1
        begin = end
        i = end
    return _write_packed(values, begin, n, width, out, at)


@inlined
def _zigzag(value: int) -> int:
    return (value << 1) ^ (value >> 63)


@kernel
def pack_deltas(values: Ints, rows: Ints, deltas: Longs, out: Bytes) -> int:
    """Write numbers as differences (Parquet, "Delta Encoding", DELTA_BINARY_PACKED).

    Args:
        deltas: Room for one block.
    """
    n = rows.shape[0]
    at = _write_varint(DELTA_BLOCK, out, 0)
    at = _write_varint(DELTA_MINIBLOCKS, out, at)
    at = _write_varint(n, out, at)
    at = _write_varint(_zigzag(long(values[rows[0]]) if n else long(0)), out, at)
    for block in range(1, n, DELTA_BLOCK):
        size = min(DELTA_BLOCK, n - block)
        least = long(2**62)
        for i in range(size):
            delta = long(values[rows[block + i]]) - long(values[rows[block + i - 1]])
            deltas[i] = delta
            least = min(least, delta)
        for i in range(size, DELTA_BLOCK):
            deltas[i] = least
        at = _write_varint(_zigzag(least), out, at)
        widths = at
        at += DELTA_MINIBLOCKS
        for mini in range(DELTA_MINIBLOCKS):
            largest = long(0)
            for i in range(mini * DELTA_MINIBLOCK, (mini + 1) * DELTA_MINIBLOCK):
                deltas[i] -= least
                largest |= deltas[i]
            width = 0
            while largest >> width:
                width += 1
            out[widths + mini] = width
            if mini * DELTA_MINIBLOCK >= size:
                out[widths + mini] = 0
                continue
            held_bits = word(0)
            held = 0
            for i in range(mini * DELTA_MINIBLOCK, (mini + 1) * DELTA_MINIBLOCK):
                held_bits |= word(deltas[i]) << word(held)
                held += width
                while held >= _GROUP:
                    out[at] = held_bits & word(0xFF)
                    held_bits >>= word(_GROUP)
                    held -= _GROUP
                    at += 1
    return at


@kernel
def gather_texts(found: Ints, texts: Bytes, begins: Longs, lengths: Longs, out: Bytes) -> int:
    """Write texts by their codes, each after its length: a dictionary's page."""
    at = 0
    for position in range(found.shape[0]):
        code = found[position]
        length = lengths[code]
        for place in range(4):
            out[at + place] = (length >> (_GROUP * place)) & 0xFF
        at += 4
        for place in range(length):
            out[at + place] = texts[begins[code] + place]
        at += length
    return at


@kernel
def write_dotted(ip4: Longs, texts: Bytes, begins: Longs, lengths: Longs) -> int:
    """Write IPv4 numbers as texts; negative ones get none."""
    at = 0
    for code in range(ip4.shape[0]):
        begins[code] = at
        if ip4[code] >= 0:
            for part in range(4):
                number = (ip4[code] >> (24 - 8 * part)) & 0xFF
                if part:
                    texts[at] = _DOT
                    at += 1
                if number >= 100:
                    texts[at] = _ZERO + number // 100
                    at += 1
                if number >= 10:
                    texts[at] = _ZERO + number // 10 % 10
                    at += 1
                texts[at] = _ZERO + number % 10
                at += 1
        lengths[code] = at - begins[code]
    return at
