"""Records added up by keys, in one pass over a chunk.

A group is found by two numbers that hold its key; its sums lie in one row. A caller
unpacks the keys again: see the `_BITS` beside each. Ends are codes of places, an address
in a VPC.
"""

from __future__ import annotations

from ingest.kernels.compiled import (
    Bytes,
    Hashes,
    Ints,
    LongRows,
    Longs,
    inlined,
    kernel,
    long,
    word,
)
from ingest.kernels.tables import slot_of_hash

DONE, FULL = 0, 1
LARGEST = 2**63 - 1
DAY_S, HOUR_S, MINUTE_S = 86_400, 3_600, 60
# A longer record is not what AWS writes; its volume stays in its first minute.
LONGEST_S = 3_600
_MOST_MINUTES = LONGEST_S // MINUTE_S + 1
# What a key's parts take in its numbers; each part is stored plus one, so that -1 fits.
ADDRESS_BITS, PORT_BITS, PROTOCOL_BITS, ACTION_BITS, STATUS_BITS = 32, 17, 9, 2, 2
# Places of the sums.
RECORDS, FLOWS, PACKETS, BYTES = range(4)
RETURN_PACKETS, RETURN_BYTES, FIRST_SEEN, LAST_SEEN = range(4, 8)
LOGGED_PACKETS, LOGGED_BYTES = range(4, 6)
INITIATED, SENT_PACKETS, SENT_BYTES, RECEIVED_PACKETS, RECEIVED_BYTES = range(2, 7)
NEXT_MINUTE = 6  # Group of the minute after, plus one; 0: not looked for yet.
EDGE_SUMS, SERIES_SUMS, TALKER_SUMS, PORT_SUMS, COVERAGE_SUMS = 8, 7, 7, 4, 1
# Places of a chunk's totals.
UNDATED, TOTAL_PACKETS, TOTAL_BYTES, FIRST, LAST = range(5)

_ONE_MINUTE = 1 << (PORT_BITS + PROTOCOL_BITS + ACTION_BITS)  # In the key of a minute.
_EXACT = 1 << 50  # Below, a float holds a whole number, and its product errs by less than one.
MIX = word(0xD6E8FEB86659FD93)


@inlined
def _group(
    upper: int, lower: int, slots: Ints, keys: LongRows, hashes: Hashes, count: Longs, near: int
) -> int:
    """Return the group of a key; a new one is the next. There must be room for one more.

    Args:
        near: A group that is likely: the last one of the same table.
    """
    if near < count[0] and keys[near, 0] == upper and keys[near, 1] == lower:
        return near
    key = (word(upper) * MIX) ^ word(lower)
    key ^= key >> word(32)
    slot = slot_of_hash(key, slots.shape[0])
    while True:
        group = long(slots[slot]) - 1
        if group < 0:
            break
        if keys[group, 0] == upper and keys[group, 1] == lower:
            return group
        slot = (slot + 1) & (slots.shape[0] - 1)
    group = count[0]
    count[0] = group + 1
    slots[slot] = group + 1
    hashes[group] = key
    keys[group, 0] = upper
    keys[group, 1] = lower
    return long(group)


@inlined
def _edge_key(hour: int, service_port: int, protocol: int, action: int) -> int:
    key = (long(hour) + 1) << PORT_BITS | (long(service_port) + 1)
    return (key << PROTOCOL_BITS | (long(protocol) + 1)) << ACTION_BITS | (long(action) + 1)


@inlined
def _plus(total: int, number: int) -> int:
    """Add numbers that are not negative; what has no room is cut to the largest."""
    return total + number if total <= LARGEST - number else LARGEST


@inlined
def _add_volume(series: LongRows, minute: int, counted: int, packets: int, n_bytes: int) -> int:
    """Add what counts beside what is logged again; `finish_series` puts both together."""
    at_packets = long(PACKETS) if counted else long(LOGGED_PACKETS)
    at_bytes = long(BYTES) if counted else long(LOGGED_BYTES)
    series[minute, at_packets] = _plus(series[minute, at_packets], packets)
    series[minute, at_bytes] = _plus(series[minute, at_bytes], n_bytes)
    return DONE


@inlined
def _quotient(number: int, divisor: int, share: float) -> int:
    """Divide whole numbers by the divisor's inverse, which is far faster and off by one at most."""
    if number >= _EXACT:
        return number // divisor
    quotient = long(number * share)
    rest = number - quotient * divisor
    return quotient + (rest >= divisor) - (rest < 0)


@inlined
def _spread(
    minute: int, begun: int, lasts: int, counted: int, packets: int, n_bytes: int,
    slots: Ints, keys: LongRows, hashes: Hashes, series: LongRows, n_series: Longs,
) -> int:  # fmt: skip
    """Add a record's volume to the minutes that it lasts, the first of which is given.

    The first k of its seconds carry `n // lasts * k + n % lasts * k // lasts`. From one
    minute to the next that grows by a whole number and a rest, so nothing is divided
    in the loop; what is left goes to the last minute.
    """
    passed = MINUTE_S - begun % MINUTE_S
    share = 1.0 / lasts
    packets_each = _quotient(packets, lasts, share)
    packets_rest = packets - packets_each * lasts
    bytes_each = _quotient(n_bytes, lasts, share)
    bytes_rest = n_bytes - bytes_each * lasts
    packets_due = _quotient(packets_rest * passed, lasts, share)
    packets_over = packets_rest * passed - packets_due * lasts
    packets_due += packets_each * passed
    bytes_due = _quotient(bytes_rest * passed, lasts, share)
    bytes_over = bytes_rest * passed - bytes_due * lasts
    bytes_due += bytes_each * passed
    packets_step = _quotient(packets_rest * MINUTE_S, lasts, share)
    packets_more = packets_rest * MINUTE_S - packets_step * lasts
    packets_step += packets_each * MINUTE_S
    bytes_step = _quotient(bytes_rest * MINUTE_S, lasts, share)
    bytes_more = bytes_rest * MINUTE_S - bytes_step * lasts
    bytes_step += bytes_each * MINUTE_S
    while passed < lasts:
        _add_volume(series, minute, counted, packets_due, bytes_due)
        packets -= packets_due
        n_bytes -= bytes_due
        packets_over += packets_more
        bytes_over += bytes_more
        packets_due = packets_step + (packets_over >= lasts)
        bytes_due = bytes_step + (bytes_over >= lasts)
        packets_over -= lasts * (packets_over >= lasts)
        bytes_over -= lasts * (bytes_over >= lasts)
        if series[minute, NEXT_MINUTE] == 0:
            following = _group(
                keys[minute, 0], keys[minute, 1] + _ONE_MINUTE,
                slots, keys, hashes, n_series, n_series[0],
            )  # fmt: skip
            series[minute, NEXT_MINUTE] = following + 1
        minute = series[minute, NEXT_MINUTE] - 1
        passed += MINUTE_S
    _add_volume(series, minute, counted, packets, n_bytes)
    return DONE


@inlined
def _filled(value: int) -> int:
    return max(long(value), long(0))


@kernel
def add_records(
    state: Longs, start: Longs, end: Longs, has_end: int, packets: Longs, n_bytes: Longs,
    protocol: Ints, action: Ints, account: Ints, interface: Ints, status: Ints,
    src: Ints, dst: Ints, is_traffic: Bytes, is_src: Bytes, rule: Bytes, service_port: Ints,
    is_counted: Bytes, hours: Ints, totals: Longs,
    edge_slots: Ints, edge_keys: LongRows, edge_hashes: Hashes, edges: LongRows, n_edges: Longs,
    series_slots: Ints, series_keys: LongRows, series_hashes: Hashes, series: LongRows,
    n_series: Longs,
    coverage_slots: Ints, coverage_keys: LongRows, coverage_hashes: Hashes, coverage: LongRows,
    n_coverage: Longs,
) -> int:  # fmt: skip
    """Add records to their edge, minute and interface, from row `state[0]` on.

    Args:
        has_end: The layout has `end`; it alone then tells the last time.
        hours: Filled with each record's hour since 1970; -1 where it has no time.
        totals: Added to.

    Returns:
        FULL where a table needs more room before row `state[0]`.
    """
    edge = long(0)
    minute = long(0)
    place = long(0)
    for i in range(state[0], start.shape[0]):
        if (
            n_edges[0] == edge_keys.shape[0]
            or n_series[0] + _MOST_MINUTES > series_keys.shape[0]
            or n_coverage[0] == coverage_keys.shape[0]
        ):
            state[0] = i
            return FULL
        begun = start[i] if start[i] >= 0 else end[i]
        ended = end[i] if end[i] >= 0 else start[i]
        hour = begun // HOUR_S if begun >= 0 else long(-1)
        hours[i] = hour
        place = _group(
            ((long(account[i]) + 1) << ADDRESS_BITS) | (long(interface[i]) + 1),
            (hour + 1) << STATUS_BITS | (long(status[i]) + 1),
            coverage_slots, coverage_keys, coverage_hashes, n_coverage, place,
        )  # fmt: skip
        coverage[place, RECORDS] += 1
        if not is_traffic[i]:
            continue
        volume = _filled(n_bytes[i])
        number = _filled(packets[i])
        totals[TOTAL_PACKETS] = _plus(totals[TOTAL_PACKETS], number)
        totals[TOTAL_BYTES] = _plus(totals[TOTAL_BYTES], volume)
        last = end[i] if has_end else begun
        if begun < 0:
            totals[UNDATED] += 1
        elif begun < totals[FIRST]:
            totals[FIRST] = begun
        totals[LAST] = max(totals[LAST], last)
        counted = long(is_counted[i])
        minute = _group(
            hour + 1,
            _edge_key(begun // MINUTE_S if begun >= 0 else -1, -1, protocol[i], action[i]),
            series_slots, series_keys, series_hashes, n_series, minute,
        )  # fmt: skip
        series[minute, RECORDS] += 1
        series[minute, FLOWS] += counted
        lasts = end[i] - start[i] if start[i] >= 0 and has_end else long(0)
        if lasts > LONGEST_S:
            lasts = long(0)
        if lasts <= MINUTE_S - begun % MINUTE_S:
            _add_volume(series, minute, counted, number, volume)
        else:
            _spread(
                minute, begun, lasts, counted, number, volume,
                series_slots, series_keys, series_hashes, series, n_series,
            )  # fmt: skip
        initiator = long(-1)
        responder = long(-1)
        returning = long(0)
        if rule[i] > 0:
            returning = long(1 - is_src[i])
            initiator = long(src[i] if is_src[i] else dst[i])
            responder = long(dst[i] if is_src[i] else src[i])
        edge = _group(
            (initiator + 1) << ADDRESS_BITS | (responder + 1),
            _edge_key(hour, service_port[i], protocol[i], action[i]),
            edge_slots, edge_keys, edge_hashes, n_edges, edge,
        )  # fmt: skip
        if edges[edge, RECORDS] == 0:
            edges[edge, FIRST_SEEN] = begun
            edges[edge, LAST_SEEN] = ended
        edges[edge, RECORDS] += 1
        edges[edge, FLOWS] += counted
        edges[edge, PACKETS] = _plus(edges[edge, PACKETS], counted * number)
        edges[edge, BYTES] = _plus(edges[edge, BYTES], counted * volume)
        edges[edge, RETURN_PACKETS] = _plus(
            edges[edge, RETURN_PACKETS], counted * returning * number
        )
        edges[edge, RETURN_BYTES] = _plus(edges[edge, RETURN_BYTES], counted * returning * volume)
        edges[edge, FIRST_SEEN] = min(edges[edge, FIRST_SEEN], begun)
        edges[edge, LAST_SEEN] = max(edges[edge, LAST_SEEN], ended)
    state[0] = start.shape[0]
    return DONE


@kernel
def finish_series(series: LongRows) -> int:
    """Make the volumes as logged of those that count and those of second reports."""
    for minute in range(series.shape[0]):
        series[minute, LOGGED_PACKETS] = _plus(
            series[minute, LOGGED_PACKETS], series[minute, PACKETS]
        )
        series[minute, LOGGED_BYTES] = _plus(series[minute, LOGGED_BYTES], series[minute, BYTES])
    return DONE


@kernel
def add_edges(
    state: Longs, edge_keys: LongRows, edges: LongRows,
    talker_slots: Ints, talker_keys: LongRows, talker_hashes: Hashes, talkers: LongRows,
    n_talkers: Longs,
    port_slots: Ints, port_keys: LongRows, port_hashes: Hashes, ports: LongRows, n_ports: Longs,
) -> int:  # fmt: skip
    """Add every edge to its port, and to the talkers at both of its ends, from `state[0]` on.

    Returns:
        FULL where a table needs more room before edge `state[0]`.
    """
    talker = long(0)
    port = long(0)
    port_shift = PROTOCOL_BITS + ACTION_BITS
    for edge in range(state[0], edges.shape[0]):
        if n_talkers[0] + 2 > talker_keys.shape[0] or n_ports[0] == port_keys.shape[0]:
            state[0] = edge
            return FULL
        key = edge_keys[edge, 1]
        port = _group(0, key, port_slots, port_keys, port_hashes, n_ports, port)
        for place in range(PORT_SUMS):
            ports[port, place] = _plus(ports[port, place], edges[edge, place])
        pair = edge_keys[edge, 0]
        if pair >> ADDRESS_BITS == 0:
            continue
        back_packets = edges[edge, RETURN_PACKETS]
        back_bytes = edges[edge, RETURN_BYTES]
        sent_packets = edges[edge, PACKETS] - back_packets
        sent_bytes = edges[edge, BYTES] - back_bytes
        hour_action = (key >> (PORT_BITS + port_shift)) << ACTION_BITS | (
            key & ((1 << ACTION_BITS) - 1)
        )
        for side in range(2):
            address = pair >> ADDRESS_BITS if side == 0 else pair & ((1 << ADDRESS_BITS) - 1)
            talker = _group(
                address, hour_action, talker_slots, talker_keys, talker_hashes, n_talkers, talker
            )
            talkers[talker, RECORDS] += edges[edge, RECORDS]
            talkers[talker, FLOWS] += edges[edge, FLOWS]
            if side == 0:
                talkers[talker, INITIATED] += edges[edge, FLOWS]
                talkers[talker, SENT_PACKETS] = _plus(talkers[talker, SENT_PACKETS], sent_packets)
                talkers[talker, SENT_BYTES] = _plus(talkers[talker, SENT_BYTES], sent_bytes)
                talkers[talker, RECEIVED_PACKETS] = _plus(
                    talkers[talker, RECEIVED_PACKETS], back_packets
                )
                talkers[talker, RECEIVED_BYTES] = _plus(talkers[talker, RECEIVED_BYTES], back_bytes)
            else:
                talkers[talker, SENT_PACKETS] = _plus(talkers[talker, SENT_PACKETS], back_packets)
                talkers[talker, SENT_BYTES] = _plus(talkers[talker, SENT_BYTES], back_bytes)
                talkers[talker, RECEIVED_PACKETS] = _plus(
                    talkers[talker, RECEIVED_PACKETS], sent_packets
                )
                talkers[talker, RECEIVED_BYTES] = _plus(talkers[talker, RECEIVED_BYTES], sent_bytes)
    state[0] = edges.shape[0]
    return DONE


@kernel
def order_by_hour(hours: Ints, first: int, begins: Longs, order: Ints) -> int:
    """Order rows by their hour, within an hour as they came.

    Args:
        begins: Where the rows of each hour from `first` on begin in `order`; moved to
            where they end.
    """
    for i in range(hours.shape[0]):
        slot = hours[i] - first
        order[begins[slot]] = i
        begins[slot] += 1
    return DONE
