"""Hash tables with open addressing, in arrays whose length is a power of two.

A caller makes them at least twice as long as what they will hold.
"""

from __future__ import annotations

import numpy as np

from ingest.kernels.compiled import Ints, Longs, inlined, long, word

EMPTY = -(2**63)

_GOLDEN = word(0x9E3779B97F4A7C15)  # Multiplicative hashing, after Knuth.
_HALF = word(32)


def new_keys(n_keys: int) -> Longs:
    """Return an empty set with room for this many keys."""
    return np.full(_length_for(n_keys), EMPTY, np.int64)


def new_slots(n_keys: int) -> Ints:
    """Return an empty table of numbers from 1 for this many keys."""
    return np.zeros(_length_for(n_keys), np.int32)


def _length_for(n_keys: int) -> int:
    return 1 << max(4, (2 * n_keys).bit_length())


@inlined
def slot_of_hash(key: int, n_slots: int) -> int:
    """Return the first slot to look at."""
    return long((word(key) * _GOLDEN) >> _HALF) & (n_slots - 1)


@inlined
def slot_of_key(keys: Longs, key: int) -> int:
    """Return the slot that holds a key, or the empty one where it belongs."""
    slot = slot_of_hash(key, keys.shape[0])
    while keys[slot] != EMPTY and keys[slot] != key:
        slot = (slot + 1) & (keys.shape[0] - 1)
    return slot


@inlined
def add_key(keys: Longs, key: int) -> bool:
    """Add a key to a set, and tell whether it is new."""
    slot = slot_of_key(keys, key)
    is_new = keys[slot] == EMPTY
    keys[slot] = key
    return bool(is_new)


@inlined
def has_key(keys: Longs, key: int) -> bool:
    """Tell whether a set has a key."""
    return bool(keys[slot_of_key(keys, key)] != EMPTY)
