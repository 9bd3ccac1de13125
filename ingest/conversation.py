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
from ingest.parse.text import Narrow, ParsedText
from ingest.places import Places, places_of
from ingest.reports import count_once, find_reporters

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
        places: What the codes of ends stand for.
        src: Code of the source end: `pkt-srcaddr` where logged, else `srcaddr`; -1 for none.
        dst: Code of the destination end.
        is_traffic: 0 for NODATA and SKIPDATA rows.
        initiator_is_src: Meaningless where `rule` is 0.
        rule: Index into RULES.
        service_port: Port at the responder; -1 for protocols without ports.
        reporter: Index into REPORTERS: which end's interface logged the record.
        is_own: 1 where that interface's address is the end, 0 where it is a middle box's.
        is_counted: 0 for the second report of a flow that counts once, and for
            rows that are no traffic.
    """

    places: Places
    src: Narrow
    dst: Narrow
    is_traffic: Flags
    initiator_is_src: Flags
    rule: Flags
    service_port: Narrow
    reporter: Flags
    is_own: Flags
    is_counted: Flags


def derive(parsed: ParsedText) -> Derived:
    """Derive the facts of every record in a chunk.

    Args:
        parsed: Typed rows; any subset of the fields. Uses addresses, ports, `protocol`,
            `tcp_flags`, `action`, `log_status`, `interface_id`, `flow_direction`, `start`,
            and the ids of VPCs.
    """
    n = parsed.n_rows
    src, dst = np.empty((2, n), np.int32)
    is_traffic, is_src, rule, is_ported = (np.empty(n, np.uint8) for _ in range(4))
    counts = np.zeros(2, np.int64)
    ends.find_ends(
        parsed.small("log_status"), _telling(parsed), parsed.small("srcaddr"),
        parsed.small("dstaddr"), parsed.small("pkt_srcaddr"), parsed.small("pkt_dstaddr"),
        parsed.small("srcport"), parsed.small("dstport"), parsed.small("protocol"),
        parsed.small("tcp_flags"), src, dst, is_traffic, is_ported, is_src, rule, counts,
    )  # fmt: skip
    reporter, is_own = find_reporters(parsed, src, dst, is_traffic)
    places, src, dst = places_of(parsed, src, dst, reporter, is_own)
    derived = Derived(
        places, src, dst, is_traffic, is_src, rule, np.empty(n, np.int32), reporter, is_own,
        np.empty(n, np.uint8),
    )  # fmt: skip
    n_flagged, n_portless = counts.tolist()
    _decide_initiators(parsed, derived, is_ported, n_flagged, n_portless)
    count_once(parsed, derived)
    return derived


def _decide_initiators(
    parsed: ParsedText, derived: Derived, is_ported: Flags, n_flagged: int, n_portless: int
) -> None:
    """Decide each record by the first rule that speaks; both directions get one answer."""
    srcport, dstport = parsed.small("srcport"), parsed.small("dstport")
    protocol = parsed.small("protocol")
    ends_of = (derived.src, derived.dst)
    decided = (derived.initiator_is_src, derived.rule)
    left = np.empty(parsed.n_rows, np.int32)
    n_left = ends.decide_by_ports(
        *ends_of, srcport, dstport, protocol, parsed.small("tcp_flags"), is_ported, *decided,
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
        *ends_of, srcport, dstport, protocol, parsed.large("start"),
        derived.places.rank(parsed.addresses), is_ported, *decided, derived.service_port, seen,
        np.zeros(len(seen), np.int64),
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
