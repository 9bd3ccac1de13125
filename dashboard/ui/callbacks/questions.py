"""The numbers of the ready questions."""

from __future__ import annotations

from typing import Any

from dash import Dash, Output, State

from dashboard.analysis.questions import QUESTIONS, ReadyQuestion
from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Source, asked_by
from dashboard.ui.figures.questions import question_card, question_search
from dashboard.ui.view_state import forgiving


def register(app: Dash, source: Source) -> None:
    """Answer each question by itself, once the view's own totals are on the page."""
    for question in QUESTIONS:
        _register_one(app, source, question)


def _register_one(app: Dash, source: Source, question: ReadyQuestion) -> None:
    @app.callback(
        Output(ids.question(question.key), "children"),
        inputs={
            **asked_by(ids.QUESTIONS_ASKED),
            "search": State(ids.PAGE_URL, "search"),
        },
        prevent_initial_call=True,
    )
    def answer(view: Any, _asked: Any, search: str | None) -> Any:
        shown = source.shown_view(view)
        facts = shown.answers.facts()
        state, _ = forgiving(search, facts.last)
        if question.compare == "day":  # Yesterday is a day before today, not before the week.
            state = state.last_day(facts.first, facts.last)
        base = state.replace(compare=question.compare).base(facts.first, facts.last)
        query = shown.query.replace(start=state.query.start, end=state.query.end)
        reply = question.reply(shown.answers, query, base)
        return question_card(question, reply, question_search(question, state))
