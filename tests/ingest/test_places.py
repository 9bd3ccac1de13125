"""The VPC of each end: equal private addresses of several VPCs are kept apart."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.schema import DEFAULT_FIELDS, TGW_DEFAULT_FIELDS
from tests.conftest import Flow, answer, log_text, make_flows
from tests.ingest.loading import Row, read_content

FIELDS = (
    *DEFAULT_FIELDS, "tcp-flags", "pkt-srcaddr", "pkt-dstaddr", "flow-direction", "vpc-id",
    "subnet-id", "instance-id", "az-id", "region",
)  # fmt: skip
ONE, TWO, THREE = "vpc-01", "vpc-02", "vpc-03"
HOST, PEER, WEB = "10.0.0.5", "10.0.0.9", "203.0.113.30"


def at(vpc: str, own: str, **changes: Any) -> Flow:
    """Return a record as the interface of an address in a VPC logs it."""
    flow = make_flows({"interface_id": f"eni-{vpc[-2:]}{own[-1]}", "vpc_id": vpc} | changes)[0]
    return flow | {"flow_direction": "egress" if flow["srcaddr"] == own else "ingress"}


def vpcs(rows: list[Row]) -> list[tuple[str | None, str | None]]:
    return [(row["src_vpc_id"], row["dst_vpc_id"]) for row in rows]


def read(flows: list[Flow], fields: tuple[str, ...] = FIELDS) -> dict[str, list[Row]]:
    return read_content(log_text(flows, fields)).tables


class TestEnds:
    """Where an end lies."""

    def test_an_interfaces_own_end_lies_in_its_vpc_and_the_internet_in_none(self):
        """`vpc-id` tells of the interface that logged the record, not of its peer."""
        rows = read([at(ONE, HOST, srcaddr=HOST, dstaddr=WEB)])["flows"]

        assert vpcs(rows) == [(ONE, None)]

    def test_a_peer_is_looked_for_in_the_same_vpc_first(self):
        """10.0.0.9 logs in both VPCs: whoever talks to it means the one beside it."""
        flows = [at(vpc, PEER, srcaddr=HOST, dstaddr=PEER) for vpc in (ONE, TWO)]
        flows += [at(vpc, HOST, srcaddr=HOST, dstaddr=PEER) for vpc in (ONE, TWO)]

        assert vpcs(read(flows)["flows"]) == [(ONE, ONE), (TWO, TWO)] * 2

    def test_a_peer_of_another_vpc_is_found_where_only_one_has_it(self):
        """Over a peering the address of the other VPC is known from its own records."""
        flows = [
            at(ONE, HOST, srcaddr=HOST, dstaddr="10.1.0.7"),
            at(TWO, "10.1.0.7", srcaddr=HOST, dstaddr="10.1.0.7"),
        ]

        assert vpcs(read(flows)["flows"]) == [(ONE, TWO), (ONE, TWO)]

    def test_an_address_that_several_other_vpcs_have_lies_in_none(self):
        """Two VPCs have 10.0.0.9, and a third talks to it: which one, no record tells."""
        flows = [at(vpc, PEER, srcaddr=WEB, dstaddr=PEER) for vpc in (ONE, TWO)]
        flows.append(at(THREE, HOST, srcaddr=HOST, dstaddr=PEER))

        assert vpcs(read(flows)["flows"])[-1] == (THREE, None)

    def test_what_a_nat_gateway_carries_is_not_in_its_vpc(self):
        """The internet end of a translated leg is no address of the gateway's interface."""
        nat = "10.0.0.20"
        carried = at(ONE, nat, srcaddr=HOST, dstaddr=nat, pkt_srcaddr=HOST, pkt_dstaddr=WEB)
        own = at(ONE, HOST, srcaddr=HOST, dstaddr=WEB)

        assert vpcs(read([carried, own])["flows"]) == [(ONE, None), (ONE, None)]

    def test_a_transit_gateway_names_both_vpcs(self):
        """Its records tell the VPC of either end, whatever the addresses."""
        flow = make_flows({
            "version": 6, "resource_type": "TransitGateway", "tgw_id": "tgw-0a", "vpc_id": None,
            "tgw_src_vpc_id": ONE, "tgw_dst_vpc_id": TWO, "srcaddr": HOST, "dstaddr": HOST,
        })[0]  # fmt: skip
        tables = read([flow], TGW_DEFAULT_FIELDS)

        assert vpcs(tables["flows"]) == [(ONE, TWO)]
        assert {(row["address"], row["vpc_id"]) for row in tables["talkers"]} == {
            (HOST, ONE), (HOST, TWO),
        }  # fmt: skip
        assert "ends" not in tables

    def test_without_vpc_ids_no_column_is_written(self):
        """The default format has nothing to tell, and its rollups say null."""
        tables = read(make_flows(), DEFAULT_FIELDS)

        assert "src_vpc_id" not in tables["flows"][0]
        assert [row["initiator_vpc_id"] for row in tables["edges"]] == [None]

    def test_a_chunk_of_nothing_but_quiet_intervals_has_no_places(self):
        """A VPC id without any traffic is no end."""
        quiet = dict.fromkeys(("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "bytes"))
        flow = make_flows(quiet | {"log_status": "NODATA", "vpc_id": ONE})[0]

        assert vpcs(read([flow])["flows"]) == [(None, None)]


class TestApart:
    """What holds for an address of one VPC says nothing of the same address in another."""

    def test_edges_and_talkers_of_two_vpcs_do_not_mix(self):
        """The same two addresses and port in two VPCs are two edges and four talkers."""
        flows = [
            at(vpc, PEER, srcaddr=HOST, dstaddr=PEER, bytes=n) for vpc, n in ((ONE, 100), (TWO, 70))
        ]
        flows += [at(vpc, HOST, srcaddr=HOST, dstaddr=PEER) for vpc in (ONE, TWO)]
        tables = read(flows)

        assert {(r["initiator_vpc_id"], r["responder_vpc_id"], r["bytes"]) for r in
                tables["edges"]} == {(ONE, ONE, 100), (TWO, TWO, 70)}  # fmt: skip
        assert sorted((r["address"], r["vpc_id"]) for r in tables["talkers"]) == [
            (HOST, ONE), (HOST, TWO), (PEER, ONE), (PEER, TWO),
        ]  # fmt: skip

    def test_a_listener_in_one_vpc_is_none_in_the_other(self):
        """A SYN-ACK of 10.0.0.9:8765 in one VPC does not make its twin a server."""
        syn = {"srcport": 50_000, "dstport": 8_765, "tcp_flags": 2}
        quiet = {"srcaddr": PEER, "dstaddr": HOST, "srcport": 8_765, "dstport": 8_764,
                 "tcp_flags": 0}  # fmt: skip
        flows = [
            at(ONE, HOST, srcaddr=HOST, dstaddr=PEER, **syn),
            at(ONE, PEER, srcaddr=HOST, dstaddr=PEER, **syn),
            at(TWO, PEER, **quiet),
            at(TWO, HOST, **quiet),
        ]
        rows = read(flows)["flows"]

        assert [row["initiator_rule"] for row in rows[2:]] == ["lower-port"] * 2

    def test_logging_in_one_vpc_does_not_silence_the_other(self):
        """Only VPC one logs 10.0.0.9: a report to its twin behind a third VPC still counts."""
        flows = [
            at(ONE, PEER, srcaddr=WEB, dstaddr=PEER),
            at(TWO, PEER, srcaddr=WEB, dstaddr=PEER),
            at(THREE, HOST, srcaddr=HOST, dstaddr=PEER),
        ]

        assert [row["is_counted"] for row in read(flows)["flows"]] == [True, True, True]

    def test_an_interface_of_another_vpc_does_not_take_an_address(self):
        """Without directions, both twins of an address are learned as their interfaces' own."""
        flows = []
        for vpc in (ONE, TWO):
            request = at(vpc, HOST, srcaddr=HOST, dstaddr=WEB)
            flows += [request, answer(request)]
        rows = read([flow | {"flow_direction": None} for flow in flows])["flows"]

        assert [row["reporter"] for row in rows] == ["src", "dst", "src", "dst"]


class TestOwnEnds:
    """The table that tells what an address belongs to."""

    def test_an_interfaces_own_end_is_told_with_all_that_its_records_name(self):
        """One row per address, interface and day; the peer has none."""
        more = {"subnet_id": "subnet-0a", "instance_id": "i-0a", "az_id": "use1-az1",
                "region": "us-east-1"}  # fmt: skip
        request = at(ONE, HOST, srcaddr=HOST, dstaddr=WEB, **more)
        back = answer(request, flow_direction="ingress", end=request["end"] + 5)
        (row,) = read([request, back])["ends"]

        assert {name: row[name] for name in more} == more
        assert (row["address"], row["vpc_id"], row["records"]) == (HOST, ONE, 2)
        assert (row["interface_id"], row["account_id"]) == ("eni-015", "123456789012")
        assert (row["ip4"], row["last_seen"]) == (10 * 2**24 + 5, request["end"] + 5)

    def test_of_a_middle_box_its_own_address_is_told(self):
        """A NAT gateway's interface owns the address that the packets do not name."""
        nat = "10.0.0.20"
        carried = at(ONE, nat, srcaddr=HOST, dstaddr=nat, pkt_srcaddr=HOST, pkt_dstaddr=WEB)
        (row,) = read([carried])["ends"]

        assert (row["address"], row["ip4"]) == (nat, 10 * 2**24 + 20)

    def test_an_interface_that_moves_to_another_instance_has_two_rows(self):
        """What changes within a day is told apart."""
        flows = [at(ONE, HOST, srcaddr=HOST, dstaddr=WEB, instance_id=i) for i in ("i-0a", "i-0b")]

        assert [row["instance_id"] for row in read(flows)["ends"]] == ["i-0a", "i-0b"]


ADDRESSES = st.sampled_from([HOST, PEER, "10.1.0.7", WEB])
RECORDS = st.tuples(st.sampled_from([ONE, TWO, THREE, None]), ADDRESSES, ADDRESSES, st.booleans())


@settings(max_examples=60)
@given(st.lists(RECORDS, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_ends_lie_where_the_rule_says(records, random):
    """The same VPCs as by the rule in plain Python, in any order of the records."""
    flows = [
        make_flows({
            "vpc_id": vpc, "srcaddr": a, "dstaddr": b,
            "flow_direction": "egress" if leaves else "ingress",
        })[0]
        for vpc, a, b, leaves in records
    ]  # fmt: skip
    own = {(f["srcaddr"] if f["flow_direction"] == "egress" else f["dstaddr"], f["vpc_id"])
           for f in flows if f["vpc_id"]}  # fmt: skip

    def vpc_of(address: str, flow: Flow, is_own: bool) -> str | None:
        if flow["vpc_id"] and (is_own or (address, flow["vpc_id"]) in own):
            return str(flow["vpc_id"])
        found = {vpc for known, vpc in own if known == address}
        return found.pop() if len(found) == 1 else None

    random.shuffle(flows)
    for flow, row in itertools.zip_longest(flows, read(flows)["flows"]):
        leaves = flow["flow_direction"] == "egress"
        assert (row.get("src_vpc_id"), row.get("dst_vpc_id")) == (
            vpc_of(flow["srcaddr"], flow, leaves), vpc_of(flow["dstaddr"], flow, not leaves),
        )  # fmt: skip


@pytest.mark.parametrize("twins", [2, 300])
def test_an_address_may_be_in_many_vpcs(twins):
    """Every VPC has its own 10.0.0.5, and every record finds the right one."""
    names = [f"vpc-{n:04}" for n in range(twins)]
    flows = [at(vpc, HOST, srcaddr=HOST, dstaddr=PEER) for vpc in names]
    flows += [at(vpc, PEER, srcaddr=HOST, dstaddr=PEER) for vpc in names]
    tables = read(flows)

    assert vpcs(tables["flows"]) == [(vpc, vpc) for vpc in names] * 2
    assert len(tables["edges"]) == twins
