"""A source lives beside an ingest: caches appear, grow, shrink and break."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from dashboard.analysis.engines.duckdb import PartMissingError, PartUnreadableError
from dashboard.analysis.enrich.known_ips import KnownIpsError, KnownNames
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.source import FlowSource, UnusableCacheError
from dashboard.errors import EmptyCacheError
from tests.dashboard.analysis.hand_made import make_flow, write_cache

ALL = FlowQuery(threshold=0)


def test_a_missing_cache_is_named_and_found_once_it_appears(tmp_path: Path) -> None:
    """The page may be opened before the first ingest."""
    source = FlowSource(tmp_path / "cache", KnownNames())
    with pytest.raises(EmptyCacheError, match=r"does not exist\. Fill it with: python -m ingest"):
        source.facts()
    write_cache(tmp_path / "cache")
    with pytest.raises(EmptyCacheError, match="holds no flow records yet"):
        source.edges(ALL)

    write_cache(tmp_path / "cache", [make_flow()])

    assert source.totals(ALL).volume.flows == 1


def test_a_commit_is_seen_by_the_next_question(tmp_path: Path) -> None:
    """Answers are kept for a cache version, not for ever."""
    source = FlowSource(write_cache(tmp_path / "cache", [make_flow()]), KnownNames())
    assert source.totals(ALL).volume.flows == 1

    write_cache(tmp_path / "cache", [make_flow(), make_flow()])

    assert source.totals(ALL).volume.flows == 3
    assert source.facts().version == 2


def test_an_edited_list_of_names_shows_at_once(tmp_path: Path) -> None:
    """Names are joined when asked; a bad line is told with its number."""
    names = tmp_path / "known_ips.csv"
    names.write_text("address,name\n192.0.2.1,before\n")
    source = FlowSource(write_cache(tmp_path / "cache", [make_flow()]), KnownNames(names))
    assert source.edges(ALL).rows["src"].tolist() == ["before"]
    before = source.state()
    assert source.state() == before

    names.write_text("address,name\n192.0.2.1,after that\n")
    assert source.edges(ALL).rows["src"].tolist() == ["after that"]
    assert source.state() != before
    facts = source.nodes(("after that", "198.51.100.2"), ALL)
    assert facts["after that"].addresses == ("192.0.2.1",)
    assert not facts["198.51.100.2"].is_named

    names.write_text("192.0.2.300,bad\n")
    with pytest.raises(KnownIpsError, match=r"line 1: '192\.0\.2\.300' is no address or CIDR"):
        source.edges(ALL)


def test_a_file_replaced_meanwhile_is_looked_up_again(tmp_path: Path) -> None:
    """Compaction that keeps the version does not disturb whoever asks."""
    cache = write_cache(tmp_path / "cache", [make_flow()])
    source = FlowSource(cache, KnownNames())
    source.facts()
    part = next(cache.glob("edges/*/*/*.parquet"))
    moved = part.with_name("part-merged.parquet")
    part.rename(moved)
    _rename_in_catalog(cache, part, moved)

    assert source.edges(ALL).total.flows == 1


def test_a_lost_or_damaged_file_is_named(tmp_path: Path) -> None:
    """The message says which command looks into it."""
    cache = write_cache(tmp_path / "cache", [make_flow()])
    part = next(cache.glob("ports/*/*.parquet"))
    part.write_bytes(b"no parquet")
    with pytest.raises(PartUnreadableError, match="python -m ingest verify --cache"):
        FlowSource(cache, KnownNames()).ports(ALL)

    part.unlink()
    with pytest.raises(PartMissingError, match=r"part-00000001\.parquet: the catalog names"):
        FlowSource(cache, KnownNames()).ports(ALL)


def test_a_damaged_catalog_is_one_sentence(tmp_path: Path) -> None:
    """What the store says of its catalog reaches the page as a dashboard's error."""
    (tmp_path / "catalog.sqlite").write_bytes(b"no database" * 99)

    with pytest.raises(UnusableCacheError, match="the catalog cannot be read"):
        FlowSource(tmp_path, KnownNames()).facts()


def test_many_threads_get_one_answer(tmp_path: Path) -> None:
    """An answer in the making is waited for, not worked out again."""
    source = FlowSource(write_cache(tmp_path / "cache", [make_flow()] * 9), KnownNames())
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda: answers.append(source.edges(ALL))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 16
    assert len({id(answer) for answer in answers}) == 1


def _rename_in_catalog(cache: Path, old: Path, new: Path) -> None:
    import sqlite3  # noqa: PLC0415 - this test alone reaches into the catalog

    with sqlite3.connect(cache / "catalog.sqlite") as catalog:
        names = [os.path.relpath(path, cache) for path in (new, old)]
        catalog.execute("UPDATE parts SET path = ? WHERE path = ?", names)
    catalog.close()
