"""Aggregation windows: what each ENI reports of each conversation, and when.

An ENI cuts time into windows of one length at a phase of its own. A record is
what one direction of a conversation adds to one window of one ENI that sees it.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.simulate.conversations import (
    ACCEPTED,
    REJECTED_AT_DESTINATION,
    REJECTED_AT_SOURCE,
    TCP,
    Conversations,
)
from ingest.simulate.topology import NO_ENI, PATH_INTERNET, PATH_SAME_VPC, AddressBook

ACCEPT, REJECT = 0, 1
INGRESS, EGRESS = 0, 1
NO_PATH = 0
FIN, SYN, SYN_ACK = 1, 2, 18

Array = npt.NDArray[Any]


def concatenate_fields(parts: list[Any]) -> Any:
    """Return one dataclass of arrays out of several of the same class."""
    return type(parts[0])(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(parts[0])}
    )


@dataclass(frozen=True)
class Legs:
    """A conversation as one ENI sees it: one element per conversation and ENI.

    Attributes:
        eni: Position of the ENI.
        first_window: Number of the window that holds the first packet.
        last_window: Number of the window that holds the last packet.
        start: As in `Conversations`; so are `seconds`, `protocol` and the amounts.
        near: What stands as `srcaddr` of the initiator's packets, a row in the address book.
        far: Their `dstaddr`.
        packet_near: Their `pkt-srcaddr`.
        packet_far: Their `pkt-dstaddr`.
        near_port: Their `srcport`.
        far_port: Their `dstport`.
        direction: `INGRESS` or `EGRESS`, of the initiator's packets.
        path: `traffic-path` of whichever direction leaves the ENI.
        action: `ACCEPT` or `REJECT` at this ENI.
    """

    eni: Array
    first_window: Array
    last_window: Array
    start: Array
    seconds: Array
    protocol: Array
    packets: Array
    n_bytes: Array
    return_packets: Array
    return_bytes: Array
    near: Array
    far: Array
    packet_near: Array
    packet_far: Array
    near_port: Array
    far_port: Array
    direction: Array
    path: Array
    action: Array

    def __len__(self) -> int:
        return len(self.eni)

    def take(self, rows: Array) -> "Legs":
        """Return the chosen legs, by position or by mask."""
        return Legs(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True)
class Records:
    """Flow records with traffic: one element per record; names as in `Legs` and AWS's fields."""

    eni: Array
    window: Array
    srcaddr: Array
    dstaddr: Array
    pkt_srcaddr: Array
    pkt_dstaddr: Array
    srcport: Array
    dstport: Array
    protocol: Array
    packets: Array
    n_bytes: Array
    tcp_flags: Array
    direction: Array
    path: Array
    action: Array

    def __len__(self) -> int:
        return len(self.eni)

    def take(self, rows: Array) -> "Records":
        """Return the chosen records, by position or by mask."""
        return Records(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


class WindowClock:
    """When the windows of each ENI begin, what they report as times, and when they arrive.

    Window 0 of an ENI holds the first second of the simulation. All times here
    are seconds since that moment; results depend on seed, ENI and window alone.
    """

    def __init__(self, seed: int, n_enis: int, interval_s: int) -> None:
        self.interval_s = interval_s
        self._seed = np.array([seed % 2**63], dtype=np.uint64)
        self.phase = (_hash(self._seed, np.arange(n_enis), 0) % np.uint64(interval_s)).astype(
            np.int64
        ) - (interval_s - 1)

    def window(self, eni: Array, second: Array) -> Array:
        """Return the number of the window that holds a time."""
        return ((second - self.phase[eni]) // self.interval_s).astype(np.int32)

    def begin(self, eni: Array, window: Array) -> Array:
        """Return the begin of a window; its end is one interval later."""
        return self.phase[eni] + window.astype(np.int64) * self.interval_s

    def last_ended(self, second: int) -> Array:
        """Return for each ENI the last window that has ended at a time."""
        return (second - self.phase) // self.interval_s - 1

    def reported(self, eni: Array, window: Array) -> tuple[Array, Array]:
        """Return `start` and `end` as logged: mostly a little inside the window.

        One window in 80 reports a single second, as real interfaces do.
        """
        begin = self.begin(eni, window)
        draw = _hash(self._seed, eni, window + 1)
        early = (draw % np.uint64(3)).astype(np.int64)
        late = (draw // np.uint64(3) % np.uint64(4)).astype(np.int64)
        is_point = draw // np.uint64(12) % np.uint64(80) == 0
        start = begin + early
        end = np.where(is_point, start, begin + self.interval_s - 1 - late)
        return start, end

    def delivered(self, eni: Array, window: Array) -> Array:
        """Return when the records of a window reach the bucket: 1 to 6 minutes later, some 15."""
        draw = _hash(self._seed ^ np.uint64(0x5DEECE66D), eni, window + 1)
        delay = 60 + (draw % np.uint64(300)).astype(np.int64)
        is_late = draw // np.uint64(300) % np.uint64(25) == 0
        return self.begin(eni, window) + self.interval_s + delay + np.where(is_late, 560, 0)

    def order(self, eni: Array, window: Array) -> Array:
        """Return a number that puts windows in an arbitrary, repeatable order."""
        return _hash(self._seed ^ np.uint64(0xB5026F5AA), eni, window + 1)


def legs_of(conversations: Conversations, book: AddressBook, clock: WindowClock) -> Legs:
    """Return what each ENI sees: the initiator's, the responder's, and the NAT gateway's twice.

    At a NAT gateway the two sides of an exchange are told apart by the address
    pair; `pkt-*` keep the ends (AWS VPC User Guide, "Flow log record examples").
    """
    c = conversations
    nat = book.number("nat-a")
    has_nat = c.nat_port > 0
    at_initiator = book.eni[c.initiator] != NO_ENI
    at_responder = (book.eni[c.responder] != NO_ENI) & (c.outcome != REJECTED_AT_SOURCE)
    path_out = np.where(has_nat, PATH_SAME_VPC, book.egress_path[c.responder])
    rejected_there = np.where(c.outcome == REJECTED_AT_DESTINATION, REJECT, ACCEPT)
    rejected_here = np.where(c.outcome == REJECTED_AT_SOURCE, REJECT, ACCEPT)

    def leg(mask: Array, eni: Array, **replaced: Array | int) -> Legs:
        columns: dict[str, Array] = {
            "near": c.initiator, "far": c.responder,
            "packet_near": c.initiator, "packet_far": c.responder,
            "near_port": c.initiator_port, "far_port": c.service_port,
            "start": c.start, "seconds": c.seconds, "protocol": c.protocol,
            "packets": c.packets, "n_bytes": c.n_bytes,
            "return_packets": c.return_packets, "return_bytes": c.return_bytes,
        }  # fmt: skip
        for name, value in replaced.items():
            columns[name] = np.broadcast_to(np.asarray(value), len(c))
        chosen = {name: values[mask] for name, values in columns.items()}
        where = eni[mask]
        return Legs(
            eni=where,
            first_window=clock.window(where, chosen["start"]),
            last_window=clock.window(where, chosen["start"] + chosen["seconds"]),
            direction=chosen.pop("direction").astype(np.uint8),
            path=chosen.pop("path").astype(np.uint8),
            action=chosen.pop("action").astype(np.uint8),
            **chosen,
        )

    nat_eni = np.broadcast_to(book.eni[nat], len(c))
    nat_number = np.array(nat, dtype=np.int32)
    return concatenate_fields(  # type: ignore[no-any-return]
        [
            leg(at_initiator, book.eni[c.initiator], direction=EGRESS, path=path_out,
                action=rejected_here),
            leg(at_responder, book.eni[c.responder], direction=INGRESS,
                path=book.egress_path[c.initiator], action=rejected_there),
            leg(has_nat, nat_eni, direction=INGRESS, path=PATH_SAME_VPC, action=ACCEPT,
                far=nat_number),
            leg(has_nat, nat_eni, direction=EGRESS, path=PATH_INTERNET, action=ACCEPT,
                near=nat_number, packet_near=nat_number, near_port=c.nat_port),
        ]
    )  # fmt: skip


def records_per_conversation(
    conversations: Conversations, book: AddressBook, clock: WindowClock
) -> npt.NDArray[np.int64]:
    """Return how many records each conversation gives, without making them.

    Exact, since `TrafficSource.shape` leaves no window of a conversation empty.
    """
    c = conversations
    end = c.start + c.seconds

    def windows(eni: Array) -> Array:
        return clock.window(eni, end) - clock.window(eni, c.start) + 1

    from_eni, to_eni = book.eni[c.initiator], book.eni[c.responder]
    nat_eni = book.eni[np.full(len(c), book.number("nat-a"))]
    total = np.where(from_eni != NO_ENI, windows(from_eni), 0)
    seen_there = (to_eni != NO_ENI) & (c.outcome != REJECTED_AT_SOURCE)
    total = total + np.where(seen_there, windows(to_eni), 0)
    total = total + np.where(c.nat_port > 0, 2 * windows(nat_eni), 0)
    return np.asarray(total * np.where(c.outcome == ACCEPTED, 2, 1), dtype=np.int64)


def records_of(legs: Legs, clock: WindowClock, first: Array, last: Array) -> Records:
    """Return the records of the windows `first[eni]` to `last[eni]`, both included.

    Packets of a leg are spaced evenly between its first and last; bytes follow
    packets. Sums over all windows are exact at every ENI.
    """
    low = np.maximum(legs.first_window, first[legs.eni])
    n_windows = np.maximum(np.minimum(legs.last_window, last[legs.eni]) - low + 1, 0)
    leg = np.repeat(np.arange(len(legs)), n_windows)
    step = np.arange(len(leg)) - np.repeat(np.cumsum(n_windows) - n_windows, n_windows)
    window = (low[leg] + step).astype(np.int32)
    rows = legs.take(leg)
    begin = clock.begin(rows.eni, window)
    length = np.maximum(rows.seconds, 1e-9)
    before = np.clip((begin - rows.start) / length, -1, 1)
    after = np.clip((begin + clock.interval_s - rows.start) / length, -1, 1)

    def amounts(packets: Array, n_bytes: Array, opening: int) -> tuple[Array, Array, Array]:
        sent_before = _sent(packets, before)
        sent_after = _sent(packets, after)
        bytes_before = (n_bytes * (sent_before / np.maximum(packets, 1))).astype(np.int64)
        bytes_after = np.where(
            sent_after == packets,
            n_bytes,
            (n_bytes * (sent_after / np.maximum(packets, 1))).astype(np.int64),
        )
        flags = np.where(sent_before == 0, opening, 0)
        flags |= np.where((sent_after == packets) & is_closed, FIN, 0)
        flags = np.where(rows.protocol == TCP, flags, 0).astype(np.uint8)
        return sent_after - sent_before, bytes_after - bytes_before, flags

    is_closed = rows.return_packets > 0
    sent, sent_bytes, sent_flags = amounts(rows.packets, rows.n_bytes, SYN)
    back, back_bytes, back_flags = amounts(rows.return_packets, rows.return_bytes, SYN_ACK)
    answers = back > 0
    is_egress = rows.direction == EGRESS
    forward = Records(
        eni=rows.eni, window=window, srcaddr=rows.near, dstaddr=rows.far,
        pkt_srcaddr=rows.packet_near, pkt_dstaddr=rows.packet_far,
        srcport=rows.near_port, dstport=rows.far_port, protocol=rows.protocol,
        packets=sent, n_bytes=sent_bytes, tcp_flags=sent_flags, direction=rows.direction,
        path=np.where(is_egress, rows.path, NO_PATH).astype(np.uint8), action=rows.action,
    )  # fmt: skip
    backward = Records(
        eni=rows.eni, window=window, srcaddr=rows.far, dstaddr=rows.near,
        pkt_srcaddr=rows.packet_far, pkt_dstaddr=rows.packet_near,
        srcport=rows.far_port, dstport=rows.near_port, protocol=rows.protocol,
        packets=back, n_bytes=back_bytes, tcp_flags=back_flags,
        direction=np.where(is_egress, INGRESS, EGRESS).astype(np.uint8),
        path=np.where(is_egress, NO_PATH, rows.path).astype(np.uint8), action=rows.action,
    ).take(answers)  # fmt: skip
    return concatenate_fields([forward, backward])  # type: ignore[no-any-return]


def _sent(packets: Array, share: Array) -> Array:
    """Return how many packets lie before a share of the time; -1 to 0 is before the first."""
    sent = 1 + ((packets - 1) * np.maximum(share, 0)).astype(np.int64)
    return np.where(share <= 0, 0, np.where(share >= 1, packets, np.minimum(sent, packets)))


def _hash(seed: npt.NDArray[np.uint64], eni: Array, window: Array | int) -> npt.NDArray[np.uint64]:
    """Return SplitMix64 of a seed, an ENI and a window."""
    mixed = np.asarray(eni).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = mixed + np.asarray(window).astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)
    mixed = mixed + seed * np.uint64(0x8CB92BA72F3D8DD7)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
