"""Every answer of the dashboard, from a real Spark cluster and from DuckDB: the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboard.analysis.answers import FlowAnswers
from dashboard.analysis.engines.choice import EngineChoice
from dashboard.analysis.enrich.book import AddressBook
from dashboard.analysis.export.graph_json import graph_json
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.breakdown import DIMENSIONS
from dashboard.analysis.query.source import FlowSource, Limits
from ingest.pipeline import load
from ingest.simulate import simulate
from ingest.sources.local import LocalSource
from tests.spark.cluster import ROOT, SparkCluster

FIRST = 1_772_409_600  # 2026-03-02T00:00Z, a Monday: where the simulation begins.
KNOWN_IPS = ROOT / "data" / "sample" / "known_ips.csv"

Ask = Callable[[FlowAnswers, FlowQuery], Any]
QUESTIONS: dict[str, Ask] = {
    "facts": lambda answers, _: answers.facts(),
    "state": lambda answers, _: answers.state(),
    "totals": lambda answers, query: answers.totals(query),
    "edges": lambda answers, query: answers.edges(query),
    "talkers": lambda answers, query: answers.talkers(query, 7),
    "sides": lambda answers, query: [
        answers.sides(query, "src", 5), answers.sides(query, "pair", 5)
    ],
    "ports": lambda answers, query: answers.ports(query, 9),
    "timeline": lambda answers, query: answers.timeline(query, 60),
    "changes": lambda answers, query: answers.changes(
        query.replace(start=FIRST + 7_200, end=FIRST + 10_800),
        query.replace(start=FIRST, end=FIRST + 7_200),
    ),
    "breakdown": lambda answers, query: answers.breakdown(query, tuple(DIMENSIONS)[:2]),
    "edge_bins": lambda answers, query: answers.edge_bins(query, 12),
    "records": lambda answers, query: answers.records(query, 20, 3),
    "quality": lambda answers, query: answers.quality(query),
    "coverage": lambda answers, query: answers.coverage(query),
    "initiators": lambda answers, query: answers.initiators(query),
    "nodes": lambda answers, query: answers.nodes(
        tuple(answers.edges(query).rows["src"].head(5)), query
    ),
    "known_values": lambda answers, query: answers.known_values("node", "a", query),
}  # fmt: skip
QUERIES = {
    "all": FlowQuery(threshold=0),
    "part": FlowQuery(
        start=FIRST + 600, end=FIRST + 9_060, action="reject", metric="bytes", threshold=2,
        top_k=9, level="/24", internet="one",
    ),
    "filter": FlowQuery(
        filter='name ~ "app" and not port in (22, 8000-9000) or bytes > 10kB', level="subnet"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hours of a simulated VPC; an older format, and records without times, beside."""
    folder = tmp_path_factory.mktemp("answers")
    simulate(folder / "logs", hours=3, records=50_000, incidents=("port-scan", "denied-burst"))
    (folder / "logs" / "old.log").write_text(
        "version account-id interface-id srcaddr dstaddr srcport dstport bytes start\n"
        f"2 123456789012 eni-1 192.0.2.1 198.51.100.2 40000 443 77 {FIRST + 1_000}\n"
        "2 123456789012 eni-1 192.0.2.1 198.51.100.2 40001 443 88 -\n"
        "2 123456789012 eni-1 - - - - - -\n"
    )
    load(LocalSource(folder / "logs"), folder / "cache")
    return folder / "cache"


@pytest.fixture(scope="module")
def both(cluster: SparkCluster, cache: Path) -> tuple[FlowSource, FlowSource]:
    """The same cache, answered by DuckDB and by the cluster."""
    limits = Limits(time_s=120)
    choices = EngineChoice(), EngineChoice("spark", cluster.url)
    local, spark = (
        FlowSource(cache, AddressBook(KNOWN_IPS, cache), limits, choice) for choice in choices
    )
    return local, spark


def check_same(expected: Any, found: Any) -> None:
    """Compare two answers to the last row and type."""
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected)
    elif is_dataclass(expected):
        for part in fields(expected):
            check_same(getattr(expected, part.name), getattr(found, part.name))
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(expected, found, strict=True):
            check_same(one, other)
    else:
        assert found == expected


def test_every_question_is_compared() -> None:
    """A new kind of answer without a line above fails here."""
    asked = {name for name in vars(FlowAnswers) if not name.startswith("_")}

    assert asked == set(QUESTIONS)


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_spark_answers_as_duckdb_does(
    both: tuple[FlowSource, FlowSource], question: str, name: str
) -> None:
    """Rows, order, types and sums."""
    local, spark = (QUESTIONS[question](source, QUERIES[name]) for source in both)
    check_same(local, spark)


def test_the_file_is_the_same(both: tuple[FlowSource, FlowSource]) -> None:
    """graph.json is equal byte for byte, but for the time that it was made."""
    texts = [graph_json(source, QUERIES["all"]) for source in both]

    assert len(json.loads(texts[0])["edges"]) > 10
    assert texts[0] == texts[1]
