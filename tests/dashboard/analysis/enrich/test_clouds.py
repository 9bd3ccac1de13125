"""Clouds, countries and networks from files that the user supplies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from dashboard.analysis.enrich.book import AddressBook
from dashboard.errors import DashboardError

AWS_RANGES = {
    "syncToken": "1", "createDate": "2026-03-02-10-00-00",
    "prefixes": [
        {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "S3"},
        {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "EC2"},
        {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "AMAZON"},
        {"ip_prefix": "198.51.100.128/25", "region": "eu-west-1", "service": "AMAZON"},
        {"ip_prefix": "203.0.113.0/24", "region": "GLOBAL", "service": "CLOUDFRONT"},
        {"ip_prefix": "192.0.2.0/24", "region": "us-east-1", "service": "AMAZON"},
        {"ip_prefix": "192.0.2.64/26", "region": "us-east-1", "service": "EC2"},
    ],
    "ipv6_prefixes": [
        {"ipv6_prefix": "2001:db8:1::/48", "region": "eu-west-1", "service": "S3"},
    ],
}  # fmt: skip


def facts(book: AddressBook, column: str, *addresses: str) -> list[Any]:
    table = pa.table({"address": addresses, "vpc_id": pa.nulls(len(addresses), pa.string())})
    told: list[Any] = book.attributes(table).column(column).to_pylist()
    return told


def geography(path: Path, networks: dict[str, dict[str, Any]], kind: str) -> Path:
    writer = MMDBWriter(6, kind, languages=["en"], ipv4_compatible=True, int_type="u32")
    for network, record in networks.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return path


def test_aws_services_are_told_with_their_region(tmp_path: Path) -> None:
    """The most specific service wins, AMAZON only where no other is told."""
    path = tmp_path / "ip-ranges.json"
    path.write_text(json.dumps(AWS_RANGES))
    book = AddressBook(None, None, path)
    asked = (
        "198.51.100.1", "198.51.100.200", "203.0.113.9", "192.0.2.1", "192.0.2.65",
        "2001:db8:1::5", "2001:db8:2::5", "8.8.8.8",
    )  # fmt: skip

    assert facts(book, "aws_service", *asked) == [
        "S3 eu-west-1", "S3 eu-west-1", "CLOUDFRONT", "AMAZON us-east-1", "EC2 us-east-1",
        "S3 eu-west-1", None, None,
    ]  # fmt: skip
    assert facts(book, "cloud", *asked) == ["AWS"] * 6 + [None] * 2


@pytest.mark.parametrize(
    "text",
    [
        "cidr,provider\n# ours\n198.51.100.0/24,Hoster\n2001:db8::/32,Hoster\n",
        '{"198.51.100.0/24": "Hoster", "2001:db8::/32": "Hoster"}',
        '[{"cidr": "198.51.100.0/24", "provider": "Hoster"},'
        ' {"cidr": "2001:db8::/32", "provider": "Hoster"}]',
        '{"prefixes": [{"ipv4Prefix": "198.51.100.0/24", "service": "Hoster"},'
        ' {"ipv6Prefix": "2001:db8::/32", "service": "Hoster"}]}',
    ],
)
def test_other_clouds_come_from_lists(tmp_path: Path, text: str) -> None:
    """CSV, JSON, and JSON as Google publishes it."""
    path = tmp_path / "clouds"
    path.write_text(text)

    found = facts(AddressBook(None, None, geo=[path]), "cloud", "198.51.100.1", "2001:db8::1")

    assert found == ["Hoster", "Hoster"]


def test_azure_service_tags_are_read(tmp_path: Path) -> None:
    """As Microsoft publishes them."""
    path = tmp_path / "tags.json"
    path.write_text('{"values": [{"properties": {"addressPrefixes": ["198.51.100.0/24"]}}]}')

    assert facts(AddressBook(None, None, geo=[path]), "cloud", "198.51.100.1") == ["Azure"]


def test_countries_and_networks_come_from_databases(tmp_path: Path) -> None:
    """Of public addresses alone, from one database or from two."""
    america = {"country": {"iso_code": "US"}}
    country = geography(
        tmp_path / "country.mmdb",
        {"8.8.8.0/24": america, "2600::/16": america,
         "9.9.9.0/24": {"registered_country": {"iso_code": "CH"}},
         "10.0.0.0/8": {"country": {"iso_code": "XX"}}},
        "GeoLite2-Country",
    )  # fmt: skip
    networks = geography(
        tmp_path / "asn.mmdb",
        {"8.8.8.0/24": {"autonomous_system_number": 15169,
                        "autonomous_system_organization": "GOOGLE"},
         "9.9.9.0/24": {"autonomous_system_number": 19281}},
        "GeoLite2-ASN",
    )  # fmt: skip
    book = AddressBook(None, None, geo=[networks, country])
    asked = ("10.0.0.1", "8.8.8.8", "9.9.9.9", "2600::1", "1.2.3.4", "192.168.1.1")

    assert facts(book, "country", *asked) == [None, "US", "CH", "US", None, None]
    assert facts(book, "asn", *asked) == [None, "AS15169 GOOGLE", "AS19281", None, None, None]
    assert facts(book, "scope", *asked)[:2] == ["private", "public"]


def test_databases_of_other_makers_are_read(tmp_path: Path) -> None:
    """Country and network beside each other in one record, the number as text."""
    record = {"country": "Germany", "country_code": "DE", "asn": "AS64496", "as_name": "Example"}
    book = AddressBook(None, None, geo=[geography(tmp_path / "g.mmdb", {"8.0.0.0/8": record}, "x")])

    assert facts(book, "country", "8.8.8.8") == ["DE"]
    assert facts(book, "asn", "8.8.8.8") == ["AS64496 Example"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"is no JSON .*Give AWS's file"),
        ('{"prefixes": []}', r"is not AWS's ip-ranges.json \(KeyError\('ipv6_prefixes'\)\)"),
        ('{"prefixes": [{"ip_prefix": "x", "region": "r", "service": "S3"}], "ipv6_prefixes": []}',
         "does not appear to be an IPv4 or IPv6 network"),
        ("[]", "is not AWS's"),
        (None, "cannot be read"),
    ],
)  # fmt: skip
def test_unusable_ranges_are_told(tmp_path: Path, text: str | None, message: str) -> None:
    """Which file, what is wrong with it, what to give instead."""
    path = tmp_path / "ip-ranges.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(DashboardError, match=message) as caught:
        facts(AddressBook(None, None, path), "cloud", "8.8.8.8")
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.csv", b"cidr,provider\n198.51.100.0/24,ok\n198.51.100.0/33,bad\n", "line 3"),
        ("c.csv", b"198.51.100.0/24\n", "line 1 names no provider"),
        ("c.csv", b"\xff\xfe", "is not UTF-8 text"),
        ("c.json", b'[{"cidr": "198.51.100.0/24"}]', "has another form"),
        ("c.json", b'{"198.51.100.0/24": 1}', "has another form"),
        ("c.json", b'{"198.51.100.1/24": "x"}', "has host bits set"),
        ("c.mmdb", b"nothing of this kind", "is no such database"),
        ("missing.mmdb", None, "cannot be read"),
        ("missing.csv", None, "cannot be read"),
    ],
)
def test_unusable_lists_and_databases_are_told(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    """Which file and which line."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DashboardError, match=message) as caught:
        facts(AddressBook(None, None, geo=[path]), "cloud", "8.8.8.8")
    assert str(caught.value).startswith(f"{path}: ")


def test_without_files_nothing_is_told() -> None:
    """The columns are there, and null."""
    book = AddressBook(None, None)

    for column in ("aws_service", "cloud", "country", "asn", "name"):
        assert facts(book, column, "8.8.8.8", "10.0.0.1") == [None, None]
