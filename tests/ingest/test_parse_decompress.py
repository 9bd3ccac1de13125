import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import BadObjectError
from ingest.parse.decompress import BLOCK_BYTES, text_blocks
from tests.conftest import log_text, make_flows
from tests.ingest.loading import read_content, run_python

TEXT = log_text(make_flows(*({"bytes": n, "srcport": 40_000 + n} for n in range(40))))
GZIP = gzip.compress(TEXT, mtime=0)


def text_of(content: bytes) -> bytes:
    return b"".join(text_blocks("object", content))


def failure_of(content: bytes) -> BadObjectError:
    with pytest.raises(BadObjectError) as caught:
        text_of(content)
    return caught.value


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5), st.integers(0, 600))
def test_members_are_joined_and_padding_is_ignored(texts, n_zeros):
    """Any texts, each compressed by itself and joined, come back whole."""
    content = b"".join(gzip.compress(text) for text in texts) + bytes(n_zeros)

    assert text_of(content) == b"".join(texts)


def test_several_members_give_all_of_their_records():
    """An object made of two compressed objects is read to its end."""
    second = gzip.compress(log_text(make_flows({"bytes": 99}), header=False))
    reading = read_content(GZIP + second)

    assert [row["bytes"] for row in reading.rows] == [*range(40), 99]


def test_blocks_are_bounded():
    """A large text comes in blocks of at most 16 MiB."""
    text = zlib.compress(bytes(range(256)) * 100, 0) * 700
    sizes = [len(block) for block in text_blocks("object", gzip.compress(text, 1))]

    assert sum(sizes) == len(text)
    assert max(sizes) <= BLOCK_BYTES
    assert len(sizes) > 1


def test_an_object_truncated_anywhere_is_set_aside():
    """No length but the full one gives any rows."""
    for length in range(2, len(GZIP)):
        failure = failure_of(GZIP[:length])
        assert failure.reason == "corrupt"
        assert "the gzip data ends early, after" in str(failure)
    outcome = read_content(GZIP[:-1]).outcome
    assert (outcome.status, outcome.rows_read, outcome.rows_stored) == ("corrupt", 0, 0)


def test_a_second_member_cut_short_spoils_the_object():
    """A whole first member does not pass for the object."""
    assert failure_of(GZIP + GZIP[:-5]).reason == "corrupt"


def test_no_single_flipped_bit_gives_wrong_rows():
    """Each flip is found, or touches only what gzip does not use."""
    found, harmless = 0, []
    for position in range(len(GZIP) * 8):
        damaged = bytearray(GZIP)
        damaged[position // 8] ^= 1 << position % 8
        if position < 16:  # Not gzip any more: its bytes are judged as text.
            assert read_content(bytes(damaged)).outcome.status == "not-a-log"
            continue
        try:
            text = text_of(bytes(damaged))
        except BadObjectError as error:
            assert error.reason == "corrupt"  # noqa: PT017
            found += 1
        else:
            assert text == TEXT
            harmless.append(position // 8)

    # Flags, time and system are the header's bytes that no checksum covers, and the
    # last byte of compressed data is filled up with unused bits (RFC 1952, 2.3).
    assert set(harmless) <= {*range(3, 10), len(GZIP) - 9}
    assert found == len(GZIP) * 8 - 16 - len(harmless)


def test_damage_is_told_with_its_place():
    """The message says how far the text was readable."""
    damaged = GZIP[:-8] + b"\0\0\0\0" + GZIP[-4:]
    failure = failure_of(damaged)

    assert str(failure).startswith("object: set aside as corrupt: the gzip data is damaged after")


def test_garbage_after_the_end_is_set_aside():
    """Bytes that belong to no member are not passed over in silence."""
    failure = failure_of(GZIP + b"<html>")

    assert failure.reason == "corrupt"
    assert failure.detail == f"bytes after the end of the gzip data, at byte {len(GZIP)}"


def test_zero_padding_after_the_end_is_harmless():
    """Tapes and block stores pad with zeros."""
    assert read_content(GZIP + bytes(512)).outcome.status == "ok"


def test_text_is_read_as_text_whatever_its_name():
    """The first bytes decide, so a text that is named .gz is read."""
    assert read_content(TEXT).rows == read_content(GZIP).rows


def test_an_error_page_is_set_aside():
    """HTML in place of a log is no log, compressed or not."""
    page = b"<!DOCTYPE html>\n<html><body>503 Slow Down</body></html>\n"

    assert read_content(page).outcome.status == "not-a-log"
    assert read_content(gzip.compress(page)).outcome.status == "not-a-log"


@pytest.mark.parametrize(
    ("content", "status", "detail"),
    [
        (b"", "empty", "the object has no bytes"),
        (gzip.compress(b"", mtime=0), "empty", "the object has no lines"),
        (b"\n \n# nothing\n", "empty", "the object has no lines"),
    ],
)
def test_an_object_without_records_is_no_fault(content, status, detail):
    """Nothing, and a header alone, are objects with no rows."""
    outcome = read_content(content).outcome

    assert (outcome.status, outcome.detail) == (status, detail)
    assert (outcome.rows_read, outcome.rows_stored, outcome.rows_rejected) == (0, 0, 0)


def test_a_header_alone_is_an_object_without_rows():
    """AWS delivers such objects; they are read, not set aside."""
    for content in (log_text([]), gzip.compress(log_text([]))):
        outcome = read_content(content).outcome
        assert outcome.status in {"ok", "empty"}
        assert (outcome.rows_read, outcome.rows_stored, outcome.rows_rejected) == (0, 0, 0)


BOMB = """
import gzip, resource, sys
from tests.ingest.loading import read_content

bomb = gzip.compress(sys.argv[1].encode()) + gzip.compress(bytes(16 << 20)) * 64
read_content(b"srcaddr\\n192.0.2.1\\n")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
outcome = read_content(bomb).outcome
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(outcome.status, outcome.rows_read, (after - before) // 1024, len(bomb), outcome.detail)
"""


@pytest.mark.parametrize("header", ["", "srcaddr dstaddr\n"], ids=["bare", "with a header"])
def test_a_bomb_is_set_aside_in_little_memory(header):
    """1 GiB of zeros in 1 MB is recognised early, without being held."""
    child = run_python("-c", BOMB, header)
    status, rows_read, grown_mb, size, detail = child.stdout.strip().split(" ", 4)

    assert (status, rows_read) == ("bomb", "0")
    assert int(grown_mb) < 100
    assert detail.endswith(f"bytes from {int(size):,}")
