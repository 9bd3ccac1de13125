"""Narrow tables against a recount of the same records in plain Python."""

from collections import defaultdict
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.schema import DEFAULT_FIELDS, TABLES
from tests.conftest import (
    CLIENT,
    CLIENT_ENI,
    SERVER,
    SERVER_ENI,
    START,
    answer,
    log_text,
    make_flows,
    no_data,
)
from tests.ingest.loading import Row, read_content
from tests.ingest.spreading import minutes_of

BELONGS = (
    "account_id", "vpc_id", "subnet_id", "interface_id", "instance_id", "az_id", "region",
)  # fmt: skip
KEYS = {
    "edges": (
        "hour_start", "initiator", "responder", "initiator_vpc_id", "responder_vpc_id",
        "service_port", "protocol", "action",
    ),
    "series": ("hour_start", "minute_start", "protocol", "action"),
    "talkers": ("hour_start", "address", "vpc_id", "action"),
    "ports": ("hour_start", "service_port", "protocol", "action"),
    "coverage": ("hour_start", "account_id", "interface_id", "log_status"),
    "ends": ("day_start", "address", *BELONGS),
}  # fmt: skip
NUMBERS = {"ip4", "ip6", "initiator_ip4", "initiator_ip6", "responder_ip4", "responder_ip6"}
Sums = dict[tuple[object, ...], dict[str, int]]


def summed(kind: str, rows: Iterable[Row]) -> Sums:
    """Add up partial rows of a rollup; firsts and lasts are the least and the greatest."""
    sums: Sums = defaultdict(dict)
    for row in rows:
        total = sums[tuple(row[name] for name in KEYS[kind])]
        for name, value in row.items():
            if name in KEYS[kind] or name in NUMBERS:
                continue
            if name in total and name in {"first_seen", "last_seen"}:
                choose = min if name == "first_seen" else max
                total[name] = choose(total[name], value)
            else:
                total[name] = total.get(name, 0) + value
    return dict(sums)


def recounted(rows: list[Row]) -> dict[str, Sums]:
    """Make every rollup from rows of `flows`, record by record."""
    partial: dict[str, list[Row]] = {kind: [] for kind in KEYS}
    for row in rows:
        start = row["start"]
        hour = {"hour_start": start // 3_600 * 3_600}
        partial["coverage"].append(
            hour
            | {name: row[name] for name in ("account_id", "interface_id", "log_status")}
            | {"records": 1}
        )
        if row["log_status"] != "OK":
            continue
        once = int(row["is_counted"])
        packets, n_bytes = row["packets"] or 0, row["bytes"] or 0
        is_return = int(row["initiator_is_src"] is False)
        ends = ((row["srcaddr"], row.get("src_vpc_id")), (row["dstaddr"], row.get("dst_vpc_id")))
        initiator, responder = ends[::-1] if is_return else ends
        if row["initiator_is_src"] is None:
            initiator = responder = (None, None)
        own = {"src": ends[0][0], "dst": ends[1][0]}.get(row["reporter"])
        if own is not None:
            partial["ends"].append(
                {"day_start": start // 86_400 * 86_400, "address": own}
                | {name: row.get(name) for name in BELONGS}
                | {"records": 1, "first_seen": start, "last_seen": row["end"]}
            )
        counts = {
            "records": 1, "flows": once, "packets": once * packets, "bytes": once * n_bytes,
        }  # fmt: skip
        back = {"return_packets": is_return * once * packets,
                "return_bytes": is_return * once * n_bytes}  # fmt: skip
        key = {name: row[name] for name in ("service_port", "protocol", "action")}
        partial["edges"].append(
            hour | key | counts | back | {"first_seen": start, "last_seen": row["end"]}
            | {"initiator": initiator[0], "initiator_vpc_id": initiator[1]}
            | {"responder": responder[0], "responder_vpc_id": responder[1]}
        )  # fmt: skip
        partial["ports"].append(hour | key | counts)
        for minute, part in minutes_of(row):
            is_first = int(minute == start // 60 * 60)
            partial["series"].append(
                hour | {"minute_start": minute}
                | {"protocol": row["protocol"], "action": row["action"]}
                | {"records": is_first, "flows": is_first * once}
                | {name: once * n for name, n in part.items()}
                | {f"logged_{name}": n for name, n in part.items()}
            )  # fmt: skip
        if initiator[0] is None:
            continue
        for (address, vpc), sends in ((ends[0], 1), (ends[1], 0)):
            partial["talkers"].append(
                hour
                | {"address": address, "vpc_id": vpc, "action": row["action"]}
                | {"records": 1, "flows": once}
                | {"initiated_flows": once * (sends != is_return)}
                | {"sent_packets": sends * once * packets, "sent_bytes": sends * once * n_bytes}
                | {"received_packets": (1 - sends) * once * packets,
                   "received_bytes": (1 - sends) * once * n_bytes}
            )  # fmt: skip
    return {kind: summed(kind, rows) for kind, rows in partial.items()}


ADDRESSES = st.sampled_from(["192.0.2.1", "198.51.100.2", "203.0.113.3", "2001:db8::4"])
CHANGES = st.fixed_dictionaries(
    {
        "srcaddr": ADDRESSES,
        "dstaddr": ADDRESSES | st.none(),
        "srcport": st.sampled_from([443, 40_000, 50_000]),
        "dstport": st.sampled_from([22, 443, 30_000]),
        "protocol": st.sampled_from([1, 6, 17]),
        "packets": st.integers(0, 9),
        "bytes": st.integers(0, 10**12),
        "start": st.sampled_from([START, START + 59, START + 60, START + 3_600]),
        "end": st.integers(START - 9, START + 130) | st.integers(START, START + 8_000),
        "action": st.sampled_from(["ACCEPT", "REJECT"]),
        "interface_id": st.sampled_from([CLIENT_ENI, SERVER_ENI]),
        "flow_direction": st.sampled_from(["ingress", "egress", None]),
        "vpc_id": st.sampled_from(["vpc-0a", "vpc-0b", None]),
    }
)
FLOWS = st.one_of(
    CHANGES.map(lambda changes: make_flows(changes)[0]),
    CHANGES.map(lambda changes: make_flows(changes)[0]),
    st.sampled_from(["NODATA", "SKIPDATA"]).map(no_data),
)
FIELDS = (*DEFAULT_FIELDS, "flow-direction", "vpc-id")


@settings(max_examples=60)
@given(st.lists(FLOWS, min_size=1, max_size=20))
def test_every_rollup_equals_a_recount_of_its_records(flows):
    """Keys, sums, firsts and lasts are those of the records, counted once and as logged."""
    tables = read_content(log_text([*make_flows(), *flows], FIELDS)).tables

    expected = recounted(tables["flows"])
    for kind in KEYS:
        assert summed(kind, tables.get(kind, [])) == expected[kind], kind


@settings(max_examples=60)
@given(st.lists(FLOWS, min_size=1, max_size=20))
def test_the_minutes_of_an_hour_add_up_to_its_edges(flows):
    """However a record is spread, nothing is lost and nothing leaves its hour."""
    tables = read_content(log_text([*make_flows(), *flows], FIELDS)).tables

    def of_hours(kind: str) -> Sums:
        names = ("records", "flows", "packets", "bytes")
        sums: Sums = defaultdict(lambda: dict.fromkeys(names, 0))
        for row in tables[kind]:
            for name in names:
                sums[row["hour_start"], row["protocol"], row["action"]][name] += row[name]
        return dict(sums)

    assert of_hours("series") == of_hours("edges")


def test_volume_is_spread_over_the_minutes_of_a_record():
    """90 seconds from second 40 on: 20, 60 and 10 of 9 bytes each, and the record in the first."""
    flows = make_flows({"start": START + 40, "end": START + 130, "bytes": 810, "packets": 3})
    rows = read_content(log_text(flows)).tables["series"]

    assert [(r["minute_start"] - START, r["bytes"], r["packets"], r["records"]) for r in rows] == [
        (0, 180, 0, 1), (60, 540, 2, 0), (120, 90, 1, 0),
    ]  # fmt: skip
    assert {row["hour_start"] for row in rows} == {START}


@pytest.mark.parametrize("kind", KEYS)
def test_a_rollup_has_one_row_a_key_and_the_columns_of_the_schema(kind):
    """Rows are not repeated, and every column is there in order."""
    request, other = make_flows({}, {"srcaddr": "2001:db8::1", "dstaddr": "2001:db8::2"})
    rows = read_content(log_text([request, request, answer(request), other])).tables[kind]

    assert len(rows) == len({tuple(row[name] for name in KEYS[kind]) for row in rows})
    assert list(rows[0]) == list(TABLES[kind])


def test_rollups_of_parts_add_up_to_the_rollup_of_all():
    """Each batch commits its own rows; sums over them are the sums of the whole."""
    flows = make_flows(
        *({"bytes": n, "srcport": 40_000 + n % 3, "start": START + 20 * n} for n in range(40)),
        end=START + 1_000,
    )
    whole = read_content(log_text(flows)).tables
    halves = [read_content(log_text(part)).tables for part in (flows[:13], flows[13:])]

    for kind in KEYS:
        parts = [row for half in halves for row in half[kind]]
        assert summed(kind, parts) == summed(kind, whole[kind]), kind


def test_a_request_and_its_answer_are_one_edge():
    """100 bytes there and 900 back: 1000 in all, 900 of them returning."""
    (request,) = make_flows({"bytes": 100, "packets": 1})
    reply = answer(request, bytes=900, packets=3, end=START + 70)
    tables = read_content(log_text([request, reply])).tables

    (edge,) = tables["edges"]
    assert (edge["initiator"], edge["responder"], edge["service_port"]) == (CLIENT, SERVER, 443)
    assert (edge["records"], edge["flows"], edge["packets"], edge["bytes"]) == (2, 2, 4, 1_000)
    assert (edge["return_packets"], edge["return_bytes"]) == (3, 900)
    assert (edge["first_seen"], edge["last_seen"]) == (START, START + 70)
    talkers = {row["address"]: row for row in tables["talkers"]}
    assert [talkers[CLIENT][name] for name in ("sent_bytes", "received_bytes")] == [100, 900]
    assert [talkers[SERVER][name] for name in ("sent_bytes", "received_bytes")] == [900, 100]
    assert (talkers[CLIENT]["initiated_flows"], talkers[SERVER]["initiated_flows"]) == (2, 0)


def test_what_two_interfaces_logged_is_summed_once_and_shown_as_logged():
    """Both reports are records; one is a flow, and `logged_bytes` keeps the sum of both."""
    flows = make_flows(
        {"interface_id": CLIENT_ENI, "flow_direction": "egress"},
        {"interface_id": SERVER_ENI, "flow_direction": "ingress"},
    )
    (row,) = read_content(log_text(flows, FIELDS)).tables["series"]

    assert (row["records"], row["flows"], row["bytes"]) == (2, 1, 1_000)
    assert (row["logged_bytes"], row["logged_packets"]) == (2_000, 20)


def test_quiet_intervals_are_coverage_and_no_traffic():
    """NODATA and SKIPDATA appear in `coverage` alone, by interface and hour."""
    flows = [
        *make_flows(), no_data(), no_data(), no_data("SKIPDATA", start=START + 3_600,
                                                     end=START + 3_660),
    ]  # fmt: skip
    tables = read_content(log_text(flows)).tables

    assert [sum(row["records"] for row in tables[kind]) for kind in ("edges", "series")] == [1, 1]
    assert {tuple(row.values()) for row in tables["coverage"]} == {
        (START, "123456789012", SERVER_ENI, "OK", 1),
        (START, "123456789012", SERVER_ENI, "NODATA", 2),
        (START + 3_600, "123456789012", SERVER_ENI, "SKIPDATA", 1),
    }


def test_without_times_everything_is_in_one_undated_row():
    """A format without start and end still adds up."""
    fields = ("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "bytes")
    tables = read_content(log_text(make_flows({}, {}), fields)).tables

    (edge,) = tables["edges"]
    assert (edge["hour_start"], edge["first_seen"], edge["bytes"]) == (None, None, 2_000)
    assert tables["series"][0]["minute_start"] is None


def test_the_end_is_the_time_where_the_start_is_not_logged():
    """A format with `end` alone has a time axis."""
    tables = read_content(log_text(make_flows(), ("srcaddr", "dstaddr", "bytes", "end"))).tables

    assert tables["series"][0]["minute_start"] == START
    assert tables["edges"][0]["hour_start"] == START


def test_sums_do_not_wrap_around():
    """Two records of the largest count do not add up to less than one."""
    tables = read_content(log_text(make_flows({"bytes": 2**63 - 1}, {"bytes": 2**63 - 1}))).tables

    assert tables["series"][0]["bytes"] > 0
