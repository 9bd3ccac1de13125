"""Where an address lies: inside, on the internet, or a multicast group; and in finer words."""

from __future__ import annotations

import functools
import ipaddress

import numpy as np
import pyarrow as pa

from dashboard.analysis.enrich.stretches import (
    ALL_BITS,
    Network,
    Packed,
    Stretches,
    bounds_of_cidr,
)

INTERNAL, INTERNET, MULTICAST = "internal", "internet", "multicast"
SCOPES = (INTERNAL, INTERNET, MULTICAST)

# RFC 5737, RFC 3849 and RFC 2544 set these aside for documentation and tests, where they
# stand for hosts on the internet. The standard library calls them private.
_STAND_FOR_INTERNET = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "198.18.0.0/15",
        "2001:db8::/32",
    )
)


@functools.lru_cache(maxsize=65_536)
def scope_of(address: str) -> str:
    """Tell where an address lies, by the standard library's copy of IANA's registries.

    Returns:
        `multicast`; `internal` for what is not routed on the internet: private (RFC 1918),
        shared (RFC 6598), link-local, loopback, unique local and reserved space;
        `internet` for the rest, documentation and benchmark ranges included, and for text
        that is no address.
    """
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return INTERNET
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped is not None:
        number = number.ipv4_mapped
    if number.is_multicast:
        return MULTICAST
    if any(number in network for network in _STAND_FOR_INTERNET):
        return INTERNET
    return INTERNET if number.is_global else INTERNAL


PUBLIC, RESERVED, DOCUMENTATION = "public", "reserved", "documentation"
DETAILS = (
    "private", "shared", "link-local", "loopback", PUBLIC, "multicast", "unique-local",
    DOCUMENTATION, RESERVED,
)  # fmt: skip
OUTSIDE = frozenset({PUBLIC, DOCUMENTATION})
"""What `scope_of` calls the internet."""

# RFC 1918, RFC 6598 and RFC 4193 are names for ranges that the standard library tells
# only to be private, or not global.
_NAMED = (
    ("10.0.0.0/8", "private"),
    ("172.16.0.0/12", "private"),
    ("192.168.0.0/16", "private"),
    ("100.64.0.0/10", "shared"),
    ("fc00::/7", "unique-local"),
)


@functools.lru_cache(maxsize=65_536)
def scope_detail(address: str) -> str:
    """Tell in finer words where an address lies: one of DETAILS.

    `public` is what the internet routes; `documentation` what is set aside for documents
    and tests. Text that is no address is `public`, as for `scope_of`.
    """
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return PUBLIC
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped is not None:
        number = number.ipv4_mapped
    for network, name in _SET_ASIDE:
        if number in network:
            return name
    for name in ("loopback", "link_local", "multicast"):
        if getattr(number, f"is_{name}"):
            return name.replace("_", "-")
    return PUBLIC if number.is_global else RESERVED


def scope_details(packed: Packed) -> pa.Array:
    """Tell where many addresses lie, as `scope_detail`; see `stretches.packed_addresses`."""
    stretches, names = _scope_stretches()
    return names.take(pa.array(stretches.positions(packed)))


_SET_ASIDE: tuple[tuple[Network, str], ...] = (
    *((ipaddress.ip_network(cidr), name) for cidr, name in _NAMED),
    *((network, DOCUMENTATION) for network in _STAND_FOR_INTERNET),
)

# Where the answer may change: IANA's special-purpose address registries, whose present
# answers the standard library gives.
_BORDERS = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/31 192.0.2.0/24
    192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15
    198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32 0.0.0.0/0
    ::/128 ::1/128 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32
    2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48
    2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20
    5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
"""


@functools.cache
def _scope_stretches() -> tuple[Stretches, pa.Array]:
    """Ask `scope_detail` once for every stretch between two borders."""
    borders = {0}
    for low, bits in map(bounds_of_cidr, _BORDERS.split()):
        borders |= {low, low + (1 << (ALL_BITS - bits))}
    starts = sorted(borders - {1 << ALL_BITS})
    names = [scope_detail(str(ipaddress.IPv6Address(start))) for start in starts]
    packed = np.array([start.to_bytes(16) for start in starts], dtype="S16")
    return Stretches(packed, np.arange(len(starts))), pa.array(names)
