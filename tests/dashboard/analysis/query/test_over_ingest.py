"""The rollups of ingest and the raw records mean the same: every answer, over a real cache."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.source import FlowSource
from ingest.pipeline import load
from ingest.simulate import simulate
from ingest.sources.local import LocalSource
from tests.dashboard.analysis.oracle import Oracle
from tests.dashboard.analysis.query.test_source import check_answers

NEEDED = [
    "srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr", "protocol", "packets", "bytes", "start",
    "end", "action", "log_status", "initiator_is_src", "service_port", "is_counted",
]  # fmt: skip
FIRST = 1_772_409_600  # 2026-03-02T00:00Z, a Monday: where the simulation begins.


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hours of a simulated VPC, read from log objects, an older format beside it."""
    folder = tmp_path_factory.mktemp("ingest")
    simulate(folder / "logs", hours=3, records=6_000)
    (folder / "logs" / "old.log").write_text(
        "version account-id interface-id srcaddr dstaddr srcport dstport bytes start\n"
        f"2 123456789012 eni-1 192.0.2.1 198.51.100.2 40000 443 77 {FIRST + 1_000}\n"
        "2 123456789012 eni-1 192.0.2.1 198.51.100.2 40001 443 88 -\n"
    )
    load(LocalSource(folder / "logs"), folder / "cache")
    return folder / "cache"


@pytest.mark.parametrize(
    "query",
    [
        FlowQuery(threshold=0),
        FlowQuery(start=FIRST + 600, end=FIRST + 9_060, level="address"),
        FlowQuery(start=FIRST + 3_660, metric="bytes", action="reject", level="address"),
        FlowQuery(end=FIRST + 5_400, metric="packets", threshold=40, top_k=7, level="address"),
        FlowQuery(start=FIRST + 1_200, end=FIRST + 1_260, level="address"),
    ],
)
def test_answers_over_ingest_equal_plain_python(cache: Path, query: FlowQuery) -> None:
    """Numbers do not depend on which table answers."""
    rows = [
        {name: row.get(name) for name in NEEDED}
        for path in sorted(cache.glob("flows/*/*/*.parquet"))
        for row in pq.ParquetFile(path).read().to_pylist()
    ]
    source = FlowSource(cache, KnownNames())
    assert len(rows) == source.facts().rows_stored

    check_answers(source, Oracle(rows), query)
