"""graph.json: a fixed shape, equal bytes for equal questions."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.export.files import CannotWriteError, is_folder, write_file, write_run
from dashboard.analysis.export.graph_json import graph_json
from dashboard.analysis.export.pseudonyms import Pseudonyms
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.source import FlowSource
from tests.dashboard.analysis.hand_made import COMMITTED_AT, make_flow, write_cache

ALL = FlowQuery(threshold=0)
SECRET = "5a" * 31 + "77"
ADDRESS = re.compile(r"192\.0\.2\.\d+|198\.51\.100\.\d+|2001:db8")


@pytest.fixture
def source(tmp_path: Path) -> FlowSource:
    """Two services of one named server, and a stranger."""
    names = tmp_path / "known_ips.csv"
    names.write_text("address,name,kind,owner\n198.51.100.2,web-1,server,me\n")
    flows = [
        *[make_flow(service_port=443, bytes=100)] * 3,
        *[make_flow(service_port=80, bytes=500)] * 2,
        make_flow(srcaddr="192.0.2.9", action="REJECT", service_port=22),
    ]
    return FlowSource(write_cache(tmp_path / "cache", flows), KnownNames(names))


def test_version_1_has_one_edge_for_a_pair(source: FlowSource) -> None:
    """Nodes, edges, count, and nothing else."""
    assert json.loads(graph_json(source, ALL, version=1)) == {
        "nodes": ["192.0.2.1", "192.0.2.9", "web-1"],
        "edges": [
            {"src": "192.0.2.1", "dst": "web-1", "count": 5},
            {"src": "192.0.2.9", "dst": "web-1", "count": 1},
        ],
    }


def test_version_2_keeps_these_keys_and_adds(source: FlowSource) -> None:
    """One edge for each service, details for each node, and where it comes from."""
    graph = json.loads(graph_json(source, ALL))

    assert graph["edges"][1] == {
        "src": "192.0.2.1", "dst": "web-1", "count": 2, "port": 80, "protocol": 6,
        "accepted": 2, "rejected": 0, "bytes": 1000, "packets": 2, "return_bytes": 0,
        "return_packets": 0, "first_seen": "2026-01-05T08:00:00Z",
        "last_seen": "2026-01-05T08:00:59Z",
    }  # fmt: skip
    assert graph["node_details"]["web-1"] == {
        "is_named": True, "kind": "server", "owner": "me", "scope": "internet",
        "addresses": ["198.51.100.2"], "n_addresses": 1,
    }  # fmt: skip
    meta = graph["meta"]
    made = datetime.fromtimestamp(COMMITTED_AT + 1, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (meta["cache_version"], meta["made_at"], meta["share_key_id"]) == (1, made, None)
    assert meta["query"] == {
        "start": None, "end": None, "action": "all", "metric": "flows", "threshold": 0,
        "level": "name", "top": 50, "filter": "", "internet": "auto", "expand": [],
    }  # fmt: skip
    for name in ("flows", "accepted", "rejected", "bytes", "packets"):
        key = "count" if name == "flows" else name
        shown = sum(edge[key] for edge in graph["edges"])
        assert shown + meta["other"][name] == meta["totals"][name]


def test_equal_questions_give_equal_bytes(source: FlowSource, tmp_path: Path) -> None:
    """Another process over the same cache writes the same file."""
    again = FlowSource(tmp_path / "cache", KnownNames(tmp_path / "known_ips.csv"))
    query = FlowQuery(threshold=0, metric="bytes", action="accept")

    assert graph_json(source, query) == graph_json(again, query)
    assert graph_json(source, query).endswith(b"\n")


@pytest.mark.parametrize("level", ["name", "address"])
@pytest.mark.parametrize("version", [1, 2])
def test_sharing_mode_leaves_no_address(source: FlowSource, level, version) -> None:
    """Names stay; every address is a pseudonym, the listed ones of a name too."""
    query = FlowQuery(threshold=0, level=level)
    pseudonyms = Pseudonyms(SECRET)
    plain, shared = (graph_json(source, query, version, key) for key in (None, pseudonyms))
    graph = json.loads(shared)

    replaced = pseudonyms.of(["192.0.2.1", "192.0.2.9", "198.51.100.2"])
    assert len(graph["nodes"]) == 3
    assert ("web-1" in graph["nodes"]) == (level == "name")
    assert set(graph["nodes"]) <= {*replaced.values(), "web-1"}
    assert SECRET.encode() not in shared
    assert sorted(edge["count"] for edge in graph["edges"]) == sorted(
        edge["count"] for edge in json.loads(plain)["edges"]
    )
    if version == 2:
        assert graph["meta"]["share_key_id"] == pseudonyms.key_id
        listed = {a for node in graph["node_details"].values() for a in node["addresses"]}
        assert listed == set(replaced.values())
        if level == "address":
            assert all(node["owner"] is None for node in graph["node_details"].values())


def test_a_folder_keeps_each_run(tmp_path: Path) -> None:
    """`latest.json` points at the newest; the link survives a move of the folder."""
    folder = tmp_path / "graphs"
    first = write_run(folder, b"1", datetime(2026, 3, 2, 10, 5, tzinfo=UTC))
    second = write_run(folder, b"2", datetime(2026, 3, 2, 10, 6, tzinfo=UTC))

    assert first.name == "graph_20260302T100500Z.json"
    assert (folder / "latest.json").read_bytes() == b"2"
    assert str((folder / "latest.json").readlink()) == second.name
    assert sorted(path.name for path in folder.iterdir()) == [
        first.name, second.name, "latest.json",
    ]  # fmt: skip


def test_a_place_that_refuses_is_named(tmp_path: Path) -> None:
    """Nothing half-written stays behind."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(CannotWriteError, match=r"out\.json: cannot be written"):
        write_file(tmp_path / "file" / "out.json", b"1")
    assert [is_folder(p) for p in ("a/", "graphs", str(tmp_path), "a.json")] == [True] * 3 + [False]
