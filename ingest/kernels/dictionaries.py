"""Values numbered anew, for dictionaries, and the range that they lie in.

`rows` picks and orders the rows of a part.
"""

from __future__ import annotations

from ingest.kernels.compiled import Bytes, Ints, Longs, inlined, kernel, long
from ingest.kernels.tables import slot_of_hash

TOO_MANY = -1
LARGEST = 2**63 - 1


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
