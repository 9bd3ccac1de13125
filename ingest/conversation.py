"""Who opened a conversation, on which service port, and which report of it counts.

Derived once per record at ingest, by named rules, over a chunk of records that were
delivered together. The loops over records are in `ingest.kernels.ends`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.kernels import ends
from ingest.kernels.tables import new_keys
from ingest.parse.address_table import AddressTable
from ingest.parse.text import Narrow, ParsedText, Wide

Flags = npt.NDArray[np.uint8]

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
REPORTERS = ("src", "dst", None)

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
SERVICE_PORTS: Flags = np.zeros(65_536, np.uint8)
SERVICE_PORTS[1:1024] = 1
SERVICE_PORTS[list(_HIGH_SERVICE_PORTS)] = 1


@dataclass(frozen=True, slots=True)
class Derived:
    """Facts per record, in the records' order. Flags are 0 or 1.

    Attributes:
        src: Code of the source end: `pkt-srcaddr` where logged, else `srcaddr`; -1 for none.
        dst: Code of the destination end.
        is_traffic: 0 for NODATA and SKIPDATA rows.
        initiator_is_src: Meaningless where `rule` is 0.
        rule: Index into RULES.
        service_port: Port at the responder; -1 for protocols without ports.
        reporter: Index into REPORTERS: which end's interface logged the record.
        is_counted: 0 for the second report of a flow that counts once, and for
            rows that are no traffic.
    """

    src: Narrow
    dst: Narrow
    is_traffic: Flags
    initiator_is_src: Flags
    rule: Flags
    service_port: Narrow
    reporter: Flags
    is_counted: Flags


def derive(parsed: ParsedText) -> Derived:
    """Derive the facts of every record in a chunk.

    Args:
        parsed: Typed rows; any subset of the fields. Uses addresses, ports, `protocol`,
            `tcp_flags`, `action`, `log_status`, `interface_id`, `flow_direction`, `start`.
    """
    n = parsed.n_rows
    src, dst, service_port = (np.empty(n, np.int32) for _ in range(3))
    is_traffic, is_src, rule, reporter, is_counted = (np.empty(n, np.uint8) for _ in range(5))
    derived = Derived(src, dst, is_traffic, is_src, rule, service_port, reporter, is_counted)
    _decide_initiators(parsed, derived)
    _decide_reports(parsed, derived)
    return derived


def _decide_initiators(parsed: ParsedText, derived: Derived) -> None:
    """Decide each record by the first rule that speaks; both directions get one answer."""
    srcport, dstport = parsed.small("srcport"), parsed.small("dstport")
    protocol, tcp_flags = parsed.small("protocol"), parsed.small("tcp_flags")
    start = parsed.large("start")
    ends_of = (derived.src, derived.dst)
    decided = (derived.initiator_is_src, derived.rule)
    is_ported = np.empty(parsed.n_rows, np.uint8)
    counts = np.zeros(2, np.int64)
    ends.find_ends(
        parsed.small("log_status"), _telling(parsed), parsed.small("srcaddr"),
        parsed.small("dstaddr"), parsed.small("pkt_srcaddr"), parsed.small("pkt_dstaddr"),
        srcport, dstport, protocol, tcp_flags,
        *ends_of, derived.is_traffic, is_ported, *decided, counts,
    )  # fmt: skip
    n_flagged, n_portless = counts.tolist()
    left = np.empty(parsed.n_rows, np.int32)
    n_left = ends.decide_by_ports(
        *ends_of, srcport, dstport, protocol, tcp_flags, is_ported, *decided,
        SERVICE_PORTS, new_keys(n_flagged), left,
    )  # fmt: skip
    if n_left:
        points = new_keys(2 * n_left)
        ends.decide_by_peers(
            left[:n_left], *ends_of, srcport, dstport, *decided,
            points, np.zeros(len(points), np.int32), new_keys(2 * n_left),
            np.zeros(2 * n_left, np.int32), np.zeros(1, np.int64),
        )  # fmt: skip
    seen = new_keys(n_portless)
    ends.decide_rest(
        *ends_of, srcport, dstport, protocol, start, parsed.addresses.rank,
        is_ported, *decided, derived.service_port, seen, np.zeros(len(seen), np.int64),
    )  # fmt: skip


def _telling(parsed: ParsedText) -> Flags:
    """Mark rows with anything but their frame filled: without a status, these are traffic."""
    if "log_status" in parsed.narrow and (parsed.narrow["log_status"] >= 0).all():
        return np.ones(parsed.n_rows, np.uint8)
    names = [
        name
        for name in ("srcaddr", "dstaddr", "packets", "bytes", "action", "protocol")
        if name in parsed.names
    ]
    filled = np.full(parsed.n_rows, not names)
    for name in names:
        filled |= (parsed.wide if name in parsed.wide else parsed.narrow)[name] >= 0
    return filled.view(np.uint8)


def _decide_reports(parsed: ParsedText, derived: Derived) -> None:
    """Say which end's interface logged each record, and whether the report counts.

    `flow-direction` tells the interface's end. Without, an interface's own address is the
    one that all of its records share; of two such addresses, the one that no other
    interface has.

    The report of the destination's interface counts: it tells what arrived. The report
    of the source's interface counts where the destination's logs nothing in that hour,
    or where the packets were rejected there and never left. A middle box (its own
    address is not the packet's) counts only between two ends that log nothing, and the
    translated leg of a NAT gateway never counts beside the leg that names both ends.
    """
    interface, direction = parsed.small("interface_id"), parsed.small("flow_direction")
    plain = parsed.small("srcaddr"), parsed.small("dstaddr")
    start = parsed.large("start")
    has_interface = int("interface_id" in parsed.names)
    ip4 = parsed.addresses.ip4
    values = parsed.texts.get("flow_direction", [])
    egress, ingress = (
        values.index(value) if value in values else len(values) for value in ("egress", "ingress")
    )
    is_told = values and np.isin(direction, (egress, ingress)).any()
    if is_told or not has_interface:
        own = np.zeros(0, np.int64)
    else:
        own = _own_addresses(interface, *plain, len(parsed.texts["interface_id"]), parsed.addresses)
    room = 4 * len(ip4)
    counts = np.zeros(2, np.int64)
    while True:
        owned, translated = new_keys(room), new_keys(room)
        outcome = ends.report_ends(
            interface, *plain, ip4, own, direction, egress, ingress,
            derived.src, derived.dst, start, derived.is_traffic, has_interface,
            derived.reporter, owned, translated, counts,
        )  # fmt: skip
        if outcome == ends.DONE:
            break
        room *= 4
    ends.count_once(
        interface, *plain, len(ip4), derived.src, derived.dst, start, parsed.small("action"),
        derived.is_traffic, has_interface, derived.reporter, owned, translated,
        derived.is_counted,
    )  # fmt: skip


def _own_addresses(
    interface: Narrow, src: Narrow, dst: Narrow, n_interfaces: int, addresses: AddressTable
) -> Wide:
    """Return, at interface code * 2 + (1 for IPv6), the code of its own address, or -1."""
    own = np.full(2 * n_interfaces, -1, np.int64)
    candidates = np.zeros((len(own), 2), np.int64)
    tally = np.zeros((len(own), 3), np.int64)
    ends.tally_own(interface, src, dst, addresses.ip4, candidates, tally)
    seen = tally[:, :1] > 0
    shared = np.where(seen & (tally[:, 1:] == tally[:, :1]), candidates, -1)
    one_only = (shared >= 0).sum(axis=1) == 1
    own[one_only] = shared[one_only].max(axis=1)
    taken = set(own[one_only].tolist())
    for tied in np.flatnonzero((shared >= 0).all(axis=1)):
        both = sorted(shared[tied].tolist(), key=lambda code: int(addresses.rank[code]))
        free = [code for code in both if code not in taken] or both
        own[tied] = free[0]
        taken.add(free[0])
    return own
