"""Parquet objects: AWS's own, and what data frames and query engines make of them."""

import gzip
import io
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.errors import BadObjectError
from ingest.parse import parquet
from ingest.parse.columns import BadTextError, cell
from ingest.parse.objects import read_object
from ingest.pipeline import load
from ingest.schema import DEFAULT_FIELDS
from ingest.sources.local import LocalSource
from tests.conftest import ACCOUNT, CLIENT, START, log_text, make_flows, no_data
from tests.ingest.loading import read_content

FLOWS = [
    *make_flows({"packets": 10, "bytes": 1_000}, {"packets": 5, "bytes": 400, "action": "REJECT"}),
    no_data(),
]
# AWS VPC User Guide, "Flow log records": the types of its Parquet files.
SCHEMA = pa.schema([
    ("version", pa.int32()), ("account_id", pa.string()), ("interface_id", pa.string()),
    ("srcaddr", pa.string()), ("dstaddr", pa.string()), ("srcport", pa.int32()),
    ("dstport", pa.int32()), ("protocol", pa.int32()), ("packets", pa.int64()),
    ("bytes", pa.int64()), ("start", pa.int64()), ("end", pa.int64()), ("action", pa.string()),
    ("log_status", pa.string()),
])  # fmt: skip


def file_of(columns, **options) -> bytes:
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    target = io.BytesIO()
    pq.write_table(table, target, **({"compression": "gzip"} | options))
    return target.getvalue()


def aws_table(flows=FLOWS) -> pa.Table:
    return pa.Table.from_pylist(flows, SCHEMA)


def changed(**columns) -> pa.Table:
    table = aws_table()
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return table


def texts(*values):
    return pa.array(values, pa.string())


CODES = {"action": pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), ["ACCEPT", "REJECT"]),
         "dstport": pa.DictionaryArray.from_arrays(pa.array([0, 0, None]), pa.array([443])),
         }  # fmt: skip
MOMENTS = pa.array([datetime.fromtimestamp(START, UTC)] * 3, pa.timestamp("ms", "UTC"))
FORMS = {
    "AWS's own": file_of(aws_table()),
    "in row groups of one row": file_of(aws_table(), row_group_size=1),
    "inside gzip": gzip.compress(file_of(aws_table())),
    "without dictionaries": file_of(aws_table(), use_dictionary=False, data_page_version="2.0"),
    "strings of dashes": file_of(changed(srcaddr=texts(CLIENT, CLIENT, "-"), action=texts(
        "ACCEPT", "REJECT", "-"))),
    "account as number": file_of(changed(account_id=pa.array([int(ACCOUNT)] * 3))),
    "account as float": file_of(changed(account_id=pa.array([float(ACCOUNT)] * 3))),
    "numbers as text": file_of(changed(packets=texts("10", "5", "None"), bytes=texts(
        "1000", "400.0", "nan"), dstport=texts("443", " 443 ", ""))),
    "numbers as float": file_of(changed(packets=pa.array([10.0, 5.0, np.nan]),
                                        bytes=pa.array([1_000.0, 400.0, None], pa.float32()))),
    "numbers as decimal": file_of(changed(bytes=pa.array([Decimal("1000.00"), Decimal(400), None],
                                                         pa.decimal128(20, 2)))),
    "unsigned and small numbers": file_of(changed(packets=pa.array([10, 5, None], pa.uint64()),
                                                  protocol=pa.array([6, 6, None], pa.int8()))),
    "dictionaries": file_of(changed(**CODES)),
    "large strings": file_of(changed(action=pa.array(["ACCEPT", "REJECT", None],
                                                     pa.large_string()))),
    "strings without their logical type": file_of(changed(action=pa.array(
        [b"ACCEPT", b"REJECT", None]))),
    "times": file_of(changed(start=MOMENTS)),
    "times without a zone": file_of(changed(start=MOMENTS.cast(pa.timestamp("us")))),
    "times as text": file_of(changed(start=texts(*["2026-03-02 10:00:00"] * 3))),
    "hyphenated names": file_of(aws_table().rename_columns([*DEFAULT_FIELDS])),
    "camel case names": file_of(aws_table().rename_columns(
        [n.split("_")[0] + "".join(w.title() for w in n.split("_")[1:]) for n in SCHEMA.names])),
    "a data frame's index": file_of(
        aws_table().append_column("__index_level_0__", pa.array([0, 1, 2]))),
    "columns in lists": file_of(
        aws_table().append_column("tags", pa.array([["a"], [], None], pa.list_(pa.string())))),
}  # fmt: skip


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_every_form_of_parquet_gives_the_same_records(content):
    """Two flows and a row without data: 15 packets, 1,400 bytes, whoever wrote them."""
    reading = read_content(content)
    outcome, rows = reading.outcome, reading.rows

    assert (outcome.status, outcome.rows_read, outcome.rows_stored) == ("ok", 3, 3)
    assert (outcome.nodata, outcome.detail) == (1, "read from Parquet")
    assert [row["line"] for row in rows] == [1, 2, 3]
    assert [row["packets"] for row in rows] == [10, 5, None]
    assert [row["bytes"] for row in rows] == [1_000, 400, None]
    assert [row["action"] for row in rows] == ["ACCEPT", "REJECT", None]
    assert [row["srcaddr"] for row in rows] == [CLIENT, CLIENT, None]
    assert [row["dstport"] for row in rows] == [443, 443, None]
    assert {row["account_id"] for row in rows} == {ACCOUNT}
    assert {row["start"] for row in rows} == {START}
    assert not any(row.get("extra") for row in rows)


def test_zeros_before_an_account_come_back():
    """An account id is twelve digits, whatever type a column has."""
    lost = pa.array([45_678_901, 1, None], pa.int64())
    rows = read_content(file_of(changed(account_id=lost))).rows

    assert [row["account_id"] for row in rows] == ["000045678901", "000000000001", None]


@pytest.mark.parametrize(
    "column", [texts("6.02485E+11", ACCOUNT, None), pa.array([602_485e6, float(ACCOUNT), None])]
)
def test_a_rounded_account_is_unknown(column):
    """Six digits of twelve are no account, as text or as float."""
    reading = read_content(file_of(changed(account_id=column)))

    assert [row["account_id"] for row in reading.rows] == [None, ACCOUNT, None]
    assert reading.outcome.detail == (
        "read from Parquet; account ids were lost in a spreadsheet and are stored as unknown"
    )


def test_columns_that_are_not_known_are_kept():
    """A later field keeps its name and value; spaces inside become `%20`."""
    table = aws_table().append_column("next_field", texts("a b", None, "c"))
    rows = read_content(file_of(table)).rows

    assert [row["extra"] for row in rows] == [
        [{"key": "next_field", "value": "a%20b"}],
        [],
        [{"key": "next_field", "value": "c"}],
    ]


BAD = {
    "a space": (texts("ACCEPT", "A B", None), "bad-text", "action"),
    "a line end": (texts("ACCEPT", "ACCEPT\n2 3", None), "bad-text", "action"),
    "a NUL byte": (texts("ACCEPT", "A\0", None), "bad-text", "action"),
    "a comment": (texts("ACCEPT", "#", None), "bad-text", "action"),
    "no UTF-8": (pa.array([b"ACCEPT", b"\xff", None]), "bad-text", "action"),
    "a long text": (texts("ACCEPT", "x" * 70_000, None), "line-too-long", "action"),
    "an unknown value": (texts("ACCEPT", "DENY", None), "unknown-value", "action"),
}


@pytest.mark.parametrize("dictionary", [False, True])
@pytest.mark.parametrize(("column", "reason", "field"), BAD.values(), ids=BAD)
def test_a_bad_value_rejects_its_row(column, reason, field, dictionary):
    """Text that would break its line costs that row alone, and its number is told."""
    content = file_of(changed(action=column), use_dictionary=dictionary)
    reading = read_content(content)

    assert reading.rejects == [(2, reason, field)]
    assert [row["line"] for row in reading.rows] == [1, 3]
    assert (reading.outcome.rows_read, reading.outcome.rows_stored) == (3, 2)


@pytest.mark.parametrize("value", [-1, 2**40, 1.5, float("inf")])
def test_a_number_that_cannot_be_rejects_its_row(value):
    """One set of rules judges text and Parquet."""
    reading = read_content(file_of(changed(dstport=pa.array([443, value, None]))))

    assert [(line, field) for line, _, field in reading.rejects] == [(2, "dstport")]
    assert reading.outcome.rows_stored == 2


def test_words_that_read_like_a_header_are_a_row():
    """Where all columns hold words, no row passes for a header and none is dropped."""
    content = file_of({"vpc_id": ["vpc-1", "region", "vpc-2"], "log_status": ["OK", "type", "OK"]})
    chunks = list(read_object("object", content))

    assert chunks[1].block == b"vpc-1 OK\n\nvpc-2 OK\n"
    assert [(r.line, r.reason) for r in chunks[1].rejects] == [(2, "bad-text")]


def test_a_file_without_rows_is_no_fault():
    """A schema alone is an object with no rows."""
    outcome = read_content(file_of(aws_table([]))).outcome

    assert (outcome.status, outcome.rows_read) == ("ok", 0)


WHOLE = file_of(aws_table())
REFUSED = {
    "the magic alone": (b"PAR1", "corrupt"),
    "cut": (WHOLE[:-20], "corrupt"),
    "without its footer": (WHOLE[:-8] + bytes(8), "corrupt"),
    "cut inside gzip": (gzip.compress(WHOLE[:-20]), "corrupt"),
    "damaged data": (WHOLE[:10] + bytes(200) + WHOLE[210:], "corrupt"),
    "no flow log": (file_of({"id": [1], "name": ["x"], "type": ["y"]}), "not-a-log"),
    "a field twice": (file_of({"srcaddr": ["-"], "src_addr": ["-"], "bytes": [1]}), "bad-header"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_used_is_set_aside(content, reason):
    """The whole object is refused, with a reason, and no row of it is kept."""
    outcome = read_content(content).outcome

    assert (outcome.status, outcome.rows_read, outcome.rows_stored) == (reason, 0, 0)
    assert outcome.detail


def test_a_page_that_fails_its_checksum_is_corrupt():
    """Where a writer left checksums, a flipped bit in a page is found."""
    content = bytearray(
        file_of(
            aws_table(), write_page_checksum=True, write_statistics=False, compression="none",
            use_dictionary=False,
        )
    )  # fmt: skip
    content[content.index(b"ACCEPT")] ^= 1

    assert read_content(bytes(content)).outcome.status == "corrupt"


def test_equal_rows_without_end_are_a_bomb(monkeypatch):
    """A small file that stands for a great many rows is not followed to its end."""
    monkeypatch.setattr(parquet, "_FREE_BYTES", 1 << 20)
    content = file_of({"srcaddr": pa.array(["192.0.2.1"] * 2_000_000)})
    outcome = read_content(content).outcome

    assert (outcome.status, outcome.rows_stored) == ("bomb", 0)


def test_rows_come_in_chunks_of_bounded_size():
    """Long texts are written a part at a time, row numbers running on."""
    names = ["x" * 2_000 + str(n % 7) for n in range(20_000)]
    content = file_of({"srcaddr": pa.array(["192.0.2.1"] * 20_000), "other": pa.array(names)})
    _, *chunks = read_object("object", content)

    assert sum(chunk.n_lines for chunk in chunks) == 20_000
    assert max(len(chunk.block) for chunk in chunks) <= 16 << 20
    assert [chunk.first_line for chunk in chunks[:2]] == [1, 1 + chunks[0].n_lines]


values = st.one_of(
    st.none(), st.text(max_size=8), st.sampled_from(
        ["-", "None", "nan", " ACCEPT ", "12.0", "007", "6.02485E+11", "a b", "#", "2026-03-02",
         "2026-03-02T10:00:00Z", "1e5", "12.", "\u00a05", "9" * 20]
    ),
)  # fmt: skip
fields = st.sampled_from(["account-id", "action", "packets", "start", "vpc-id", "next-field"])


@settings(deadline=None)
@given(fields, st.lists(values, min_size=1, max_size=8))
@example("account-id", ["1.5E+11", "12", "12.00", "x"])
def test_many_values_are_cleaned_as_one_is(field, column):
    """The rules for whole columns are those for a single value, and hold it or reject it."""
    name = field.replace("-", "_")
    content = file_of({"srcaddr": ["192.0.2.1"] * len(column), name: texts(*column)})
    _, chunk = read_object("object", content)
    rejected = {reject.line for reject in chunk.rejects}

    for number, (value, line) in enumerate(zip(column, chunk.block.split(b"\n"), strict=False), 1):
        try:
            expected = cell(field, value or "")
        except BadTextError:
            assert number in rejected
            assert line == b""
        else:
            assert line == f"192.0.2.1 {expected}".encode()


optional = {
    name: st.one_of(st.none(), strategy)
    for name, strategy in {
        "srcaddr": st.sampled_from(["192.0.2.1", "2001:db8::1", "10.0.0.1"]),
        "dstaddr": st.sampled_from(["198.51.100.2", "2001:db8::2"]),
        "srcport": st.integers(0, 65_535),
        "packets": st.integers(0, 2**63 - 1),
        "bytes": st.integers(0, 2**63 - 1),
        "action": st.sampled_from(["ACCEPT", "REJECT"]),
        "tcp_flags": st.integers(0, 255),
        "instance_id": st.sampled_from(["i-0a1b2c3d", "i-00000001"]),
    }.items()
}


@settings(deadline=None, max_examples=25)
@given(st.lists(st.fixed_dictionaries(optional), min_size=1, max_size=12), st.booleans())
def test_parquet_gives_the_rows_that_text_gives(changes, dictionary):
    """The same records in both forms are the same rows, but for the number of the line."""
    flows = make_flows({"srcaddr": CLIENT}, *changes)
    names = [*SCHEMA.names, "tcp_flags", "instance_id"]
    schema = pa.unify_schemas([SCHEMA, pa.schema([
        ("tcp_flags", pa.int32()), ("instance_id", pa.string())])])  # fmt: skip
    content = file_of(pa.Table.from_pylist(flows, schema), use_dictionary=dictionary)
    text = log_text(flows, [name.replace("_", "-") for name in names])

    from_text, from_parquet = read_content(text), read_content(content)

    assert [row | {"line": row["line"] + 1} for row in from_parquet.rows] == from_text.rows
    assert from_parquet.outcome.rows_stored == len(flows)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_file_gives_rows_or_a_refusal(place, patch):
    """Whatever is damaged, nothing but a bad object is ever raised."""
    content = WHOLE[:place] + patch + WHOLE[place + len(patch) :]
    try:
        chunks = list(read_object("object", content))
    except BadObjectError as error:
        assert error.detail  # noqa: PT017
    else:
        assert all(bytes(chunk.body).count(b"\n") == chunk.n_lines for chunk in chunks)


def test_the_sums_of_a_load_add_up(tmp_path):
    """Through the pipeline, rows read are rows stored and rows rejected."""
    (tmp_path / "logs").mkdir()
    for number, content in enumerate(FORMS.values()):
        (tmp_path / "logs" / f"{number}.log").write_bytes(content)
    for number, (column, _, _) in enumerate(BAD.values()):
        (tmp_path / "logs" / f"bad-{number}").write_bytes(file_of(changed(action=column)))
    report = load(LocalSource(tmp_path / "logs"), tmp_path / "cache", jobs=1)

    assert (report.rows_read, report.rows_rejected) == (3 * (len(FORMS) + len(BAD)), len(BAD))
    assert report.rows_read == report.rows_stored + report.rows_rejected
