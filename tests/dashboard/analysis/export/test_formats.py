"""Every format holds what was answered, whatever the names hold."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import networkx
import pyarrow as pa
import pyarrow.parquet as pq
import pydot
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.answers import VOLUME_COLUMNS
from dashboard.analysis.export.formats import GRAPH_FORMATS, Leaving, timed_name
from dashboard.analysis.export.markup import dot_quoted, escaped
from dashboard.analysis.export.tables import (
    CacheMovedError,
    csv_text,
    record_pages,
    write_records,
)
from dashboard.analysis.query.source import FlowSource
from tests.dashboard.analysis.export.exporting import (
    ADDRESSES,
    ALL,
    HOSTILE,
    leaving_of,
    small_source,
)
from tests.dashboard.analysis.hand_made import make_flow, write_cache

# pydot 4.0 calls pyparsing by its old names, until it is released again.
pytestmark = pytest.mark.filterwarnings("ignore::pyparsing.warnings.PyparsingDeprecationWarning")

KEY = ("src", "dst", "port", "protocol")


@pytest.fixture
def source(tmp_path: Path) -> FlowSource:
    return small_source(tmp_path)


@pytest.fixture
def out(source: FlowSource) -> Leaving:
    return leaving_of(source)


def written(out: Leaving, suffix: str) -> bytes:
    return GRAPH_FORMATS[suffix].write(out)


def keys(out: Leaving) -> set[tuple[Any, ...]]:
    return {(e.src, e.dst, e.port, e.protocol, e.volume.flows) for e in out.picture.edges}


def test_graphml_is_read_by_networkx(out: Leaving) -> None:
    """Nodes with names, several edges of one pair, and their sums."""
    graph = networkx.parse_graphml(written(out, ".graphml").decode(), force_multigraph=True)

    label = dict(graph.nodes(data="label"))
    read = {
        (label[src], label[dst], edge.get("port"), edge.get("protocol"), edge["flows"])
        for src, dst, edge in graph.edges(data=True)
    }
    assert read == keys(out)
    assert set(label.values()) == {*ADDRESSES, HOSTILE}
    assert dict(graph.nodes(data="is_named"))[next(n for n in label if label[n] == HOSTILE)] is True


def test_dot_is_read_by_pydot(out: Leaving) -> None:
    """No name ends its quotes early."""
    (graph,) = pydot.graph_from_dot_data(written(out, ".dot").decode())

    named = [node for node in graph.get_nodes() if node.get_name() not in ("node", "edge")]
    assert {n.get_name() for n in named} == {dot_quoted(n) for n in out.picture.nodes}
    assert len(graph.get_edges()) == len(out.picture.edges)


@given(st.text(min_size=1))
def test_any_name_is_one_quoted_id(name: str) -> None:
    """Quotes, backslashes, line ends: what is between the quotes stays there."""
    (graph,) = pydot.graph_from_dot_data(f"digraph g {{ {dot_quoted(name)} -> b; }}")

    assert [edge.get_source() for edge in graph.get_edges()] == [dot_quoted(name)]


@given(st.text(alphabet=st.characters(codec=None)))
def test_any_name_is_text_in_xml(name: str) -> None:
    """Control characters are written as codes; all others come back."""
    element = Xml.fromstring(f'<a b="{escaped(name)}">{escaped(name)}</a>')  # noqa: S314

    assert element.text or not name
    assert element.get("b") == (element.text or "")
    if name.isprintable():
        assert (element.text or "") == name


def test_edges_are_read_back_from_parquet(out: Leaving, source: FlowSource) -> None:
    """The same rows as answered, in order, with times as times."""
    table = pq.read_table(io.BytesIO(written(out, ".parquet")))
    answered = source.edges(ALL).rows

    for name in (*KEY, *VOLUME_COLUMNS):
        rows = answered[name].astype(object).where(answered[name].notna(), None).tolist()
        assert table[name].to_pylist() == rows
    first = datetime.fromtimestamp(int(answered["first_seen"][0]), UTC)
    assert table["first_seen"][0].as_py() == first


def test_csv_has_lines_as_rfc_4180_wants_and_no_formula(out: Leaving) -> None:
    """CRLF, quotes doubled, and an apostrophe before what a spreadsheet would run."""
    content = written(out, ".csv").decode()
    rows = list(csv.DictReader(io.StringIO(content, newline="")))

    assert content.count("\r\n") == len(out.picture.edges) + 1
    assert {row["dst"] for row in rows} == {f"'{HOSTILE}", ADDRESSES[2]}
    assert sum(int(row["flows"]) for row in rows) == out.picture.totals.volume.flows
    assert rows[0]["first_seen"].endswith("Z")


@pytest.mark.parametrize("start", list("=+-@\t\r"))
def test_texts_that_a_spreadsheet_would_run_are_quoted(start: str) -> None:
    """Only at the beginning, and never numbers."""
    table = pa.table({"name": [f"{start}1+1", f"a{start}"], "n": [-1, 2]})

    rows = list(csv.reader(io.StringIO(csv_text(table).decode(), newline="")))

    assert rows[1:] == [[f"'{start}1+1", "-1"], [f"a{start}", "2"]]


def test_svg_is_one_element_without_script(out: Leaving) -> None:
    """Every node and edge is drawn; a hostile name is text."""
    root = Xml.fromstring(written(out, ".svg"))  # noqa: S314

    tags = [element.tag.rpartition("}")[2] for element in root.iter()]
    titles = [e.text or "" for e in root.iter() if e.tag.endswith("title")]
    assert "script" not in tags
    assert not [a for e in root.iter() for a in e.attrib if a.startswith("on") or "href" in a]
    assert sum(f"→ {HOSTILE}" in title for title in titles) == 6
    assert sum(title.startswith(f"{HOSTILE}: ") for title in titles) == 1


def test_report_holds_everything_and_loads_nothing(out: Leaving) -> None:
    """One file: no script, no address of a server, names as text."""
    page = written(out, ".html").decode()

    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert escaped(HOSTILE) in page
    assert page.count("<svg") == 2
    for title in ("Traffic over time", "Edges", "Top talkers", "Top services"):
        assert f"<h2>{title}</h2>" in page
    assert page.count("<tr>") == 3 + 7 + 1 + 6 + 2 + 3 + 2


def test_equal_questions_give_equal_bytes(source: FlowSource) -> None:
    """In every format that draws or lists the graph."""
    one, other = leaving_of(source), leaving_of(source)

    assert all(written(one, suffix) == written(other, suffix) for suffix in GRAPH_FORMATS)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".ndjson"])
def test_records_come_page_by_page_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """Three pages give one file with each record once, in the order of time."""
    monkeypatch.setattr("dashboard.analysis.export.tables.PAGE_ROWS", 4)
    source = small_source(tmp_path)
    file = io.BytesIO()

    n_rows = write_records(file, record_pages(source, ALL, shared=False), suffix)

    file.seek(0)
    readers: dict[str, Any] = {
        ".csv": lambda: list(csv.DictReader(io.StringIO(file.read().decode(), newline=""))),
        ".parquet": lambda: pq.read_table(file).to_pylist(),
        ".ndjson": lambda: [json.loads(line) for line in file],
    }
    rows = readers[suffix]()
    answered = source.records(ALL).rows
    assert n_rows == len(rows) == len(answered) == 7
    for name in ("srcaddr", "dstaddr", "start", "service_port", "action"):
        expected = [
            None if v is None or v != v else v for v in answered[name].astype(object).fillna("")
        ]
        assert [str(row[name] if row[name] is not None else "") for row in rows] == [
            str(value) for value in expected
        ]


def test_records_that_arrive_between_pages_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of two states of the cache are no file."""
    monkeypatch.setattr("dashboard.analysis.export.tables.PAGE_ROWS", 4)
    source = small_source(tmp_path)
    pages = record_pages(source, ALL, shared=False)
    assert len(next(pages)) == 4
    write_cache(tmp_path / "cache", [make_flow()])

    with pytest.raises(CacheMovedError, match="Ask again"):
        next(pages)


def test_names_of_files_carry_the_time_in_utc() -> None:
    """They sort by time, wherever the server stands."""
    moment = datetime.fromisoformat("2026-03-02T11:05:00+01:00")

    assert timed_name("graph", ".svg", moment) == "graph_20260302T100500Z.svg"
