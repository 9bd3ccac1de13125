"""Who opened a conversation, on which service port, and which report of it counts.

Derived once per record at ingest, by named rules, over a chunk of records that were
delivered together. Everything works on codes of addresses, never on their texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.parse.addresses import AddressTable

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

RULES = (
    "none",  # The record names no two ends.
    "tcp-flags",  # A SYN without ACK opens, a SYN-ACK answers (AWS "Flow log record examples").
    "listener",  # Another record's flags show that this address listens on this port.
    "service-port",  # A known service port on exactly one side.
    "shared-port",  # The (address, port) that more peers share is the service.
    "lower-port",
    "first-seen",  # Without ports: the side whose packets came first, or were alone.
    "address-order",  # Nothing tells; both directions still agree.
)
_NONE, _FLAGS, _LISTENER, _SERVICE, _SHARED, _LOWER, _FIRST, _ORDER = range(len(RULES))

SRC, DST, UNKNOWN = 0, 1, -1
_SYN, _ACK = 2, 16
_TCP = 6
# TCP, UDP, DCCP, SCTP, UDP-Lite (IANA protocol numbers). The last place is for -1: unknown.
_HAS_PORTS: Bools = np.isin(np.arange(257), (6, 17, 33, 132, 136))

# Services above 1023 that answer on a fixed port, after IANA's registry and the
# default ports of AWS's managed services.
_HIGH_SERVICE_PORTS = (
    1194, 1433, 1434, 1521, 1723, 1812, 1813, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 2484,
    3000, 3128, 3260, 3268, 3269, 3306, 3389, 4317, 4318, 4444, 4500, 5000, 5001, 5044, 5060,
    5061, 5432, 5439, 5601, 5671, 5672, 5900, 5984, 5985, 5986, 6379, 6380, 6443, 6514, 7000,
    7001, 7199, 7687, 8000, 8008, 8080, 8081, 8086, 8088, 8182, 8200, 8300, 8301, 8302, 8443,
    8500, 8600, 8883, 8888, 9000, 9042, 9090, 9091, 9092, 9093, 9094, 9096, 9098, 9100, 9142,
    9160, 9200, 9300, 9418, 9443, 9999, 10050, 10051, 10250, 10255, 10256, 11211, 15012, 15017,
    15672, 27017, 27018, 27019, 50000, 61616, 61617,
)  # fmt: skip
SERVICE_PORTS: Bools = np.zeros(65_536, np.bool_)
SERVICE_PORTS[1:1024] = True
SERVICE_PORTS[list(_HIGH_SERVICE_PORTS)] = True


@dataclass(frozen=True, slots=True)
class Derived:
    """Facts per record, in the records' order.

    Attributes:
        src: Code of the source end: `pkt-srcaddr` where logged, else `srcaddr`; -1 for none.
        dst: Code of the destination end.
        is_traffic: False for NODATA and SKIPDATA rows.
        initiator_is_src: Meaningless where `rule` is 0.
        rule: Index into RULES.
        service_port: Port at the responder; -1 for protocols without ports.
        reporter: SRC, DST or UNKNOWN: which end's interface logged the record.
        is_counted: False for the second report of a flow that counts once, and for
            rows that are no traffic.
    """

    src: Ints
    dst: Ints
    is_traffic: Bools
    initiator_is_src: Bools
    rule: npt.NDArray[np.int8]
    service_port: Ints
    reporter: npt.NDArray[np.int8]
    is_counted: Bools


def derive(frame: pl.DataFrame, addresses: AddressTable) -> Derived:
    """Derive the facts of every record in a chunk.

    Args:
        frame: Parsed rows; any subset of the fields. Uses addresses, ports, `protocol`,
            `tcp_flags`, `action`, `log_status`, `interface_id`, `flow_direction`, `start`.
        addresses: The distinct addresses behind the codes.
    """
    plain_src, plain_dst = codes(frame, "srcaddr"), codes(frame, "dstaddr")
    packet_src, packet_dst = codes(frame, "pkt_srcaddr"), codes(frame, "pkt_dstaddr")
    src = np.where(packet_src >= 0, packet_src, plain_src)
    dst = np.where(packet_dst >= 0, packet_dst, plain_dst)
    is_traffic = _is_traffic(frame)
    src[~is_traffic] = -1
    dst[~is_traffic] = -1
    initiator_is_src, rule, service_port = _initiators(frame, src, dst, addresses)
    reporter = _reporters(frame, plain_src, plain_dst, addresses)
    reporter[~is_traffic] = UNKNOWN
    is_counted = is_traffic & _is_first_report(
        frame, src, dst, plain_src, plain_dst, reporter, len(addresses.texts)
    )
    return Derived(src, dst, is_traffic, initiator_is_src, rule, service_port, reporter, is_counted)


def codes(frame: pl.DataFrame, name: str) -> Ints:
    """Return the codes of a text column, -1 for null; all -1 where it is absent."""
    if name not in frame.columns:
        return np.full(frame.height, -1, np.int64)
    return _whole(frame[name].to_physical())


def _whole(column: pl.Series) -> Ints:
    """Return a column as int64 with -1 for null."""
    return column.cast(pl.Int64).fill_null(-1).to_numpy()


def has_text(frame: pl.DataFrame, name: str, text: str) -> Bools:
    """Say which rows have this text in a column; none where the column is absent."""
    if name not in frame.columns:
        return np.zeros(frame.height, np.bool_)
    matches = frame.select((pl.col(name) == text).fill_null(value=False))
    return matches.to_series().to_numpy()


def category_texts(frame: pl.DataFrame, name: str) -> list[str]:
    """Return the texts of a text column by their codes."""
    kind: Any = frame.schema[name]  # Only a categorical column has codes.
    texts: list[str] = kind.categories.to_series().to_list()
    return texts


def numbers(frame: pl.DataFrame, name: str) -> Ints:
    """Return a column of whole numbers, -1 for null; all -1 where it is absent."""
    if name not in frame.columns:
        return np.full(frame.height, -1, np.int64)
    return _whole(frame[name])


def _is_traffic(frame: pl.DataFrame) -> Bools:
    """A status of OK; without a status, a row with anything but its frame filled."""
    telling = [
        name
        for name in ("srcaddr", "dstaddr", "packets", "bytes", "action", "protocol")
        if name in frame.columns
    ]
    filled = pl.any_horizontal(pl.col(name).is_not_null() for name in telling)
    no_status = filled if telling else pl.lit(value=True)
    if "log_status" not in frame.columns:
        is_traffic = frame.select(no_status.alias("is_traffic"))
    else:
        status = pl.col("log_status")
        is_traffic = frame.select(
            pl.when(status.is_null()).then(no_status).otherwise(status == "OK").alias("is_traffic")
        )
    column = is_traffic.to_series().fill_null(value=False)
    return np.broadcast_to(column.to_numpy(), frame.height).copy()


def _initiators(
    frame: pl.DataFrame, src: Ints, dst: Ints, addresses: AddressTable
) -> tuple[Bools, npt.NDArray[np.int8], Ints]:
    """Decide each record by the first rule that speaks; both directions get one answer."""
    srcport, dstport = numbers(frame, "srcport"), numbers(frame, "dstport")
    protocol = numbers(frame, "protocol")
    has_ends = (src >= 0) & (dst >= 0)
    # Custom formats may leave the protocol out; ports other than 0 then speak for it.
    ported = _HAS_PORTS[protocol] | ((protocol < 0) & ((srcport > 0) | (dstport > 0)))
    ported &= (srcport >= 0) & (dstport >= 0) & has_ends
    is_src = np.zeros(len(src), np.bool_)
    rule = np.zeros(len(src), np.int8)
    src_point, dst_point = (src << 16) | srcport, (dst << 16) | dstport

    if "tcp_flags" in frame.columns:
        flags = numbers(frame, "tcp_flags")
        is_tcp = ported & (protocol == _TCP) & (flags >= 0)
        opens = is_tcp & ((flags & (_SYN | _ACK)) == _SYN)
        answers = is_tcp & ((flags & (_SYN | _ACK)) == (_SYN | _ACK))
        is_src[opens] = True
        rule[opens | answers] = _FLAGS
        listening = np.unique(np.concatenate([dst_point[opens], src_point[answers]]))
        open_tcp = np.flatnonzero(is_tcp & (rule == _NONE))
        src_listens = _is_in(src_point[open_tcp], listening)
        dst_listens = _is_in(dst_point[open_tcp], listening)
        is_src[open_tcp] = dst_listens
        rule[open_tcp[src_listens != dst_listens]] = _LISTENER

    rest = np.flatnonzero(ported & (rule == _NONE))
    src_known, dst_known = SERVICE_PORTS[srcport[rest]], SERVICE_PORTS[dstport[rest]]
    is_src[rest] = dst_known
    rule[rest[src_known != dst_known]] = _SERVICE

    rest = np.flatnonzero(ported & (rule == _NONE))
    if len(rest):
        src_peers, dst_peers = _peers(src_point[rest], dst_point[rest])
        is_src[rest] = dst_peers > src_peers
        rule[rest[src_peers != dst_peers]] = _SHARED
        rest = rest[src_peers == dst_peers]
        is_src[rest] = dstport[rest] < srcport[rest]
        rule[rest[dstport[rest] != srcport[rest]]] = _LOWER

    rest = np.flatnonzero(has_ends & ~ported)
    if len(rest):
        leads = _leads(frame, rest, src[rest], dst[rest], protocol[rest])
        is_src[rest] = leads > 0
        rule[rest[leads != 0]] = _FIRST

    rest = np.flatnonzero(has_ends & (rule == _NONE))
    if len(rest):
        is_src[rest] = addresses.rank[src[rest]] < addresses.rank[dst[rest]]
        rule[rest] = _ORDER
    service_port = np.where(ported, np.where(is_src, dstport, srcport), -1)
    return is_src, rule, service_port


def _is_in(values: Ints, members: Ints) -> Bools:
    if not len(members) or not len(values):
        return np.zeros(len(values), np.bool_)
    found = np.searchsorted(members, values)
    found[found == len(members)] = 0
    is_member: Bools = members[found] == values
    return is_member


def _peers(src_point: Ints, dst_point: Ints) -> tuple[Ints, Ints]:
    """Count the distinct peers of both (address, port) points of each record."""
    pairs = pl.DataFrame({"a": src_point, "b": dst_point})
    both = pl.concat([pairs, pairs.select(a="b", b="a")]).unique()
    counts = both.group_by("a").len()
    points = counts["a"].to_numpy()
    order = np.argsort(points)
    points, peers = points[order], counts["len"].to_numpy().astype(np.int64)[order]
    return peers[np.searchsorted(points, src_point)], peers[np.searchsorted(points, dst_point)]


def _leads(frame: pl.DataFrame, rows: Ints, src: Ints, dst: Ints, protocol: Ints) -> Ints:
    """Return 1 where the record's source came first or alone, -1 where it answered, else 0."""
    start = numbers(frame, "start")[rows]
    times = pl.DataFrame({"src": src, "dst": dst, "protocol": protocol, "start": start})
    first = times.group_by("src", "dst", "protocol").agg(pl.col("start").min().alias("first"))
    both = times.join(first, on=["src", "dst", "protocol"], how="left", maintain_order="left")
    both = both.join(
        first.rename({"first": "answer"}),
        left_on=["src", "dst", "protocol"],
        right_on=["dst", "src", "protocol"],
        how="left",
        maintain_order="left",
    )
    lead = (
        pl.when(pl.col("answer").is_null())
        .then(1)
        .otherwise((pl.col("answer") - pl.col("first")).sign())
    )
    return both.select(lead.cast(pl.Int64).alias("lead")).to_series().to_numpy()


def _reporters(
    frame: pl.DataFrame, plain_src: Ints, plain_dst: Ints, addresses: AddressTable
) -> npt.NDArray[np.int8]:
    """Say which end's interface logged each record.

    `flow-direction` tells it. Without, an interface's own address is the one that all
    of its records share; of two such addresses, the one that no other interface has.
    """
    reporter = np.full(frame.height, UNKNOWN, np.int8)
    if "flow_direction" in frame.columns:
        reporter[has_text(frame, "flow_direction", "egress")] = SRC
        reporter[has_text(frame, "flow_direction", "ingress")] = DST
        if (reporter != UNKNOWN).any():
            return reporter
    if "interface_id" not in frame.columns:
        return reporter
    interface = codes(frame, "interface_id")
    own = _own_addresses(interface, plain_src, plain_dst, addresses)
    known = (interface >= 0) & (plain_src >= 0) & (plain_dst >= 0)
    is_v6 = (addresses.ip4 < 0).astype(np.int64)
    key = np.where(known, interface * 2 + is_v6[plain_src], 0)
    own_code = np.where(known, own[key], -1) if len(own) else np.full(len(key), -1, np.int64)
    reporter[known & (own_code == plain_dst)] = DST
    reporter[known & (own_code == plain_src)] = SRC
    return reporter


def _own_addresses(
    interface: Ints, plain_src: Ints, plain_dst: Ints, addresses: AddressTable
) -> Ints:
    """Return, at interface code * 2 + (1 for IPv6), the code of its own address, or -1."""
    own = np.full(2 * (int(interface.max(initial=-1)) + 1), -1, np.int64)
    rows = np.flatnonzero((interface >= 0) & (plain_src >= 0) & (plain_dst >= 0))
    if not len(rows):
        return own
    src, dst = plain_src[rows], plain_dst[rows]
    slot = interface[rows] * 2
    if addresses.has_ip6:
        slot += addresses.ip4[src] < 0
    total = np.bincount(slot, minlength=len(own))
    # An own address is in every record, so it is one of the two of any record.
    sample = np.zeros(len(own), np.int64)
    sample[slot] = np.arange(len(rows))
    shared = np.full((2, len(own)), -1, np.int64)
    for side, candidates in enumerate((src[sample], dst[sample])):
        wanted = candidates[slot]
        seen = np.bincount(slot[(src == wanted) | (dst == wanted)], minlength=len(own))
        is_shared = (total > 0) & (seen == total)
        shared[side, is_shared] = candidates[is_shared]
    one_only = (shared >= 0).sum(axis=0) == 1
    own[one_only] = shared[:, one_only].max(axis=0)
    taken = set(own[one_only].tolist())
    for tied in np.flatnonzero((shared >= 0).all(axis=0)):
        both = sorted(shared[:, tied].tolist(), key=lambda code: int(addresses.rank[code]))
        free = [code for code in both if code not in taken] or both
        own[tied] = free[0]
        taken.add(free[0])
    return own


def _is_first_report(
    frame: pl.DataFrame,
    src: Ints,
    dst: Ints,
    plain_src: Ints,
    plain_dst: Ints,
    reporter: npt.NDArray[np.int8],
    n_addresses: int,
) -> Bools:
    """Say which reports count, so that a flow logged at several interfaces counts once.

    The report of the destination's interface counts: it tells what arrived. The report
    of the source's interface counts where the destination's logs nothing in that hour,
    or where the packets were rejected there and never left. A middle box (its own
    address is not the packet's) counts only between two ends that log nothing, and the
    translated leg of a NAT gateway never counts beside the leg that names both ends.
    """
    hour = numbers(frame, "start") // 3600
    ended = (src >= 0) & (dst >= 0)
    at_src = ended & (reporter == SRC) & (plain_src == src)
    at_dst = ended & (reporter == DST) & (plain_dst == dst)
    middle = ended & (reporter != UNKNOWN) & ~at_src & ~at_dst
    size = np.int64(n_addresses + 1)
    src_key, dst_key = hour * size + src, hour * size + dst
    owned = np.unique(np.concatenate([src_key[at_src], dst_key[at_dst]]))
    rejected = has_text(frame, "action", "REJECT")
    counts = np.ones(len(src), np.bool_)
    rows = np.flatnonzero(at_src & ~rejected)
    counts[rows] = ~_is_in(dst_key[rows], owned)
    rows = np.flatnonzero(middle)
    counts[rows] = ~_is_in(src_key[rows], owned) & ~_is_in(dst_key[rows], owned)
    if len(rows) and "interface_id" in frame.columns:
        interface = codes(frame, "interface_id")
        far = np.where(reporter == SRC, src, dst)
        peer = np.where(reporter == SRC, dst, src)
        translated = np.unique(interface[rows] * size + far[rows])
        legs = np.flatnonzero(at_src | at_dst)
        counts[legs] &= ~_is_in(interface[legs] * size + peer[legs], translated)
    return counts
