"""The drawer of the selected node or edge: facts at once, records when they are looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx
from dash.exceptions import PreventUpdate

from dashboard.analysis.filters.chips import added
from dashboard.analysis.flow_query import FlowQuery
from dashboard.ui import ids
from dashboard.ui.callbacks.shown import Shown, Source, asked_by
from dashboard.ui.figures.details import gone, hint
from dashboard.ui.figures.drawer import PartAnswer, claim_of, overview, title_of
from dashboard.ui.figures.records import (
    PAGE_ROWS,
    records_note,
    records_table,
    rules_list,
)
from dashboard.ui.layout.drawer import INITIATOR, RECORDS
from dashboard.ui.selection import EdgeKey, Selected, selected_part

_ASKED = asked_by(ids.DRAWER_ASKED)
_MOST_PEERS = 10
_MAX_BINS = 60


def register(app: Dash, source: Source) -> None:
    """Fill the drawer when the selection, the view or its tab changes."""

    @app.callback(
        Output(ids.NETWORK_DETAILS, "children"),
        Output(ids.DRAWER_TITLE, "children"),
        inputs={
            **_ASKED,
            "selection": Input(ids.NETWORK_SELECTION, "data"),
            "scheme": State(ids.PAGE_THEME, "data"),
        },
        prevent_initial_call=True,
    )
    def show_details(view: Any, _asked: Any, selection: Any, scheme: Any) -> tuple[Any, str]:
        shown = source.shown_view(view)
        part = selected_part(selection)
        if part is None:
            return hint(), title_of(None)
        answer = part_answer(shown, part)
        # What sharing hides since it was selected must not be the title either.
        is_there = bool(answer.totals.volume.records)
        return overview(answer, scheme), title_of(part if is_there else None)

    @app.callback(
        Output(ids.DRAWER_RECORDS, "children"),
        Output(ids.DRAWER_RECORDS_NOTE, "children"),
        Output(ids.DRAWER_OFFSET, "data"),
        Output(ids.DRAWER_EARLIER, "disabled"),
        Output(ids.DRAWER_LATER, "disabled"),
        inputs={
            **_ASKED,
            "selection": Input(ids.NETWORK_SELECTION, "data"),
            "tab": Input(ids.DRAWER_TAB, "value"),
            "_earlier": Input(ids.DRAWER_EARLIER, "n_clicks"),
            "_later": Input(ids.DRAWER_LATER, "n_clicks"),
            "offset": State(ids.DRAWER_OFFSET, "data"),
        },
        prevent_initial_call=True,
    )
    def list_records(
        view: Any,
        _asked: Any,
        selection: Any,
        tab: Any,
        _earlier: Any,
        _later: Any,
        offset: Any,
    ) -> tuple[Any, ...]:
        shown, part = _opened(source, selection, view, is_open=tab == RECORDS)
        query = part_query(shown, part)
        found = shown.answers.records(query, PAGE_ROWS, page_offset(ctx.triggered_id, offset))
        if not found.total:
            return gone(), "", 0, True, True
        table = records_table(found, shared=shown.pseudonyms is not None)
        note = records_note(found, shown.answers.totals(query))
        is_last = found.offset + len(found.rows) >= found.total
        return table, note, found.offset, found.offset == 0, is_last

    @app.callback(
        Output(ids.DRAWER_RULES, "children"),
        inputs={
            **_ASKED,
            "selection": Input(ids.NETWORK_SELECTION, "data"),
            "tab": Input(ids.DRAWER_TAB, "value"),
        },
        prevent_initial_call=True,
    )
    def list_rules(view: Any, _asked: Any, selection: Any, tab: Any) -> Any:
        shown, part = _opened(source, selection, view, is_open=tab == INITIATOR)
        return rules_list(shown.answers.initiators(part_query(shown, part)))

    wire: Any = app.clientside_callback
    wire(
        ClientsideFunction("atlasDrawer", "hidden"),
        Output(ids.DRAWER_PANEL, "hidden"),
        Input(ids.NETWORK_SELECTION, "data"),
    )


def _opened(source: Source, selection: Any, view: Any, *, is_open: bool) -> tuple[Shown, Selected]:
    shown, part = source.shown_view(view), selected_part(selection)
    if part is None or not is_open:
        raise PreventUpdate
    return shown, part


def page_offset(cause: Any, offset: Any) -> int:
    """Return how many records come before the page that a button asks for.

    Args:
        cause: Id of what moved; all but the two buttons lead to the first page.
        offset: That of the page shown; None: none yet.
    """
    now = offset if isinstance(offset, int) and not isinstance(offset, bool) else 0
    step = {ids.DRAWER_EARLIER: -PAGE_ROWS, ids.DRAWER_LATER: PAGE_ROWS}.get(cause)
    return 0 if step is None else max(0, now + step)


def part_query(shown: Shown, part: Selected, side: str = "") -> FlowQuery:
    """Return the page's question about one part alone.

    Args:
        shown: The page's question.
        part: As the page names it: a pseudonym, where sharing mode is on.
        side: `src` or `dst`: a node on one side alone.
    """
    claim = claim_of(_real(shown, part), shown.query.level, side)
    return shown.query.replace(filter=added(shown.query.filter, claim), threshold=0)


def part_answer(shown: Shown, part: Selected) -> PartAnswer:
    """Ask all that the overview shows."""
    query, answers = part_query(shown, part), shown.answers
    answer = PartAnswer(
        part=part,
        query=query,
        totals=answers.totals(query),
        shared=shown.pseudonyms is not None,
    )
    if not answer.totals.volume.records:
        return answer
    names = (part.edge.src, part.edge.dst) if part.edge else (part.node,)
    base = part_query(replace(shown, query=shown.base), part) if shown.base else None
    answer = replace(
        answer,
        timeline=answers.timeline(query, _MAX_BINS),
        before=answers.timeline(base, _MAX_BINS) if base else None,
        ends=answers.nodes(tuple(dict.fromkeys(names)), query),
    )
    if part.edge is not None:
        return answer
    as_src, as_dst = part_query(shown, part, "src"), part_query(shown, part, "dst")
    return replace(
        answer,
        opened=answers.totals(as_src),
        answered=answers.totals(as_dst),
        peers_out=answers.sides(as_src, "dst", _MOST_PEERS),
        peers_in=answers.sides(as_dst, "src", _MOST_PEERS),
        ports=answers.ports(query, _MOST_PEERS),
    )


def _real(shown: Shown, part: Selected) -> Selected:
    """Return a part under its real names."""
    if shown.pseudonyms is None:
        return part
    if part.edge is None:
        return replace(part, node=_behind(shown, part.node))
    edge = part.edge
    ends = _behind(shown, edge.src), _behind(shown, edge.dst)
    return replace(part, edge=EdgeKey(*ends, edge.port, edge.protocol))


def _behind(shown: Shown, name: str) -> str:
    assert shown.pseudonyms is not None  # noqa: S101 - the caller has looked.
    return shown.pseudonyms.behind_nodes([name]).get(name, name)
