"""One small log for each form that flow logs take, and what has to come of it."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import START
from tests.ingest.loading import Reading, Row, read_content

GOLDEN = Path(__file__).parent / "golden"
FORMS = sorted(path.stem for path in GOLDEN.glob("*.log"))


def read(name: str) -> Reading:
    return read_content((GOLDEN / f"{name}.log").read_bytes())


def columns(rows: list[Row], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in names) for row in rows]


def opened(rows: list[Row]) -> list[tuple[Any, ...]]:
    return columns(rows, "initiator_is_src", "service_port", "initiator_rule")


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_read_whole(name):
    """No line is rejected, and every line that is no header is a row."""
    reading = read(name)
    lines = (GOLDEN / f"{name}.log").read_text().splitlines()
    records = [n for n, line in enumerate(lines, 1) if "srcaddr" not in line]

    assert reading.outcome.status == "ok"
    assert [row["line"] for row in reading.rows] == records
    assert reading.outcome.rows_read == reading.outcome.rows_stored == len(records)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_the_same_compressed_or_saved_by_windows(name):
    """gzip, carriage returns and a byte order mark change no row."""
    content = (GOLDEN / f"{name}.log").read_bytes()
    rows = read_content(content).rows

    assert read_content(gzip.compress(content)).rows == rows
    assert read_content(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n")).rows == rows


def test_default_v2():
    """The 14 fields that AWS writes unless told otherwise."""
    rows = read("default-v2").rows

    assert rows[0] == {
        "version": 2, "account_id": "123456789012", "interface_id": "eni-0a11ce00000000001",
        "srcaddr": "192.0.2.10", "dstaddr": "198.51.100.20", "srcport": 49_152, "dstport": 443,
        "protocol": 6, "packets": 12, "bytes": 1_840, "start": START, "end": START + 55,
        "action": "ACCEPT", "log_status": "OK",
        "src_ip4": 3_221_225_994, "dst_ip4": 3_325_256_724,
        "initiator_is_src": True, "service_port": 443, "initiator_rule": "service-port",
        "reporter": "src", "is_counted": True, "object_id": 1, "line": 2,
    }  # fmt: skip
    assert columns(rows, "action", "bytes") == [
        ("ACCEPT", 1_840), ("ACCEPT", 9_120), ("REJECT", 40), ("ACCEPT", 71),
    ]  # fmt: skip
    assert columns(rows, "initiator_is_src", "service_port") == [
        (True, 443), (False, 443), (True, 22), (True, 53),
    ]  # fmt: skip
    assert [row["reporter"] for row in rows] == ["src", "dst", "dst", "src"]


def test_v5_in_another_order():
    """Later fields in an order of one's own: the header leads."""
    rows = read("v5-other-order").rows

    assert opened(rows) == [(True, 443, "tcp-flags"), (False, 443, "tcp-flags")]
    assert columns(rows, "tcp_flags", "flow_direction", "traffic_path", "pkt_dst_aws_service") == [
        (3, "egress", 8, "S3"), (19, "ingress", None, None),
    ]  # fmt: skip
    assert columns(rows, "vpc_id", "subnet_id", "instance_id", "region", "az_id")[0] == (
        "vpc-0aa10000000000001", "subnet-0bb20000000000001", "i-0cc30000000000001",
        "eu-central-1", "euc1-az1",
    )  # fmt: skip
    assert columns(rows, "reporter", "is_counted") == [("src", True), ("dst", True)]


def test_nodata_and_skipdata():
    """Rows without traffic are kept with nulls, counted, and never part of a sum."""
    reading = read("nodata-skipdata")

    assert (reading.outcome.nodata, reading.outcome.skipdata) == (2, 1)
    assert columns(reading.rows, "log_status", "srcaddr", "bytes", "is_counted") == [
        ("NODATA", None, None, None), ("OK", "192.0.2.10", 52, True),
        ("NODATA", None, None, None), ("SKIPDATA", None, None, None),
    ]  # fmt: skip
    assert [row["account_id"] for row in reading.rows][2] == "unknown"
    assert sum(row["bytes"] for row in reading.tables["series"]) == 52


def test_ipv6():
    """Both families in one object; ICMPv6 has no service port."""
    rows = read("ipv6").rows

    assert columns(rows, "src_ip4", "src_ip6")[0] == (None, "20010db800010000000000000000000a")
    assert columns(rows, "src_ip4", "src_ip6")[3] == (3_221_225_994, None)
    assert opened(rows) == [
        (True, 443, "service-port"), (False, 443, "service-port"), (True, None, "first-seen"),
        (True, 80, "service-port"),
    ]  # fmt: skip


def test_transit_gateway():
    """The other field set of version 6, with lost packets and without action."""
    rows = read("transit-gateway").rows

    assert columns(rows, "version", "resource_type", "tgw_src_vpc_id", "tgw_dst_vpc_id") == [
        (6, "TransitGateway", "vpc-0aa1", "vpc-0bb2"), (6, "TransitGateway", None, "vpc-0bb2"),
    ]  # fmt: skip
    assert rows[0]["packets_lost_mtu_exceeded"] == 1
    assert opened(rows) == [(True, 5_432, "tcp-flags"), (None, None, None)]
    assert read("transit-gateway").outcome.nodata == 1


def test_a_future_field():
    """Fields that nobody knows yet are kept as text, where they have a value."""
    rows = read("future-field").rows

    assert [dict(pair_of(item) for item in row["extra"]) for row in rows] == [
        {"quantum_state": "entangled", "carbon_grams": "12.5"}, {},
    ]  # fmt: skip
    assert columns(rows, "srcaddr", "bytes") == [("192.0.2.10", 900), ("192.0.2.11", 800)]


def pair_of(item: Any) -> tuple[str, str]:
    return (item["key"], item["value"]) if isinstance(item, dict) else item


def test_no_times():
    """Without start and end everything but the time axis is there."""
    reading = read("no-times")

    assert opened(reading.rows) == [(True, 443, "service-port"), (True, 3_389, "service-port")]
    assert {row["hour_start"] for row in reading.tables["edges"]} == {None}
    assert sum(row["bytes"] for row in reading.tables["ports"]) == 940


def test_double_header():
    """Joined objects: a header again, then another layout, with the lines of the whole."""
    rows = read("double-header").rows

    assert columns(rows, "line", "bytes", "start", "dstport") == [
        (2, 100, START, 443), (4, 200, START + 60, 443), (6, 300, START + 120, None),
    ]  # fmt: skip
    assert {row["srcaddr"] for row in rows} == {"192.0.2.10"}
