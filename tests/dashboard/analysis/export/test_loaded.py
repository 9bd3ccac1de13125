"""A graph.json of somebody else: read strictly, answered from, and told where it is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.analysis.export.graph_file import MAX_FILE_BYTES, GraphFileError, read_graph
from dashboard.analysis.export.graph_json import graph_json, write_json
from dashboard.analysis.export.loaded import LoadedAnswers, NotInFileError
from dashboard.analysis.export.picture import picture_of
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.source import FlowSource
from tests.dashboard.analysis.export.exporting import ALL, HOSTILE, small_source


@pytest.fixture
def source(tmp_path: Path) -> FlowSource:
    return small_source(tmp_path)


@pytest.mark.parametrize("version", [1, 2])
def test_what_was_written_is_what_is_read(source: FlowSource, version: Any) -> None:
    """Nodes, edges and all sums that the version has."""
    content = graph_json(source, ALL, version)

    answers = LoadedAnswers(read_graph(content, "graph.json"))

    assert answers.file.version == version
    again = json.loads(write_json(picture_of(answers, ALL), version))
    first = json.loads(content)
    assert (again["nodes"], again["edges"]) == (first["nodes"], first["edges"])
    assert again.get("node_details") == first.get("node_details")


def test_top_lists_are_made_of_its_edges(source: FlowSource) -> None:
    """What the file holds is all there is; a cut one says what was cut."""
    cut = FlowQuery(threshold=0, top_k=3)
    answers = LoadedAnswers(read_graph(graph_json(source, cut), "graph.json"))

    totals, edges = answers.totals(ALL), answers.edges(ALL.replace(top_k=2))
    assert totals.volume.flows == source.totals(ALL).volume.flows == 7
    assert (totals.edges, len(edges.rows), edges.other_edges) == (7, 2, 5)
    assert edges.other.flows == 5
    assert answers.talkers(ALL, 1).rows["node"][0] in {HOSTILE, *answers.file.nodes}
    assert answers.ports(ALL).total.flows == 3
    assert answers.sides(ALL, "pair").rows["flows"].sum() == 3


def test_what_it_does_not_hold_is_told(source: FlowSource) -> None:
    """A sentence, and the way back."""
    answers = LoadedAnswers(read_graph(graph_json(source, ALL), "mine.json"))

    with pytest.raises(NotInFileError, match=r"^mine\.json: a graph\.json holds no flow records\."):
        answers.records(ALL)
    with pytest.raises(NotInFileError, match="Go back to the live data"):
        answers.timeline(ALL)


def changed(content: bytes, *path: Any, value: Any) -> bytes:
    """Return a graph.json with one value replaced; `...`: taken away."""
    graph = json.loads(content)
    place = graph
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(graph).encode()


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("nodes",), ..., "nodes is missing. Give a file with this key."),
        (("nodes", 0), 7, "nodes[0] is 7. Give a text of 1 to 1,000 characters."),
        (("edges",), {}, "edges is {}. Give a list."),
        (("edges", 3), [], "edges[3] is []. Give an object."),
        (("edges", 3, "count"), -1, "edges[3].count is -1. Give a whole number from 0 to"),
        (("edges", 3, "count"), True, "edges[3].count is True. Give a whole number"),
        (("edges", 0, "dst"), "nobody", "edges[0].dst is 'nobody'. Give one of the nodes."),
        (("edges", 0, "port"), 70_000, "edges[0].port is 70000. Give a whole number from 0 to 65"),
        (("edges", 1, "bytes"), ..., "edges[1].bytes is missing."),
        (("edges", 1, "first_seen"), "noon", "edges[1].first_seen is 'noon'. Give a time such as"),
        (("meta", "version"), 3, "meta.version is 3. Give 2."),
        (("node_details", "10.1.2.3"), ..., "node_details['10.1.2.3'] is None. Give what is known"),
        (("node_details", "10.1.2.3", "scope"), "x", "['10.1.2.3'].scope is 'x'. Give one of int"),
    ],
)
def test_an_error_names_the_place(
    source: FlowSource, path: tuple[Any, ...], value: Any, sentence: str
) -> None:
    """Which value of which edge, and what belongs there."""
    content = changed(graph_json(source, ALL), *path, value=value)

    with pytest.raises(GraphFileError) as refused:
        read_graph(content, "mine.json")

    assert str(refused.value).startswith("mine.json: ")
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"nodes": [],\n  "edges": [}', "line 2, column 13 is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[]", "the file is []. Give an object."),
        (b"[" * 100_000, "is no JSON"),
        (b" " * (MAX_FILE_BYTES + 1), "the file has 5,000,001 bytes. Give one of at most"),
        (b'{"nodes": ["a", "a"], "edges": []}', "nodes is 'a'. Give each text once."),
        (b'{"nodes": [' + b"1," * 6_000 + b'1], "edges": []}', "nodes has 6,001 entries"),
        (b'{"nodes":["a"],"edges":[{"src":"a","dst":"a","count":1e999}]}', "JSON"),
    ],
)
def test_whatever_is_no_graph_is_refused(content: bytes, sentence: str) -> None:
    """With line and column where it is no JSON at all."""
    with pytest.raises(GraphFileError, match=r"^mine\.json: ") as refused:
        read_graph(content, "mine.json")

    assert sentence in str(refused.value)
