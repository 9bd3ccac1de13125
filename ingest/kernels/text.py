"""Lines of text to numbers and to codes of distinct texts, strictly.

Every loop over bytes stops at a separator, and the last byte of a body is a newline:
no loop leaves the body.
"""

from __future__ import annotations

from ingest.kernels.compiled import (
    Bytes,
    Hashes,
    HashRows,
    IntRows,
    Ints,
    LongRows,
    Longs,
    inlined,
    kernel,
    long,
    word,
    word_at,
)
from ingest.kernels.tables import slot_of_hash
from ingest.kernels.words import IS_LITTLE, SPACE, WORD_BYTES, digits_at, slot_of_token, token_at

# What a field holds.
NARROW, WIDE, TIME, TEXT, ADDRESS = range(5)
# How a call ended: all lines taken; a line that the line reader must judge; a table is full.
DONE, REFUSED, FULL = range(3)
# Places in the counters of the dictionaries.
N_ENTRIES, ARENA_USED, N_ADDRESSES = range(3)

MAX_INT64 = 2**63 - 1
MAX_LINE_BYTES = 64 << 10

_NEWLINE, _HASH, _DASH, _DOT, _ZERO = (ord(c) for c in "\n#-.0")
_BOM = (0xEF, 0xBB, 0xBF)  # Of UTF-8.
_NULL, _BAD, _NO_ROOM = -1, -2, -3
_SAFE_DIGITS = 18
_OFFSET_BASIS = word(0xCBF29CE484222325)  # FNV-1a
_PRIME = word(0x100000001B3)


@inlined
def _number(body: Bytes, pos: int) -> tuple[int, int]:
    """Return the number at `pos` and where it ends; `_NULL` for a dash, else `_BAD`."""
    begin = pos
    value = long(0)
    if IS_LITTLE and pos + 2 * WORD_BYTES <= body.shape[0]:
        value, n = digits_at(body, pos)
        pos += n
        if n == WORD_BYTES:
            more, n = digits_at(body, pos)
            for _ in range(n):
                value *= 10
            value += more
            pos += n
    digit = long(body[pos]) - _ZERO
    while 0 <= digit <= 9:
        value = value * 10 + digit
        pos += 1
        digit = long(body[pos]) - _ZERO
    if pos == begin:
        if body[pos] == _DASH:
            return long(_NULL), pos + 1
        return long(_BAD), pos
    if pos - begin > _SAFE_DIGITS:
        value = _long_number(body, begin, pos)
    return value, pos


@inlined
def _long_number(body: Bytes, begin: int, end: int) -> int:
    value = long(0)
    for pos in range(begin, end):
        digit = long(body[pos]) - _ZERO
        if value > (MAX_INT64 - digit) // 10:
            return long(_BAD)
        value = value * 10 + digit
    return value


@inlined
def _ip4(body: Bytes, pos: int) -> tuple[int, int]:
    """Return the dotted address at `pos` as a number and where it ends; else `_BAD`.

    As strict as `inet_pton`: four parts of one to three digits without leading zeros.
    """
    value = long(0)
    for part in range(4):
        begin = pos
        number = long(0)
        digit = long(body[pos]) - _ZERO
        while 0 <= digit <= 9 and pos - begin < 4:
            number = number * 10 + digit
            pos += 1
            digit = long(body[pos]) - _ZERO
        if pos == begin or number > 255 or (body[begin] == _ZERO and pos - begin > 1):
            return long(_BAD), pos
        value = (value << 8) | number
        if part < 3:
            if body[pos] != _DOT:
                return long(_BAD), pos
            pos += 1
    if body[pos] > SPACE:
        return long(_BAD), pos
    return value, pos


@inlined
def _is_same(body: Bytes, pos: int, offset: int, length: int) -> bool:
    """Tell whether the token at `pos` is the earlier one, which was not empty.

    Eight bytes are looked at together: most of a line repeats the one before.
    """
    if pos + length + WORD_BYTES > body.shape[0]:  # Near the end a word would leave the body.
        return False
    if length < WORD_BYTES:
        differs = word_at(body, pos) ^ word_at(body, offset)
        unused = word(8 * (WORD_BYTES - length))
        if (differs << unused if IS_LITTLE else differs >> unused) != word(0):
            return False
    else:
        at = long(0)
        while at < length - WORD_BYTES:
            if word_at(body, pos + at) != word_at(body, offset + at):
                return False
            at += WORD_BYTES
        at = length - WORD_BYTES
        if word_at(body, pos + at) != word_at(body, offset + at):
            return False
    return bool(body[pos + length] <= SPACE)


@inlined
def _text_end(body: Bytes, pos: int) -> int:
    while body[pos] > SPACE:
        pos += 1
    return pos


@inlined
def _text_code(
    body: Bytes, begin: int, end: int, place: int,
    slots: Ints, entries: LongRows, hashes: Hashes, arena: Bytes, counters: Longs, counts: Longs,
) -> int:  # fmt: skip
    """Return the code of a text within its place; a new one gets the next code."""
    key = _OFFSET_BASIS ^ word(place)
    pos = begin
    while pos + WORD_BYTES <= end:
        key = (key ^ word_at(body, pos)) * _PRIME
        key ^= key >> word(32)
        pos += WORD_BYTES
    while pos < end:
        key = (key ^ word(body[pos])) * _PRIME
        pos += 1
    mask = slots.shape[0] - 1
    slot = slot_of_hash(key, slots.shape[0])
    length = end - begin
    while True:
        entry = slots[slot] - 1
        if entry < 0:
            break
        if hashes[entry] == key and entries[entry, 0] == place and entries[entry, 3] == length:
            offset = entries[entry, 2]
            same = True
            for i in range(length):
                if arena[offset + i] != body[begin + i]:
                    same = False
                    break
            if same:
                return long(entries[entry, 1])
        slot = (slot + 1) & mask
    entry = counters[N_ENTRIES]
    offset = counters[ARENA_USED]
    if entry >= entries.shape[0] or 2 * entry >= mask or offset + length > arena.shape[0]:
        return long(_NO_ROOM)
    for i in range(length):
        arena[offset + i] = body[begin + i]
    code = counts[place]
    counts[place] = code + 1
    slots[slot] = entry + 1
    hashes[entry] = key
    entries[entry, 0] = place
    entries[entry, 1] = code
    entries[entry, 2] = offset
    entries[entry, 3] = length
    counters[N_ENTRIES] = entry + 1
    counters[ARENA_USED] = offset + length
    return long(code)


@inlined
def _new_address(
    first: int, second: int, slot: int, number: int,
    slots: Ints, tokens: HashRows, ip4: Longs, counters: Longs,
) -> int:  # fmt: skip
    """Enter an IPv4 address, whose text has at most 15 bytes, at its empty slot."""
    code = counters[N_ADDRESSES]
    if code >= ip4.shape[0] or 2 * code >= slots.shape[0] - 1:
        return long(_NO_ROOM)
    slots[slot] = code + 1
    tokens[code, 0] = first
    tokens[code, 1] = second
    ip4[code] = number
    counters[N_ADDRESSES] = code + 1
    return long(code)


@inlined
def _is_bom(body: Bytes, pos: int) -> bool:
    # A body's last byte is a newline, so behind each of the first two there is another.
    return bool(body[pos] == _BOM[0] and body[pos + 1] == _BOM[1] and body[pos + 2] == _BOM[2])


@kernel
def parse_lines(
    body: Bytes, state: Longs, n_rows: int, plan: LongRows, last: LongRows,
    start: int, end: int, narrow: IntRows, wide: LongRows,
    slots: Ints, entries: LongRows, hashes: Hashes, arena: Bytes,
    address_slots: Ints, tokens: HashRows, ip4: Longs, counters: Longs, counts: Longs,
) -> int:  # fmt: skip
    """Parse lines from a position into rows up to `n_rows`.

    Args:
        state: Position and row to begin at; those of the first line not taken afterwards.
        plan: Per field: what it holds, its row in `narrow` or `wide`, the highest number or
            of choices, and the lowest that is no null.
        last: Room for what the line before held: offset, length and number or code per field.
        start, end: The rows of these fields in `wide`; -1 where they are absent.
        narrow: Numbers below 2^31 and codes, one row per field; -1 is null.
        wide: Other numbers.
        slots, entries, hashes, arena: Distinct texts: hash table of entry numbers from 1;
            per entry its place, code, offset and length; its hash; the texts' bytes.
        address_slots, tokens, ip4: Distinct addresses: hash table of codes from 1, by texts
            of up to 15 bytes; such a text by code; the IPv4 number by code, -1 for a text that
            is none.
        counters, counts: How full the tables are; how many codes each place has.

    Returns:
        How it ended.
    """
    n_fields = plan.shape[0]
    n_bytes = body.shape[0]
    pos = state[0]
    row = state[1]
    for field in range(n_fields):
        last[field, 1] = 0
    while row < n_rows:
        line_start = pos
        state[0] = pos
        state[1] = row
        if pos >= n_bytes or body[pos] == _HASH or _is_bom(body, pos):
            return REFUSED
        for field in range(n_fields):
            kind = plan[field, 0]
            target = plan[field, 1]
            begin = pos
            length = last[field, 1]
            if (
                TIME <= kind < ADDRESS
                and length > 0
                and _is_same(body, pos, last[field, 0], length)
            ):
                value = last[field, 2]
                pos += length
            elif kind <= TIME:
                value, pos = _number(body, pos)
                if value == _BAD or value > plan[field, 2]:
                    return REFUSED
                if kind == TIME and 0 <= value < plan[field, 3]:
                    return REFUSED
            else:
                value = long(_BAD)
                slot = long(-1)
                first = word(0)
                second = word(0)
                if kind == ADDRESS:
                    first, second, size = token_at(body, pos)
                    if size > 0:
                        slot = slot_of_token(first, second, address_slots, tokens)
                        value = long(address_slots[slot]) - 1
                        pos += size
                    if value < 0:
                        number, pos = _ip4(body, begin)
                        value = long(_BAD)
                        if number >= 0:
                            value = _new_address(
                                first, second, slot, number, address_slots, tokens, ip4, counters
                            )
                        else:
                            pos = begin
                if value == _BAD:
                    pos = _text_end(body, pos)
                    if pos == begin or body[begin] == _HASH:
                        return REFUSED
                    if pos - begin == 1 and body[begin] == _DASH:
                        value = long(_NULL)
                    else:
                        place = plan[field, 4]
                        if kind == ADDRESS:
                            counts[place] = counters[N_ADDRESSES]
                            if counts[place] >= ip4.shape[0]:
                                return FULL
                        value = _text_code(
                            body, begin, pos, place,
                            slots, entries, hashes, arena, counters, counts,
                        )  # fmt: skip
                        if kind == ADDRESS and value == counters[N_ADDRESSES]:
                            ip4[value] = -1
                            tokens[value, 0] = word(0)
                            tokens[value, 1] = word(0)
                            counters[N_ADDRESSES] = value + 1
                        elif kind == TEXT and value >= plan[field, 2]:
                            return REFUSED
                if value == _NO_ROOM:
                    return FULL
            last[field, 0] = begin
            last[field, 1] = pos - begin
            last[field, 2] = value
            if kind in (WIDE, TIME):
                wide[target, row] = value
            else:
                narrow[target, row] = value
            if body[pos] != (_NEWLINE if field == n_fields - 1 else SPACE):
                return REFUSED
            pos += 1
        if pos - line_start > MAX_LINE_BYTES:
            return REFUSED
        if start >= 0 and end >= 0 and 0 <= wide[end, row] < wide[start, row]:
            return REFUSED
        row += 1
    state[0] = pos
    state[1] = row
    return DONE


@kernel
def count_lines(body: Bytes) -> int:
    """Count newlines."""
    n = long(0)
    for pos in range(body.shape[0]):
        n += body[pos] == _NEWLINE
    return n


@kernel
def fill_slots(hashes: Hashes, codes: Ints, slots: Ints) -> int:
    """Enter codes from 0 into an empty hash table by their hashes."""
    mask = slots.shape[0] - 1
    for i in range(hashes.shape[0]):
        slot = slot_of_hash(hashes[i], slots.shape[0])
        while slots[slot] > 0:
            slot = (slot + 1) & mask
        slots[slot] = codes[i] + 1
    return 0


@kernel
def fill_tokens(tokens: HashRows, ip4: Longs, slots: Ints) -> int:
    """Enter the texts of IPv4 addresses by code into an empty hash table."""
    for code in range(ip4.shape[0]):
        if ip4[code] >= 0:
            slots[slot_of_token(tokens[code, 0], tokens[code, 1], slots, tokens)] = code + 1
    return 0
