"""Ready questions → the strip of cards on top."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dashboard.analysis.questions import ReadyQuestion, Reply
from dashboard.ui import wording
from dashboard.ui.view_state import ViewState


def question_search(question: ReadyQuestion, state: ViewState) -> str:
    """Return the URL search string of a question's view, over the range of a state."""
    return state.replace(
        query=question.query(state.query), compare=question.compare, tab=question.tab
    ).to_search()


def question_card(question: ReadyQuestion, reply: Reply, search: str) -> Any:
    """Return the question, its number, and who stands behind most of it."""
    if reply.lacks:
        number, who = "no data", f"the logs lack {', '.join(reply.lacks)}"
    elif not reply.amount:
        number, who = "none", "in this range"
    else:
        number = _amount(reply)
        who = f"most: {reply.who}" if reply.who else ""
    return dcc.Link(
        [
            html.Span(question.title, className="question-title"),
            html.Span(
                [html.Strong(number), html.Span(who, className="question-who")],
                className="question-reply",
            ),
        ],
        href=search or "?",
        className="question",
        title=f"{question.title} {number} {who}".strip(),
    )


def _amount(reply: Reply) -> str:
    if reply.unit == "edges":
        return f"{wording.whole(reply.amount)} edges"
    return wording.volume(reply.amount, reply.unit)
