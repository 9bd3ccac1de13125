"""What a batch makes of its objects: chunks, odd lines, and objects that break late."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ingest import batch_reader
from ingest.batch import BatchResult
from ingest.parse import decompress
from ingest.schema import DEFAULT_FIELDS
from tests.conftest import START, Flow, log_text, make_flows
from tests.ingest.loading import Row, run_contents, tables_of


def flows_of(number: int, n: int = 300) -> list[Flow]:
    """Return records that tell their object."""
    return make_flows(*(
        {"srcport": 40_000 + i, "dstaddr": f"198.51.100.{number}", "start": START + i % 60}
        for i in range(n)
    ))  # fmt: skip


def flow_rows(result: BatchResult) -> list[Row]:
    """Return the rows of `flows` by object and line."""
    return tables_of(result)["flows"]


@pytest.mark.parametrize("held", [1 << 20, 2_000], ids=["before", "after"])
def test_an_object_that_breaks_at_its_end_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    """Before any of its lines was taken, and after, when the batch starts again without it."""
    monkeypatch.setattr(decompress, "BLOCK_BYTES", 4_096)
    monkeypatch.setattr(batch_reader, "_HELD_BYTES", held)
    contents = [gzip.compress(log_text(flows_of(number)), mtime=0) for number in range(3)]
    contents[1] = contents[1][:-5]

    result = run_contents(tmp_path, contents)

    assert [outcome.status for outcome in result.outcomes] == ["ok", "corrupt", "ok"]
    assert [outcome.rows_stored for outcome in result.outcomes] == [300, 0, 300]
    rows = flow_rows(result)
    assert [(row["object_id"], row["line"]) for row in rows] == [
        (number, line) for number in (1, 3) for line in range(2, 302)
    ]
    assert {row["dstaddr"] for row in rows} == {"198.51.100.0", "198.51.100.2"}


def test_odd_lines_cost_themselves_wherever_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects that are read together, each with a bad line, a blank one or another header."""
    monkeypatch.setattr(batch_reader, "_JOINED_BYTES", 60_000)
    contents = []
    for number in range(40):
        lines = log_text(flows_of(number, 20)).split(b"\n")
        if number % 3 == 0:
            lines[5] = b"no record"
        if number % 4 == 0:
            lines.insert(9, b"")
        if number % 5 == 0:
            lines.insert(12, b"srcaddr dstaddr start end")
            lines[13:] = [b"192.0.2.10 198.51.100.%d %d %d" % (number, START, START + 1)] * 3 + [
                b""
            ]
        contents.append(b"\n".join(lines))

    result = run_contents(tmp_path, contents)

    rows = flow_rows(result)
    for number, outcome in enumerate(result.outcomes):
        mine = [row for row in rows if row["object_id"] == outcome.object_id]
        lines = contents[number].split(b"\n")[:-1]
        kept = [
            place
            for place, line in enumerate(lines, 1)
            if line and line != b"no record" and not line.startswith((b"version", b"srcaddr"))
        ]
        assert [row["line"] for row in mine] == kept
        assert outcome.rows_rejected == (number % 3 == 0)
        assert outcome.rows_stored == len(kept)
        assert {row["dstaddr"] for row in mine} == {f"198.51.100.{number}"}


@pytest.mark.parametrize(("n_objects", "n_chunks"), [(1, 1), (12, 1), (20, 2), (29, 3)])
def test_a_batch_is_cut_in_chunks_of_like_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_objects: int, n_chunks: int
) -> None:
    """None is a small rest: each costs a file per table and hour."""
    body = log_text(flows_of(1))
    monkeypatch.setattr(batch_reader, "CHUNK_BYTES", 10 * len(body))
    monkeypatch.setattr(batch_reader, "_LARGEST_CHUNK", 20 * len(body))
    monkeypatch.setattr(batch_reader, "_SMALL_BYTES", 0)

    result = run_contents(tmp_path, [gzip.compress(body)] * n_objects)

    sizes = [part.rows for part in result.parts if part.kind == "flows"]
    assert sum(sizes) == 300 * n_objects
    assert len(sizes) == n_chunks
    assert min(sizes) >= 0.6 * max(sizes)


def test_many_layouts_are_not_held_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has tables of its own, and a batch may have thousands of objects."""
    held = []
    flush = batch_reader.BatchReader._flush

    def noted(reader: batch_reader.BatchReader) -> None:
        held.append(len(reader.layouts))
        flush(reader)

    monkeypatch.setattr(batch_reader.BatchReader, "_flush", noted)
    contents = [
        log_text(flows_of(number, 5), (*DEFAULT_FIELDS, f"future-{number}")) for number in range(80)
    ]

    result = run_contents(tmp_path, contents)

    assert held == [32, 32, 16]
    assert [outcome.rows_stored for outcome in result.outcomes] == [5] * 80
    assert len(flow_rows(result)) == 400
