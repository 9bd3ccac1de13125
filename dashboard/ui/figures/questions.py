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
    """Return the question with the number of all, and who stands behind most of it."""
    tip = f"{_amount(reply)} in all."
    if reply.lacks:
        first, second, tip = "no answer", "", f"It needs {', '.join(reply.lacks)}."
    elif not reply.amount:
        first, second = "nobody" if question.title.startswith("Who") else "nothing", ""
    elif reply.who:
        # Beside a name there is room for the number alone; the tip has its unit.
        unit = "B" if reply.unit == "bytes" else ""
        first, second = reply.who, wording.short(reply.amount, unit)
    else:
        first, second = _amount(reply), ""
    most = [html.Span("most: ", className="question-most")] if second else []
    return dcc.Link(
        [
            html.Span(
                [
                    html.Span(question.label, className="question-title"),
                    html.Span(second, className="question-more"),
                ],
                className="question-head",
            ),
            html.Span([*most, html.Strong(first)], className="question-reply"),
        ],
        href=search or "?",
        className="question",
        title=f"{question.title} {'Most: ' if second else ''}{first}. {tip}",
    )


def _amount(reply: Reply) -> str:
    if reply.unit == "edges":
        return f"{wording.whole(reply.amount)} edges"
    return wording.volume(reply.amount, reply.unit)
