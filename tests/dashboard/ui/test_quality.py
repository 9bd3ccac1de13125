"""The report on the logs of a small network with one lost interval and one cut line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
from dash import Dash

from dashboard.analysis.answers import Quality
from dashboard.analysis.log_format import create_command, log_format
from dashboard.analysis.query.source import FlowSource
from dashboard.ui import ids
from dashboard.ui.figures.quality import REJECTS, SET_ASIDE, report
from tests.dashboard.ui.made_up import MadeUpAnswers
from tests.dashboard.ui.test_drawer import ALL, strings_in
from tests.dashboard.ui.test_figures import text_of
from tests.dashboard.ui.test_page import call, view

REPORT = f"{ids.QUALITY_REPORT}.children"
INGEST = Path(__file__).parents[3] / "ingest"


def test_report_says_what_is_wrong_and_what_to_do(logged_app: Dash) -> None:
    """The sum of the lines, the lost interval, the cut line in words."""
    texts = strings_in(call(logged_app, REPORT, **view()))

    for sentence in (
        "16 lines read from 1 object = 15 stored + 1 rejected, over the whole cache.",
        "field-count",
        *REJECTS["field-count"],
        "No object was set aside.",
        "2 interfaces, 2 hours from 2026-03-02 10:00 UTC. 1 of them lost records.",
        "eni-db",
    ):
        assert sentence in texts
    assert any(text.startswith("In the range shown, 1 interval lost records") for text in texts)


def test_report_says_what_the_format_lacks(logged_app: Dash) -> None:
    """Flags and direction are logged, packet addresses are not."""
    texts = strings_in(call(logged_app, REPORT, **view()))

    assert "pkt-srcaddr" in texts
    assert "vpc-id" in texts
    assert "tcp-flags" not in texts
    assert "16 fields" in texts


def test_format_and_command_can_be_copied(logged_app: Dash) -> None:
    """What the button copies is what is shown."""
    texts = strings_in(call(logged_app, REPORT, **view()))

    assert texts.count(log_format()) == 2
    assert texts.count(create_command()) == 2


def test_sharing_numbers_the_interfaces(logged_app: Dash) -> None:
    """With AWS rights, an interface leads to its address."""
    texts = strings_in(call(logged_app, REPORT, **view("?sharing=on")))

    assert "interface 1" in texts
    assert not [text for text in texts if "eni-" in text or "123456789012" in text]


def test_hours_of_an_interface_add_up(logged: FlowSource) -> None:
    """Lost, logged, silent and unheard hours fill the bar once."""
    found = report(logged.quality(ALL), logged.totals(ALL), logged.facts())

    bars = re.findall(r"coverage-bar', title='([^']*)'", str(found))
    hours = [sum(int(n) for n in re.findall(r"(\d+) h", bar)) for bar in bars]
    assert hours == [2, 2]
    assert "1 h lost" in bars[0]


def test_empty_answers_are_sentences() -> None:
    """Nothing logged, nothing wrong."""
    answers = MadeUpAnswers()
    nothing: Any = Quality(pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), pd.DataFrame())

    text = text_of(report(nothing, answers.totals(ALL), answers.facts()))

    assert "No interface has logged anything in this range." in text
    assert "No object with a known format is in the cache." in text


def test_unknown_reason_is_shown_as_it_is() -> None:
    """A code that a later ingest writes is not lost."""
    answers = MadeUpAnswers()
    odd = pd.DataFrame([{"reason": "moon-phase", "rows": 3, "objects": 1}])
    quality = Quality(pd.DataFrame(), odd, pd.DataFrame(), pd.DataFrame())

    text = text_of(report(quality, answers.totals(ALL), answers.facts()))

    assert "moon-phase" in text
    assert "3 lines" in text


def test_every_code_of_ingest_has_words() -> None:
    """Codes are read from the sources, so that a new one is not forgotten."""
    sources = "\n".join(path.read_text() for path in sorted(INGEST.rglob("*.py")))
    rejected = re.findall(r"(?<!def )reject_line\([^,]+, \"([a-z0-9-]+)\"", sources)
    rejected += re.findall(r"_reject\([^,]+, \"([a-z0-9-]+)\"", sources)
    aside = re.findall(r"BadObjectError\(\s*[^,]+, \"([a-z-]+)\"", sources)

    assert rejected
    assert aside
    assert set(rejected) <= set(REJECTS)
    assert set(aside) <= set(SET_ASIDE)
