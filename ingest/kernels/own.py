"""The own ends of interfaces, added up by all that their records name."""

from __future__ import annotations

from ingest.kernels.compiled import (
    Bytes,
    Hashes,
    IntRows,
    Ints,
    LongRows,
    Longs,
    inlined,
    kernel,
    long,
    word,
)
from ingest.kernels.groups import DAY_S, DONE, FULL, MIX
from ingest.kernels.tables import slot_of_hash

# Places of the sums; ROW is the first record of a group.
RECORDS, FIRST_SEEN, LAST_SEEN, ROW = range(4)
SUMS = 4


@inlined
def _is_same_end(
    group: int, day: int, address: int, i: int, names: IntRows, keys: LongRows, found: LongRows
) -> bool:
    if keys[group, 0] != day or keys[group, 1] != address:
        return False
    row = found[group, ROW]
    column = 0
    while column < names.shape[0] and names[column, row] == names[column, i]:
        column += 1
    return bool(column == names.shape[0])


@kernel
def add_ends(
    state: Longs, start: Longs, end: Longs, reporter: Bytes, plain_src: Ints, plain_dst: Ints,
    is_relay: Bytes, names: IntRows, latest: Ints,
    slots: Ints, keys: LongRows, hashes: Hashes, found: LongRows, count: Longs,
) -> int:  # fmt: skip
    """Add records to the own end of the interface that logged them, from row `state[0]` on.

    Args:
        reporter: 0 for the source, 1 for the destination; records with neither are left out.
        is_relay: 1 for records of transit gateways, which have no end of their own.
        names: Codes of what belongs to an end, one row per column.
        latest: Zeros, one per address; filled with its last group, plus one.
        found: Sums; ROW is the first record of the group.

    Returns:
        FULL where there is no room for one more group before row `state[0]`.
    """
    for i in range(state[0], start.shape[0]):
        if count[0] == keys.shape[0]:
            state[0] = i
            return FULL
        if reporter[i] > 1 or is_relay[i]:
            continue
        address = plain_src[i] if reporter[i] == 0 else plain_dst[i]
        if address < 0:
            continue
        begun = start[i] if start[i] >= 0 else end[i]
        ended = end[i] if end[i] >= 0 else start[i]
        day = begun // DAY_S if begun >= 0 else long(-1)
        group = long(latest[address]) - 1
        if group < 0 or not _is_same_end(group, day, address, i, names, keys, found):
            key = word(address) * MIX
            for column in range(names.shape[0]):
                key = (key ^ word(long(names[column, i]) + 1)) * MIX
                key ^= key >> word(32)
            slot = slot_of_hash(key, slots.shape[0])
            group = long(slots[slot]) - 1
            while group >= 0 and not _is_same_end(group, day, address, i, names, keys, found):
                slot = (slot + 1) & (slots.shape[0] - 1)
                group = long(slots[slot]) - 1
            if group < 0:
                group = long(count[0])
                count[0] += 1
                slots[slot] = group + 1
                hashes[group] = key
                keys[group, 0] = day
                keys[group, 1] = address
                found[group, ROW] = i
                found[group, FIRST_SEEN] = begun
                found[group, LAST_SEEN] = ended
            latest[address] = group + 1
        found[group, RECORDS] += 1
        found[group, FIRST_SEEN] = min(found[group, FIRST_SEEN], begun)
        found[group, LAST_SEEN] = max(found[group, LAST_SEEN], ended)
    state[0] = start.shape[0]
    return DONE
