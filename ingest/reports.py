"""Which end's interface logged each record, and which report of a flow counts.

The loops over records are in `ingest.kernels.ends`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ingest.kernels import ends
from ingest.kernels.tables import new_keys
from ingest.parse.text import Narrow, ParsedText, Wide

if TYPE_CHECKING:
    from ingest.conversation import Derived

Flags = npt.NDArray[np.uint8]


def find_reporters(
    parsed: ParsedText, src: Narrow, dst: Narrow, is_traffic: Flags
) -> tuple[Flags, Flags]:
    """Say which end's interface logged each record.

    `flow-direction` tells the interface's end. Without, an interface's own address is the
    one that all of its records share; of two such addresses, the one that no other
    interface of the VPC has.

    Returns:
        Indexes into REPORTERS, and 1 where the interface's address is the packet's own end.
    """
    interface, direction = parsed.small("interface_id"), parsed.small("flow_direction")
    values = parsed.texts.get("flow_direction", [])
    egress, ingress = (
        values.index(value) if value in values else len(values) for value in ("egress", "ingress")
    )
    own = np.zeros(0, np.int64)
    if "interface_id" in parsed.names:
        # Without any direction there is nothing to look through for what is not told.
        is_told = (direction == egress) | (direction == ingress) if values else None
        if is_told is None or not is_told[is_traffic > 0].all():
            own = _own_addresses(parsed, interface)
    reporter, is_own = np.empty((2, parsed.n_rows), np.uint8)
    ends.find_reporters(
        interface, parsed.small("srcaddr"), parsed.small("dstaddr"), parsed.addresses.ip4, own,
        direction, egress, ingress, src, dst, is_traffic, reporter, is_own,
    )  # fmt: skip
    return reporter, is_own


def count_once(parsed: ParsedText, derived: Derived) -> None:
    """Say which reports count; fills `is_counted`.

    The report of the destination's interface counts: it tells what arrived. The report
    of the source's interface counts where the destination's logs nothing in that hour or
    in one beside it, or where the packets were rejected there and never left. A middle
    box (its own address is not the packet's) counts only between two ends that log
    nothing, and the translated leg of a NAT gateway never counts beside the leg that
    names both ends.
    """
    interface, start = parsed.small("interface_id"), parsed.large("start")
    n_places = derived.places.n_places
    room = 4 * len(parsed.addresses)
    counts = np.zeros(2, np.int64)
    owns = np.zeros(n_places, np.uint8)
    while True:
        owned, translated = new_keys(room), new_keys(room)
        outcome = ends.gather_reports(
            interface, derived.src, derived.dst, n_places, start, derived.reporter,
            derived.is_own, owns, owned, translated, counts,
        )  # fmt: skip
        if outcome == ends.DONE:
            break
        room *= 4
    ends.count_once(
        interface, n_places, derived.src, derived.dst, start, parsed.small("action"),
        derived.is_traffic, derived.reporter, derived.is_own, owns, owned, translated,
        derived.is_counted,
    )  # fmt: skip


def _own_addresses(parsed: ParsedText, interface: Narrow) -> Wide:
    """Return, at interface code * 2 + (1 for IPv6), the code of its own address, or -1."""
    src, dst, addresses = parsed.small("srcaddr"), parsed.small("dstaddr"), parsed.addresses
    names = parsed.texts["interface_id"]
    own = np.full(2 * len(names), -1, np.int64)
    candidates = np.zeros((len(own), 2), np.int64)
    tally = np.zeros((len(own), 3), np.int64)
    ends.tally_own(interface, src, dst, addresses.ip4, candidates, tally)
    seen = tally[:, :1] > 0
    shared = np.where(seen & (tally[:, 1:] == tally[:, :1]), candidates, -1)
    one_only = (shared >= 0).sum(axis=1) == 1
    own[one_only] = shared[one_only].max(axis=1)
    undecided = np.flatnonzero((shared >= 0).all(axis=1)).tolist()
    if not undecided:
        return own
    vpc_of = np.full(len(names) + 1, -1)  # The last is of records without an interface.
    if "vpc_id" in parsed.names:
        vpc_of[interface] = parsed.narrow["vpc_id"]
    taken = {(int(vpc_of[at // 2]), int(own[at])) for at in np.flatnonzero(one_only)}
    # In the order of names: codes depend on which line came first.
    for at in sorted(undecided, key=lambda at: (names[at // 2], at % 2)):
        vpc = int(vpc_of[at // 2])
        both = sorted(shared[at].tolist(), key=lambda code: int(addresses.rank[code]))
        free = [code for code in both if (vpc, code) not in taken] or both
        own[at] = free[0]
        taken.add((vpc, free[0]))
    return own
