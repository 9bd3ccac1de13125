"""The drawer over a cache that ingest has made: its numbers are those of the answers."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from dash import Dash

from dashboard.analysis.answers import NodeFacts, Volume
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.graph.model import graph_edges
from dashboard.analysis.query.source import FlowSource
from dashboard.ui import ids
from dashboard.ui.callbacks.drawer import page_offset, part_answer, part_query
from dashboard.ui.callbacks.shown import Shown
from dashboard.ui.figures.details import fact_lines
from dashboard.ui.figures.drawer import overview
from dashboard.ui.figures.records import PAGE_ROWS, RULES, records_note, records_table, rules_list
from dashboard.ui.layout.drawer import INITIATOR, RECORDS
from dashboard.ui.selection import EdgeKey, Selected
from tests.dashboard.ui.small_log import DB, LINES, WEB
from tests.dashboard.ui.test_figures import text_of
from tests.dashboard.ui.test_page import SELECTION, call, view

ALL = FlowQuery(threshold=0)
WEB_NODE = {"kind": "node", "id": "web-1"}
DETAILS = f"{ids.NETWORK_DETAILS}.children"
RAW = f"{ids.DRAWER_RECORDS}.children"
TAB = f"{ids.DRAWER_TAB}.value"
TRAFFIC = [line.split() for line in LINES[1:] if " OK " in line]


def shown_of(source: FlowSource, query: FlowQuery = ALL) -> Shown:
    return Shown(source, query, source, None)


def strings_in(found: Any) -> list[str]:
    """Return every text of an answer, values of properties included."""
    if isinstance(found, str):
        return [found]
    if isinstance(found, dict):
        return [text for value in found.values() for text in strings_in(value)]
    return (
        [text for value in found for text in strings_in(value)] if found.__class__ is list else []
    )


def test_an_edge_has_the_numbers_of_its_row(logged: FlowSource) -> None:
    """For every edge of the graph, sum by sum."""
    edges = graph_edges(logged.edges(ALL))

    for edge in edges:
        part = Selected("edge", edge=EdgeKey(edge.src, edge.dst, edge.port, edge.protocol))
        totals = part_answer(shown_of(logged), part).totals
        assert totals.volume == edge.volume
        assert (totals.first, totals.last) == (edge.first_seen, edge.last_seen)
    assert len(edges) == 3


def test_a_node_has_the_numbers_of_its_edges(logged: FlowSource) -> None:
    """Opened plus answered is everything, and peers add up to it."""
    answer = part_answer(shown_of(logged), Selected("node", node="web-1"))
    of_web = [e.volume for e in graph_edges(logged.edges(ALL)) if "web-1" in (e.src, e.dst)]

    assert answer.opened is not None
    assert answer.answered is not None
    assert answer.totals.volume == sum(of_web, Volume())
    assert answer.opened.volume + answer.answered.volume == answer.totals.volume
    assert answer.peers_out is not None
    peers = dict(zip(answer.peers_out.rows["dst"], answer.peers_out.rows["bytes"], strict=True))
    assert peers == {"=db()": 18_000, "203.0.113.9": 600}


def test_the_threshold_cuts_nothing_from_a_part(logged: FlowSource) -> None:
    """What is selected is shown whole, however small it is; the filter stays."""
    query = FlowQuery(threshold=1_000, filter="action = reject")

    answer = part_answer(shown_of(logged, query), Selected("node", node="web-1"))

    assert (answer.totals.volume.flows, answer.totals.volume.rejected) == (1, 1)


def test_overview_says_what_it_is_and_offers_the_filter(logged: FlowSource) -> None:
    """Addresses, sums, both directions of peers, and claims that the filter can read."""
    answer = part_answer(shown_of(logged), Selected("node", node="web-1"))

    text = text_of(overview(answer, "light"))
    found = str(overview(answer, "light"))

    for part in (WEB, "18,640", "as initiator", "=db()", "198.51.100.8", "TCP 5432"):
        assert part in text
    assert "ip = web-1" in found
    assert "src = web-1 and dst = 203.0.113.9" in found


def test_each_record_names_its_object_and_line(logged_app: Dash) -> None:
    """The line in the file is the record that stands beside its number."""
    answer = call(logged_app, RAW, **{SELECTION: WEB_NODE, TAB: RECORDS}, **view("?threshold=0"))

    table = answer[ids.DRAWER_RECORDS]["children"]
    copied = {text for text in strings_in(table) if "small.log:" in text and " " not in text}
    assert {int(text.rpartition(":")[2]) for text in copied} == {
        number for number, line in enumerate(LINES, start=1) if " OK " in line
    }
    second = [text for text in strings_in(table) if text == "not counted"]
    assert len(second) == 6
    assert answer[ids.DRAWER_RECORDS_NOTE]["children"] == (
        "1 to 14 of 14 log records; 8 count, 6 are second reports of the same flow"
    )
    assert answer[ids.DRAWER_EARLIER]["disabled"] is True
    assert answer[ids.DRAWER_LATER]["disabled"] is True


def test_records_of_an_edge_are_its_lines(logged: FlowSource) -> None:
    """Ports, bytes and flags as logged, in AWS's names."""
    part = Selected("edge", edge=EdgeKey("web-1", "203.0.113.9", 443, 6))
    query = part_query(shown_of(logged), part)

    table = records_table(logged.records(query, PAGE_ROWS))

    text = text_of(table)
    for cell in ("srcaddr", "flow-direction", "203.0.113.9", "40003", "600", "egress", "TCP flags"):
        assert cell in text
    assert records_note(logged.records(query), logged.totals(query)) == (
        "1 to 1 of 1 log records; each counts"
    )


@pytest.mark.parametrize(
    ("cause", "before", "after"),
    [
        (ids.DRAWER_LATER, 0, PAGE_ROWS),
        (ids.DRAWER_EARLIER, 100, 50),
        (ids.DRAWER_EARLIER, 20, 0),
        (ids.NETWORK_SELECTION, 100, 0),
        (ids.DRAWER_LATER, "x", PAGE_ROWS),
    ],
)
def test_buttons_turn_pages(cause: str, before: Any, after: int) -> None:
    """Another selection begins at the first page; a broken offset counts as none."""
    assert page_offset(cause, before) == after


def test_pages_follow_each_other(logged: FlowSource) -> None:
    """No record is on two pages, none is left out."""
    query = part_query(shown_of(logged), Selected("node", node="web-1"))

    lines = [list(logged.records(query, 5, offset).rows["line"]) for offset in (0, 5, 10)]

    assert [len(page) for page in lines] == [5, 5, 4]
    assert len({line for page in lines for line in page}) == 14


def test_rules_account_for_every_record(logged_app: Dash) -> None:
    """Flags decide all of them here, and the rule is explained."""
    answer = call(
        logged_app,
        f"{ids.DRAWER_RULES}.children",
        **{SELECTION: WEB_NODE, TAB: INITIATOR},
        **view("?threshold=0"),
    )

    texts = strings_in(answer)
    assert "100 %, 14 records" in texts
    assert RULES["tcp-flags"][1] in texts


def test_rules_come_best_first() -> None:
    """The best rule comes first, whatever its share."""
    text = text_of(
        rules_list(pd.DataFrame({"rule": ["lower-port", "tcp-flags"], "records": [3, 1]}))
    )

    assert text.index("25 %") < text.index("75 %")
    assert "First packet" not in text


def test_closed_tabs_ask_nothing(logged_app: Dash) -> None:
    """Records and rules wait until they are looked at."""
    assert call(logged_app, RAW, **{SELECTION: WEB_NODE, TAB: "overview"}, **view()) == {}


@pytest.mark.parametrize("node", ['x" or ip = "', "web-1 or src = 10.0.0.0/8", "<b>", "\\"])
def test_hostile_name_is_a_name(logged_app: Dash, node: str) -> None:
    """It is quoted, finds nothing, and is not repeated."""
    answer = call(logged_app, DETAILS, **{SELECTION: {"kind": "node", "id": node}}, **view())

    assert "has no traffic" in json.dumps(answer)
    assert answer[ids.DRAWER_TITLE]["children"] == "Details"


def test_sharing_hides_what_leads_back(logged_app: Dash) -> None:
    """Neither addresses nor objects, lines and interfaces, in the facts and in the records."""
    shared = view("?threshold=0&sharing=on")
    facts = call(logged_app, DETAILS, **{SELECTION: WEB_NODE}, **shared)
    raw = call(logged_app, RAW, **{SELECTION: WEB_NODE, TAB: RECORDS}, **shared)

    for answer in (facts, raw):
        texts = " ".join(strings_in(answer))
        for secret in (WEB, DB, "203.0.113.9", "198.51.100.8", "small.log", "eni-"):
            assert secret not in texts
    assert facts[ids.DRAWER_TITLE]["children"] == "web-1"
    assert raw[ids.DRAWER_RECORDS_NOTE]["children"].startswith("1 to 14 of 14")


def test_pseudonym_opens_what_is_behind_it(logged_app: Dash) -> None:
    """A shared picture can be explored as the real one."""
    shared = view("?threshold=0&sharing=on")
    grid = call(logged_app, f"{ids.TABLE_GRID}.rowData", **shared)[ids.TABLE_GRID]["rowData"]
    denied = next(row["src"] for row in grid if row["rejected"])

    answer = call(logged_app, DETAILS, **{SELECTION: {"kind": "node", "id": denied}}, **shared)

    assert denied != "198.51.100.8"
    assert answer[ids.DRAWER_TITLE]["children"] == denied
    assert "1 (100 %)" in strings_in(answer)


def test_address_selected_before_sharing_is_not_named(logged_app: Dash) -> None:
    """It stands for nothing then, and the title keeps silent."""
    raw = {SELECTION: {"kind": "node", "id": "198.51.100.8"}}

    answer = call(logged_app, DETAILS, **raw, **view("?threshold=0&sharing=on"))

    assert "198.51.100.8" not in json.dumps(answer)


def test_tags_are_lines_and_broken_ones_one_line() -> None:
    """Tags are JSON of the inventory; sharing leaves them out with the interface."""
    details = (("interface_id", "eni-1"), ("tags", '{"team": "<b>pay</b>", "env": "prod"}'))
    facts = NodeFacts("web-1", True, "instance", None, "internal", (WEB,), 1, details)
    broken = NodeFacts("web-1", True, None, None, "internal", (), 1, (("tags", "{"),))

    assert fact_lines(facts)[-2:] == [("Tag env", "prod"), ("Tag team", "<b>pay</b>")]
    assert fact_lines(broken)[-1] == ("Tags", "{")
    assert dict(fact_lines(facts, shared=True)) == {
        "Kind": "instance",
        "Scope": "internal",
        "Address": WEB,
    }
