"""Pseudonyms: keyed, one-to-one, prefixes and classes kept, and never the key."""

from __future__ import annotations

import ipaddress
import random
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.analysis.enrich.scope import scope_of
from dashboard.analysis.export.prefix_cipher import PrefixCipher
from dashboard.analysis.export.pseudonyms import (
    PINNED,
    Pseudonyms,
    ShareKeyError,
    load_or_create_key,
    open_pseudonyms,
)

SECRET = "8f" * 31 + "01"
PSEUDONYMS = Pseudonyms(SECRET)
v4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
v6 = st.one_of(
    st.integers(0, 2**128 - 1),
    st.integers(0, 2**125 - 1).map(lambda n: 1 << 125 | n),
).map(ipaddress.IPv6Address)
pairs = st.one_of(st.tuples(v4, v4), st.tuples(v6, v6))


@pytest.mark.parametrize(
    ("address", "encrypted"),
    [
        ("0.0.0.0", "151.82.155.134"),  # noqa: S104 - an address
        ("255.255.255.255", "94.185.169.89"),
        ("192.0.2.1", "100.115.72.131"),
        ("2001:db8::1", "c180:5dd4:2587:3524:30ab:fa65:6ab6:f88"),
    ],
)
def test_the_primitive_gives_the_published_vectors(address: str, encrypted: str) -> None:
    """draft-denis-ipcrypt-09, test vectors of ipcrypt-pfx."""
    key = "0123456789abcdeffedcba98765432101032547698badcfeefcdab8967452301"
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)

    found = PrefixCipher(bytes.fromhex(key)).encrypt([packed], 6 if ":" in address else 4)

    assert socket.inet_ntop(family, found[0]) == encrypted


@settings(max_examples=150, deadline=None, derandomize=True)
@given(pairs, st.integers(0, 128))
def test_common_prefixes_stay_exactly_as_long(pair, share: int) -> None:
    """Prefixes are kept, and two addresses never become one."""
    first, second = pair
    bits = first.max_prefixlen
    low = bits - min(share, bits)
    near = type(first)(int(first) >> low << low | int(second) & ((1 << low) - 1))
    found = PSEUDONYMS.of([str(first), str(near)])

    assert _common(first, near) == _common(*(_parsed(found[str(a)]) for a in (first, near)))
    assert (first == near) == (found[str(first)] == found[str(near)])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.one_of(v4, v6, st.sampled_from(PINNED).map(lambda n: n[min(1, n.num_addresses - 1)])))
def test_the_class_of_an_address_is_kept(address) -> None:
    """Private stays in its block, public stays public."""
    pseudonym = _parsed(PSEUDONYMS.of([str(address)])[str(address)])

    for block in PINNED:
        if block.version == address.version:
            assert (address in block) == (pseudonym in block)
    for claim in ("is_private", "is_global", "is_multicast", "is_link_local", "is_loopback"):
        assert getattr(address, claim) == getattr(pseudonym, claim)
    assert scope_of(str(address)) == scope_of(str(pseudonym))


def test_all_of_a_network_is_mapped_one_to_one() -> None:
    """A whole /20 becomes a whole /20."""
    network = ipaddress.ip_network("10.20.16.0/20")
    found = PSEUDONYMS.of(map(str, network))

    moved = {_parsed(pseudonym) for pseudonym in found.values()}
    assert len(moved) == network.num_addresses
    assert int(min(moved)) >> 12 == int(max(moved)) >> 12
    assert sum(address == pseudonym for address, pseudonym in found.items()) < 20


def test_the_same_key_gives_the_same_pseudonyms() -> None:
    """In every run, whatever else is asked along; another key gives others."""
    addresses = [f"198.51.100.{n}" for n in range(50)] + ["fd00::1", "2a00::5"]

    alone = {address: Pseudonyms(SECRET).of([address])[address] for address in addresses}

    assert alone == PSEUDONYMS.of(addresses)
    assert alone != Pseudonyms("17" * 32).of(addresses)
    assert Pseudonyms(SECRET).key_id == PSEUDONYMS.key_id != Pseudonyms("17" * 32).key_id


def test_a_hundred_thousand_addresses_get_as_many_pseudonyms() -> None:
    """No two addresses of a large export are told as one."""
    draw = random.Random(3)  # noqa: S311 - no secret
    addresses = {socket.inet_ntoa(draw.randbytes(4)) for _ in range(100_000)}

    found = PSEUDONYMS.of(addresses)

    assert len(set(found.values())) == len(addresses)


@settings(max_examples=20)
@given(st.lists(st.one_of(v4, v6), max_size=20))
def test_who_holds_the_key_can_undo_it(
    addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address],
) -> None:
    """A filter typed over a shared picture finds the address that it means."""
    texts = [str(address) for address in addresses]
    hidden = PSEUDONYMS.of(texts)

    back = PSEUDONYMS.behind(hidden.values())

    # Of one address there are several spellings.
    assert all(
        ipaddress.ip_address(back[hidden[text]]) == ipaddress.ip_address(text) for text in texts
    )


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    """A second run reads what the first one made."""
    path = tmp_path / "share.key"
    secret = load_or_create_key(path)

    assert len(bytes.fromhex(secret)) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create_key(path) == secret
    assert open_pseudonyms(None, path).key_id == Pseudonyms(secret).key_id
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """The message says how to mend it."""
    path = tmp_path / "share.key"
    path.write_text(SECRET)
    path.chmod(0o644)

    with pytest.raises(ShareKeyError, match=f"chmod 600 {path}"):
        load_or_create_key(path)


@pytest.mark.parametrize("secret", ["", "ab" * 31, "not hexadecimal " * 8, "ab" * 32 + "c"])
def test_a_bad_key_is_refused_and_not_repeated(secret: str) -> None:
    """The message never holds the key."""
    with pytest.raises(ShareKeyError) as refused:
        Pseudonyms(secret, "FLOW_ATLAS_SHARE_KEY")

    assert str(refused.value).startswith("FLOW_ATLAS_SHARE_KEY: not a usable key")
    assert not secret or secret not in str(refused.value)


def test_neither_repr_shows_the_key() -> None:
    """What ends in a log by accident is harmless."""
    assert SECRET not in repr(PSEUDONYMS) + repr(vars(PSEUDONYMS))
    assert "key" not in repr(PrefixCipher(bytes(range(32))))


def _parsed(text: str):
    return ipaddress.ip_address(text)


def _common(first, second) -> int:
    return first.max_prefixlen - (int(first) ^ int(second)).bit_length()
