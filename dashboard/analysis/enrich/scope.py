"""Where an address lies: inside, on the internet, or a multicast group."""

from __future__ import annotations

import functools
import ipaddress

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
