"""The strip of ready questions."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.analysis.questions import QUESTIONS
from dashboard.ui import ids
from dashboard.ui.layout.aria import labelled


def questions() -> Any:
    """Return a place for each question; its title stands there before its number does."""
    cards = [
        html.Div(
            html.Span(
                html.Span(question.label, className="question-title"),
                className="question waiting",
                title=question.title,
            ),
            id=ids.question(question.key),
            className="question-place",
        )
        for question in QUESTIONS
    ]
    # Where they are wider than the screen, the keyboard moves them, too.
    return html.Nav(cards, className="questions", tabIndex="0", **labelled("Ready questions"))
