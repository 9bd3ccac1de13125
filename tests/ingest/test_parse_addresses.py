import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse.address_table import AddressTable
from ingest.parse.addresses import canonical_address, packed_address

ADDRESSES = st.ip_addresses()


@given(ADDRESSES)
def test_an_address_is_packed_and_written_back(address):
    """Packing agrees with Python's own reading, and writing gives an equal address."""
    packed = packed_address(str(address))

    assert packed == address.packed
    assert ipaddress.ip_address(canonical_address(packed)) == address
    assert packed_address(canonical_address(packed)) == packed


@pytest.mark.parametrize(
    "text",
    ["", "-", "192.0.2", "192.0.2.256", "192.0.2.01", "1::2::3", "::g", "unknown", "1.2.3.4 "],
)
def test_what_is_no_address_has_no_bytes(text):
    """Only whole addresses are addresses."""
    assert packed_address(text) is None


def test_addresses_are_numbered_for_sorting_and_cidr():
    """IPv4 becomes a number, IPv6 32 hex characters; ranks follow address order."""
    table = AddressTable.of(["198.51.100.10", "2001:db8::1", "198.51.100.9", "::1"])

    assert table.ip4.tolist() == [3325256714, -1, 3325256713, -1]
    assert list(table.ip6) == [
        None, "20010db8000000000000000000000001", None, "00000000000000000000000000000001",
    ]  # fmt: skip
    assert table.rank.tolist() == [1, 3, 0, 2]


@given(st.lists(ADDRESSES, unique=True))
def test_ranks_are_the_order_of_the_addresses(addresses):
    """IPv4 comes before IPv6, and each family in numeric order."""
    table = AddressTable.of([canonical_address(a.packed) for a in addresses])

    by_rank = [address for _, address in sorted(zip(table.rank, addresses, strict=True))]

    assert by_rank == sorted(addresses, key=lambda address: (address.version, address))


@pytest.mark.parametrize("text", ["2001:DB8::1", "2001:db8:0::1", "db.example"])
def test_only_canonical_texts_are_taken(text):
    """One address has one text, so that equal addresses are equal texts."""
    with pytest.raises(ValueError, match=f"^{text}$"):
        AddressTable.of(["192.0.2.1", text])
