"""A range is covered once: whole hours by rollups, ragged minutes by records."""

from __future__ import annotations

import pytest

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.conversations import top_conversations
from dashboard.analysis.query.nodes import Joined
from dashboard.analysis.query.ports import top_ports
from dashboard.analysis.query.prepared import prepare
from dashboard.analysis.query.span import Span
from dashboard.analysis.query.timeline import bins_for

H = 3_600


@pytest.mark.parametrize(
    ("start", "end", "hours", "ragged"),
    [
        (None, None, (None, None), ()),
        (H, 3 * H, (H, 3 * H), ()),
        (H + 60, None, (2 * H, None), ((H + 60, 2 * H),)),
        (None, 2 * H + 60, (None, 2 * H), ((2 * H, 2 * H + 60),)),
        (H + 60, 3 * H + 60, (2 * H, 3 * H), ((H + 60, 2 * H), (3 * H, 3 * H + 60))),
        (H + 60, H + 120, None, ((H + 60, H + 120),)),
        (H + 60, 2 * H + 60, None, ((H + 60, 2 * H + 60),)),
        (H, H + 60, None, ((H, H + 60),)),
        (-60, 60, None, ((-60, 60),)),
    ],
)
def test_a_range_is_split_at_whole_hours(start, end, hours, ragged) -> None:
    """The parts touch and do not overlap."""
    span = Span.of(FlowQuery(start=start, end=end))

    assert (span.hours, span.ragged) == (hours, ragged)


@pytest.mark.parametrize(
    ("seconds", "bins", "width"),
    [(3_600, 60, 60), (3_600, 59, 300), (86_400, 240, 600), (30 * 86_400, 240, 3 * H)],
)
def test_bins_are_as_narrow_as_fits(seconds: int, bins: int, width: int) -> None:
    """The width comes from the list, and never gives more bins than asked for."""
    found, start, end = bins_for(0, seconds, bins)

    assert found == width
    assert (end - start) // found <= bins


def test_a_very_long_range_gets_bins_of_several_weeks() -> None:
    """A record from the year 2106 does not break the picture."""
    width, start, end = bins_for(59, 4_294_967_295, 240)

    assert width % (7 * 86_400) == 0
    assert (end - start) // width <= 240


def test_questions_of_one_shape_share_their_text() -> None:
    """Times and thresholds are parameters; what was typed never is part of the text."""
    queries = [FlowQuery(start=60 * n, end=90_000 + 60 * n, threshold=n) for n in (1, 2)]

    first, second = (prepare(top_ports, Span.of(q), q, Joined(), top=5) for q in queries)

    assert first.sql == second.sql
    assert second.values == {
        "from_1": 120, "to_1": H, "low": H, "high": 25 * H, "from_2": 25 * H, "to_2": 90_120,
    }  # fmt: skip


def test_filters_of_one_shape_share_their_text() -> None:
    """Another address or port in a filter compiles nothing again."""
    texts = ("src in 10.0.0.0/8 and port = 443", "src in 192.0.2.0/24 and port = 53")
    queries = [FlowQuery(filter=text) for text in texts]

    first, second = (prepare(top_ports, Span.of(q), q, Joined(), top=5) for q in queries)

    assert first.sql == second.sql
    assert sorted(second.values.values()) == [53, 0xC0000200, 0xC00002FF]


@pytest.mark.parametrize(
    ("one", "other", "n_claims"),
    [
        ("src = app-1 and not name ~ 'nat*'", "src = db and not name ~ 'a?'", 2),
        ("src in (10.0.0.0/8, app-1)", "src in (192.0.2.0/24, db)", 1),
        ("src = app-1 or dst = app-1", "src = db or dst = db", 1),
        ("src.tag.team = red", "src.tag.stage = prod", 1),
    ],
)
def test_filters_by_name_share_their_text(one: str, other: str, n_claims: int) -> None:
    """What is claimed of an end is told by the facts: no name compiles anything again."""
    queries = [FlowQuery(filter=text) for text in (one, other)]
    joined = Joined(any=True, n_claims=n_claims)

    first, second = (prepare(top_conversations, Span.of(q), q, joined) for q in queries)

    assert first.sql == second.sql
    assert "claim_0" in first.sql
    assert "app" not in first.sql


def test_different_claims_are_kept_apart() -> None:
    """The same name at both ends is one claim, two names are two."""
    queries = [FlowQuery(filter=f"src = app-1 or dst = {name}") for name in ("app-1", "app-2")]

    same, two = (
        prepare(top_conversations, Span.of(q), q, Joined(any=True, n_claims=n)).sql
        for n, q in enumerate(queries, 1)
    )

    assert "dst_claim_0" in same
    assert "dst_claim_1" not in same
    assert "dst_claim_1" in two
