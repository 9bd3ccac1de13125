"""The fast reader and the line reader hold to the same rules."""

from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ingest.errors import IngestError
from ingest.parse.lines import Record, Reject, examine
from ingest.parse.text import EARLIEST, LATEST, RefusedError, parse_text
from ingest.schema import (
    ACTIONS,
    ADDRESS_FIELDS,
    COLUMN_BY_FIELD,
    DEFAULT_FIELDS,
    FLOW_COLUMNS,
    LOG_STATUSES,
)
from tests.conftest import log_line, log_text, make_flows, no_data
from tests.ingest.loading import Row, read_content

MISSING = "-"
UNKNOWN_FIELDS = ("future-field", "another-new-field", "x9")

ADDRESSES = st.sampled_from(["192.0.2.1", "198.51.100.7", "203.0.113.255", "10.0.0.1"]) | (
    st.ip_addresses(network="2001:db8::/32").map(str)
)
# '+' and '#' are left out: test_lines shows what becomes of them.
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z"), exclude_characters="+#"),
    min_size=1,
    max_size=12,
).filter(
    lambda word: word.replace("_", "-") not in COLUMN_BY_FIELD and not word.startswith("\ufeff")
)


def values_of(field: str) -> st.SearchStrategy[str]:
    column = COLUMN_BY_FIELD.get(field)
    if field in ("start", "end"):
        # One range for each: no record ends before it starts.
        middle = (EARLIEST + LATEST) // 2
        low, high = (EARLIEST, middle) if field == "start" else (middle, LATEST - 1)
        known = st.integers(low, high).map(str)
    elif column is not None and column.highest is not None:
        known = st.integers(0, column.highest).map(str)
    elif field in ADDRESS_FIELDS:
        known = ADDRESSES
    elif field == "action":
        known = st.sampled_from(ACTIONS)
    elif field == "log-status":
        known = st.sampled_from(LOG_STATUSES)
    else:
        known = WORDS
    return known | st.just("-")


FORMATS = (
    st.lists(
        st.sampled_from([*(column.field for column in FLOW_COLUMNS), *UNKNOWN_FIELDS]),
        min_size=1, max_size=20, unique=True,
    )
    .filter(lambda fields: 2 * sum(f in COLUMN_BY_FIELD for f in fields) > len(fields))
    .map(tuple)
)  # fmt: skip


@st.composite
def formatted_logs(draw: st.DrawFn) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Draw a format and some records in it, as texts."""
    fields = draw(FORMATS)
    records = st.tuples(*(values_of(field) for field in fields))
    return fields, draw(st.lists(records, min_size=1, max_size=12))


def typed(fields: Sequence[str], tokens: Sequence[str]) -> Row:
    """Read a record's texts in plain Python."""
    row: Row = {}
    for field, token in zip(fields, tokens, strict=True):
        column = COLUMN_BY_FIELD.get(field)
        is_text = column is None or column.highest is None
        row[field.replace("-", "_")] = (
            None if token == MISSING else token if is_text else int(token)
        )  # fmt: skip
    return row


def text(lines: Sequence[Sequence[str]]) -> bytes:
    return "".join(" ".join(tokens) + "\n" for tokens in lines).encode()


@given(formatted_logs())
def test_parsing_a_formatted_log_gives_its_values_back(log):
    """Any subset and order of fields, known or not, with any values or `-`."""
    fields, records = log

    parsed = parse_text(fields, text(records), len(records))

    assert parsed.frame.to_dicts() == [typed(fields, record) for record in records]


@given(formatted_logs())
def test_the_line_reader_accepts_what_the_fast_reader_accepts(log):
    """Every line of a clean log is a record, as it stands."""
    fields, records = log
    lines = text(records).split(b"\n")[:-1]

    assert list(examine(fields, lines, 2)) == [
        Record(number, fields, line) for number, line in enumerate(lines, 2)
    ]


@settings(max_examples=60)
@given(formatted_logs())
def test_the_cache_holds_the_values_of_a_log(log):
    """What a log says is what its rows say; fields that are not known are kept as text."""
    fields, records = log
    # Formats without addresses or volumes have tests of their own below.
    more = [field for field in ("dstaddr", "bytes") if field not in fields]
    fields += tuple(more)
    sample = tuple({"dstaddr": "192.0.2.9", "bytes": "5"}[field] for field in more)
    records = [record + sample for record in records]
    if not more:
        assume(any(dict(zip(fields, record, strict=True))["dstaddr"] != "-" for record in records))
    reading = read_content(text([fields, *records]))

    assert reading.outcome.rows_stored == len(records)
    for row, record in zip(reading.rows, records, strict=True):
        for name, value in typed(fields, record).items():
            if name in COLUMN_BY_NAME_OF:
                assert row[name] == value
        unknown = [(f.replace("-", "_"), v) for f, v in zip(fields, record, strict=True)
                   if f in UNKNOWN_FIELDS and v != "-"]  # fmt: skip
        assert dict(pairs(row.get("extra"))) == dict(unknown)


COLUMN_BY_NAME_OF = {column.name for column in FLOW_COLUMNS}


def pairs(extra: object) -> list[tuple[str, str]]:
    """Read a map column, as pairs or as structs of key and value."""
    return [
        (item["key"], item["value"]) if isinstance(item, dict) else item for item in extra or []
    ]


GOOD = log_line(make_flows()[0]).encode()
CHANGED = st.builds(
    lambda position, token: b" ".join(
        [*GOOD.split(b" ")[:position], token, *GOOD.split(b" ")[position + 1 :]]
    ),
    st.integers(0, 13),
    st.sampled_from([b"-", b"0", b"00", b"5e3", b"-1", b"65536", b"9" * 30, b"\0", b"\xff",
                     b"\x01", b"a b", b"", b"::1", b"2001:DB8::1", b"REJECT", b"NODATA", b"a\x1fb",
                     b"\xc3\xa9", b"1772445600"]),
)  # fmt: skip
LINES = st.one_of(
    st.just(GOOD),
    CHANGED,
    st.binary(max_size=60).filter(
        lambda line: not any(byte in line.lstrip(b"#")[:] for byte in b"+#")
    ),
    st.sampled_from([b"", b" ", b"# comment", GOOD + b"\r", GOOD + b" #x", b"srcaddr dstaddr",
                     b"192.0.2.1 2001:db8::1", b" ".join(f.encode() for f in DEFAULT_FIELDS)]),
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(LINES, max_size=15))
def test_any_bytes_are_stored_or_rejected_never_lost(lines):
    """Rows read = stored + rejected, and both are what the line reader says of each line."""
    header = " ".join(DEFAULT_FIELDS).encode()
    content = b"\n".join([header, GOOD, *lines]) + b"\n"

    reading = read_content(content)

    outcome = reading.outcome
    verdicts = list(examine(DEFAULT_FIELDS, content.split(b"\n")[1:-1], 2))
    rejects = [verdict for verdict in verdicts if isinstance(verdict, Reject)]
    records = [verdict for verdict in verdicts if isinstance(verdict, Record)]
    assert outcome.rows_read == outcome.rows_stored + outcome.rows_rejected
    assert outcome.rejects == rejects
    assert sum(outcome.reject_counts.values()) == outcome.rows_rejected == len(rejects)
    assert [row["line"] for row in reading.rows] == [record.line for record in records]
    for row, record in zip(reading.rows, records, strict=True):
        values = typed(record.fields, record.text.decode().split(" "))
        assert {name: row.get(name) for name in values} == values


@given(st.lists(LINES, min_size=1, max_size=8))
def test_the_fast_reader_refuses_what_the_line_reader_rejects(lines):
    """Where it takes a chunk, each line is a record in the line reader's eyes, as it stands."""
    body = b"\n".join(lines) + b"\n"
    lines = body.split(b"\n")[:-1]
    try:
        parsed = parse_text(DEFAULT_FIELDS, body, len(lines))
    except RefusedError:
        return

    verdicts = list(examine(DEFAULT_FIELDS, lines, 1))

    assert verdicts == [Record(n, DEFAULT_FIELDS, line) for n, line in enumerate(lines, 1)]
    assert parsed.frame.to_dicts() == [
        typed(DEFAULT_FIELDS, line.decode().split(" ")) for line in lines
    ]


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_are_an_exception(content):
    """Whatever an object holds, it becomes an outcome that adds up."""
    try:
        outcome = read_content(content).outcome
    except (IngestError, RefusedError) as error:  # pragma: no cover
        pytest.fail(f"{content!r}: {error}")

    assert outcome.rows_read == outcome.rows_stored + outcome.rows_rejected


def test_lines_out_of_balance_are_rejected_each():
    """One value too many in a line does not make up for one too few in the next."""
    lines = [GOOD + b" 1", GOOD.rsplit(b" ", 1)[0], GOOD]
    reading = read_content(log_text([]) + b"\n".join(lines) + b"\n")

    assert reading.rejects == [(2, "field-count", None), (3, "field-count", None)]
    assert [row["line"] for row in reading.rows] == [4]


def test_numbers_stay_64_bits_and_accounts_stay_text():
    """Large counts lose no digit, and leading zeros of an account stay."""
    flow = {"bytes": 2**53 + 1, "packets": 2**62, "account_id": "000000000012"}
    (row,) = read_content(log_text(make_flows(flow))).rows

    assert (row["bytes"], row["packets"]) == (2**53 + 1, 2**62)
    assert row["account_id"] == "000000000012"


@pytest.mark.parametrize("fields", [("srcaddr",), ("bytes", "srcaddr"), ("action",), ("protocol",)])
def test_a_format_of_few_fields_is_read(fields):
    """A format may lack times, ports, status, or all but one field."""
    reading = read_content(log_text(make_flows({}, {}), fields))

    assert reading.outcome.status == "ok"
    assert [row["line"] for row in reading.rows] == [2, 3]
    assert reading.outcome.rows_stored == 2


@pytest.mark.parametrize("fields", [("version",), ("interface-id", "start", "end"), ("vpc-id",)])
def test_a_format_without_ends_and_volumes_is_read(fields):
    """A format that names neither addresses nor volumes still has its rows."""
    reading = read_content(log_text(make_flows({"vpc_id": "vpc-0a"}, {"vpc_id": "vpc-0a"}), fields))

    assert reading.outcome.rows_stored == 2


def test_a_format_without_times_and_volumes_may_have_quiet_rows():
    """NODATA rows are counted in a format that has nothing to add up."""
    flows = [*make_flows(), no_data()]
    reading = read_content(log_text(flows, ("srcaddr", "log-status")))

    assert (reading.outcome.rows_stored, reading.outcome.nodata) == (2, 1)


@pytest.mark.parametrize("status", ["NODATA", "SKIPDATA"])
def test_an_object_of_quiet_rows_alone_is_read(status):
    """An interface without traffic has its intervals counted."""
    reading = read_content(log_text([no_data(status), no_data(status)]))

    assert reading.outcome.rows_stored == 2
    assert reading.outcome.nodata + reading.outcome.skipdata == 2


def test_the_fast_reader_refuses_a_header_among_texts():
    """A header line is recognised even where each of its words could be a value."""
    body = b"vpc-0a IPv4\nvpc-id type\n"

    with pytest.raises(RefusedError):
        parse_text(("vpc-id", "type"), body, 2)
