"""How objects are shared out among batches."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.batching import BATCH_BYTES, BATCH_OBJECTS, Gathered, share_of
from ingest.sources import LogObject
from ingest.spool import Piece

MB = 1 << 20


def gathered_batches(sizes, parsers, listed_after=0):
    """Return the sizes of the objects of each batch; the listing ends after so many."""
    gathered, batches = Gathered(), []
    for number, size in enumerate(sizes):
        gathered.seen_bytes += size
        gathered.add(number, LogObject(str(number), "", size), Piece("unread"))
        listed = sum(sizes) if number >= listed_after else None
        if gathered.is_enough(listed, parsers):
            batches.append(gathered.take(listed, parsers))
    while gathered.objects:
        batches.append(gathered.take(sum(sizes), parsers))
    return batches


@pytest.mark.parametrize(
    ("left", "n_batches", "parsers", "share"),
    [
        (66 * MB, 0, 2, 66 * MB // 4),
        (48 * MB, 0, 2, 24 * MB),
        (10 * MB, 0, 2, 5 * MB),
        (18 * MB, 2, 2, 9 * MB),  # Two full ones before the listing was complete.
        (30 * MB, 1, 2, 10 * MB),
        (0, 4, 2, 0),
    ],
)
def test_each_parser_gets_as_many_batches_as_the_others(left, n_batches, parsers, share):
    assert share_of(left, n_batches, parsers) == share


@given(
    st.lists(st.integers(0, 4 * MB), min_size=1, max_size=60),
    st.integers(1, 8),
    st.integers(0, 60),
)
def test_every_object_is_in_one_batch(sizes, parsers, listed_after):
    batches = gathered_batches(sizes, parsers, listed_after)

    assert [number for batch in batches for number, _, _ in batch] == list(range(len(sizes)))
    for batch in batches:
        assert batch
        assert sum(found.size for _, found, _ in batch) < BATCH_BYTES + 4 * MB


@given(st.lists(st.integers(MB // 4, 4 * MB), min_size=20, max_size=80), st.integers(1, 4))
def test_batches_of_one_load_are_alike(sizes, parsers):
    """Where the listing is known, no parser is left with a batch when the others are done.

    A batch ends with a whole object: each may take one too many, and the last lacks what the
    others took, which was shared out again before each.
    """
    batches = gathered_batches(sizes, parsers)
    weights = [sum(found.size for _, found, _ in batch) for batch in batches]

    rounds = math.ceil(sum(sizes) / BATCH_BYTES / parsers)
    assert len(batches) <= rounds * parsers
    assert max(weights) - min(weights) <= 5 * max(sizes)


def test_what_arrives_before_the_listing_ends_is_shared_out_all_the_same():
    """18 of 27 MB are there when their number is known: the first batch is no larger for it."""
    batches = gathered_batches([MB] * 27, 2, listed_after=17)

    assert [len(batch) for batch in batches] == [14, 13]


def test_many_small_objects_are_cut_by_number():
    batches = gathered_batches([100] * (BATCH_OBJECTS + 1), 2, listed_after=BATCH_OBJECTS + 1)

    assert [len(batch) for batch in batches] == [BATCH_OBJECTS, 1]
