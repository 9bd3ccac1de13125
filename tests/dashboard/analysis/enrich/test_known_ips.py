"""Known IPs: the most specific line wins, and every bad line is told."""

from __future__ import annotations

import ipaddress
import random
from pathlib import Path

import pyarrow as pa
import pytest

from dashboard.analysis.enrich.known_ips import KnownIpsError, KnownNames, read_known_ips
from dashboard.analysis.enrich.scope import OUTSIDE, scope_detail, scope_details, scope_of
from dashboard.analysis.enrich.stretches import packed_addresses
from dashboard.errors import DashboardError

ROOT = Path(__file__).resolve().parents[4]


def names_of(folder: Path, text: str, *addresses: str) -> dict[str, str]:
    path = folder / "known_ips.csv"
    path.write_text(text, encoding="utf-8")
    table = KnownNames(path).named(pa.array(addresses, pa.string()))
    return dict(zip(table["address"].to_pylist(), table["node"].to_pylist(), strict=True))


def test_the_most_specific_line_wins(tmp_path: Path) -> None:
    """Networks nest to any depth, in any order, in both IP versions."""
    text = (
        "address,name,kind,owner\n10.0.1.5,host,,\n10.0.0.0/8,all of ten\n\n# a comment\n"
        "10.0.1.0/24,subnet,subnet,me\n2001:db8::/32,six\n2001:db8::7,seven\n0.0.0.0/0,world\n"
    )

    found = names_of(
        tmp_path, text, "10.0.1.5", "10.0.1.6", "10.0.2.1", "11.0.0.0", "2001:db8::7",
        "2001:db8::8", "2001:db9::1", "255.255.255.255", "0.0.0.1",
    )  # fmt: skip

    assert found == {
        "10.0.1.5": "host", "10.0.1.6": "subnet", "10.0.2.1": "all of ten", "11.0.0.0": "world",
        "2001:db8::7": "seven", "2001:db8::8": "six", "255.255.255.255": "world",
        "0.0.0.1": "world",
    }  # fmt: skip


def test_all_of_ipv6_is_not_ipv4(tmp_path: Path) -> None:
    """`::/0` names no IPv4 address, although both share one number space inside."""
    assert names_of(tmp_path, "::/0,six\n", "192.0.2.1", "::1") == {"::1": "six"}


def test_look_up_equals_a_search_line_by_line(tmp_path: Path) -> None:
    """The flattened stretches say what `ipaddress` says."""
    draw = random.Random(5)  # noqa: S311 - no secret
    nets: dict[str, str] = {}
    for n in range(150):
        bits = draw.choice([8, 12, 16, 20, 24, 28, 32])
        number = (10 << 24 | draw.getrandbits(12) << 12 | draw.getrandbits(4)) >> (32 - bits)
        nets.setdefault(str(ipaddress.ip_network((number << (32 - bits), bits))), f"n{n}")
    addresses = [str(ipaddress.ip_address(10 << 24 | draw.getrandbits(24))) for _ in range(800)]

    found = names_of(tmp_path, "".join(f"{k},{v}\n" for k, v in nets.items()), *addresses)

    parsed = [(ipaddress.ip_network(net), name) for net, name in nets.items()]
    for address in addresses:
        around = [(n.prefixlen, name) for n, name in parsed if ipaddress.ip_address(address) in n]
        assert found.get(address) == (max(around)[1] if around else None)


def test_every_bad_line_is_told(tmp_path: Path) -> None:
    """File, line, what is wrong; duplicates are reported, not guessed at."""
    text = (
        "address,name\n192.0.2.1,ok\n192.0.2.300,x\n192.0.2.1/24,y\n192.0.2.1,again\n"
        "192.0.2.3\n192.0.2.4,\n192.0.2.5,10.0.0.1\n192.0.2.6,a\x07b\n"
    )

    with pytest.raises(KnownIpsError) as bad:
        names_of(tmp_path, text)

    assert [line for line, _ in bad.value.lines] == [3, 4, 5, 6, 7, 8, 9]
    assert str(bad.value) == (
        f"{tmp_path / 'known_ips.csv'}: line 3: '192.0.2.300' is no address or CIDR; "
        "line 4: '192.0.2.1/24': host bits are set; line 5: 192.0.2.1 is already named in line 2; "
        "line 6: has 1 fields instead of 2 to 4; line 7: '192.0.2.4' has no name; "
        "and 2 more bad lines. "
        "Each line is address,name,kind,owner; the address is an IP or a CIDR."
    )


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """A name may look like SQL, HTML or a formula."""
    names = ["'; DROP TABLE x --", "<img src=x onerror=1>", '=HYPERLINK("x")', "Zoë's 機"]
    quoted = [f'192.0.2.{n},"{name.replace(chr(34), chr(34) * 2)}"' for n, name in enumerate(names)]

    found = names_of(tmp_path, "\n".join(quoted), *(f"192.0.2.{n}" for n in range(4)))

    assert list(found.values()) == names


def test_text_that_is_not_utf8_is_told_by_line(tmp_path: Path) -> None:
    """The line is found although nothing can be parsed."""
    path = tmp_path / "known_ips.csv"
    path.write_bytes(b"192.0.2.1,ok\n192.0.2.2,\xff\n")

    with pytest.raises(KnownIpsError, match="line 2: is not UTF-8 text"):
        read_known_ips(path)
    with pytest.raises(DashboardError, match="cannot be read"):
        read_known_ips(tmp_path)


@pytest.mark.parametrize(
    ("address", "scope"),
    [
        ("10.1.2.3", "internal"), ("172.31.0.1", "internal"), ("100.64.0.1", "internal"),
        ("169.254.169.254", "internal"), ("127.0.0.1", "internal"), ("fd00::1", "internal"),
        ("fe80::1", "internal"), ("::ffff:10.0.0.1", "internal"), ("224.0.0.251", "multicast"),
        ("ff02::1", "multicast"), ("8.8.8.8", "internet"), ("2a00:1450::1", "internet"),
        ("192.0.2.1", "internet"), ("198.51.100.1", "internet"), ("203.0.113.1", "internet"),
        ("198.18.0.1", "internet"), ("2001:db8::1", "internet"), ("no address", "internet"),
    ],
)  # fmt: skip
def test_scopes(address: str, scope: str) -> None:
    """Documentation and benchmark ranges stand for the internet."""
    assert scope_of(address) == scope


@pytest.mark.parametrize(
    ("address", "detail"),
    [
        ("10.1.2.3", "private"), ("172.31.0.1", "private"), ("172.32.0.1", "public"),
        ("192.168.0.1", "private"), ("100.64.0.1", "shared"), ("100.128.0.1", "public"),
        ("169.254.169.254", "link-local"), ("fe80::1", "link-local"), ("127.0.0.1", "loopback"),
        ("::1", "loopback"), ("224.0.0.251", "multicast"), ("ff02::1", "multicast"),
        ("fd00::1", "unique-local"), ("8.8.8.8", "public"), ("2a00:1450::1", "public"),
        ("192.0.2.1", "documentation"), ("2001:db8::1", "documentation"),
        ("240.0.0.1", "reserved"), ("255.255.255.255", "reserved"), ("0.1.2.3", "reserved"),
        ("::ffff:10.0.0.1", "private"), ("no address", "public"),
    ],
)  # fmt: skip
def test_scopes_in_finer_words(address: str, detail: str) -> None:
    """Each range that a cloud engineer knows has its name; what is outside agrees."""
    assert scope_detail(address) == detail
    assert (detail in OUTSIDE) == (scope_of(address) == "internet")


def test_scopes_of_many_addresses_are_those_of_each() -> None:
    """At every border that the standard library knows, on both sides, and at random."""
    draw = random.Random(2)  # noqa: S311 - no secret
    addresses = {str(ipaddress.IPv4Address(draw.getrandbits(32))) for _ in range(2_000)}
    addresses |= {str(ipaddress.IPv6Address(draw.getrandbits(128))) for _ in range(500)}
    for name in ("_IPv4Constants", "_IPv6Constants"):
        for told in vars(getattr(ipaddress, name)).values():
            for network in told if isinstance(told, list) else [told]:
                if hasattr(network, "network_address"):
                    low, high = int(network[0]), int(network[-1])
                    last = (1 << network.max_prefixlen) - 1
                    near = (max(low - 1, 0), low, high, min(high + 1, last))
                    addresses |= {str(type(network[0])(number)) for number in near}
    listed = sorted(addresses)

    found = scope_details(packed_addresses(listed)).to_pylist()

    assert found == [scope_detail(address) for address in listed]
