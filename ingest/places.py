"""Places: an address in a VPC, so that equal private addresses of two VPCs stay apart.

The VPC of an end is what the record itself says (transit gateways), else that of the
interface whose own address it is. For any other end it is the VPC in which records
delivered together show the address as an interface's own: first that of the interface
that logged the record, else the only one there is. All other ends are in no known VPC:
the internet, a VPC that logs nothing, or several that could be meant.

Without VPC ids in the log format a place is an address. The loops over records are in
`ingest.kernels.places`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.kernels import places as kernels
from ingest.kernels.ends import FULL
from ingest.kernels.tables import new_keys
from ingest.parse.address_table import AddressTable
from ingest.parse.text import Narrow, ParsedText, Wide

Flags = npt.NDArray[np.uint8]

_VPC_FIELDS = ("vpc_id", "tgw_src_vpc_id", "tgw_dst_vpc_id")


@dataclass(frozen=True, slots=True)
class Places:
    """What the codes of ends stand for.

    Attributes:
        n_places: How many there are.
        address: Place to the code of its address; None: they are the same.
        vpc: Place to its VPC, an index into `vpc_ids`; -1 for none.
        vpc_ids: Names of VPCs.
    """

    n_places: int
    address: Narrow | None = None
    vpc: Narrow | None = None
    vpc_ids: tuple[str, ...] = ()

    def addresses(self, places: Narrow) -> Narrow:
        """Return the codes of the places' addresses; -1 stays -1."""
        return places if self.address is None else _looked_up(self.address, places)

    def vpcs(self, places: Narrow) -> Narrow:
        """Return the codes of the places' VPCs."""
        if self.vpc is None:
            return np.full(len(places), -1, np.int32)
        return _looked_up(self.vpc, places)

    def rank(self, addresses: AddressTable) -> Wide:
        """Return the number of each place in the order of addresses, then of VPC ids."""
        if self.address is None or self.vpc is None:
            return addresses.rank
        by_name = np.argsort(np.array(self.vpc_ids, object), kind="stable")
        vpc_rank = np.empty(len(by_name), np.int64)
        vpc_rank[by_name] = np.arange(len(by_name))
        vpc = np.where(self.vpc < 0, -1, vpc_rank[self.vpc])
        rank = np.empty(self.n_places, np.int64)
        rank[np.lexsort((vpc, addresses.rank[self.address]))] = np.arange(self.n_places)
        return rank


def places_of(
    parsed: ParsedText, src: Narrow, dst: Narrow, reporter: Flags, is_own: Flags
) -> tuple[Places, Narrow, Narrow]:
    """Find the place of every end.

    Args:
        parsed: Typed rows.
        src: Codes of the source ends' addresses; -1 for none.
        dst: The same for the destination ends.
        reporter: Which end's interface logged the record.
        is_own: Where that interface's address is the end itself.

    Returns:
        What the codes stand for, and both ends as such codes.
    """
    n_addresses = len(parsed.addresses)
    if not any(parsed.texts.get(name) for name in _VPC_FIELDS):
        return Places(n_addresses), src, dst
    vpc_ids, (vpc, *told) = _vpc_codes(parsed)
    plain = parsed.small("srcaddr"), parsed.small("dstaddr")
    homes = np.full(n_addresses, kernels.NOWHERE, np.int32)
    n_several = kernels.find_homes(reporter, *plain, vpc, homes)
    room = 4 * n_several
    while True:
        several = new_keys(room)
        if not n_several or kernels.add_homes(reporter, *plain, vpc, homes, several) != FULL:
            break
        room *= 4
    room = 2 * n_addresses
    found = np.empty((2, len(src)), np.int32)
    counts = np.zeros(2, np.int64)
    while True:
        address, place_vpc = np.empty((2, room), np.int32)
        others = new_keys(room)
        outcome = kernels.find_places(
            src, dst, reporter, is_own, vpc, *told, homes, several,
            np.full(n_addresses, -1, np.int32), others, np.empty(len(others), np.int32),
            address, place_vpc, counts, *found,
        )  # fmt: skip
        if outcome != FULL:
            break
        room = 4 * max(room, 1)
    n_places = int(counts[0])
    return Places(n_places, address[:n_places], place_vpc[:n_places], vpc_ids), *found


def _vpc_codes(parsed: ParsedText) -> tuple[tuple[str, ...], list[Narrow]]:
    """Return the names of all VPCs, and the three columns of them under common codes."""
    names: dict[str, int] = {}
    columns = []
    for field in _VPC_FIELDS:
        texts = parsed.texts.get(field, [])
        common = np.array([names.setdefault(text, len(names)) for text in texts], np.int32)
        codes = parsed.small(field)
        is_same = np.array_equal(common, np.arange(len(texts)))
        columns.append(codes if is_same else _looked_up(common, codes))
    return tuple(names), columns


def _looked_up(meanings: Narrow, codes: Narrow) -> Narrow:
    if not len(meanings):
        return codes
    found = meanings[codes]  # A code of -1 takes any; what it took is replaced.
    found[codes < 0] = -1
    return found
