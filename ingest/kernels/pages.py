"""Values to the bytes of Parquet pages (Apache Parquet, "Encodings").

Every function writes to an array that is long enough for the worst case and returns how
much of it is used. `rows` picks and orders the rows of a part.
"""

from __future__ import annotations

from ingest.kernels.compiled import Bytes, Ints, Longs, inlined, kernel, long, word
from ingest.kernels.tables import slot_of_hash

TOO_MANY = -1
LARGEST = 2**63 - 1
DELTA_BLOCK, DELTA_MINIBLOCKS, DELTA_MINIBLOCK = 128, 4, 32

_MIN_RUN = 16  # Shorter runs cost less among packed values.
_GROUP = 8  # Values are packed in groups of so many.
_ZERO, _DOT = ord("0"), ord(".")


@inlined
def _index_dense(
    values: Ints | Longs, rows: Ints, base: int, nulls: Bytes, places: Ints, found: Ints,
    indexes: Ints, levels: Bytes, n_indexes: Longs,
) -> int:  # fmt: skip
    n_found = 0
    if not levels.shape[0]:
        for position in range(rows.shape[0]):
            code = long(values[rows[position]]) - base
            place = long(places[code])
            if place == 0:
                found[n_found] = code
                n_found += 1
                places[code] = n_found
                place = n_found
            indexes[position] = place - 1
        for position in range(n_found):
            places[found[position]] = 0
        n_indexes[0] = rows.shape[0]
        return n_found
    n = 0
    for position in range(rows.shape[0]):
        value = values[rows[position]]
        code = long(value) - base
        if value < 0 or (nulls.shape[0] and nulls[code]):
            levels[position] = 0
            continue
        place = long(places[code])
        if place == 0:
            found[n_found] = code
            n_found += 1
            places[code] = n_found
            place = n_found
        levels[position] = 1
        indexes[n] = place - 1
        n += 1
    for position in range(n_found):
        places[found[position]] = 0
    n_indexes[0] = n
    return n_found


@kernel
def index_ints(
    values: Ints, rows: Ints, base: int, nulls: Bytes, places: Ints, found: Ints,
    indexes: Ints, levels: Bytes, n_indexes: Longs,
) -> int:  # fmt: skip
    """Number the distinct values of some rows anew, in the order in which they are met.

    Args:
        values: Codes, or numbers that are near to each other; negative ones are null.
        base: At most the smallest value that is not null.
        nulls: 1 for each value, less the base, that is null as well; empty: none is.
        places: Zeros, one for each value less the base; zeros again afterwards.
        found: Filled with the value, less the base, of each new number.
        indexes: Filled with the new numbers, nulls left out; how many goes to `n_indexes`.
        levels: Filled with 0 for null, else 1, per row; empty where no value is null.

    Returns:
        How many were found.
    """
    return _index_dense(values, rows, base, nulls, places, found, indexes, levels, n_indexes)


@kernel
def index_longs(
    values: Longs, rows: Ints, base: int, nulls: Bytes, places: Ints, found: Ints,
    indexes: Ints, levels: Bytes, n_indexes: Longs,
) -> int:  # fmt: skip
    """As `index_ints`, of large numbers."""
    return _index_dense(values, rows, base, nulls, places, found, indexes, levels, n_indexes)


@kernel
def index_scattered(
    values: Longs, rows: Ints, limit: int, slots: Ints, found: Longs,
    indexes: Ints, levels: Bytes, n_indexes: Longs,
) -> int:  # fmt: skip
    """As `index_ints`, of numbers that may be far from each other.

    Args:
        limit: At most so many distinct values.
        slots: An empty table of numbers from 1, with room for these.
        found: Filled with the values.

    Returns:
        How many were found, or TOO_MANY.
    """
    n_found = 0
    n = 0
    for position in range(rows.shape[0]):
        value = values[rows[position]]
        levels[position] = value >= 0
        if value >= 0:
            slot = slot_of_hash(value, slots.shape[0])
            number = long(slots[slot]) - 1
            while number >= 0 and found[number] != value:
                slot = (slot + 1) & (slots.shape[0] - 1)
                number = long(slots[slot]) - 1
            if number < 0:
                if n_found == limit:
                    return TOO_MANY
                number = long(n_found)
                found[number] = value
                n_found += 1
                slots[slot] = n_found
            indexes[n] = number
            n += 1
    n_indexes[0] = n
    return n_found


@kernel
def choose_indexes(
    numbers: Ints, chosen: Ints, is_set: Bytes, indexes: Ints, levels: Bytes, n_indexes: Longs
) -> int:
    """Number some of the values that `index_ints` numbered, the others being null.

    Args:
        numbers: Its numbers, nulls left out.
        chosen: The new number of each; negative for null.
        is_set: Its levels; empty where no row was null.
        indexes: Filled with the new numbers, nulls left out; how many goes to `n_indexes`.
        levels: Filled with 0 for null, else 1, per row.
    """
    n_rows = is_set.shape[0] if is_set.shape[0] else numbers.shape[0]
    taken = 0
    n = 0
    for row in range(n_rows):
        number = long(-1)
        if not is_set.shape[0] or is_set[row]:
            number = long(chosen[numbers[taken]])
            taken += 1
        levels[row] = number >= 0
        if number >= 0:
            indexes[n] = number
            n += 1
    n_indexes[0] = n
    return 0


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
def _find_range(values: Ints | Longs, found: Longs) -> int:
    lowest = long(LARGEST)
    low = long(LARGEST)
    high = long(-1)
    for i in range(values.shape[0]):
        value = long(values[i])
        lowest = min(lowest, value)
        low = min(low, value if value >= 0 else long(LARGEST))
        high = max(high, value)
    found[0] = lowest
    found[1] = low
    found[2] = high
    return 0


@kernel
def find_range(values: Ints, found: Longs) -> int:
    """Find the smallest value, the smallest that is not negative, and the largest or -1."""
    return _find_range(values, found)


@kernel
def find_long_range(values: Longs, found: Longs) -> int:
    """As `find_range`, of large numbers."""
    return _find_range(values, found)


@kernel
def find_bounds(values: Longs, rows: Ints, bounds: Longs) -> int:
    """Find the smallest and the largest value of some rows."""
    low = long(LARGEST)
    high = -low
    for position in range(rows.shape[0]):
        value = long(values[rows[position]])
        low = min(low, value)
        high = max(high, value)
    bounds[0] = low
    bounds[1] = high
    return 0


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
