"""Which VPC each end of a record lies in, and one code per address and VPC.

Private addresses repeat from VPC to VPC. A place is an address together with its VPC;
-1 stands for a VPC that is not known.
"""

from __future__ import annotations

from ingest.kernels.compiled import Bytes, Ints, Longs, inlined, kernel, long
from ingest.kernels.ends import DONE, FULL, SRC, UNKNOWN
from ingest.kernels.tables import EMPTY, add_key, has_key, slot_of_key

NOWHERE, SEVERAL = -1, -2
_VPC_BITS = 32


@inlined
def _home(address: int, vpc: int) -> int:
    return (long(address) << _VPC_BITS) | (long(vpc) + 1)


@kernel
def find_homes(
    reporter: Bytes, plain_src: Ints, plain_dst: Ints, vpc: Ints, homes: Ints
) -> int:  # fmt: skip
    """Find the VPC in which each address is an interface's own.

    Args:
        vpc: The VPC of the interface that logged a record.
        homes: NOWHERE for every address; filled with its VPC, or with SEVERAL.

    Returns:
        How many addresses are in several VPCs.
    """
    n_several = 0
    for i in range(reporter.shape[0]):
        if reporter[i] == UNKNOWN or vpc[i] < 0:
            continue
        near = plain_src[i] if reporter[i] == SRC else plain_dst[i]
        if near < 0 or homes[near] == vpc[i] or homes[near] == SEVERAL:
            continue
        n_several += homes[near] != NOWHERE
        homes[near] = vpc[i] if homes[near] == NOWHERE else SEVERAL
    return n_several


@kernel
def add_homes(
    reporter: Bytes, plain_src: Ints, plain_dst: Ints, vpc: Ints, homes: Ints, several: Longs
) -> int:
    """Gather the VPCs of the addresses that several have.

    Args:
        several: An empty set; filled with address and VPC.

    Returns:
        FULL where the set has no room.
    """
    n_added = 0
    for i in range(reporter.shape[0]):
        if reporter[i] == UNKNOWN or vpc[i] < 0:
            continue
        near = plain_src[i] if reporter[i] == SRC else plain_dst[i]
        if near >= 0 and homes[near] == SEVERAL:
            n_added += add_key(several, _home(near, vpc[i]))
            if 2 * n_added >= several.shape[0]:
                return FULL
    return DONE


@inlined
def _vpc_of(address: int, told: int, is_own: int, vpc: int, homes: Ints, several: Longs) -> int:
    """Return the VPC of an end: as told, the interface's own, or where the address is known."""
    if told >= 0:
        return long(told)
    if is_own and vpc >= 0:
        return long(vpc)
    home = long(homes[address])
    if home != SEVERAL:
        return home
    return long(vpc) if vpc >= 0 and has_key(several, _home(address, vpc)) else long(NOWHERE)


@kernel
def find_places(
    src: Ints, dst: Ints, reporter: Bytes, is_own: Bytes, vpc: Ints, src_told: Ints,
    dst_told: Ints, homes: Ints, several: Longs, first: Ints, others: Longs, numbers: Ints,
    address: Ints, place_vpc: Ints, counts: Longs, src_place: Ints, dst_place: Ints,
) -> int:  # fmt: skip
    """Number the places of all ends.

    Args:
        src_told, dst_told: The VPCs that the record itself names for its ends.
        homes, several: As `find_homes` and `add_homes` filled them.
        first: -1 for every address; filled with the first of its places.
        others, numbers: An empty map; filled with the further places of an address.
        address, place_vpc: Filled with what each place stands for.
        counts: Filled with the numbers of places and of further ones.
        src_place, dst_place: Filled with each record's places; -1 where it has no end.

    Returns:
        FULL where there is no room for more places.
    """
    counts[0] = 0
    counts[1] = 0
    for i in range(src.shape[0]):
        for side in range(2):
            code = src[i] if side == SRC else dst[i]
            place = long(-1)
            if code >= 0:
                home = _vpc_of(
                    code, src_told[i] if side == SRC else dst_told[i],
                    is_own[i] and reporter[i] == side, vpc[i], homes, several,
                )  # fmt: skip
                place = long(first[code])
                if place < 0 or place_vpc[place] != home:
                    if counts[0] == address.shape[0] or 2 * counts[1] >= others.shape[0]:
                        return FULL
                    is_new = place < 0
                    if is_new:
                        first[code] = counts[0]
                    else:
                        slot = slot_of_key(others, _home(code, home))
                        is_new = others[slot] == EMPTY
                        if is_new:
                            others[slot] = _home(code, home)
                            numbers[slot] = counts[0]
                            counts[1] += 1
                        place = long(numbers[slot])
                    if is_new:
                        place = long(counts[0])
                        address[place] = code
                        place_vpc[place] = home
                        counts[0] += 1
            if side == SRC:
                src_place[i] = place
            else:
                dst_place[i] = place
    return DONE
