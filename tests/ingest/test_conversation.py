"""Who opened a conversation, on which port, and which report of it counts."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.conversation import RULES
from ingest.schema import DEFAULT_FIELDS
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

V5 = (*DEFAULT_FIELDS, "tcp-flags", "pkt-srcaddr", "pkt-dstaddr", "flow-direction")
SYN, SYN_ACK, FIN = 2, 18, 1
OTHER = "203.0.113.30"


def derived(
    flows: Sequence[Mapping[str, Any]], fields: Sequence[str] = (*DEFAULT_FIELDS, "tcp-flags")
) -> list[Row]:
    return read_content(log_text(flows, fields)).rows


def opening(row: Row) -> tuple[str, str, int | None, str]:
    """Initiator, responder, service port and rule of a stored record."""
    ends = (row.get("pkt_srcaddr") or row["srcaddr"], row.get("pkt_dstaddr") or row["dstaddr"])
    initiator, responder = ends if row["initiator_is_src"] else ends[::-1]
    return initiator, responder, row["service_port"], row["initiator_rule"]


def counted(rows: list[Row]) -> list[bool]:
    return [row["is_counted"] for row in rows]


def reporters(rows: list[Row]) -> list[str | None]:
    return [row["reporter"] for row in rows]


def tcp(srcport: int, dstport: int, tcp_flags: int | None = None, **changes: Any) -> dict[str, Any]:
    return {"srcport": srcport, "dstport": dstport, "tcp_flags": tcp_flags} | changes


class TestRules:
    """One case for each rule, the initiator being CLIENT wherever flags or ports tell."""

    def test_syn_opens_and_syn_ack_answers(self):
        """Flags decide against ports: a SYN to a high port from port 80 opens."""
        (request,) = make_flows(tcp(80, 60_000, SYN))
        rows = derived([request, answer(request, tcp_flags=SYN_ACK)])

        assert [opening(row) for row in rows] == [(CLIENT, SERVER, 60_000, "tcp-flags")] * 2

    def test_short_connections_carry_fin_beside_syn(self):
        """SYN with FIN opens, SYN-ACK with FIN answers: flags are a mask."""
        (request,) = make_flows(tcp(50_000, 60_000, SYN | FIN))
        rows = derived([request, answer(request, tcp_flags=SYN_ACK | FIN)])

        assert [opening(row)[3] for row in rows] == ["tcp-flags"] * 2
        assert [opening(row)[0] for row in rows] == [CLIENT] * 2

    def test_a_listener_is_learned_from_other_records(self):
        """A window without flags is decided by the handshake that another window shows."""
        (handshake,) = make_flows(tcp(80, 60_000, SYN))
        (later,) = make_flows(tcp(81, 60_000, 0, start=START + 60, end=START + 119))
        rows = derived([later, answer(later), handshake])

        assert [opening(row) for row in rows[:2]] == [(CLIENT, SERVER, 60_000, "listener")] * 2

    def test_a_known_service_port_on_one_side_tells(self):
        """Without flags, 5432 is the service and 49152 is not, whatever is lower."""
        (request,) = make_flows(tcp(2_000, 5_432))
        rows = derived([request, answer(request)], DEFAULT_FIELDS)

        assert [opening(row) for row in rows] == [(CLIENT, SERVER, 5_432, "service-port")] * 2

    def test_the_port_that_more_peers_share_is_the_service(self):
        """Three clients at one high port make it the service, though it is the higher one."""
        requests = make_flows(
            tcp(20_001, 30_000), tcp(20_002, 30_000, srcaddr="192.0.2.11"),
            tcp(20_003, 30_000, srcaddr="192.0.2.12"),
        )  # fmt: skip
        rows = derived([*requests, *map(answer, requests)], DEFAULT_FIELDS)

        assert {opening(row)[1:] for row in rows} == {(SERVER, 30_000, "shared-port")}
        assert [opening(row)[0] for row in rows[:3]] == [CLIENT, "192.0.2.11", "192.0.2.12"]

    def test_the_lower_port_is_the_service_where_nothing_else_tells(self):
        """Two high ports, one peer each: the lower one."""
        (request,) = make_flows(tcp(40_000, 30_000, protocol=17))
        rows = derived([request, answer(request)], DEFAULT_FIELDS)

        assert [opening(row) for row in rows] == [(CLIENT, SERVER, 30_000, "lower-port")] * 2

    def test_without_ports_the_first_to_send_opened(self):
        """The echo request was seen two seconds before its reply; ICMP has no service port."""
        (request,) = make_flows(tcp(0, 0, protocol=1, start=START, end=START + 5))
        reply = answer(request, start=START + 2, end=START + 5)
        rows = derived([reply, request], DEFAULT_FIELDS)

        assert [opening(row) for row in rows] == [(CLIENT, SERVER, None, "first-seen")] * 2

    def test_without_ports_who_was_alone_opened(self):
        """A ping that nobody answered was opened by its sender, of the higher address."""
        rows = derived(make_flows(tcp(0, 0, protocol=1, srcaddr=SERVER, dstaddr=CLIENT)))

        assert opening(rows[0]) == (SERVER, CLIENT, None, "first-seen")

    def test_address_order_decides_where_nothing_tells(self):
        """Both directions in the same second: the lower address, in numbers and not as text."""
        (request,) = make_flows(tcp(0, 0, protocol=1, srcaddr="192.0.2.9", dstaddr="192.0.2.10"))
        rows = derived([request, answer(request)], DEFAULT_FIELDS)

        expected = ("192.0.2.9", "192.0.2.10", None, "address-order")
        assert [opening(row) for row in rows] == [expected] * 2

    def test_equal_ports_leave_it_to_the_addresses(self):
        """Between two resolvers on port 53 both directions still agree."""
        (request,) = make_flows(tcp(53, 53, protocol=17, srcaddr=SERVER, dstaddr=CLIENT))
        rows = derived([request, answer(request)], DEFAULT_FIELDS)

        assert [opening(row) for row in rows] == [(CLIENT, SERVER, 53, "address-order")] * 2

    @pytest.mark.parametrize("missing", [{"srcaddr": None}, {"dstaddr": None}])
    def test_a_record_without_two_ends_has_no_initiator(self, missing):
        """One address is not enough to say who opened."""
        first, row = derived(make_flows({}, missing))

        assert first["initiator_rule"] == "service-port"
        assert (row["initiator_is_src"], row["initiator_rule"]) == (None, None)

    def test_the_rules_are_those_tested_here(self):
        """A new rule needs its case."""
        assert RULES == (
            "none", "tcp-flags", "listener", "service-port", "shared-port", "lower-port",
            "first-seen", "address-order",
        )  # fmt: skip


def test_flags_of_udp_mean_nothing():
    """Only TCP has flags; a stray value for UDP decides nothing."""
    rows = derived(make_flows(tcp(53, 40_000, SYN, protocol=17)))

    assert opening(rows[0]) == (SERVER, CLIENT, 53, "service-port")


def test_ports_speak_where_the_protocol_is_not_logged():
    """A custom format without protocol still has services."""
    fields = [field for field in DEFAULT_FIELDS if field != "protocol"]
    rows = derived(make_flows(), fields)

    assert opening(rows[0]) == (CLIENT, SERVER, 443, "service-port")


def test_ipv6_has_the_same_rules():
    """IPv6 addresses open and answer like IPv4 ones, beside them in one object."""
    v6 = {"srcaddr": "2001:db8::10", "dstaddr": "2001:db8::20"}
    request, old = make_flows(v6, {})
    rows = derived([request, answer(request), old], DEFAULT_FIELDS)

    expected = ("2001:db8::10", "2001:db8::20", 443, "service-port")
    assert [opening(row) for row in rows[:2]] == [expected] * 2
    assert rows[0]["dst_ip6"] == "20010db8000000000000000000000020"
    assert (rows[0]["dst_ip4"], rows[2]["dst_ip6"]) == (None, None)


def test_quiet_rows_have_no_derived_facts():
    """NODATA and SKIPDATA rows are no traffic, even where somebody filled in addresses."""
    odd = make_flows(log_status="SKIPDATA")[0]
    rows = derived([*make_flows(), no_data(), no_data("SKIPDATA"), odd], DEFAULT_FIELDS)

    assert counted(rows) == [True, None, None, None]
    assert reporters(rows[1:]) == [None] * 3
    assert {row["service_port"] for row in rows[1:]} == {None}
    assert rows[3]["srcaddr"] == CLIENT


FLAGS = st.sampled_from([None, 0, 1, 2, 3, 4, 16, 18, 19])
ADDRESSES = st.sampled_from(["192.0.2.1", "192.0.2.2", "198.51.100.3", "2001:db8::1"])
PORTS = st.sampled_from([0, 22, 443, 5_432, 30_000, 40_000, 50_000])
RECORDS = st.fixed_dictionaries(
    {
        "srcaddr": ADDRESSES,
        "dstaddr": ADDRESSES,
        "srcport": PORTS,
        "dstport": PORTS,
        "protocol": st.sampled_from([1, 6, 17, 50]),
        "start": st.integers(START, START + 3),
        "interface_id": st.sampled_from([CLIENT_ENI, SERVER_ENI]),
    }
).map(lambda changes: make_flows(changes)[0])


@settings(max_examples=60)
@given(st.lists(RECORDS.filter(lambda r: r["srcaddr"] != r["dstaddr"]), min_size=1, max_size=8))
def test_both_directions_agree(requests):
    """Seen from either side, a conversation has one initiator, responder, port and rule."""
    answers = [answer(request) for request in requests]
    rows = derived([*requests, *answers], DEFAULT_FIELDS)
    half = len(requests)

    for request, reply in zip(rows[:half], rows[half:], strict=True):
        assert opening(request) == opening(reply)


@settings(max_examples=60)
@given(st.lists(st.tuples(RECORDS, FLAGS), min_size=1, max_size=8), st.randoms())
def test_the_order_of_records_does_not_matter(flagged, random):
    """Lines come in any order; each record's facts stay the same."""
    # Which of two interfaces has which address may hang on their order: the direction is told.
    flows = [flow | {"tcp_flags": flags, "flow_direction": "ingress"} for flow, flags in flagged]
    shuffled = list(flows)
    random.shuffle(shuffled)

    def facts(rows: list[Row]) -> list[str]:
        return sorted(str({k: v for k, v in row.items() if k != "line"}) for row in rows)

    assert facts(derived(flows, V5)) == facts(derived(shuffled, V5))


class TestReporter:
    """Which end's interface wrote a record."""

    def test_flow_direction_tells(self):
        """Egress is the source's interface, ingress the destination's."""
        flows = make_flows({"flow_direction": "egress"}, {"flow_direction": "ingress"})

        assert reporters(derived(flows, V5)) == ["src", "dst"]

    def test_it_is_learned_where_direction_is_not_logged(self):
        """The address that all records of an interface share is its own."""
        request, other = make_flows({}, {"srcaddr": OTHER})
        rows = derived([request, answer(request), other, answer(other)], DEFAULT_FIELDS)

        assert reporters(rows) == ["dst", "src", "dst", "src"]

    def test_of_two_shared_addresses_the_one_not_taken_is_the_own(self):
        """Two interfaces that talk only to each other's address: one each, both directions."""
        (request,) = make_flows()
        at_client = [request | {"interface_id": CLIENT_ENI}, answer(request) | {
            "interface_id": CLIENT_ENI}]  # fmt: skip
        third = make_flows({"srcaddr": OTHER})
        rows = derived([*at_client, request, answer(request), *third], DEFAULT_FIELDS)

        assert reporters(rows) == ["src", "dst", "dst", "src", "dst"]

    def test_it_is_unknown_without_an_interface(self):
        """A format without interface and direction tells no reporter."""
        assert reporters(derived(make_flows(), ("srcaddr", "dstaddr", "bytes"))) == [None]


class TestOnce:
    """A flow that several interfaces logged counts once."""

    def _both_ends(self, **changes: Any) -> list[dict[str, Any]]:
        """Return a request and its reply, each as logged at its source, then its destination."""
        request = make_flows(changes)[0]
        reply = answer(request)
        return [
            request | {"interface_id": CLIENT_ENI, "flow_direction": "egress"},
            request | {"interface_id": SERVER_ENI, "flow_direction": "ingress"},
            reply | {"interface_id": SERVER_ENI, "flow_direction": "egress"},
            reply | {"interface_id": CLIENT_ENI, "flow_direction": "ingress"},
        ]

    def test_the_report_of_the_destination_counts(self):
        """Both ends logged both directions: what arrived counts, what left does not."""
        assert counted(derived(self._both_ends(), V5)) == [False, True, False, True]

    def test_one_end_alone_counts_in_both_directions(self):
        """The peer's interface logs nothing, so nothing is counted twice."""
        at_client = [self._both_ends()[0], self._both_ends()[3]]

        assert counted(derived(at_client, V5)) == [True, True]

    def test_it_holds_without_flow_direction(self):
        """The default format counts once as well, by the addresses of the interfaces."""
        flows = self._both_ends()
        third = make_flows({"srcaddr": OTHER, "interface_id": SERVER_ENI})
        rows = derived([*flows, *third], DEFAULT_FIELDS)

        assert counted(rows) == [False, True, False, True, True]

    def test_what_left_and_was_rejected_there_counts_as_rejected(self):
        """ACCEPT at the source and REJECT at the destination is one rejected flow."""
        left, arrived, _, _ = self._both_ends()
        rows = derived([left, arrived | {"action": "REJECT"}], V5)

        assert [(row["action"], row["is_counted"]) for row in rows] == [
            ("ACCEPT", False), ("REJECT", True),
        ]  # fmt: skip

    def test_what_was_rejected_at_its_source_counts_there(self):
        """It never arrived, though the destination's interface logs other traffic."""
        left, _, reply, back = self._both_ends()
        rejected = left | {"action": "REJECT"}
        rows = derived([rejected, reply, back], V5)

        assert counted(rows) == [True, False, True]

    def test_an_interface_that_logs_nothing_by_then_loses_nothing(self):
        """Logging of the destination that begins two hours later leaves the source's reports."""
        left, arrived, _, _ = self._both_ends()
        later = {"start": START + 7_200, "end": START + 7_259}
        rows = derived([left, left | later, arrived | later], V5)

        assert counted(rows) == [True, False, True]

    def test_two_reports_on_both_sides_of_a_full_hour_count_once(self):
        """The source saw the first packet before the hour, the destination after it."""
        left, arrived, _, _ = self._both_ends()
        rows = derived([left | {"start": START - 1}, arrived], V5)

        assert counted(rows) == [False, True]

    def test_a_hop_through_a_nat_gateway_counts_once(self):
        """Host to internet through a NAT gateway: the host's own records count, no leg else."""
        host, nat, web = "10.0.1.5", "10.0.0.9", OTHER
        host_eni, nat_eni = "eni-0a05000000000001", "eni-0a7000000000001"
        leaves = make_flows(
            srcaddr=host, dstaddr=web, pkt_srcaddr=host, pkt_dstaddr=web,
            interface_id=host_eni, flow_direction="egress",
        )[0]  # fmt: skip
        to_nat = leaves | {
            "dstaddr": nat, "interface_id": nat_eni, "flow_direction": "ingress",
        }  # fmt: skip
        translated = leaves | {
            "srcaddr": nat, "pkt_srcaddr": nat, "srcport": 1_024, "interface_id": nat_eni,
        }  # fmt: skip
        back = [
            answer(translated, flow_direction="ingress"),
            answer(to_nat, flow_direction="egress"),
            answer(leaves, flow_direction="ingress"),
        ]
        rows = derived([leaves, to_nat, translated, *back], V5)

        assert counted(rows) == [True, False, False, False, False, True]
        assert [opening(row)[:3] for row in rows if row["is_counted"]] == [(host, web, 443)] * 2

    def test_a_nat_gateway_between_silent_ends_counts_once(self):
        """Where only the gateway logs, the leg that names both ends counts."""
        host, nat, web = "10.0.1.5", "10.0.0.9", OTHER
        to_nat = make_flows(
            srcaddr=host, dstaddr=nat, pkt_srcaddr=host, pkt_dstaddr=web, flow_direction="ingress"
        )[0]
        translated = to_nat | {
            "srcaddr": nat, "dstaddr": web, "pkt_srcaddr": nat, "srcport": 1_024,
            "flow_direction": "egress",
        }  # fmt: skip
        rows = derived([to_nat, translated], V5)

        assert counted(rows) == [True, False]
        assert opening(rows[0])[:3] == (host, web, 443)

    def test_every_record_counts_where_no_interface_is_told(self):
        """Without a reporter nothing can be a second report."""
        rows = derived(make_flows({}, {}), ("srcaddr", "dstaddr", "bytes"))

        assert counted(rows) == [True, True]
