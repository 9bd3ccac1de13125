import pytest

from ingest.parse.lines import MAX_LINE_BYTES, Record, Reject, examine
from ingest.schema import DEFAULT_FIELDS
from tests.conftest import START, log_line, log_text, make_flows
from tests.ingest.loading import read_content

HEADER = " ".join(DEFAULT_FIELDS).encode()
GOOD = log_line(make_flows()[0]).encode()


def flow_line(**changes) -> bytes:
    return log_line(make_flows(changes)[0]).encode()


def object_of(*lines: bytes, header: bytes = HEADER) -> bytes:
    return b"".join(line + b"\n" for line in (header, *lines))


FAULTS = {
    "too few fields": (b"2 123456789012", "field-count", None),
    "too many fields": (GOOD + b" 1", "field-count", None),
    "a plus sign": (flow_line(packets="+5"), "not-a-number", "packets"),
    "an exponent": (flow_line(bytes="5e3"), "not-a-number", "bytes"),
    "a fraction": (flow_line(bytes="1.0"), "not-a-number", "bytes"),
    "a negative number": (flow_line(bytes="-5"), "not-a-number", "bytes"),
    "digits with underscores": (flow_line(packets="1_000"), "not-a-number", "packets"),
    "digits of another script": (flow_line(packets="٣"), "not-a-number", "packets"),
    "a word for a number": (flow_line(packets="NaN"), "not-a-number", "packets"),
    "more than 63 bits": (flow_line(bytes=2**63), "out-of-range", "bytes"),
    "more than 64 bits": (flow_line(packets=2**64), "out-of-range", "packets"),
    "a thousand digits": (flow_line(packets="9" * 1_000), "out-of-range", "packets"),
    "port 65536": (flow_line(dstport=65_536), "out-of-range", "dstport"),
    "protocol 256": (flow_line(protocol=256), "out-of-range", "protocol"),
    "the year 1970": (flow_line(start=0, end=0), "out-of-range", "start"),
    "the year 2106": (flow_line(end=2**32), "out-of-range", "end"),
    "milliseconds": (flow_line(start=START * 1_000), "out-of-range", "start"),
    "an end before its start": (flow_line(end=START - 1), "end-before-start", "end"),
    "an octet of 256": (flow_line(srcaddr="192.0.2.256"), "not-an-address", "srcaddr"),
    "an octal octet": (flow_line(dstaddr="192.0.2.01"), "not-an-address", "dstaddr"),
    "a host name": (flow_line(dstaddr="db.example"), "not-an-address", "dstaddr"),
    "a zone index": (flow_line(srcaddr="fe80::1%eth0"), "not-an-address", "srcaddr"),
    "an unknown action": (flow_line(action="SUCCESS"), "unknown-value", "action"),
    "an unknown status": (flow_line(log_status="GO_AWAY"), "unknown-value", "log-status"),
    "a NUL byte": (flow_line(interface_id="eni\0"), "nul-byte", "interface-id"),
    "an escape byte": (flow_line(interface_id="a\x1bb"), "control-byte", "interface-id"),
    "a trailing control byte": (flow_line(interface_id="a\x01"), "control-byte", "interface-id"),
    "bytes that are not UTF-8": (
        GOOD.replace(b"eni-", b"\xff\xfe-"), "not-utf8", "interface-id",
    ),
    "a long line": (b"x" * (MAX_LINE_BYTES + 1), "line-too-long", None),
    "a long line of fields": (b"- " * MAX_LINE_BYTES, "line-too-long", None),
}  # fmt: skip


@pytest.mark.parametrize(("line", "reason", "field"), FAULTS.values(), ids=FAULTS)
def test_a_bad_line_is_rejected_with_its_number_reason_and_field(line, reason, field):
    """One bad line is rejected by name, and the lines around it are stored."""
    reading = read_content(object_of(GOOD, line, GOOD))
    outcome = reading.outcome

    assert reading.rejects == [(3, reason, field)]
    assert outcome.reject_counts == {reason: 1}
    assert [row["line"] for row in reading.rows] == [2, 4]
    assert (outcome.rows_read, outcome.rows_stored, outcome.rows_rejected) == (3, 2, 1)
    assert outcome.status == "partial"


FORGIVEN = {
    "a carriage return": GOOD + b"\r",
    "doubled spaces": GOOD.replace(b" ", b"  "),
    "tabs": GOOD.replace(b" ", b"\t"),
    "a space at the end": GOOD + b" ",
    "a space at the start": b" " + GOOD,
    "a comment at the end": GOOD + b"  # the client",
    "zeros before a number": GOOD.replace(b" 443 ", b" 00443 "),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
}


@pytest.mark.parametrize("line", FORGIVEN.values(), ids=FORGIVEN)
def test_a_line_that_hands_or_editors_touched_is_the_same_record(line):
    """White space, comments and marks around the values change nothing of a record."""
    expected, touched, _ = read_content(object_of(GOOD, line, GOOD)).rows

    assert touched | {"line": 2} == expected | {"line": 2}


@pytest.mark.parametrize("line", [b"", b"   ", b"\r", b"# a comment", b"\xef\xbb\xbf", HEADER])
def test_a_line_without_a_record_is_not_read_but_numbered(line):
    """Blank lines, comments and repeated headers are no rows, and still count as lines."""
    reading = read_content(object_of(GOOD, line, flow_line(packets="x"), GOOD))

    assert [row["line"] for row in reading.rows] == [2, 5]
    assert reading.rejects == [(4, "not-a-number", "packets")]
    assert reading.outcome.rows_read == 3


def test_the_largest_values_are_kept():
    """The highest port, protocol, count and time that a field can hold are no faults."""
    line = flow_line(
        srcport=65_535, protocol=255, packets=2**63 - 1, bytes=0, start=946_684_800,
        end=4_102_444_799,
    )  # fmt: skip
    (row,) = read_content(object_of(line)).rows

    assert (row["srcport"], row["protocol"], row["packets"]) == (65_535, 255, 2**63 - 1)
    assert (row["start"], row["end"]) == (946_684_800, 4_102_444_799)


@pytest.mark.parametrize("written", ["2001:DB8::1", "2001:db8:0:0:0:0:0:1", "2001:0db8::0001"])
def test_an_ipv6_address_is_stored_as_aws_writes_it(written):
    """Long and upper-case forms of an IPv6 address become the compressed lower-case one."""
    (row,) = read_content(object_of(flow_line(srcaddr=written, dstaddr="2001:db8::2"))).rows

    assert row["srcaddr"] == "2001:db8::1"
    assert row["src_ip6"] == "20010db8000000000000000000000001"


def test_a_header_in_the_middle_changes_the_layout_from_there():
    """Objects that were joined keep their own layouts, line numbers and order."""
    other = ("dstaddr", "srcaddr", "bytes")
    content = log_text(make_flows({"bytes": 7})) + log_text(
        make_flows({"bytes": 8}, {"bytes": 9}), other
    )
    reading = read_content(content + GOOD + b"\n")

    assert [(row["line"], row["bytes"]) for row in reading.rows] == [(2, 7), (4, 8), (5, 9)]
    assert [row.get("dstport") for row in reading.rows] == [443, None, None]
    assert reading.rejects == [(6, "field-count", None)]


def test_a_header_in_the_middle_holds_to_the_end_of_the_object():
    """A second layout stays in force beyond the block of text that named it."""
    swapped = ("dstport", "srcport", "dstaddr", "srcaddr")
    first = log_text(make_flows(), ("srcport", "dstport", "srcaddr", "dstaddr"))
    last = log_text(make_flows(), swapped).removesuffix(b"\n")  # A block of its own.
    reading = read_content(first + last)

    assert [row["dstport"] for row in reading.rows] == [443, 443]


def test_a_10_mb_line_costs_only_itself():
    """A line of 10 MB is rejected with its number and 200 bytes; its neighbors stay."""
    reading = read_content(object_of(GOOD, b"y" * 10_000_000, GOOD))
    (reject,) = reading.outcome.rejects

    assert (reject.line, reject.reason, reject.text) == (3, "line-too-long", "y" * 200)
    assert [row["line"] for row in reading.rows] == [2, 4]


def test_a_long_last_line_without_a_newline_is_rejected():
    """A 40 MB line that the object ends in is rejected without being kept."""
    reading = read_content(object_of(GOOD) + b"z" * 40_000_000)

    assert reading.rejects == [(3, "line-too-long", None)]
    assert [row["line"] for row in reading.rows] == [2]


def test_the_text_of_a_rejected_line_is_escaped():
    """What a log wrote cannot reach a terminal or a page as more than plain ASCII."""
    reading = read_content(object_of(b"\x1b[31m<b>\xff\xc3\xa9"))

    assert reading.outcome.rejects[0].text == "\\x1b[31m<b>\\\\xff\\xe9"


def test_every_reject_is_counted_and_the_first_1000_are_kept():
    """Counts are complete where texts are not."""
    outcome = read_content(object_of(*[b"x"] * 1_500, GOOD)).outcome

    assert (outcome.rows_read, outcome.rows_stored, outcome.rows_rejected) == (1_501, 1, 1_500)
    assert outcome.reject_counts == {"field-count": 1_500}
    assert [r.line for r in outcome.rejects] == list(range(2, 1_002))


def test_examine_judges_each_line_by_itself():
    """Verdicts carry the number of the line, and records their layout."""
    lines = [b"198.51.100.1 5", b"srcaddr packets", b"198.51.100.1 +5", b"198.51.100.1  5"]

    verdicts = list(examine(("dstaddr", "bytes"), lines, 10))

    assert verdicts == [
        Record(10, ("dstaddr", "bytes"), b"198.51.100.1 5"),
        Reject(12, "not-a-number", "packets", "198.51.100.1 +5"),
        Record(13, ("srcaddr", "packets"), b"198.51.100.1 5"),
    ]


@pytest.mark.parametrize(
    "byte",
    [
        "+", "#", '"', "'", ",", ";", "\\", "%", "ü", "\x7f", "\u2028",
    ],
)  # fmt: skip
def test_text_may_hold_any_printable_byte(byte):
    """A tag or a name keeps its characters, whatever they mean elsewhere."""
    content = object_of(flow_line(interface_id=f"a{byte}b"), flow_line(packets="x"), GOOD)
    reading = read_content(content)

    assert reading.rows[0]["interface_id"] == f"a{byte}b"
    assert reading.rejects == [(3, "not-a-number", "packets")]
