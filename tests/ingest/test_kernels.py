"""Machine code against plain Python: parsing and rollups."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.kernels import compiled, text
from ingest.kernels.machine_code import is_compiled
from ingest.parse.lines import Record, examine
from ingest.parse.text import RefusedError, parse_text
from ingest.schema import DEFAULT_FIELDS
from tests.conftest import START, answer, log_line, log_text, make_flows, no_data
from tests.ingest.loading import Row, read_content
from tests.ingest.spreading import minutes_of

HOUR = 3_600
GOOD = log_line(make_flows()[0]).encode()

FLOWS = st.builds(
    lambda **changes: make_flows(changes)[0],
    srcaddr=st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"]),
    dstaddr=st.sampled_from(["198.51.100.1", "203.0.113.1", "2001:db8::2"]),
    srcport=st.sampled_from([0, 22, 443, 40_000, 50_000]),
    dstport=st.sampled_from([0, 443, 8_080, 50_000]),
    protocol=st.sampled_from([1, 6, 17]),
    packets=st.integers(0, 1_000),
    bytes=st.sampled_from([0, 40, 2**40]),
    start=st.sampled_from([START, START + 61, START + HOUR, START + 30 * HOUR]),
    end=st.sampled_from([START + 30 * HOUR + n for n in (0, 7, 599, 9 * HOUR)]),
    action=st.sampled_from(["ACCEPT", "REJECT"]),
    interface_id=st.sampled_from(["eni-0a", "eni-0b", "eni-0c"]),
) | st.sampled_from([no_data(), no_data("SKIPDATA"), no_data(interface_id="eni-0a")])


class TestParsing:
    """Lines to columns."""

    @settings(max_examples=200)
    @given(st.integers(0, len(GOOD)), st.binary(min_size=1, max_size=3))
    def test_a_changed_byte_is_taken_only_where_the_line_reader_takes_the_line(self, at, change):
        """Anything put over a good line is judged alike by both readers."""
        line = GOOD[:at] + change + GOOD[at + len(change) :]
        body = GOOD + b"\n" + line + b"\n"
        lines = body.split(b"\n")[:-1]
        try:
            frame = parse_text(DEFAULT_FIELDS, body, len(lines)).frame
        except RefusedError:
            return

        assert list(examine(DEFAULT_FIELDS, lines, 1)) == [
            Record(number, DEFAULT_FIELDS, line) for number, line in enumerate(lines, 1)
        ]
        shown = [["-" if v is None else str(v) for v in row] for row in frame.rows()]
        assert [[t.lstrip("0") or "0" for t in row] for row in shown] == [
            [t.lstrip("0") or "0" for t in line.decode().split(" ")] for line in lines
        ]

    @pytest.mark.parametrize(
        ("token", "number"),
        [
            (b"0", 0),
            (b"007", 7),
            (b"9223372036854775807", 2**63 - 1),
            (b"0" * 30 + b"5", 5),
            (b"9223372036854775808", None),
            (b"9" * 30, None),
            (b"18446744073709551617", None),
            (b"", None),
            (b"-1", None),
            (b"--", None),
            (b"1e3", None),
        ],
    )
    def test_numbers_up_to_63_bits(self, token, number):
        """Leading zeros are nothing; one more than 2^63 - 1 is refused, as any other text is."""
        if number is None:
            with pytest.raises(RefusedError):
                parse_text(("bytes",), token + b"\n", 1)
        else:
            assert parse_text(("bytes",), token + b"\n", 1).frame.rows() == [(number,)]

    @settings(max_examples=200)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 2**63 - 1)
                | st.sampled_from([10**n - d for n in range(19) for d in (0, 1)]),
                st.ip_addresses(v=4).map(str)
                | st.sampled_from(["9.9.9.9", "10.10.10.1", "::1",
                    "2001:db8::1", "2001:db8::1:2:3", "2001:db8:1:2:3:4:5:6", "255.255.255.255"]),
            ),
            min_size=1, max_size=20,
        ),
        st.booleans(),
    )  # fmt: skip
    def test_numbers_and_addresses_of_every_length_are_read(self, rows, is_last):
        """Up to the end of the text, where no whole words can be looked at."""
        rows += rows
        fields = ("bytes", "srcaddr") if is_last else ("srcaddr", "bytes")
        body = "".join(
            f"{number} {address}\n" if is_last else f"{address} {number}\n"
            for number, address in rows
        )

        parsed = parse_text(fields, body.encode(), len(rows))

        assert parsed.frame.select("bytes", "srcaddr").rows() == rows
        assert len(parsed.addresses) == len({address for _, address in rows})

    def test_only_a_whole_byte_order_mark_is_left_to_the_line_reader(self):
        """Other characters share its first byte, or two."""
        rows = [("\uf0a1", 1), ("\ufec0", 2)]
        body = "".join(f"{word} {number}\n" for word, number in rows)

        assert parse_text(("vpc-id", "bytes"), body.encode(), 2).frame.rows() == rows
        with pytest.raises(RefusedError):
            parse_text(("vpc-id", "bytes"), "\ufeffvpc 1\n".encode(), 1)

    @pytest.mark.parametrize("octets", ["01.2.3.4", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1..2.3",
                                        "1.2.3.0004", ".1.2.3", "1.2.3.4:80", "::01"])  # fmt: skip
    def test_addresses_are_as_strict_as_the_systems_own_reader(self, octets):
        """Neither leading zeros nor missing, large or additional parts."""
        with pytest.raises(RefusedError):
            parse_text(("srcaddr", "bytes"), f"{octets} 1\n".encode(), 1)

    def test_a_header_among_lines_of_texts_alone_is_no_record(self):
        """Where no number or address could tell, a field's name is left to the line reader."""
        with pytest.raises(RefusedError):
            parse_text(("vpc-id", "subnet-id"), b"vpc-1 subnet-1\nsubnet-id vpc-id\n", 2)

    def test_text_that_is_not_utf8_is_refused(self):
        """Such a line gets its own reason from the line reader."""
        with pytest.raises(RefusedError):
            parse_text(("vpc-id", "bytes"), b"vpc-\xff 1\n", 1)


class TestRollups:
    """Sums of a chunk."""

    @settings(max_examples=60)
    @given(st.lists(FLOWS, min_size=1, max_size=30))
    def test_rollups_are_the_sums_of_the_rows(self, flows):
        """Every rollup, added up again in plain Python from the stored rows."""
        reading = read_content(log_text(flows))

        assert_same(reading.tables.get("edges", []), edges_of(reading.rows))
        assert_same(reading.tables.get("series", []), series_of(reading.rows))
        assert_same(reading.tables.get("talkers", []), talkers_of(reading.rows))
        assert Counter(
            (row["hour_start"], row["interface_id"], row["log_status"])
            for row in reading.rows
            for row in [row | {"hour_start": row["start"] // HOUR * HOUR}]
        ) == {
            (row["hour_start"], row["interface_id"], row["log_status"]): row["records"]
            for row in reading.tables["coverage"]
        }

    def test_both_directions_are_one_edge(self):
        """10 packets there and 7 back: 17 in all, 7 of them returning."""
        request = make_flows()[0]
        (edge,) = read_content(
            log_text([request, answer(request, packets=7, bytes=300, start=START + 5)])
        ).tables["edges"]

        assert (edge["records"], edge["packets"], edge["bytes"]) == (2, 17, 1_300)
        assert (edge["return_packets"], edge["return_bytes"]) == (7, 300)
        assert (edge["first_seen"], edge["last_seen"]) == (START, START + 59)

    def test_a_sum_without_room_is_cut_to_the_largest_number(self):
        """No counter of a crafted log turns negative."""
        flows = make_flows(*[{"bytes": 2**62}] * 3)
        tables = read_content(log_text(flows)).tables

        assert [row["bytes"] for row in tables["edges"]] == [2**63 - 1]
        assert [row["logged_bytes"] for row in tables["series"]] == [2**63 - 1]


def assert_same(rows: Sequence[Row], sums: dict[tuple[Any, ...], Counter[str]]) -> None:
    found = {}
    for row in rows:
        (names,) = {tuple(total) for total in sums.values()} or [()]
        key = tuple(
            v for n, v in row.items() if n not in names and not re.search("ip[46]|vpc_id", n)
        )
        found[key] = {name: row[name] for name in names}
    assert found == {key: dict(total) for key, total in sums.items()}


def volumes(row: Row) -> dict[str, int]:
    flows = int(row["is_counted"])
    return {
        "records": 1,
        "flows": flows,
        "packets": flows * row["packets"],
        "bytes": flows * row["bytes"],
    }


def ends_of(row: Row) -> tuple[str, str]:
    ends = row["srcaddr"], row["dstaddr"]
    return ends if row["initiator_is_src"] else ends[::-1]


def summed(groups: dict[tuple[Any, ...], list[dict[str, int]]]) -> dict[tuple[Any, ...], Any]:
    return {
        key: {name: sum(row[name] for row in rows) for name in rows[0]}
        for key, rows in groups.items()
    }


def edges_of(rows: Sequence[Row]) -> dict[tuple[Any, ...], Any]:
    groups = defaultdict(list)
    seen = defaultdict(list)
    for row in rows:
        if row["is_counted"] is None:
            continue
        key = (row["start"] // HOUR * HOUR, *ends_of(row), row["service_port"], row["protocol"],
               row["action"])  # fmt: skip
        back = 0 if row["initiator_is_src"] else 1
        one = volumes(row)
        groups[key].append(
            one | {"return_packets": back * one["packets"], "return_bytes": back * one["bytes"]}
        )
        seen[key].append((row["start"], row["end"]))
    sums = summed(groups)
    for key, total in sums.items():
        total["first_seen"] = min(start for start, _ in seen[key])
        total["last_seen"] = max(end for _, end in seen[key])
    return sums


def series_of(rows: Sequence[Row]) -> dict[tuple[Any, ...], Any]:
    groups = defaultdict(list)
    for row in rows:
        if row["is_counted"] is None:
            continue
        for minute, part in minutes_of(row):
            key = (row["start"] // HOUR * HOUR, minute, row["protocol"], row["action"])
            logged = {f"logged_{name}": n for name, n in part.items()}
            is_first = minute == row["start"] // 60 * 60
            once = volumes(row | part)
            groups[key].append(
                once | logged | {n: is_first * once[n] for n in ("records", "flows")}
            )
    return summed(groups)


def talkers_of(rows: Sequence[Row]) -> dict[tuple[Any, ...], Any]:
    groups = defaultdict(list)
    for row in rows:
        if row["is_counted"] is None:
            continue
        one = volumes(row)
        for address in (row["srcaddr"], row["dstaddr"]):
            is_sender = address == row["srcaddr"]
            groups[row["start"] // HOUR * HOUR, address, row["action"]].append({
                "records": 1,
                "flows": one["flows"],
                "initiated_flows": one["flows"] * (address == ends_of(row)[0]),
                "sent_packets": one["packets"] * is_sender,
                "sent_bytes": one["bytes"] * is_sender,
                "received_packets": one["packets"] * (not is_sender),
                "received_bytes": one["bytes"] * (not is_sender),
            })  # fmt: skip
    return summed(groups)


class TestLoading:
    """Machine code and its file."""

    def test_arrays_of_another_type_are_refused(self):
        """A kernel does not check indexes, so its caller's types are checked."""
        with pytest.raises(TypeError, match="fill_slots: int64 where int32 without gaps is due"):
            text.fill_slots(np.zeros(1, np.uint64), np.zeros(1, np.int64), np.zeros(2, np.int32))

    def test_no_kernel_leaves_its_arrays(self, monkeypatch: pytest.MonkeyPatch):
        """As plain Python, where every index is checked, kernels give the same rows.

        The first tables are small, so that they grow.
        """
        flows = [
            flow
            for n in range(60)
            for request in make_flows(
                {"srcport": 40_000 + n, "start": START + 700 * n, "bytes": n**5},
                {"srcaddr": f"2001:db8::{n:x}", "dstaddr": "2001:db8::1", "protocol": 17},
                {"srcaddr": f"10.0.{n}.1", "protocol": 1, "srcport": 0, "dstport": 0},
                end=START + 90_000, tcp_flags=2,
            )
            for flow in (request, answer(request), no_data(interface_id=f"eni-{n % 7}"))
        ]  # fmt: skip
        content = log_text(flows, (*DEFAULT_FIELDS, "tcp-flags", "future-field"))
        fast = read_content(content)
        monkeypatch.setattr(
            compiled.Kernel, "__call__", lambda self, *arguments: int(self.python(*arguments))
        )
        monkeypatch.setattr("ingest.parse.text._FIRST_TEXTS", 4)
        monkeypatch.setattr("ingest.parse.text._FIRST_ADDRESSES", 4)
        monkeypatch.setattr("ingest.rollup._FIRST_GROUPS", 4)
        with np.errstate(over="ignore"):
            slow = read_content(content)

        assert slow.outcome.rows_stored == len(flows)
        assert slow.tables == fast.tables

    def test_the_file_is_found_again(self):
        """What one process compiled, others load."""
        compiled.load_kernels()

        assert is_compiled()
