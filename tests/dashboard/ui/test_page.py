"""The app's own endpoints, without a browser."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

from dashboard.analysis.engines.stopping import QueryTimeoutError
from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.flow_query import MAX_TOP_K
from dashboard.analysis.query.source import FlowSource
from dashboard.app import create_app
from dashboard.config import DashboardConfig
from dashboard.errors import EmptyCacheError
from dashboard.ui import ids
from dashboard.ui.callbacks.trouble import PLAIN, WHOLE
from tests.dashboard.ui.made_up import LINKS, MadeUpAnswers

UPDATE = "/_dash-update-component"
VIEW = f"{ids.PAGE_VIEW}.data"
SELECTION = f"{ids.NETWORK_SELECTION}.data"
RAW_ADDRESSES = ("192.0.2.77", "198.51.100.9", "203.0.113.5", "10.0.0.9", "10.0.0.7")


def payload_of(
    app: Dash, prop: str, changed: list[str] | None = None, **values: Any
) -> dict[str, Any]:
    """Build what the browser sends to the callback that sets a property."""
    app.server.test_client().get("/_dash-dependencies")
    output = next(key for key in app.callback_map if prop in key.strip(".").split("..."))
    callback = app.callback_map[output]
    filled = {
        name: [
            {**dep, "value": values.get(f"{dep['id']}.{dep['property']}")} for dep in callback[name]
        ]
        for name in ("inputs", "state")
    }
    outputs = [
        dict(zip(("id", "property"), part.rsplit(".", 1), strict=True))
        for part in output.strip(".").split("...")
    ]
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "changedPropIds": list(values) if changed is None else changed,
        **filled,
    }


def call(app: Dash, prop: str, changed: list[str] | None = None, **values: Any) -> dict[str, Any]:
    """Call one callback; returns `{id: {property: value}}`."""
    response = app.server.test_client().post(UPDATE, json=payload_of(app, prop, changed, **values))
    if response.status_code == 204:
        return {}
    assert response.status_code == 200, response.text
    body = json.loads(response.text)
    return {**body.get("response", {}), **body.get("sideUpdate", {})}


def view(search: str = "") -> dict[str, Any]:
    return {VIEW: {"search": search, "version": "3"}}


def test_every_wired_id_is_on_the_page(app: Dash) -> None:
    """A misspelt or forgotten id fails here and not in the browser."""
    app.server.test_client().get("/_dash-dependencies")
    page = app.layout()
    on_page = {page.id} | {c.id for c in page._traverse() if getattr(c, "id", None)}
    declared = {value for name, value in vars(ids).items() if name.isupper()}
    wired = {dep["id"] for cb in app.callback_map.values() for dep in [*cb["inputs"], *cb["state"]]}

    assert wired <= on_page
    assert on_page == declared


def test_first_call_reads_the_url(app: Dash) -> None:
    """Controls, view state and hints follow the search string."""
    search = "?action=reject&metric=bytes&threshold=5&range=1h"

    answer = call(app, VIEW, **{f"{ids.PAGE_URL}.search": search})

    data = answer[ids.PAGE_VIEW]["data"]
    assert (data["search"], data["version"]) == (
        "?start=2026-03-02T10:00Z&action=reject&metric=bytes&threshold=5",
        "3",
    )
    assert re.fullmatch("[0-9a-f]{16}", data["asker"])
    assert answer[ids.CONTROLS_ACTION]["value"] == "reject"
    assert answer[ids.CONTROLS_START]["value"] == "2026-03-02 10:00"
    assert answer[ids.CONTROLS_SPAN]["value"] == "1h"
    assert answer[ids.CONTROLS_END]["placeholder"] == "2026-03-02 10:59"
    assert answer[ids.PAGE_NOTICE]["children"] == ""


def test_bad_url_is_explained_and_the_default_shown(app: Dash) -> None:
    """The sentence of the error is on the page."""
    answer = call(app, VIEW, **{f"{ids.PAGE_URL}.search": "?top=none"})

    assert answer[ids.PAGE_NOTICE]["children"] == "top: 'none' is not usable. Give a whole number."
    assert answer[ids.CONTROLS_TOP_K]["value"] == 50


def test_network_tells_rows_from_other(app: Dash) -> None:
    """Elements, summary, and nothing to explain."""
    answer = call(app, f"{ids.NETWORK_GRAPH}.elements", **view())

    assert len(answer[ids.NETWORK_GRAPH]["elements"]) == 11
    assert answer[ids.NETWORK_SUMMARY]["children"].startswith("5 of 6 edges")
    assert answer[ids.NETWORK_EMPTY]["children"] == ""
    assert answer[ids.NETWORK_SHOW_ALL]["hidden"] is True


def test_network_offers_what_the_threshold_hides(app: Dash) -> None:
    """The button is there only when it would help."""
    answer = call(app, f"{ids.NETWORK_GRAPH}.elements", **view("?threshold=5000"))

    assert answer[ids.NETWORK_EMPTY]["children"].startswith("All 6 edges are below")
    assert answer[ids.NETWORK_SHOW_ALL]["hidden"] is False


def test_all_views_ask_the_same_question(app: Dash, answers: MadeUpAnswers) -> None:
    """One pipeline: what the URL says is what every answer is asked.

    The network's places alone are those of all traffic.
    """
    search = "?action=reject&metric=packets&threshold=2&top=9"
    for prop in (
        f"{ids.NETWORK_GRAPH}.elements",
        f"{ids.TIMELINE_GRAPH}.figure",
        f"{ids.RANKINGS_LIST}.content",
        f"{ids.TABLE_GRID}.rowData",
    ):
        assert call(app, prop, **view(search))

    assert {(q.action, q.metric, q.threshold, q.top_k) for q in answers.asked} == {
        ("reject", "packets", 2, 9),
        ("all", "flows", 0, MAX_TOP_K),
    }


@pytest.mark.parametrize(
    ("selection", "text"),
    [
        (
            {
                "kind": "edge",
                "id": {"src": "app-1", "dst": "postgres", "port": 5432, "protocol": 6},
            },
            "app-1 → postgres",
        ),
        ({"kind": "node", "id": "app-1"}, "as initiator"),
        (None, "Select a node"),
        ({"kind": "edge", "id": "app-1"}, "Select a node"),
    ],
)
def test_selection_is_shown_with_its_figures(app: Dash, selection: Any, text: str) -> None:
    """A node, an edge, nothing; what no page writes counts as nothing."""
    selected = {SELECTION: selection}

    answer = call(app, f"{ids.NETWORK_DETAILS}.children", **selected, **view())

    assert text in json.dumps(answer, ensure_ascii=False)


def test_other_is_drawn_when_asked_for(app: Dash) -> None:
    """One node more, and no edge."""
    switch = {f"{ids.NETWORK_OTHER}.checked": True}

    answer = call(app, f"{ids.NETWORK_GRAPH}.elements", **switch, **view())

    elements = answer[ids.NETWORK_GRAPH]["elements"]
    assert len(elements) == 12
    assert elements[-1]["data"]["name"] == "other: 1 edge"


@pytest.mark.parametrize("level", ["name", "address"])
def test_sharing_hides_every_address_everywhere(app: Dash, level: str) -> None:
    """Names stay; no raw address is in any answer, nor in the download."""
    search = f"?sharing=on&threshold=0&level={level}"
    texts = [
        json.dumps(call(app, prop, **view(search)), ensure_ascii=False)
        for prop in (
            f"{ids.NETWORK_GRAPH}.elements",
            f"{ids.TABLE_GRID}.rowData",
            f"{ids.RANKINGS_LIST}.content",
        )
    ]
    selected = {SELECTION: {"kind": "node", "id": "app-1"}}
    details = call(app, f"{ids.NETWORK_DETAILS}.children", **selected, **view(search))
    texts.append(json.dumps(details))
    texts.append(app.server.test_client().get(f"/graph.json{search}").text)

    for text in texts:
        assert "app-1" in text
        assert not [address for address in RAW_ADDRESSES if address in text]


def test_sharing_moves_no_node(app: Dash) -> None:
    """The picture is the same, with other labels."""
    prop = f"{ids.NETWORK_GRAPH}.elements"
    plain, shared = (
        call(app, prop, **view(search))[ids.NETWORK_GRAPH]["elements"]
        for search in ("", "?sharing=on")
    )

    def places(elements: list[dict[str, Any]]) -> set[tuple[float, float]]:
        return {tuple(e["position"].values()) for e in elements if "position" in e}

    assert places(plain) == places(shared)


@pytest.mark.parametrize(
    ("search", "text"),
    [
        ("?version=3", "version: '3' is not usable. Give one of 1, 2.\n"),
        ("?top=x", "top: 'x' is not usable. Give a whole number.\n"),
    ],
)
def test_bad_download_is_a_400_with_a_sentence(app: Dash, search: str, text: str) -> None:
    """Plain text, not a file."""
    response = app.server.test_client().get(f"/graph.json{search}")

    assert (response.status_code, response.text) == (400, text)


def test_damaged_catalog_is_a_sentence(config: DashboardConfig, tmp_path: Path) -> None:
    """It is all of the page, too: no control leads out of it."""
    (tmp_path / "catalog.sqlite").write_bytes(b"no database" * 99)
    app = create_app(FlowSource(tmp_path, KnownNames()), config)

    answer = call(app, VIEW, **{f"{ids.PAGE_URL}.search": ""})

    assert "the catalog cannot be read" in answer[ids.PAGE_NOTICE]["children"]
    assert answer[ids.PAGE_NOTICE]["className"] == WHOLE


def test_empty_cache_is_a_sentence(config: DashboardConfig) -> None:
    """What to do about it, with the command."""

    class Empty(MadeUpAnswers):
        def facts(self) -> Any:
            raise EmptyCacheError(cache="data/cache", exists=False)

    answer = call(create_app(Empty(), config), VIEW, **{f"{ids.PAGE_URL}.search": ""})

    notice = answer[ids.PAGE_NOTICE]["children"]
    assert "data/cache: this cache does not exist." in notice
    assert "python -m ingest load SOURCE --cache data/cache" in notice
    # The sentence is all of the page.
    assert answer[ids.PAGE_NOTICE]["className"] == WHOLE


def test_unexpected_trouble_is_no_blank_page(config: DashboardConfig) -> None:
    """The notice speaks; the trace is in the log only."""

    class Broken(MadeUpAnswers):
        def talkers(self, query: Any, top: int = 10) -> Any:
            raise RuntimeError(str((query, top)))

    answer = call(create_app(Broken(), config), f"{ids.RANKINGS_LIST}.content", **view())

    assert "server's log" in answer[ids.PAGE_NOTICE]["children"]
    assert "RuntimeError" not in json.dumps(answer)


def stale_parts(answer: dict[str, Any]) -> dict[str, int | None]:
    """Return what an answer adds to the parts that failed, with the turn they failed in."""
    added = answer[ids.PAGE_STALE]["data"]["operations"]
    return {change["location"][0]: change["params"]["value"] for change in added}


def test_a_limit_takes_away_what_it_left_unanswered(config: DashboardConfig) -> None:
    """Not the controls: they lead to a smaller question. The old picture would be a wrong one."""

    class Slow(MadeUpAnswers):
        def edges(self, query: Any) -> Any:  # noqa: ARG002
            raise QueryTimeoutError(8)

    app = create_app(Slow(), config)
    state = {VIEW: {**view("?top=7")[VIEW], "asker": "a", "turn": 12}}

    answer = call(app, f"{ids.NETWORK_GRAPH}.elements", **state)

    notice = answer[ids.PAGE_NOTICE]
    assert notice["children"].startswith("The question took longer than 8 s and was stopped.")
    assert notice["className"] == PLAIN
    stale = stale_parts(answer)
    assert {ids.NETWORK_GRAPH, ids.NETWORK_SUMMARY, ids.NETWORK_EMPTY} <= set(stale)
    assert set(stale.values()) == {12}
    assert ids.TIMELINE_GRAPH not in stale


def test_a_bad_value_leaves_the_pictures(app: Dash) -> None:
    """They are of the question that still stands."""
    changed = f"{ids.CONTROLS_TOP_K}.value"
    search = {f"{ids.PAGE_URL}.search": "", changed: "many"}

    answer = call(app, VIEW, changed=[changed], **search)

    assert answer[ids.PAGE_NOTICE]["children"].startswith("top: 'many' is not usable.")
    assert set(stale_parts(answer).values()) == {None}


def test_two_apps_live_in_one_process(config: DashboardConfig) -> None:
    """Nothing is shared: each answers from its own source."""
    one = create_app(MadeUpAnswers(), config)
    other = create_app(MadeUpAnswers(links=LINKS[:2]), config)

    def n_rows(app: Dash) -> int:
        answer = call(app, f"{ids.TABLE_GRID}.rowData", **view("?threshold=0"))
        return len(answer[ids.TABLE_GRID]["rowData"])

    assert [n_rows(each) for each in (one, other, one)] == [6, 2, 6]


def test_records_that_arrive_renew_the_view(app: Dash) -> None:
    """The clock asks for a newer version than the view's; without one nothing moves."""
    prop, clock = f"{ids.PAGE_VERSION}.data", {f"{ids.PAGE_CLOCK}.n_intervals": 1}

    assert call(app, prop, **clock, **view()) == {}
    older = call(app, prop, **clock, **{VIEW: {"search": "", "version": "2"}})
    assert older[ids.PAGE_VERSION]["data"] == "3"
