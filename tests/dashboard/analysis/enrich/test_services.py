"""Names of ports and protocols: the same on every machine."""

from __future__ import annotations

import pytest

from dashboard.analysis.enrich.ports import registered_ports, registered_protocols
from dashboard.analysis.enrich.services import protocol_name, service_name
from tests.iana_registry import TARGET, port_lines, protocol_lines


@pytest.mark.parametrize(
    ("port", "protocol", "name"),
    [
        (443, 6, "https"), (443, 17, "https"), (53, None, "domain"), (22, 6, "ssh"),
        (80, 6, "http"), (5432, 6, "postgresql"), (3868, 132, "diameter"),
        (4500, 17, "ipsec-nat-t"), (4500, 6, "ipsec-nat-t"), (445, 6, "smb"),
        (6443, 6, "kubernetes"), (51820, 17, "wireguard"), (51820, 6, None), (443, 50, None),
        (None, 1, None), (None, None, None),
    ],
)  # fmt: skip
def test_services_have_their_names(
    port: int | None, protocol: int | None, name: str | None
) -> None:
    """What everybody calls it, else what IANA registered for that transport."""
    assert service_name(port, protocol) == name


def test_protocols_have_their_names() -> None:
    """A number that IANA gave nobody is told as a number."""
    named = [protocol_name(n) for n in (1, 6, 17, 47, 58, 253, None)]

    assert named == ["ICMP", "TCP", "UDP", "GRE", "ICMPv6", "protocol 253", None]


def test_the_registry_is_whole_and_tells_its_day() -> None:
    """Thousands of ports, all protocols, and the source in the first line."""
    assert len(registered_ports()[6]) > 5_000
    assert len(registered_protocols()) > 140
    for name in ("iana_ports.csv", "iana_protocols.csv"):
        first = (TARGET / name).read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# IANA's registry as of 20")
        assert "pypcapkit-" in first


def test_the_lists_are_made_from_constants_as_pypcapkit_renders_them() -> None:
    """Transports of one name stand together; reserved ports have none."""
    ports = """
    https_443: 'AppType' = 443, 'https', TransportProtocol.get('tcp') | TransportProtocol.get('udp')
    https_null: 'AppType' = -1, 'https', TransportProtocol.get('tcp')
    redis: 'AppType' = 6379, 'redis', TransportProtocol.get('tcp')
    reserved_6379: 'AppType' = 6379, 'reserved', TransportProtocol.get('udp')
"""
    protocols = "    TCP = 6\n    IPv6_NoNxt = 59\n    Reserved_255 = 255\n"

    assert port_lines(ports) == ["443,tcp+udp,https", "6379,tcp,redis"]
    assert protocol_lines(protocols) == ["6,TCP", "59,IPv6-NoNxt"]
