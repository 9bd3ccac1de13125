"""What eight bytes of a text tell at once: digits, and where a short text ends.

A loop over bytes ends where no processor foresees it; looking at whole words, most texts
of a line take the same steps.
"""

from __future__ import annotations

import sys

from ingest.kernels.compiled import (
    Bytes,
    HashRows,
    Ints,
    inlined,
    long,
    trailing_zeros,
    word,
    word_at,
)
from ingest.kernels.tables import slot_of_hash

WORD_BYTES = 8
IS_LITTLE = sys.byteorder == "little"
SPACE = ord(" ")

_MIX = word(0xD6E8FEB86659FD93)
# One in each byte of a word: "0", the first character above a space, what lifts ten to 0x80.
_ZEROS, _ABOVE_SPACE, _LIFT = (word(byte * 0x0101010101010101) for byte in (0x30, 0x21, 0x76))
_HIGH = word(0x8080808080808080)
_PAIRS = word(0x000000FF000000FF)
_HUNDREDS, _ONES = word(0x000F424000000064), word(0x0000271000000001)


@inlined
def digits_at(body: Bytes, pos: int) -> tuple[int, int]:
    """Return the digits in the eight bytes at `pos` as a number, and how many they are.

    All are looked at together, as the loop that ends with a number is the one whose end
    no processor foresees (D. Lemire, "Quickly parsing eight digits").
    """
    digits = word_at(body, pos) ^ _ZEROS
    others = ((digits + _LIFT) | digits) & _HIGH
    n = long(WORD_BYTES)
    if others != word(0):
        n = long(trailing_zeros(others)) >> 3
        if n == 0:
            return long(0), n
        digits <<= word(8 * (WORD_BYTES - n))
    digits = digits * word(10) + (digits >> word(8))
    ones = ((digits >> word(16)) & _PAIRS) * _ONES
    return long(((digits & _PAIRS) * _HUNDREDS + ones) >> word(32)), n


@inlined
def token_at(body: Bytes, pos: int) -> tuple[int, int, int]:
    """Return the text at `pos` as two words and its length; 0 where it has over 15 bytes."""
    if not IS_LITTLE or pos + 2 * WORD_BYTES > body.shape[0]:
        return _token_by_bytes(body, pos)
    first = word_at(body, pos)
    ends = (first - _ABOVE_SPACE) & ~first & _HIGH
    if ends != word(0):
        n = long(trailing_zeros(ends)) >> 3
        return first & ((word(1) << word(8 * n)) - word(1)), word(0), n
    second = word_at(body, pos + WORD_BYTES)
    ends = (second - _ABOVE_SPACE) & ~second & _HIGH
    if ends == word(0):
        return first, second, long(0)
    n = long(trailing_zeros(ends)) >> 3
    return first, second & ((word(1) << word(8 * n)) - word(1)), long(WORD_BYTES) + n


@inlined
def _token_by_bytes(body: Bytes, pos: int) -> tuple[int, int, int]:
    words = (word(0), word(0))
    n = long(0)
    while body[pos + n] > SPACE:
        if n == 2 * WORD_BYTES - 1:
            return words[0], words[1], long(0)
        byte = word(body[pos + n]) << word(8 * (n % WORD_BYTES))
        words = (words[0] | byte, words[1]) if n < WORD_BYTES else (words[0], words[1] | byte)
        n += 1
    return words[0], words[1], n


@inlined
def slot_of_token(first: int, second: int, slots: Ints, tokens: HashRows) -> int:
    """Return the slot that holds a text, or the empty one where it belongs."""
    slot = slot_of_hash((first * _MIX) ^ second, slots.shape[0])
    while True:
        code = slots[slot] - 1
        if code < 0 or (tokens[code, 0] == first and tokens[code, 1] == second):
            return slot
        slot = (slot + 1) & (slots.shape[0] - 1)
