"""A filter → its chips."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.analysis.filters.chips import chips
from dashboard.analysis.filters.tokens import FilterError
from dashboard.analysis.flow_query import FlowQuery

_AROUND = 30
_CROSS = "\N{MULTIPLICATION SIGN}"


def filter_chips(query: FlowQuery) -> list[Any]:
    """Return a chip for each part of the filter and each node that is expanded."""
    parts = [_chip(text, number) for number, text in enumerate(chips(query.filter))]
    opened = [
        html.Span(
            [
                html.Span(f"inside {node}", className="chip-text"),
                _button(_CROSS, "collapse", number),
            ],
            className="chip expansion",
        )
        for number, node in enumerate(query.expand)
    ]
    if not parts and not opened:
        return []
    tools = [_tool("Undo", "undo", "Back to the view before (Alt+Left)")]
    if len(parts) > 1:
        tools.append(_tool("Edit", "edit-all", "Edit the whole filter as text"))
    if parts:
        tools.append(_tool("Clear", "clear", "Remove the whole filter"))
    return [*parts, *opened, *tools]


def trouble(error: FilterError) -> list[Any]:
    """Say what is wrong with a filter, under the character that does not fit."""
    begin = max(0, error.position - _AROUND)
    shown = error.text[begin : error.position + _AROUND]
    mark = " " * (error.position - begin) + "^"
    return [
        html.Pre(f"{shown}\n{mark}", className="filter-mark"),
        html.Span(str(error)),
    ]


def _chip(text: str, number: int) -> Any:
    label = html.Button(
        text,
        type="button",
        className="chip-text",
        title="Edit this part",
        **_does("edit", number),
    )
    turn = _button("≠", "turn", number, f"Turn into the opposite: {text}")
    remove = _button(_CROSS, "remove", number, f"Remove: {text}")
    return html.Span([label, turn, remove], className="chip")


def _button(sign: str, does: str, number: int, label: str = "Collapse again") -> Any:
    named: dict[str, Any] = {"aria-label": label}
    return html.Button(
        sign, type="button", className="chip-button", title=label, **named, **_does(does, number)
    )


def _tool(text: str, does: str, title: str) -> Any:
    return html.Button(text, type="button", className="chip-tool", title=title, **_does(does, -1))


def _does(what: str, number: int) -> dict[str, Any]:
    return {"data-do": what, "data-chip": str(number)}
