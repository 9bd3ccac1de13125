"""One form of log object after the other, each told by its bytes and never by its name."""

import base64
import bz2
import gzip
import io
import json
import lzma
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.errors import BadObjectError
from ingest.parse import json_text, objects
from ingest.parse.objects import read_object
from ingest.pipeline import load
from ingest.schema import DEFAULT_FIELDS, TGW_DEFAULT_FIELDS
from ingest.sources.local import LocalSource
from tests.conftest import ACCOUNT, START, log_line, log_text, make_flows, no_data
from tests.ingest.loading import read_content

FLOWS = [
    *make_flows({"packets": 10, "bytes": 1_000}, {"packets": 5, "bytes": 400, "action": "REJECT"}),
    no_data(),
]
LINES = [log_line(flow) for flow in FLOWS]
CUSTOM = ("srcaddr", "dstaddr", "bytes")
BAD = LINES[0].replace(" 443 ", " 70000 ")


def events(*messages: str) -> list[dict[str, object]]:
    return [
        {"logStreamName": "eni-1-all", "timestamp": START * 1_000, "message": m, "eventId": "3"}
        for m in messages
    ]


def subscription(*messages: str, kind: str = "DATA_MESSAGE") -> str:
    found = [{"id": "1", "timestamp": START * 1_000, "message": m} for m in messages]
    head = {"messageType": kind, "owner": ACCOUNT, "logGroup": "g", "subscriptionFilters": ["s"]}
    return json.dumps(head | {"logEvents": found})


def packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def camel(flow: dict[str, object]) -> dict[str, object]:
    names = {"account_id": "accountId", "interface_id": "interfaceId", "srcaddr": "srcAddr",
             "dstaddr": "dstAddr", "srcport": "srcPort", "dstport": "dstPort",
             "log_status": "logStatus"}  # fmt: skip
    return {names.get(key, key): value for key, value in flow.items()}


def joined(texts: list[str], between: str = "\n") -> str:
    return between.join(texts) + between


def csv_text(flows: list[dict[str, object]], names: list[str], prefix: str = "") -> str:
    rows = [prefix + ",".join("" if v is None else str(v) for v in f.values()) for f in flows]
    return joined([",".join(names), *rows])


TIME = "2026-03-02T10:00:00.000Z"
MESSAGES = [json.dumps({"message": line}) for line in LINES]
INSIGHTS = [f'"2026-03-02 10:00:00.000","{line}"' for line in LINES]

FORMS = {
    "S3 text": log_text(FLOWS),
    "S3 text, its header as given to AWS": log_text(FLOWS, [f"${{{f}}}" for f in DEFAULT_FIELDS])
    .split(b"\n", 1)[0] + b"\n" + log_text(FLOWS, header=False),
    "UTF-16 of a Windows program": log_text(FLOWS).decode().encode("utf-16"),
    "export task": joined([f"{TIME} {line}" for line in LINES]),
    "aws logs tail": joined(
        [f"2026-03-02T10:00:00.000000+00:00 eni-0a-all {line}" for line in LINES]
    ),
    "filter-log-events": json.dumps({"events": events(*LINES), "searchedLogStreams": []}),
    "filter-log-events, indented": json.dumps({"events": events(*LINES)}, indent=4),
    "get-log-events": json.dumps({"events": events(*LINES), "nextForwardToken": "f/3"}),
    "list of events": json.dumps(events(*LINES)),
    "one event a line": joined([json.dumps(event) for event in events(*LINES)]),
    "get-query-results": json.dumps({"results": [
        [{"field": "@timestamp", "value": TIME}, {"field": "@message", "value": line}]
        for line in LINES
    ]}),
    "subscription": subscription(*LINES),
    "subscription, one payload a line": joined([subscription(line) for line in LINES]),
    "subscription, payloads joined": "".join(subscription(line) for line in LINES),
    "subscription, gzip in gzip": gzip.compress(
        b"".join(gzip.compress(subscription(line).encode()) for line in LINES)
    ),
    "subscription in base64": joined([packed(subscription(*LINES))]),
    "subscription in base64, wrapped": base64.encodebytes(
        gzip.compress(subscription(*LINES).encode())
    ),
    "subscription, a base64 payload a line": joined([packed(subscription(x)) for x in LINES]),
    "subscription to a function": json.dumps({"awslogs": {"data": packed(subscription(*LINES))}}),
    "subscription over Kinesis": json.dumps({"Records": [
        {"kinesis": {"partitionKey": "1", "data": packed(subscription(line))}} for line in LINES
    ]}),
    "subscription with a control message": joined(
        [subscription("CWL CONTROL MESSAGE: Checking health", kind="CONTROL_MESSAGE"),
         subscription(*LINES)]
    ),
    "Firehose": joined(MESSAGES),
    "Firehose, joined": "".join(MESSAGES),
    "Firehose, records joined": "".join(LINES),
    "Firehose to a function": json.dumps({"records": [
        {"recordId": "1", "data": base64.b64encode(line.encode()).decode()} for line in LINES
    ]}),
    "JSON records": joined([json.dumps(flow) for flow in FLOWS]),
    "JSON records in camel case": json.dumps([camel(flow) for flow in FLOWS]),
    "JSON records in messages": joined(
        [json.dumps({"message": json.dumps(flow) + "\n"}) for flow in FLOWS]
    ),
    "JSON records as objects in messages": joined([json.dumps({"message": f}) for f in FLOWS]),
    "event.original": joined(
        [json.dumps({"event": {"original": x}, "source": {"ip": "192.0.2.9"}}) for x in LINES]
    ),
    "raw": joined([json.dumps({"class_uid": 4001, "raw": line}) for line in LINES]),
    "event of a collector": joined([json.dumps({"event": line, "time": START}) for line in LINES]),
    "a list under any name": json.dumps({"expected": [{"event": {"original": x}} for x in LINES]}),
    "input of a test case": joined([
        json.dumps({"input": {"message": x}, "expected": {"message": x}}) for x in LINES
    ]),
    "console CSV": joined(["timestamp,message", *[f"1772445600000,{line}" for line in LINES]]),
    "console CSV, quoted": joined(
        ["timestamp,message", *[f'1772445600000,"{line}\n"' for line in LINES]]
    ),
    "console CSV from a spreadsheet": joined(
        ["timestamp,message", *[f"1.77245E+12,{line}" for line in LINES]], "\r\n"
    ),
    "Insights CSV": joined(["@timestamp,@message", *INSIGHTS]),
    "Insights CSV, messages alone": joined(["@message", *LINES]),
    "Insights CSV, a column a field": csv_text(
        FLOWS, ["@timestamp", *camel(FLOWS[0])], "2026-03-02 10:00:00.000,"
    ),
    "CSV with AWS's names": csv_text(FLOWS, [*DEFAULT_FIELDS]),
    "CSV with semicolons": csv_text(FLOWS, [*FLOWS[0]]).replace(",", ";"),
    "CSV of Athena's first table": csv_text(FLOWS, [
        "version", "account", "interfaceid", "sourceaddress", "destinationaddress", "sourceport",
        "destinationport", "protocol", "numpackets", "numbytes", "starttime", "endtime", "action",
        "logstatus",
    ]),
    "CSV without names": csv_text(FLOWS, [])[1:],
    "CSV without names, time first": csv_text(FLOWS, [], TIME + ",")[1:],
}  # fmt: skip


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_every_form_gives_the_same_records(content, compressed):
    """Two flows and a row without data: 15 packets, 1,400 bytes, whatever wraps them."""
    content = content.encode() if isinstance(content, str) else content
    if compressed and not content.startswith(b"\x1f\x8b"):
        content = gzip.compress(content)
    reading = read_content(content)
    outcome, rows = reading.outcome, reading.rows

    assert (outcome.status, outcome.rows_read, outcome.rows_stored) == ("ok", 3, 3)
    assert outcome.nodata == 1
    assert [row["packets"] for row in rows] == [10, 5, None]
    assert [row["bytes"] for row in rows] == [1_000, 400, None]
    assert [row["action"] for row in rows] == ["ACCEPT", "REJECT", None]
    assert {row["account_id"] for row in rows} == {ACCOUNT}
    assert {row["start"] for row in rows} == {START}
    assert not any(row.get("extra") for row in rows)


NUMBERED = {
    "export task": (joined([f"{TIME} {x}" for x in (LINES[0], BAD, LINES[1])]), 2),
    "events": (json.dumps({"events": events(LINES[0], BAD, LINES[1])}), 2),
    "subscriptions": (subscription(LINES[0]) + subscription(LINES[1], BAD, LINES[0]), 3),
    "one event a line": (joined([json.dumps(e) for e in events(LINES[0], BAD, LINES[1])]), 2),
    "CSV": (joined(["@timestamp,@message", f"1,{LINES[0]}", "", f"1,{BAD}", f"1,{LINES[1]}"]), 4),
    "quoted CSV": (joined(["timestamp,message", f'1,"{LINES[0]}\n"', f'1,"{BAD}\n"']), 4),
    "columns": (csv_text(make_flows({}, {"dstport": 70_000}, {}), [*DEFAULT_FIELDS]), 3),
    "JSON records": (joined([json.dumps(f) for f in make_flows({}, {"dstport": 70_000}, {})]), 2),
    "joined records": ("".join([LINES[0], BAD, LINES[1]]), 2),
}  # fmt: skip


@pytest.mark.parametrize(("content", "number"), NUMBERED.values(), ids=NUMBERED)
def test_a_bad_record_in_a_container_is_told_by_its_number(content, number):
    """The number is the line, row or event, and the records around it are stored."""
    reading = read_content(content.encode())

    assert reading.rejects == [(number, "out-of-range", "dstport")]
    assert reading.outcome.rows_stored == reading.outcome.rows_read - 1 > 0
    assert number not in [row["line"] for row in reading.rows]


FOREIGN = {
    "no JSON": (joined([MESSAGES[0], '{"message": oops', MESSAGES[1]]), "not-json"),
    "no record": (joined([MESSAGES[0], '{"level": "info"}', MESSAGES[1]]), "no-record"),
    "an empty message": (joined([MESSAGES[0], '{"message": "#"}', MESSAGES[1]]), "no-record"),
    "a number": (joined([MESSAGES[0], "5", MESSAGES[1]]), "no-record"),
    "no record before": (joined(['{"level": "info"}', "{}", *MESSAGES[:2]]), "no-record"),
    "text": (joined(["{}", *[json.dumps({"message": m}) for m in [*LINES[:2], "x y"]]]), None),
}  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), FOREIGN.values(), ids=FOREIGN)
def test_an_entry_that_is_no_record_costs_only_itself(content, reason):
    """Entries without a record are counted, and the records around them are stored."""
    outcome = read_content(content.encode()).outcome

    assert (outcome.status, outcome.rows_stored) == ("partial", 2)
    assert outcome.rows_read == outcome.rows_stored + outcome.rows_rejected
    assert reason is None or set(outcome.reject_counts) == {reason}


def test_what_a_spreadsheet_did_to_accounts_is_not_believed():
    """A rounded account id is lost for good: it is stored as unknown, and the catalog says so."""
    rows = [
        f"{TIME},2,6.02485E+11,eni-0a1b2c3d,192.0.2.1,198.51.100.2,49152,443,6,{n},100,"
        f"{START},{START + 59},ACCEPT,OK"
        for n in (1, 2)
    ]
    reading = read_content(joined(["w,,,,w,,w,,,,,,,,w", *rows, ",,,,,,,,,,,,,,"]).encode())

    assert [row["packets"] for row in reading.rows] == [1, 2]
    assert [row.get("account_id") for row in reading.rows] == [None, None]
    assert reading.rejects == [(1, "not-an-address", "srcaddr")]
    assert reading.outcome.detail == (
        "read as CSV; account ids were lost in a spreadsheet and are stored as unknown"
    )


def test_what_a_spreadsheet_did_to_numbers_is_undone_or_refused():
    """Zeros before an account come back; a rounded time is no time."""
    good, rounded = make_flows(
        {"account_id": 45_678_901, "packets": "7.0"}, {"start": "1.77245E+09"}
    )
    reading = read_content(csv_text([good, rounded], [*DEFAULT_FIELDS]).encode())
    (row,) = reading.rows

    assert (row["account_id"], row["packets"]) == ("000045678901", 7)
    assert reading.rejects == [(3, "not-a-number", "start")]


def test_times_in_iso_8601_are_times():
    """`start` and `end` of a record made of columns may be dates, in UTC unless they say."""
    flow = make_flows({"start": "2026-03-02 10:00:00.000", "end": "2026-03-02T11:00:59+01:00"})
    (row,) = read_content(json.dumps(flow).encode()).rows

    assert (row["start"], row["end"]) == (START, START + 59)


def test_columns_that_are_not_known_are_kept():
    """A later field keeps its name and text; spaces inside become `%20`."""
    flow = make_flows({"nextField": "a b", "@ptr": "x"})[0]
    (row,) = read_content(json.dumps(flow).encode()).rows

    assert row["extra"] == [{"key": "next_field", "value": "a%20b"}]


def test_a_value_with_white_space_rejects_its_record():
    """A value that would break the line is no reason to guess."""
    flows = make_flows({}, {"vpc_id": "vpc 1"}, {"vpc_id": "a\nb"}, {"vpc_id": "vpc-1"})
    reading = read_content(joined([json.dumps(flow) for flow in flows]).encode())

    assert reading.rejects == [(2, "bad-text", "vpc-id"), (3, "bad-text", "vpc-id")]
    assert [row["line"] for row in reading.rows] == [1, 4]


def test_a_stray_quote_does_not_swallow_the_rows_behind_it():
    """A quote that nothing closes is one bad row."""
    rows = [f"1,{line}" for line in LINES * 100]
    reading = read_content(joined(["timestamp,message", '1,"2 broken', *rows]).encode())

    assert reading.rejects == [(2, "field-count", None)]
    assert reading.outcome.rows_stored == 300


def test_the_given_format_reads_records_in_containers():
    """Without a header, containers take the given layout too."""
    text = "192.0.2.1 198.51.100.1 7"
    contents = (
        joined([f"{TIME} {text}"]),
        json.dumps({"message": text}),
        subscription(text),
        joined(["timestamp,message", f"1,{text}"]),
        joined([text.replace(" ", ",")]),
        joined([f"{TIME},{text.replace(' ', ',')}"]),
    )

    for content in contents:
        (row,) = read_content(content.encode(), CUSTOM).rows
        assert (row["srcaddr"], row["dstaddr"], row["bytes"]) == ("192.0.2.1", "198.51.100.1", 7)
        assert read_content(content.encode()).outcome.status in ("no-header", "not-a-log")


def test_the_given_format_holds_until_a_header():
    """Lines of the given format before a header are records, also in joined objects."""
    reading = read_content(b"192.0.2.1 198.51.100.1 7\n" + log_text(FLOWS), CUSTOM)

    assert [row["bytes"] for row in reading.rows] == [7, 1_000, 400, None]
    assert reading.outcome.detail == "read with the given format"


def test_transit_gateway_records_are_recognised_in_messages():
    """The second documented default layout needs no header either."""
    line = f"6 TransitGateway {ACCOUNT} " + " ".join(["-"] * (len(TGW_DEFAULT_FIELDS) - 3))
    (chunk,) = read_object("object", json.dumps({"message": line}).encode())

    assert chunk.fields == TGW_DEFAULT_FIELDS


def test_lines_before_the_header_are_rejects():
    """A title above the header is counted, and no reason to refuse the object."""
    reading = read_content(b"VPC flows of March\n\n" + log_text(FLOWS))

    assert reading.rejects == [(1, "no-record", None)]
    assert [row["line"] for row in reading.rows] == [4, 5, 6]


def test_a_first_line_that_is_no_record_does_not_hide_the_default_format():
    """One torn line at the beginning is one reject."""
    reading = read_content(b"OK\n" + log_text(FLOWS, header=False))

    assert reading.rejects == [(1, "field-count", None)]
    assert reading.outcome.rows_stored == 3


def zipped(content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("log", content)
    return target.getvalue()


REFUSED = {
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(20), "not-supported",
             "this is zstd; deliver text, gzip or Parquet"),
    "bzip2": (bz2.compress(log_text(FLOWS)), "not-supported",
              "this is bzip2; deliver text, gzip or Parquet"),
    "zip": (zipped(log_text(FLOWS)), "not-supported",
            "this is zip; deliver text, gzip or Parquet"),
    "xz in gzip": (gzip.compress(lzma.compress(b"x")), "not-supported",
                   "this is xz; deliver text, gzip or Parquet"),
    "HTML": (b"<!DOCTYPE html>\n<h1>503 & \x1b</h1>", "not-a-log",
             "line 1 is no header and no flow record; it reads '<!DOCTYPE html>'"),
    "prose": ("Dear all, \N{SNOWMAN}".encode() + b"x" * 200, "not-a-log",
              "line 1 is no header and no flow record; it reads 'Dear all, \\u2603"),
    "bytes": (bytes(range(1, 32)) * 4, "not-a-log", "line 1 is no header"),
    "Zeek": (b'{"ts":1.5,"uid":"C","id_orig_h":"192.0.2.1","id_orig_p":1,"proto":"tcp"}\n' * 3,
             "not-a-log", "it holds no flow record; the first entry reads 'an object with ts, uid"),
    "Zeek text": (b"#separator \\x09\n1772445600.5\tC\t192.0.2.1\t1\t192.0.2.2\n", "not-a-log",
                  "line 2 is no header and no flow record; it reads '1772445600.5"),
    "package.json": (b'{"version": "1.0.0", "type": "module"}', "not-a-log", "it holds no"),
    "other CSV": (b"id,dur,proto,service\n192.0.2.1,1390,198.51.100.1,53,udp\n", "not-a-log",
                  "line 1 is no header and no flow record; it reads 'id,dur,proto,service'"),
    "log with brackets": (b"[2026-03-02] INFO start\n", "not-a-log", "the JSON text is damaged"),
    "a name twice": (b"srcaddr dstaddr srcaddr\n192.0.2.1 192.0.2.2 192.0.2.3\n", "bad-header",
                     "line 1: the header names srcaddr more than once"),
    "names in capitals": (b"SRCADDR DSTADDR\n192.0.2.1 192.0.2.2\n", "bad-header",
                          "line 1: the header does not write the names as AWS does"),
    "custom records": (b"192.0.2.1 192.0.2.2 5\n", "no-header",
                       "line 1 is no header and no record of a default format"),
    "custom records in events": (json.dumps({"message": "192.0.2.1 5"}).encode(), "no-header",
                                 "line 1 is no header and no record of a default format"),
    "events cut short": (json.dumps({"events": events(*LINES)})[:-9].encode(), "corrupt",
                         "the JSON text ends early"),
    "a damaged payload": (b"H4sIAAAAAAAAA", "corrupt", "the base64 text is damaged"),
    "a payload of damaged gzip": (base64.b64encode(gzip.compress(b"{}" * 99)[:-9]), "corrupt",
                                  "the gzip data ends early"),
    "brackets without end": (b"[" * 100_000, "not-a-log", "the JSON text"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "reason", "detail"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_with_a_clear_reason(content, reason, detail):
    """Nothing of a foreign object is misread; the detail shows its first characters, escaped."""
    outcome = read_content(content).outcome

    assert (outcome.status, outcome.rows_read, outcome.rows_stored) == (reason, 0, 0)
    assert outcome.detail is not None
    assert outcome.detail.startswith(detail)
    assert len(outcome.detail) < 200
    assert outcome.detail.isascii()


@pytest.mark.parametrize("content", [FORMS["subscription"], '{"message": 5'], ids=["whole", "cut"])
def test_a_long_document_is_refused_with_advice(content, monkeypatch):
    """One JSON value must fit in memory; events in lines need not."""
    monkeypatch.setattr(json_text, "MAX_DOCUMENT_CHARS", 1 << 16)
    with pytest.raises(BadObjectError, match=r"longer than 65,536 .* jq -c") as caught:
        list(read_object("object", b'{"x": "' + b"y" * (1 << 25) + content.encode()))

    assert caught.value.reason == "too-large"


def test_gzip_that_must_be_held_is_bounded(monkeypatch):
    """Parquet or gzip inside gzip is held whole, up to a limit."""
    monkeypatch.setattr(objects, "MAX_NESTED_BYTES", 1_000)
    outcome = read_content(gzip.compress(b"PAR1" + bytes(5_000))).outcome

    assert outcome.status == "too-large"


@pytest.mark.parametrize(
    "content", ['{"events": []}', "[]", subscription(kind="CONTROL_MESSAGE"), "timestamp,message\n"]
)
def test_a_container_without_records_is_no_fault(content):
    """Nothing happened, or a control message: an object without rows."""
    outcome = read_content(content.encode()).outcome

    assert (outcome.status, outcome.rows_read) == ("ok", 0)
    assert outcome.detail == "a container without records"


def test_every_line_that_is_no_json_is_counted():
    """Damaged lines are one reject each, to the last, whichever way they are damaged."""
    bad = ["{x}", '{"message": "a', '{"message": 1 2}', "}", '{"a": tru']
    content = joined([MESSAGES[0], *bad * 20_000, MESSAGES[1], *bad[:3]])
    outcome = read_content(content.encode()).outcome

    assert outcome.rows_stored == 2
    assert outcome.reject_counts == {"not-json": 100_003}


def test_events_come_in_chunks_that_end_with_the_object():
    """Many events are read a part at a time, numbers running on."""
    content = joined([MESSAGES[0]] * 50_000).encode()
    chunks = list(read_object("object", content))

    assert [(c.first_line, c.n_lines) for c in chunks] == [
        (1, 20_000), (20_001, 20_000), (40_001, 10_000),
    ]  # fmt: skip
    assert {bytes(c.body) for c in chunks[:2]} == {(LINES[0].encode() + b"\n") * 20_000}


def test_the_sums_of_a_load_add_up_over_all_forms(tmp_path):
    """Through the pipeline, rows read are rows stored and rows rejected, for every form."""
    for number, content in enumerate([*FORMS.values(), *(c for c, _ in NUMBERED.values())]):
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / f"object-{number}").write_bytes(data)
    report = load(LocalSource(tmp_path), tmp_path.parent / "cache", jobs=1)

    assert report.rows_rejected == len(NUMBERED)
    assert report.rows_read == report.rows_stored + report.rows_rejected
    assert report.by_status == {"ok": len(FORMS), "partial": len(NUMBERED)}


FRAGMENTS = [
    *LINES, " ".join(DEFAULT_FIELDS), "2 1", "OK", "NODATA2", '{"message":"', '"}', "{", "}", "[",
    "]", ",", ":", '"', "\\", "\n", "\r\n", "\0", "H4sI", '{"events":[', '{"logEvents":[',
    '{"version":2,"srcaddr":"192.0.2.1"', "timestamp,message\n", "@timestamp,@message", TIME, ";",
    "srcaddr,dstaddr,bytes", "6.02485E+11", "9" * 5_000, "#", "\ufeff", "-", " ", "\ud800", "NaN",
    "PAR1", "${srcaddr}", "\t", packed(subscription(LINES[0])), subscription(LINES[1]),
]  # fmt: skip


@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(
            lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
        ),
        st.tuples(
            st.sampled_from(list(FORMS.values())), st.integers(0, 500), st.binary(max_size=4)
        ),
    ),
    st.sampled_from([None, CUSTOM, DEFAULT_FIELDS]),
    st.booleans(),
)
def test_any_bytes_give_records_or_rejects_or_a_refusal(content, fields, compressed):
    """Whatever is delivered, nothing but a bad object is ever raised, and numbers ascend."""
    if isinstance(content, tuple):
        form, place, patch = content
        whole = form.encode() if isinstance(form, str) else form
        content = whole[:place] + patch + whole[place + len(patch) :]
    try:
        chunks = list(
            read_object("object", gzip.compress(content) if compressed else content, fields)
        )
    except BadObjectError as error:
        assert error.detail.isascii()  # noqa: PT017
        return
    line = 1
    for chunk in chunks:
        assert bytes(chunk.body).count(b"\n") == chunk.n_lines
        assert chunk.fields or not chunk.n_lines
        if chunk.n_lines:
            assert chunk.first_line >= line
            line = chunk.first_line + chunk.n_lines
