"""The rules of `ingest.conversation`, as loops over the records of a chunk.

Addresses and places (an address in a VPC) are codes, a point is a place and a port. -1
stands for what is not known. Which code is meant: `plain_` and what `find_ends` fills are
addresses, later rules see places.
"""

from __future__ import annotations

from ingest.kernels.compiled import Bytes, Ints, LongRows, Longs, inlined, kernel, long
from ingest.kernels.tables import EMPTY, add_key, has_key, slot_of_key

# Places in RULES.
NONE, FLAGS, LISTENER, SERVICE, SHARED, LOWER, FIRST, ORDER = range(8)
# The end whose interface logged a record, as the cache stores it.
SRC, DST, UNKNOWN = 0, 1, 2
OK, REJECT = 0, 1  # Codes of these values in their columns.
DONE, FULL = 0, 1
HOUR_S = 3_600

_SYN, _ACK = 2, 16
# TCP, UDP, DCCP, SCTP, UDP-Lite (IANA protocol numbers).
_TCP, _UDP, _DCCP, _SCTP, _UDP_LITE = 6, 17, 33, 132, 136
_PORT_BITS = 16
_PROTOCOLS = 257


@inlined
def _has_ports(protocol: int, srcport: int, dstport: int) -> bool:
    """Tell whether ports mean anything; without a protocol, any port other than 0 does."""
    if srcport < 0 or dstport < 0:
        return False
    if protocol < 0:
        return srcport > 0 or dstport > 0
    return protocol in (_TCP, _UDP, _DCCP, _SCTP, _UDP_LITE)


@inlined
def _point(address: int, port: int) -> int:
    return (long(address) << _PORT_BITS) | long(port)


@kernel
def find_ends(
    status: Ints, telling: Bytes, plain_src: Ints, plain_dst: Ints, packet_src: Ints,
    packet_dst: Ints, srcport: Ints, dstport: Ints, protocol: Ints, tcp_flags: Ints,
    src: Ints, dst: Ints, is_traffic: Bytes, is_ported: Bytes, is_src: Bytes, rule: Bytes,
    counts: Longs,
) -> int:  # fmt: skip
    """Find both ends of every record, and let TCP's own flags tell who opened.

    A SYN without ACK opens, a SYN-ACK answers (AWS, "Flow log record examples").

    Args:
        telling: 1 where a field other than the frame's is filled; tells of traffic where
            there is no status.
        src, dst: Filled with the packet's own ends where they are logged.
        is_traffic, is_ported, is_src, rule: Filled.
        counts: Filled: how many records the flags decide, how many have ends but no ports.
    """
    n_flagged = 0
    n_portless = 0
    for i in range(status.shape[0]):
        traffic = status[i] == OK or (status[i] < 0 and telling[i] > 0)
        is_traffic[i] = traffic
        a = packet_src[i] if packet_src[i] >= 0 else plain_src[i]
        b = packet_dst[i] if packet_dst[i] >= 0 else plain_dst[i]
        src[i] = a if traffic else -1
        dst[i] = b if traffic else -1
        is_src[i] = 0
        rule[i] = NONE
        is_ported[i] = 0
        if not traffic or a < 0 or b < 0:
            continue
        if not _has_ports(protocol[i], srcport[i], dstport[i]):
            n_portless += 1
            continue
        is_ported[i] = 1
        flags = tcp_flags[i]
        if protocol[i] == _TCP and flags >= 0 and flags & _SYN:
            is_src[i] = 0 if flags & _ACK else 1
            rule[i] = FLAGS
            n_flagged += 1
    counts[0] = n_flagged
    counts[1] = n_portless
    return DONE


@kernel
def decide_by_ports(
    src: Ints, dst: Ints, srcport: Ints, dstport: Ints, protocol: Ints, tcp_flags: Ints,
    is_ported: Bytes, is_src: Bytes, rule: Bytes, known_ports: Bytes, listening: Longs,
    left: Ints,
) -> int:  # fmt: skip
    """Decide what flags of other records, or known service ports, tell.

    Args:
        known_ports: 1 at each known service port.
        listening: An empty set with room for every point that flags show to listen.
        left: Filled with the ported records that stay undecided.

    Returns:
        How many stay undecided.
    """
    for i in range(src.shape[0]):
        if rule[i] == FLAGS:
            listener = _point(dst[i], dstport[i]) if is_src[i] else _point(src[i], srcport[i])
            add_key(listening, listener)
    n_left = 0
    for i in range(src.shape[0]):
        if not is_ported[i] or rule[i] != NONE:
            continue
        if protocol[i] == _TCP and tcp_flags[i] >= 0:
            src_listens = has_key(listening, _point(src[i], srcport[i]))
            dst_listens = has_key(listening, _point(dst[i], dstport[i]))
            if src_listens != dst_listens:
                is_src[i] = dst_listens
                rule[i] = LISTENER
                continue
        if known_ports[srcport[i]] != known_ports[dstport[i]]:
            is_src[i] = known_ports[dstport[i]]
            rule[i] = SERVICE
            continue
        left[n_left] = i
        n_left += 1
    return n_left


@inlined
def _numbered(keys: Longs, numbers: Ints, key: int, counter: Longs) -> int:
    """Return the number of a key; a new one gets the next."""
    slot = slot_of_key(keys, key)
    if keys[slot] == EMPTY:
        keys[slot] = key
        numbers[slot] = counter[0]
        counter[0] += 1
    return long(numbers[slot])


@kernel
def decide_by_peers(
    left: Ints, src: Ints, dst: Ints, srcport: Ints, dstport: Ints, is_src: Bytes, rule: Bytes,
    points: Longs, numbers: Ints, pairs: Longs, peers: Ints, counter: Longs,
) -> int:  # fmt: skip
    """Decide the records left: the point that more peers share is the service; else lower port.

    Args:
        points, numbers: An empty map with room for two points a record.
        pairs: An empty set with room for two pairs a record.
        peers: Zeros, one per point.
        counter: A zero.
    """
    for place in range(left.shape[0]):
        i = left[place]
        a = _numbered(points, numbers, _point(src[i], srcport[i]), counter)
        b = _numbered(points, numbers, _point(dst[i], dstport[i]), counter)
        if add_key(pairs, (a << 32) | b):
            peers[a] += 1
        if add_key(pairs, (b << 32) | a):
            peers[b] += 1
    for place in range(left.shape[0]):
        i = left[place]
        a = _numbered(points, numbers, _point(src[i], srcport[i]), counter)
        b = _numbered(points, numbers, _point(dst[i], dstport[i]), counter)
        if peers[a] != peers[b]:
            is_src[i] = peers[b] > peers[a]
            rule[i] = SHARED
        elif srcport[i] != dstport[i]:
            is_src[i] = dstport[i] < srcport[i]
            rule[i] = LOWER
    return DONE


@inlined
def _exchange(a: int, b: int, protocol: int, n_places: int) -> int:
    return (long(a) * n_places + long(b)) * _PROTOCOLS + long(protocol) + 1


@kernel
def decide_rest(
    src: Ints, dst: Ints, srcport: Ints, dstport: Ints, protocol: Ints, start: Longs, rank: Longs,
    is_ported: Bytes, is_src: Bytes, rule: Bytes, service_port: Ints, seen: Longs, first: Longs,
) -> int:  # fmt: skip
    """Decide records without ports by who came first, the rest by address; name service ports.

    Args:
        rank: Number of each place in the order of addresses.
        service_port: Filled.
        seen, first: An empty map from an exchange to its earliest start.
    """
    n_places = rank.shape[0]
    for i in range(src.shape[0]):
        if src[i] >= 0 and dst[i] >= 0 and not is_ported[i]:
            key = _exchange(src[i], dst[i], protocol[i], n_places)
            slot = slot_of_key(seen, key)
            if seen[slot] == EMPTY or start[i] < first[slot]:
                first[slot] = start[i]
            seen[slot] = key
    for i in range(src.shape[0]):
        service_port[i] = -1
        if src[i] < 0 or dst[i] < 0:
            continue
        if not is_ported[i]:
            ours = first[slot_of_key(seen, _exchange(src[i], dst[i], protocol[i], n_places))]
            back = slot_of_key(seen, _exchange(dst[i], src[i], protocol[i], n_places))
            if seen[back] == EMPTY or first[back] != ours:
                is_src[i] = seen[back] == EMPTY or first[back] > ours
                rule[i] = FIRST
        if rule[i] == NONE:
            is_src[i] = rank[src[i]] < rank[dst[i]]
            rule[i] = ORDER
        if is_ported[i]:
            service_port[i] = dstport[i] if is_src[i] else srcport[i]
    return DONE


@inlined
def _family(interface: int, address: int, ip4: Longs) -> int:
    """Return the place of an interface's addresses of one family."""
    return long(interface) * 2 + long(ip4[address] < 0)


@kernel
def tally_own(
    interface: Ints, plain_src: Ints, plain_dst: Ints, ip4: Longs, candidates: LongRows,
    tally: LongRows,
) -> int:  # fmt: skip
    """Count, per interface and family, its records and those with either candidate in them.

    An own address is in every record of its interface, so it is one of the two of any record.

    Args:
        candidates: Filled with both addresses of the last record.
        tally: Zeros; filled with records, and records with the first and the second candidate.
    """
    for i in range(interface.shape[0]):
        if interface[i] >= 0 and plain_src[i] >= 0 and plain_dst[i] >= 0:
            place = _family(interface[i], plain_src[i], ip4)
            candidates[place, 0] = plain_src[i]
            candidates[place, 1] = plain_dst[i]
            tally[place, 0] += 1
    for i in range(interface.shape[0]):
        a = plain_src[i]
        b = plain_dst[i]
        if interface[i] >= 0 and a >= 0 and b >= 0:
            place = _family(interface[i], a, ip4)
            one = candidates[place, 0]
            other = candidates[place, 1]
            tally[place, 1] += a == one or b == one
            tally[place, 2] += a == other or b == other
    return DONE


@kernel
def find_reporters(
    interface: Ints, plain_src: Ints, plain_dst: Ints, ip4: Longs, own: Longs,
    direction: Ints, egress: int, ingress: int, src: Ints, dst: Ints, is_traffic: Bytes,
    reporter: Bytes, is_own: Bytes,
) -> int:  # fmt: skip
    """Say which end's interface logged each record.

    Args:
        own: Per interface and family its own address; empty where directions tell.
        direction, egress, ingress: The flow's direction, and the codes of its values.
        reporter: Filled.
        is_own: Filled: 1 where that interface's address is the packet's own end, 0 at a
            middle box.
    """
    for i in range(src.shape[0]):
        logged = UNKNOWN
        if is_traffic[i]:
            if direction[i] >= 0 and direction[i] == egress:
                logged = SRC
            elif direction[i] >= 0 and direction[i] == ingress:
                logged = DST
            elif own.shape[0] and interface[i] >= 0 and plain_src[i] >= 0 and plain_dst[i] >= 0:
                address = own[_family(interface[i], plain_src[i], ip4)]
                if address == plain_src[i]:
                    logged = SRC
                elif address == plain_dst[i]:
                    logged = DST
        reporter[i] = logged
        is_own[i] = (logged == SRC and plain_src[i] == src[i]) or (
            logged == DST and plain_dst[i] == dst[i]
        )
    return DONE


@kernel
def gather_reports(
    interface: Ints, src: Ints, dst: Ints, n_places: int, start: Longs, reporter: Bytes,
    is_own: Bytes, owns: Bytes, owned: Longs, translated: Longs, counts: Longs,
) -> int:  # fmt: skip
    """Gather what the reports of some interfaces tell of those of others.

    Args:
        owns: Zeros, one per place; filled with 1 where its own interface logs at any time.
        owned: An empty set; filled with hour and place of ends whose own interface logs.
        translated: An empty set; filled with interface and far end of middle boxes.
        counts: Filled with the sizes of both sets.

    Returns:
        FULL where a set has no room.
    """
    size = n_places + 1
    counts[0] = 0
    counts[1] = 0
    for i in range(src.shape[0]):
        if reporter[i] == UNKNOWN or src[i] < 0 or dst[i] < 0:
            continue
        far = src[i] if reporter[i] == SRC else dst[i]
        if is_own[i]:
            owns[far] = 1
            counts[0] += add_key(owned, (start[i] // HOUR_S) * size + far)
        elif interface[i] >= 0:
            counts[1] += add_key(translated, interface[i] * size + far)
        if 2 * counts[0] >= owned.shape[0] or 2 * counts[1] >= translated.shape[0]:
            return FULL
    return DONE


@inlined
def _is_owned(owns: Bytes, owned: Longs, hour: int, size: int, place: int) -> bool:
    """Tell whether a place's own interface logs, in the same hour or in one beside it."""
    return owns[place] > 0 and (
        has_key(owned, hour * size + place)
        or has_key(owned, (hour - 1) * size + place)
        or has_key(owned, (hour + 1) * size + place)
    )


@kernel
def count_once(
    interface: Ints, n_places: int, src: Ints, dst: Ints, start: Longs, action: Ints,
    is_traffic: Bytes, reporter: Bytes, is_own: Bytes, owns: Bytes, owned: Longs,
    translated: Longs, is_counted: Bytes,
) -> int:  # fmt: skip
    """Say which reports count, so that a flow logged at several interfaces counts once.

    Args:
        owns, owned, translated: As `gather_reports` filled them.
        is_counted: Filled.
    """
    size = n_places + 1
    for i in range(src.shape[0]):
        is_counted[i] = is_traffic[i]
        if reporter[i] == UNKNOWN or src[i] < 0 or dst[i] < 0:
            continue
        at_src = reporter[i] == SRC
        near = src[i] if at_src else dst[i]
        peer = dst[i] if at_src else src[i]
        hour = start[i] // HOUR_S
        if is_own[i]:
            is_again = at_src and action[i] != REJECT and _is_owned(owns, owned, hour, size, peer)
            if interface[i] >= 0 and has_key(translated, interface[i] * size + peer):
                is_again = True
        else:
            is_again = _is_owned(owns, owned, hour, size, near) or _is_owned(
                owns, owned, hour, size, peer
            )
        if is_again:
            is_counted[i] = 0
    return DONE
