"""URL ↔ controls ↔ the view state that every view reads."""

from __future__ import annotations

import secrets
import time
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update

from dashboard.analysis.filters.chips import added, chips
from dashboard.analysis.filters.tokens import FilterError
from dashboard.analysis.flow_query import parameters
from dashboard.ui import ids, wording
from dashboard.ui.callbacks.shown import Source, behind, hidden, unless_there
from dashboard.ui.callbacks.trouble import PLAIN
from dashboard.ui.commands import after_command, after_expansion, after_network
from dashboard.ui.display import choose
from dashboard.ui.figures.filter_chips import filter_chips, trouble
from dashboard.ui.plain import CONTENT
from dashboard.ui.ranges import MOVES, moved, typed_time
from dashboard.ui.view_state import CUSTOM, ViewState, brushed_range, forgiving
from ingest.store.read import CacheFacts

Controls = dict[str, Any]

_VALUES = {
    "range": (ids.CONTROLS_SPAN, "value"),
    "start": (ids.CONTROLS_START, "value"),
    "end": (ids.CONTROLS_END, "value"),
    "action": (ids.CONTROLS_ACTION, "value"),
    "metric": (ids.CONTROLS_METRIC, "value"),
    "threshold": (ids.CONTROLS_THRESHOLD, "value"),
    "top": (ids.CONTROLS_TOP_K, "value"),
    "level": (ids.CONTROLS_LEVEL, "value"),
    "internet": (ids.CONTROLS_INTERNET, "value"),
    "compare": (ids.CONTROLS_COMPARE, "value"),
    "sharing": (ids.CONTROLS_SHARING, "checked"),
    "tab": (ids.MAIN_TAB, "value"),
    "list": (ids.RANKINGS_KIND, "value"),
}
_LOOKS = ("tab", "list")  # Another look at the same question.
_EVENTS = {
    "reset": (ids.CONTROLS_RESET, "n_clicks"),
    "earlier": (ids.CONTROLS_EARLIER, "n_clicks"),
    "later": (ids.CONTROLS_LATER, "n_clicks"),
    "wider": (ids.CONTROLS_WIDER, "n_clicks"),
    "show_all": (ids.NETWORK_SHOW_ALL, "n_clicks"),
    "brush": (ids.TIMELINE_BRUSH, "data"),
    "typed": (ids.FILTER_TEXT, "n_submit"),
    "command": (ids.PAGE_COMMAND, "data"),
    "network": (ids.NETWORK_COMMAND, "data"),
    "expansion": (ids.NETWORK_EXPAND, "data"),
}
_IN_URL = ("filter", "expand")  # No control holds these.
_RENEWAL = (ids.PAGE_VERSION, "data")


def register(app: Dash, source: Source) -> None:
    """Keep URL, controls and view state the same, whichever of them moves.

    One callback holds all three, so that what it sets cannot call it again. A call
    supersedes an earlier one that is under way, so nothing may call it without need.
    """

    @app.callback(
        Output(*_RENEWAL),
        inputs={
            "_clock": Input(ids.PAGE_CLOCK, "n_intervals"),
            "shown": State(ids.PAGE_VIEW, "data"),
        },
        # The first view reads the version itself; nothing has to wait for this.
        prevent_initial_call=True,
    )
    def look_for_records(_clock: Any, shown: Any) -> Any:
        version = source.answers.state()
        known = shown.get("version") if isinstance(shown, dict) else None
        return no_update if version == known else version

    @app.callback(
        output={
            "search": Output(ids.PAGE_URL, "search"),
            "view": Output(ids.PAGE_VIEW, "data"),
            "notice": Output(ids.PAGE_NOTICE, "children"),
            "notice_class": Output(ids.PAGE_NOTICE, "className"),
            "values": {name: Output(*where) for name, where in _VALUES.items()},
            "hints": [
                Output(ids.CONTROLS_START, "placeholder"),
                Output(ids.CONTROLS_END, "placeholder"),
            ],
            "typed": Output(ids.FILTER_TEXT, "value"),
            "chips": Output(ids.FILTER_CHIPS, CONTENT),
            "trouble": Output(ids.FILTER_TROUBLE, "children"),
        },
        inputs={
            "search": Input(ids.PAGE_URL, "search"),
            "controls": {name: Input(*where) for name, where in _VALUES.items()},
            "events": {name: Input(*where) for name, where in _EVENTS.items()},
            "_version": Input(*_RENEWAL),
            "display": Input(ids.PAGE_DISPLAY, "data"),
            "text": State(ids.FILTER_TEXT, "value"),
            "troubled": State(ids.FILTER_TROUBLE, "children"),
            "shown": State(ids.PAGE_VIEW, "data"),
        },
    )
    def synchronize(
        search: str | None,
        controls: Controls,
        events: Controls,
        _version: Any,
        display: Any,
        text: Any,
        troubled: Any,
        shown: Any,
    ) -> dict[str, Any]:
        choose(display)
        facts = source.answers.facts()
        cause = _cause()
        problems: list[str] = []
        events = events | {"typed": text}
        try:
            if cause == "search":
                state, problems = forgiving(search, facts.last)
            else:
                kept = {name: parameters(search).get(name) for name in _IN_URL}
                raw = kept | controls | range_now(cause, search, controls, facts)
                state = state_after(cause, raw, events, facts.last)
                if cause in MOVES:
                    state = after_move(cause, state, facts)
                if cause == "sharing":
                    change = hidden if state.sharing else behind
                    state = state.replace(query=change(state.query, source.pseudonyms()))
        except FilterError as error:
            return _unchanged() | {"trouble": trouble(error)}
        known = {"version": source.answers.state(), "display": display}
        asked = {"search": state.to_fixed_search(), **known}
        return {
            "search": no_update if cause == "search" else state.to_search(),
            # What is seen of the same question asks by itself.
            "view": no_update
            if cause in _LOOKS and _shows(shown, asked)
            else asked | next_turn(source, shown),
            "notice": " ".join(problems),
            "notice_class": PLAIN,
            # The list that is shown would be asked for again.
            "values": {
                name: unless_there(value, controls[name])
                for name, value in control_values(state).items()
            },
            "hints": [no_update, no_update] if _shows(shown, known) else _range_hints(facts),
            "typed": edited(cause, search, events["command"], text),
            "chips": filter_chips(state.query),
            "trouble": [] if troubled else no_update,
        }


def _range_hints(facts: CacheFacts) -> list[str]:
    moments = (facts.first, facts.last)
    return [wording.minute(moment) if moment is not None else "" for moment in moments]


def range_now(
    cause: str, search: str | None, controls: Controls, facts: CacheFacts
) -> dict[str, Any]:
    """Return the range's two times: of the URL, but what is typed now.

    The fields show them in the reader's zone, where a time may have been twice.
    """
    query = forgiving(search, facts.last)[0].query
    times: dict[str, Any] = {"start": query.start, "end": query.end}
    return times | {name: typed_time(controls[name]) for name in times if name == cause}


def after_move(how: str, state: ViewState, facts: CacheFacts) -> ViewState:
    """Return a state with the range one step on; the same where nothing is cached."""
    if facts.first is None or facts.last is None:
        return state
    query = state.query
    span, start, end = moved(how, state.span, query.start, query.end, facts.first, facts.last)
    return state.replace(span=span, query=query.replace(start=start, end=end))


def next_turn(source: Source, shown: Any) -> dict[str, Any]:
    """Return who asks and the number of the question, and end what was asked before."""
    known = shown.get("asker") if isinstance(shown, dict) else None
    asker = known if isinstance(known, str) else secrets.token_hex(8)
    turn = time.time_ns() // 1_000_000
    source.turns.announce(asker, turn)
    return {"asker": asker, "turn": turn}


def edited(cause: str, search: str | None, command: Any, text: Any) -> Any:
    """Return what is to stand in the filter's field: a chip's text when it is to be edited."""
    if cause == "command" and isinstance(command, dict):
        now = str(parameters(search).get("filter") or "")
        if command.get("do") == "edit-all":
            return now
        if command.get("do") == "edit" and isinstance(command.get("chip"), int):
            return dict(enumerate(chips(now))).get(command["chip"], "")
    return "" if text and cause in ("typed", "command", "reset") else no_update


def _shows(shown: Any, asked: dict[str, Any]) -> bool:
    return isinstance(shown, dict) and asked.items() <= shown.items()


def _unchanged() -> dict[str, Any]:
    plain = dict.fromkeys(("search", "view", "notice", "notice_class", "typed", "chips"), no_update)
    return plain | {"values": dict.fromkeys(_VALUES, no_update), "hints": [no_update, no_update]}


def state_after(cause: str, controls: Controls, events: Controls, newest: int | None) -> ViewState:
    """Return the state that a moved control, or an event, leads to.

    Args:
        cause: Name of what moved, as in the callback's inputs.
        controls: Raw values of all controls and of what the URL alone holds, under their
            URL names; None: emptied.
        events: Raw values of buttons and brush.
        newest: Newest time in the cache, epoch s.

    Raises:
        BadQueryError: A value cannot be used.
    """
    raw = {**controls, "sharing": "on" if controls.get("sharing") else "off"}
    if cause == "reset":
        raw = {name: raw[name] for name in ("tab", "list", "sharing")}
    elif cause == "show_all":
        raw["threshold"] = 0
    elif cause == "brush":
        brushed = brushed_range(events["brush"])
        if brushed:
            raw["range"], raw["start"], raw["end"] = CUSTOM, *brushed
    elif cause in ("start", "end"):
        raw["range"] = CUSTOM
    elif cause == "typed":
        raw["filter"] = added(str(raw.get("filter") or ""), str(events["typed"] or ""))
    elif cause == "command":
        raw = after_command(raw, events["command"])
    elif cause == "network":
        raw = after_network(raw, events["network"])
    elif cause == "expansion":
        raw = after_expansion(raw, events["expansion"])
    return ViewState.from_mapping(raw, newest)


def control_values(state: ViewState) -> Controls:
    """Return what each control shows for a state, under its URL name."""
    query = state.query
    return {
        "range": state.span,
        "start": "" if query.start is None else wording.minute(query.start),
        "end": "" if query.end is None else wording.minute(query.end),
        "action": query.action,
        "metric": query.metric,
        "threshold": query.threshold,
        "top": query.top_k,
        "level": query.level,
        "internet": query.internet,
        "compare": state.compare,
        "sharing": state.sharing,
        "tab": state.tab,
        "list": state.top_list,
    }


def _cause() -> str:
    """Name what moved; `search` for the first call and for records that arrived."""
    by_property = {f"{where[0]}.{where[1]}": name for name, where in {**_VALUES, **_EVENTS}.items()}
    for trigger in ctx.triggered_prop_ids:
        if trigger in by_property:
            return by_property[trigger]
    return "search"
