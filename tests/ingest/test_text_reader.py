"""Bodies of one layout, read one after the other into the same columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse import text
from ingest.parse.text import ParsedText, RefusedError, TextReader

FIELDS = ("instance-tag", "srcaddr", "bytes")
TAGS = st.sampled_from(["a", "b", "tag-of-more-than-sixteen-bytes"])
ADDRESSES = st.sampled_from(["192.0.2.1", "198.51.100.7", "2001:db8::1", "2001:db8::2", "-"])
LINES = st.builds("{} {} {}\n".format, TAGS, ADDRESSES, st.integers(0, 2**40))
GOOD = st.lists(LINES, min_size=1, max_size=4).map("".join)
# Each brings a text and an address before what nobody takes.
BAD = st.sampled_from([
    "new-tag 203.0.113.9 1\nc 192.0.2.1 x\n", "new-tag 2001:db8::9 1\nc 2001:DB8::1 2\n",
    "new-tag 2001:db8::9 1\nc\udcff 192.0.2.1 1\n", "new-tag 203.0.113.9 1\nc 1.2.3 1\n",
])  # fmt: skip


def read(bodies: list[str]) -> tuple[ParsedText, int]:
    """Read bodies, and count those that were refused."""
    reader, refused = TextReader(FIELDS, 0), 0
    for body in bodies:
        try:
            reader.read(body.encode("utf-8", "surrogateescape"), body.count("\n"))
        except RefusedError:
            refused += 1
    return reader.parsed(), refused


def test_tables_grow_as_texts_come():
    """Many distinct texts and addresses, over several bodies, keep their values."""
    rows = [(f"tag-{n % 7_000}-{'x' * (n % 90)}", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", n)
            for n in range(70_000)]  # fmt: skip
    bodies = [
        "".join(f"{tag} {address} {n}\n" for tag, address, n in rows[begin : begin + 10_000])
        for begin in range(0, len(rows), 10_000)
    ]

    parsed, _ = read(bodies)

    assert parsed.frame.rows() == rows
    assert len(parsed.addresses) == 70_000


@given(st.lists(GOOD | BAD, min_size=1, max_size=6))
def test_what_was_refused_leaves_no_trace(bodies):
    """Rows, codes and texts are those of the good bodies alone, where tables had to grow too."""
    good = [body for body in bodies if not body.startswith("new-tag")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_FIRST_TEXTS", 4)
        patch.setattr(text, "_FIRST_ADDRESSES", 4)
        parsed, refused = read(bodies)
        alone, _ = read(good)

    assert refused == len(bodies) - len(good)
    assert parsed.frame.rows() == alone.frame.rows()
    assert parsed.texts == alone.texts
    assert parsed.addresses.texts == alone.addresses.texts
    assert parsed.addresses.ip6 == alone.addresses.ip6
    for name, codes in alone.narrow.items():
        assert parsed.narrow[name].tolist() == codes.tolist()


def test_a_header_that_was_refused_is_refused_again():
    """Its names are no texts that were met before: in a layout of texts, only they tell."""
    reader = TextReader(("vpc-id", "subnet-id"), 0)
    for _ in range(2):
        with pytest.raises(RefusedError, match="field's name"):
            reader.read(b"vpc-1 subnet-1\nsubnet-id vpc-id\n", 2)
    reader.read(b"vpc-1 subnet-1\n", 1)

    assert reader.parsed().frame.rows() == [("vpc-1", "subnet-1")]
