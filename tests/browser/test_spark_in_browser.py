"""The page over a real Spark cluster, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage, run_module, served, wait_drawn
from tests.spark.cluster import SparkCluster

pytestmark = [pytest.mark.browser, pytest.mark.spark]

DRAWN = "() => Boolean(window.cy) && window.cy.nodes().length > 0"
GRAPH = "() => [cy.nodes().map(n => n.id()).sort(), cy.edges().map(e => e.id()).sort()]"
PATIENCE_S = 240


@pytest.fixture(scope="module")
def spark_url(cache: Path, cluster: SparkCluster) -> Iterator[str]:
    with served(cache, "--engine", "spark", "--engine-url", cluster.url) as address:
        yield address


def wait_for_the_cluster(page: Page) -> None:
    """Wait longer than for DuckDB: the first answers open a session and compile code."""
    deadline = time.monotonic() + PATIENCE_S
    while not page.evaluate(DRAWN):
        if time.monotonic() > deadline:
            pytest.fail(f"no network within {PATIENCE_S} s")
        page.wait_for_timeout(200)


def test_the_page_shows_the_same_network(open_page: OpenPage, spark_url: str) -> None:
    """Nodes and edges are DuckDB's, and nothing goes wrong in the browser."""
    search = "?metric=bytes&top=20"
    local = open_page(search)
    page = open_page(search, base=spark_url, drawn=False)
    wait_for_the_cluster(page)
    wait_drawn(page)

    nodes, edges = page.evaluate(GRAPH)

    assert len(edges) >= 20
    assert [nodes, edges] == local.evaluate(GRAPH)


def test_a_command_prints_the_same_on_the_cluster(cache: Path, cluster: SparkCluster) -> None:
    """`top` on Spark and on DuckDB, byte for byte."""
    command = ("dashboard", "top", "ports", "--cache", cache, "--json")

    found = run_module(*command, "--engine", "spark", "--engine-url", cluster.url)

    assert found == run_module(*command)
