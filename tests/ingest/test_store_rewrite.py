"""Merged parts of `flows`, written by the loader's own writer."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.store import compact as compaction
from ingest.store.rewrite import rewritten
from ingest.store.write import CacheWriter
from tests.conftest import START, make_flows, write_log
from tests.ingest.maintaining import V5, commit_objects, copied, parts_of, traffic


@pytest.fixture(scope="module")
def small_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One hour in three batches of two formats, with IPv6 and rows without data."""
    folder = tmp_path_factory.mktemp("small-parts")
    ip6 = make_flows(srcaddr="2001:db8::1", dstaddr="2001:db8::2", start=START + 20)
    v5 = make_flows(*traffic(0, 20), tcp_flags=2, pkt_srcaddr="10.0.0.9", vpc_id="vpc-0a")
    for batch, logs in enumerate(
        [
            [write_log(folder / "a.log", traffic(0, 50))],
            [write_log(folder / "b.log", [*traffic(0, 30), *ip6])],
            [write_log(folder / "c.log", v5, V5[:-1]), write_log(folder / "d.log", traffic(3, 2))],
        ]
    ):
        commit_objects(folder / "cache", [(log, f"v{batch}") for log in logs])
    return folder / "cache"


def rows_by_hour(cache: Path) -> list[list[dict[str, object]]]:
    return [pq.read_table(path, partitioning=None).to_pylist() for path in parts_of(cache, "flows")]


def merged(cache: Path) -> list[list[dict[str, object]]]:
    with CacheWriter(cache) as writer:
        compaction.compact(writer, include_open=True)
    return rows_by_hour(cache)


def test_both_writers_write_the_same_rows_in_the_same_order(
    small_parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes a merged part: equal rows, columns and nulls, in the order of time."""
    ours = merged(copied(small_parts, tmp_path / "ours"))
    writers = {
        pq.read_metadata(path).created_by
        for path in parts_of(tmp_path / "ours", "flows")
    }  # fmt: skip
    monkeypatch.setattr(compaction, "rewritten", lambda *_: None)
    others = merged(copied(small_parts, tmp_path / "others"))

    assert writers == {"flow-atlas"}
    assert len(ours) == 2
    assert ours == others


def test_fields_that_are_not_known_are_left_to_the_other_writer(tmp_path: Path) -> None:
    """A part with `extra` is not rewritten here, and nothing is left behind."""
    log = write_log(tmp_path / "a.log", make_flows(my_own_field="blue"), V5)
    commit_objects(tmp_path / "cache", [(log, "v1")])
    (tmp_path / "made").mkdir()
    parts = parts_of(tmp_path / "cache", "flows")

    assert rewritten(parts, None, tmp_path / "made", "new") is None
    assert not list((tmp_path / "made").iterdir())


def test_a_damaged_part_is_told_apart_from_a_full_disk(small_parts: Path, tmp_path: Path) -> None:
    """What cannot be read is an error of the data."""
    cache = copied(small_parts, tmp_path / "cache")
    parts = parts_of(cache, "flows")
    Path(parts[0]).write_bytes(b"PAR1 and no more")

    with pytest.raises(pa.ArrowException):
        rewritten(parts, None, tmp_path, "new")
