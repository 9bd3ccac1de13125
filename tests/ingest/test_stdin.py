"""Standard input: lines or one object, within a limit, known by its content."""

from __future__ import annotations

import gzip
import io
import subprocess

import pytest

from ingest.errors import NothingFoundError, SourceError
from ingest.pipeline import load
from ingest.sources.stdin import StdinSource
from tests.conftest import log_text, make_flows
from tests.ingest.loading import cached_rows, start_python

TEXT = log_text(make_flows(*({"srcport": n} for n in range(1, 101))))


def source(content: bytes, limit: int = 1_000_000, **options) -> StdinSource:
    return StdinSource(io.BytesIO(content), limit, **options)


@pytest.mark.parametrize("content", [TEXT, gzip.compress(TEXT, mtime=0)])
def test_lines_and_objects_are_read_and_known_again(tmp_path, content):
    """The same bytes a second time add nothing."""
    first = load(source(content), tmp_path / "cache", jobs=1)
    second = load(source(content), tmp_path / "cache", jobs=1)

    assert (first.objects_new, first.rows_stored) == (1, 100)
    assert (second.objects_known, second.objects_new) == (1, 0)


def test_long_text_is_cut_at_line_ends_with_its_header(tmp_path):
    """Each piece is an object of its own; no line is lost."""
    report = load(source(TEXT, piece_bytes=2_000), tmp_path / "cache", jobs=1)

    assert report.objects_new > 3
    assert sorted(row["srcport"] for row in cached_rows(tmp_path / "cache")) == list(range(1, 101))


def test_too_much_and_nothing_are_told(tmp_path):
    """The limit, and what to do; an empty pipe."""
    with pytest.raises(SourceError, match=r"more than 0 MB.*raise --stdin-limit"):
        load(source(TEXT, limit=100), tmp_path / "cache", jobs=1)
    with pytest.raises(NothingFoundError, match="nothing came on standard input"):
        load(source(b""), tmp_path / "cache", jobs=1)


def test_the_command_reads_a_pipe(tmp_path):
    """`-` as a user writes it."""
    child = start_python(
        "-m", "ingest", "load", "-", "--cache", tmp_path / "cache", "--strict",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    told, trouble = child.communicate(TEXT.decode(), timeout=60)

    assert (child.returncode, trouble) == (0, "")
    assert "rows     100 read = 100 stored + 0 rejected" in told
