import pytest

from ingest.errors import ConfigError
from ingest.parse.header import default_layout, header_fields, parse_format
from ingest.schema import DEFAULT_FIELDS, FLOW_COLUMNS, TGW_DEFAULT_FIELDS
from tests.conftest import log_line, log_text, make_flows
from tests.ingest.loading import read_content

TGW = "6 TransitGateway 123456789012 " + " ".join(["-"] * (len(TGW_DEFAULT_FIELDS) - 3))


@pytest.mark.parametrize(
    "line",
    [
        b"srcaddr dstaddr bytes",
        b"srcaddr  dstaddr\tbytes \r\n",
        b"\xef\xbb\xbfsrcaddr dstaddr bytes",
    ],
)
def test_a_line_of_field_names_is_a_header(line):
    """White space and a byte order mark do not hide a header."""
    assert header_fields(line) == ("srcaddr", "dstaddr", "bytes")


def test_names_with_underscores_are_the_same_fields():
    """Headers rewritten from Parquet column names are understood."""
    assert header_fields(b"account_id log_status") == ("account-id", "log-status")


def test_a_field_that_is_not_known_may_stand_anywhere():
    """A format may begin with the field that a later version brought."""
    assert header_fields(b"srcaddr future-field-2") == ("srcaddr", "future-field-2")
    assert header_fields(b"future-field srcaddr bytes") == ("future-field", "srcaddr", "bytes")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"2 123456789012 eni-1",
        b"srcaddr srcaddr",
        b"srcaddr dstaddr 5",
        b"eu-west-1 vpc-0a1b",
        b"SRCADDR DSTADDR",
        b"<html>",
        b"srcaddr \xff",
    ],
)
def test_any_other_line_is_no_header(line):
    """Values, doubled names, capitals and markup do not name fields."""
    assert header_fields(line) is None


def test_the_fields_are_those_of_aws_with_their_versions():
    """54 fields of VPC flow logs and 18 of transit gateways, in the numbers AWS gives."""
    versions = [column.since for column in FLOW_COLUMNS]
    totals = {v: sum(since <= v and since != 6 for since in versions) for v in range(2, 12)}

    assert totals == {2: 14, 3: 21, 4: 25, 5: 29, 6: 29, 7: 39, 8: 40, 9: 41, 10: 42, 11: 54}
    assert versions.count(6) == 18
    assert len(DEFAULT_FIELDS) == 14
    assert len(TGW_DEFAULT_FIELDS) == 36


def test_a_record_of_a_default_format_is_recognised():
    """The two layouts that AWS writes unless told otherwise need no header."""
    flow = log_line(make_flows()[0]).encode()

    assert default_layout(flow) == DEFAULT_FIELDS
    assert default_layout(b"\xef\xbb\xbf" + flow) == DEFAULT_FIELDS
    assert default_layout(TGW.encode()) == TGW_DEFAULT_FIELDS


@pytest.mark.parametrize("line", [b"", b"2 3", b"6 TransitGateway", b"<html> " * 14, b"- " * 14])
def test_any_other_first_line_is_no_default_format(line):
    """Nothing is guessed from the number of fields alone."""
    assert default_layout(line) is None


@pytest.mark.parametrize(
    "text", ["${srcaddr} ${pkt-dstaddr}", "srcaddr pkt-dstaddr", "${srcaddr}  pkt_dstaddr "]
)
def test_a_format_is_read_as_aws_or_a_header_writes_it(text):
    """Both ways to write a format name the same fields."""
    assert parse_format(text) == ("srcaddr", "pkt-dstaddr")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--format '': no list of field names. Example: 'version account-id"),
        ("${srcaddr", "--format '${srcaddr': no list of field names"),
        ("a,b", "--format 'a,b': no list of field names"),
        ("srcaddr srcaddr", "--format 'srcaddr srcaddr': names a field twice. Name each field"),
    ],
)
def test_a_format_that_names_no_fields_is_refused(text, message):
    """The message shows what was given, and an example."""
    with pytest.raises(ConfigError) as caught:
        parse_format(text)
    assert str(caught.value).startswith(message)


def test_an_object_without_a_header_takes_the_given_format():
    """The format given applies to objects without a header, and to no others."""
    fields = ("bytes", "srcaddr")
    bare = read_content(b"5 192.0.2.1\n", fields)
    headed = read_content(b"srcaddr bytes\n192.0.2.1 5\n", fields)

    assert [(row["bytes"], row["srcaddr"]) for row in bare.rows] == [(5, "192.0.2.1")]
    assert [(row["bytes"], row["srcaddr"]) for row in headed.rows] == [(5, "192.0.2.1")]
    assert (bare.outcome.detail, headed.outcome.detail) == ("read with the given format", None)
    assert (bare.outcome.fields, headed.outcome.fields) == ("bytes srcaddr", "srcaddr bytes")


def test_an_object_without_a_header_in_the_default_format_is_read():
    """AWS's default format is recognised, and the catalog says so."""
    reading = read_content(log_text(make_flows({}, {}), header=False))

    assert [row["line"] for row in reading.rows] == [1, 2]
    assert reading.outcome.detail == "no header; recognised as AWS's default format"


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"192.0.2.1 5\n", 1), (b"\n# exported\n\n192.0.2.1 5\n", 4), (b"eni-0a1b2c3d OK", 1)],
)
def test_an_object_whose_layout_is_not_told_is_set_aside(content, line):
    """Without header and format nothing is guessed: the whole object waits for --format."""
    outcome = read_content(content).outcome

    assert (outcome.status, outcome.rows_read, outcome.rows_stored) == ("no-header", 0, 0)
    assert outcome.detail == (
        f"line {line} is no header and no record of a default format; name its fields with --format"
    )


def test_a_byte_order_mark_before_a_record_is_dropped():
    """A mark at the start of an object without header is no part of its first value."""
    (row,) = read_content(b"\xef\xbb\xbf" + log_text(make_flows(), header=False)).rows

    assert row["version"] == 2


def test_windows_line_ends_and_a_missing_last_newline_change_nothing():
    """An object saved by an editor gives the same rows."""
    content = log_text(make_flows({"bytes": 1}, {"bytes": 2}))
    saved = b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n").removesuffix(b"\r\n")

    assert read_content(saved).rows == read_content(content).rows
    assert read_content(saved).outcome.rows_read == 2
