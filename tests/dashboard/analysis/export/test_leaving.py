"""What leaves in sharing mode: no address, in no format, in no form."""

from __future__ import annotations

import io
import ipaddress
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.export.picture import hidden_text, picture_of
from dashboard.analysis.export.pseudonyms import Pseudonyms
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.source import FlowSource
from tests.dashboard.analysis.export.exporting import ADDRESSES, ALL, exports, small_source
from tests.dashboard.analysis.hand_made import make_flow, write_cache

PSEUDONYMS = Pseudonyms("5a" * 31 + "77")
KNOWN = "198.51.100.2"

private = st.integers(2**24 * 10 + 2**16, 2**24 * 11 - 1).map(ipaddress.IPv4Address)
documentation = st.integers(
    int(ipaddress.ip_address("2001:db8::1:0:0")), int(ipaddress.ip_address("2001:db9::")) - 1
).map(ipaddress.IPv6Address)


def forms(address: str) -> set[bytes]:
    """Text, number and hexadecimal digits of an address."""
    number = ipaddress.ip_address(address)
    digits = f"{int(number):0{number.max_prefixlen // 4}x}"
    texts = {str(number), number.exploded, str(int(number)), digits, digits.upper()}
    return {text.encode() for text in texts}


def opened(name: str, content: bytes) -> bytes:
    """Return a file's bytes with what a format has packed or made binary beside it as text."""
    if not name.endswith(".parquet"):
        return content
    parquet = pq.ParquetFile(io.BytesIO(content))
    return content + repr(parquet.read().to_pylist()).encode() + repr(parquet.metadata).encode()


@pytest.mark.parametrize("level", ["name", "address", "/28"])
def test_no_format_holds_an_address_in_sharing_mode(tmp_path: Path, level: str) -> None:
    """Not as text, number or hexadecimal digits; not in the filter; not in a statistic."""
    source = small_source(tmp_path)
    query = FlowQuery(
        threshold=0, level=level, filter=f"not src = {ADDRESSES[3]} and not node = '9.{KNOWN}'"
    )

    hidden = dict(exports(source, query, PSEUDONYMS))

    assert len(hidden) == 11
    for name, content in hidden.items():
        seen = opened(name, content)
        for address in (*ADDRESSES, KNOWN):
            assert not [f for f in forms(address) if f in seen], (name, address)


def test_without_sharing_every_table_holds_the_addresses(tmp_path: Path) -> None:
    """The scan finds what is there."""
    for name, content in exports(small_source(tmp_path), FlowQuery(threshold=0, level="address")):
        assert ADDRESSES[0].encode() in opened(name, content), name


@settings(max_examples=8)
@given(st.lists(st.one_of(private, documentation), min_size=2, max_size=6, unique=True))
def test_any_address_is_hidden_everywhere(
    tmp_path_factory: pytest.TempPathFactory,
    addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address],
) -> None:
    """Whatever addresses a cache holds."""
    folder = tmp_path_factory.mktemp("cache")
    texts = [str(address) for address in addresses]
    flows = [make_flow(srcaddr=text, dstaddr=KNOWN, pkt_dstaddr=KNOWN) for text in texts]
    source = FlowSource(write_cache(folder / "cache", flows), KnownNames())
    query = FlowQuery(threshold=0, filter=" or ".join(f"src = {text}" for text in texts))
    # By chance, a pseudonym may be the address of somebody else.
    kept = {PSEUDONYMS.of([text])[text] for text in [*texts, KNOWN]}

    for name, content in exports(source, query, PSEUDONYMS):
        seen = opened(name, content)
        for text in {*texts, KNOWN} - kept:
            whole = [f for f in forms(text) if len(f) > 9 and f in seen]
            assert not [f for f in whole if not any(f in k.encode() for k in kept)], (name, text)


def test_names_stay_and_are_counted(tmp_path: Path) -> None:
    """What the dialog says is what the files hold."""
    picture = picture_of(small_source(tmp_path), ALL, PSEUDONYMS)

    assert (len(picture.nodes), picture.n_hidden) == (6, 5)
    assert picture.share_key_id == PSEUDONYMS.key_id
    assert {f.owner for f in picture.nodes.values() if not f.is_named} == {None}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("port = 443 and flows > 10", "port = 443 and flows > 10"),
        ("version 1.2.3 at 10:05:06", "version 1.2.3 at 10:05:06"),
        ("999.1.1.1", "999.1.1.1"),
    ],
)
def test_what_is_no_address_stays(text: str, kept: str) -> None:
    """Numbers, times and versions are not addresses."""
    assert hidden_text(text, PSEUDONYMS) == kept


@pytest.mark.parametrize("text", ["192.0.2.9", "10.9.8.7", "2001:db8::1:9", "::ffff:192.0.2.9"])
def test_addresses_and_networks_in_a_text_are_replaced(text: str) -> None:
    """In quotes, brackets and lists too; a network keeps its length."""
    hidden = PSEUDONYMS.of([text])[text]

    assert hidden_text(f'src in ({text}, "{text}")', PSEUDONYMS) == f'src in ({hidden}, "{hidden}")'
    bits = 64 if ":" in text else 24
    network = ipaddress.ip_network(f"{hidden}/{bits}", strict=False)
    assert hidden_text(f"dst = {text}/{bits}", PSEUDONYMS) == f"dst = {network}"
    assert text not in hidden_text(f"node = 'ip.{text}.example'", PSEUDONYMS)
