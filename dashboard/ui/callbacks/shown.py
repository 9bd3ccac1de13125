"""From the view state in the browser to the question and who answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dash import Input, State, no_update
from dash.exceptions import PreventUpdate
from flask import g, has_request_context

from dashboard.analysis.answers import FlowAnswers
from dashboard.analysis.engines.stopping import asking
from dashboard.analysis.export.pseudonyms import Pseudonyms
from dashboard.analysis.filters.chips import with_addresses
from dashboard.analysis.flow_query import FlowQuery
from dashboard.errors import BadQueryError
from dashboard.saved_views import SavedViews
from dashboard.ui import ids
from dashboard.ui.display import choose, forget
from dashboard.ui.figures.layouts import Finder, PlaceBook, Places, node_places
from dashboard.ui.sharing import PseudonymAnswers
from dashboard.ui.turns import Turns
from dashboard.ui.view_state import ViewState


@dataclass(frozen=True, slots=True)
class Shown:
    """What a view needs to answer the page's question.

    Attributes:
        answers: Real answers, or those of sharing mode: the view need not know.
        query: The question.
        real: The real answers.
        pseudonyms: Under the key of sharing mode; None: it is off.
        base: The question over the range compared with; None: there is none.
        place: Says where nodes stand.
    """

    answers: FlowAnswers
    query: FlowQuery
    real: FlowAnswers
    pseudonyms: Pseudonyms | None
    base: FlowQuery | None = None
    place: Finder = node_places

    def positions(self, names: tuple[str, ...]) -> dict[str, Places]:
        """Return where these nodes stand in each layout; sharing moves none of them."""
        originals = {name: name for name in names}
        if isinstance(self.answers, PseudonymAnswers):
            originals = self.answers.real_names(names, self.query)
        places = self.place(self.real, originals.values(), self.query.level)
        return {name: places[original] for name, original in originals.items()}


@dataclass(frozen=True, slots=True)
class Source:
    """Who answers the page.

    Attributes:
        answers: The real answers.
        pseudonyms: Gives those of sharing mode; asked only while it is on.
        saved_views: The views that the team keeps.
        turns: Which question each tab asked last.
        place: Says where nodes stand.
    """

    answers: FlowAnswers
    pseudonyms: Callable[[], Pseudonyms]
    saved_views: SavedViews
    turns: Turns
    place: Finder = field(default_factory=PlaceBook)

    def shown_view(self, view: Any) -> Shown:
        """Read the view state of the page.

        Raises:
            PreventUpdate: The page has no state yet.
            BadQueryError: The state is not one that the page has written.
        """
        if view is None:
            raise PreventUpdate
        search = view.get("search") if isinstance(view, Mapping) else view
        if isinstance(view, Mapping):
            choose(view.get("display"))
            self._wait(view.get("asker"), view.get("turn"))
        if not isinstance(search, str):
            raise BadQueryError(
                field="view", value=view, expected="a view state as the page keeps it"
            )
        return self.shown_search(search)

    def _wait(self, asker: Any, turn: Any) -> None:
        """Run this request's queries until the same tab asks the next question."""
        if not has_request_context():
            return
        g.turn = turn
        cancellation = self.turns.begin(asker, turn)
        asking.set(cancellation)
        if cancellation is not None:
            g.setdefault("cancellations", []).append(cancellation)

    def end_request(self) -> None:
        """Forget what a request waited for and how it wrote times; called when it is over."""
        forget()
        asking.set(None)
        for cancellation in g.pop("cancellations", []):
            self.turns.end(cancellation)

    def shown_search(self, search: str) -> Shown:
        """Read a URL search string, as downloads carry it.

        Raises:
            BadQueryError: A value cannot be used.
        """
        asks_facts = "range=" in search or "compare=" in search
        facts = self.answers.facts() if asks_facts else None
        state = ViewState.from_search(search, facts.last if facts else None)
        if state.sharing:
            pseudonyms = self.pseudonyms()
            # What is typed over a shared picture are the addresses in it.
            state = state.replace(query=behind(state.query, pseudonyms))
            answers: FlowAnswers = PseudonymAnswers(self.answers, pseudonyms)
        else:
            pseudonyms, answers = None, self.answers
        base = state.base(facts.first, facts.last) if facts else None
        return Shown(answers, state.query, self.answers, pseudonyms, base, self.place)


def asked_by(store: str) -> dict[str, Any]:
    """Return the inputs of a callback that answers when it is asked: `view` and `_asked`.

    Args:
        store: What asks; assets/25-asking.js writes to it while the answer would be seen.
    """
    return {"view": State(ids.PAGE_VIEW, "data"), "_asked": Input(store, "data")}


def behind(query: FlowQuery, pseudonyms: Pseudonyms) -> FlowQuery:
    """Return a question with the addresses behind the pseudonyms in its filter."""
    return query.replace(
        filter=with_addresses(query.filter, lambda text: pseudonyms.behind([text])[text]),
        expand=tuple(pseudonyms.behind_nodes(query.expand).get(n, n) for n in query.expand),
    )


def hidden(query: FlowQuery, pseudonyms: Pseudonyms) -> FlowQuery:
    """Return a question with pseudonyms for the addresses in its filter."""
    return query.replace(
        filter=with_addresses(query.filter, lambda text: pseudonyms.of([text])[text]),
        expand=tuple(pseudonyms.of_nodes(query.expand).get(n, n) for n in query.expand),
    )


def unless_there(value: Any, there: Any) -> Any:
    """Return what a part of the page is to show, or nothing to do where it does already.

    What is set anew is drawn anew, and every other part of the page is asked whether it
    has to be.
    """
    return no_update if value == there else value
