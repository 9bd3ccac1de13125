"""Ready questions: each has an answer, worked out from the traffic of its own view."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.source import FlowSource
from dashboard.analysis.questions import QUESTIONS, Reply
from tests.dashboard.analysis.hand_made import make_flow, write_cache

NOON = 1_767_614_400
DAY_S = 86_400
NOW = FlowQuery(start=NOON, end=NOON + 3_600)
BEFORE = FlowQuery(start=NOON - DAY_S, end=NOON - DAY_S + 3_600)
ALL = {question.key: question for question in QUESTIONS}


def flow(**facts: Any) -> dict[str, Any]:
    """Return a record between two private addresses at noon."""
    return make_flow(**({"srcaddr": "10.0.0.5", "dstaddr": "10.0.0.9", "start": NOON} | facts))


@pytest.fixture
def source(tmp_path: Path) -> FlowSource:
    """A little of everything that is asked."""
    flows = [
        *[flow(srcaddr="203.0.113.7", action="REJECT", service_port=23)] * 3,
        flow(srcaddr="203.0.113.8", action="REJECT"),
        *[flow(srcaddr="203.0.113.8", dstaddr="10.0.0.1")] * 2,
        flow(srcaddr="10.0.0.6", dstaddr="203.0.113.1", bytes=5_000),
        flow(dstaddr="203.0.113.1", bytes=400),
        *[flow(srcaddr="10.0.0.7", service_port=22)] * 2,
        *[flow(srcaddr="10.0.0.8", service_port=5432)] * 4,
        flow(start=NOON - DAY_S, service_port=22, srcaddr="10.0.0.7"),
    ]
    return FlowSource(write_cache(tmp_path / "cache", flows), KnownNames())


@pytest.mark.parametrize(
    ("key", "reply"),
    [
        ("denied", Reply(4, "flows", "203.0.113.7")),
        ("exposed", Reply(2, "flows", "10.0.0.1")),
        ("leaving", Reply(5_400, "bytes", "10.0.0.6")),
        ("admin", Reply(5, "flows", "203.0.113.7")),
        ("databases", Reply(4, "flows", "10.0.0.8")),
        ("zones", Reply(0, "bytes", None)),
        ("new", Reply(6, "edges", None)),
    ],
)
def test_each_question_has_its_answer(source: FlowSource, key: str, reply: Reply) -> None:
    """The amount of all, and who stands behind most of it."""
    assert ALL[key].reply(source, NOW, BEFORE) == reply


def test_a_question_says_what_it_lacks(source: FlowSource) -> None:
    """No number is better than one that means something else."""
    empty = BEFORE.replace(start=NOON - 9 * DAY_S, end=NOON - 8 * DAY_S)

    assert ALL["new"].reply(source, NOW, empty).lacks == ("records of the whole day before",)
    assert ALL["nat"].reply(source, NOW).lacks == ("pkt-dst-aws-service", "traffic-path")


def test_the_number_is_that_of_the_view_it_opens(source: FlowSource) -> None:
    """Card and view ask the same."""
    for question in QUESTIONS:
        if question.compare or question.needs:
            continue
        asked = question.query(NOW)
        amount = getattr(source.totals(asked).volume, asked.metric)
        assert question.reply(source, NOW).amount == amount, question.key
