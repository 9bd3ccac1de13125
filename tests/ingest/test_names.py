"""Dated names: what each snapshot changes, and that a reader never sees half of one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import CacheError, CacheLockedError
from ingest.store.names import NamesWriter, Snapshot, names_stamp, read_names
from tests.conftest import make_flows, write_log
from tests.ingest.loading import run_ingest

T0, T1, T2 = 1_772_445_600, 1_772_449_200, 1_772_452_800


def snapshot(*held: tuple[str, str], region: str = "eu-west-1", **attached: int) -> Snapshot:
    """Return a snapshot of addresses and their names; interfaces are called like them."""
    rows = [
        {"address": address, "name": name, "vpc_id": "vpc-1", "interface_id": name}
        for address, name in held
    ]
    return Snapshot("123456789012", region, {"addresses": rows}, attached)


def write(cache: Path, taken: int, what: Snapshot) -> Any:
    with NamesWriter(cache) as writer:
        return writer.write(what, taken)


def held(cache: Path) -> set[tuple[str, int | None, int | None]]:
    rows = read_names(cache)["addresses"].to_pylist()
    return {(row["name"], row["valid_from"], row["valid_to"]) for row in rows}


def test_the_first_snapshot_stands_for_all_time_before_it(tmp_path: Path) -> None:
    """Logs of earlier days have names too."""
    change = write(tmp_path, T0, snapshot(("10.0.0.1", "a")))

    assert held(tmp_path) == {("a", None, None)}
    assert (change.began, change.ended, change.addresses) == (1, 0, 1)


def test_a_snapshot_that_says_the_same_writes_no_names(tmp_path: Path) -> None:
    """The files stay those of the first."""
    write(tmp_path, T0, snapshot(("10.0.0.1", "a")))
    files = sorted((tmp_path / "names").rglob("*.parquet"))

    change = write(tmp_path, T1, snapshot(("10.0.0.1", "a")))

    assert not change.is_change
    assert sorted((tmp_path / "names").rglob("*.parquet")) == files
    assert held(tmp_path) == {("a", None, None)}


def test_names_end_with_the_snapshot_that_says_otherwise(tmp_path: Path) -> None:
    """One goes, one comes, one stays; another region is not touched."""
    write(tmp_path, T0, snapshot(("10.0.0.1", "stays"), ("10.0.0.2", "goes")))
    write(tmp_path, T0, snapshot(("10.0.0.9", "elsewhere"), region="eu-west-2"))

    change = write(tmp_path, T1, snapshot(("10.0.0.1", "stays"), ("10.0.0.3", "comes")))

    assert (change.began, change.ended) == (1, 1)
    assert held(tmp_path) == {
        ("stays", None, None), ("goes", None, T1), ("comes", T1, None), ("elsewhere", None, None),
    }  # fmt: skip


def test_a_name_that_comes_back_has_two_times(tmp_path: Path) -> None:
    """In between nobody had the address."""
    for taken, holders in ((T0, [("10.0.0.1", "a")]), (T1, []), (T2, [("10.0.0.1", "a")])):
        write(tmp_path, taken, snapshot(*holders))

    assert held(tmp_path) == {("a", None, T1), ("a", T2, None)}


def test_an_interface_counts_from_when_it_was_attached(tmp_path: Path) -> None:
    """Where AWS tells that it came between two snapshots; earlier it cannot have been."""
    write(tmp_path, T0, snapshot(("10.0.0.1", "old"), ("10.0.0.2", "old2")))

    write(tmp_path, T1, snapshot(("10.0.0.1", "new"), ("10.0.0.2", "new2"), new=T0 + 60, new2=1))

    assert held(tmp_path) == {
        ("old", None, T0 + 60), ("new", T0 + 60, None), ("old2", None, T1), ("new2", T1, None),
    }  # fmt: skip


def test_a_clock_that_was_set_back_turns_no_time_around(tmp_path: Path) -> None:
    """A change then counts from the last snapshot."""
    write(tmp_path, T1, snapshot(("10.0.0.1", "a")))

    write(tmp_path, T0, snapshot(("10.0.0.1", "b")))

    assert held(tmp_path) == {("a", None, T1), ("b", T1, None)}


def test_only_named_folders_are_read(tmp_path: Path) -> None:
    """What a killed run left is not seen, and goes when it is old."""
    write(tmp_path, T0, snapshot(("10.0.0.1", "a")))
    left = tmp_path / "names/account=123456789012/region=eu-west-1/taken=2026-03-02T100001Z"
    left.mkdir()
    (left / "addresses.parquet").write_bytes(b"PAR1")
    (tmp_path / "names" / "tmp").mkdir()

    assert held(tmp_path) == {("a", None, None)}
    os.utime(left, (T0, T0))
    write(tmp_path, T1, snapshot(("10.0.0.1", "a")))

    assert not left.exists()
    assert not (tmp_path / "names" / "tmp").exists()


def test_a_replaced_folder_stays_for_its_readers(tmp_path: Path) -> None:
    """Whoever read the index before still finds the files."""
    write(tmp_path, T0, snapshot(("10.0.0.1", "a")))
    write(tmp_path, T1, snapshot(("10.0.0.1", "b")))

    folders = sorted(path.name for path in (tmp_path / "names").glob("account=*/region=*/*"))

    assert folders == ["taken=2026-03-02T100000Z", "taken=2026-03-02T110000Z"]


def test_one_process_writes_names_at_a_time(tmp_path: Path) -> None:
    """The second is told so, and nothing changes."""
    message = "another process writes names here"
    with NamesWriter(tmp_path), pytest.raises(CacheLockedError, match=message):
        write(tmp_path, T0, snapshot(("10.0.0.1", "a")))

    assert held(tmp_path) == set()


def test_the_stamp_changes_with_the_names(tmp_path: Path) -> None:
    """None without any."""
    stamps = [names_stamp(tmp_path)]
    for taken, name in ((T0, "a"), (T1, "b")):
        write(tmp_path, taken, snapshot(("10.0.0.1", name)))
        stamps.append(names_stamp(tmp_path))

    assert stamps[0] is None
    assert len(set(stamps)) == 3


def test_names_that_ended_can_be_forgotten(tmp_path: Path) -> None:
    """Those that hold, or ended later, stay."""
    write(tmp_path, T0, snapshot(("10.0.0.1", "first")))
    write(tmp_path, T1, snapshot(("10.0.0.1", "second")))
    write(tmp_path, T2, snapshot(("10.0.0.1", "third")))

    with NamesWriter(tmp_path) as writer:
        assert writer.forget_before(T1) == 1
        assert writer.forget_before(T1) == 0

    assert held(tmp_path) == {("second", T1, T2), ("third", T2, None)}


def test_pruning_forgets_names_of_days_that_are_gone(tmp_path: Path) -> None:
    """Those that ended before the first day kept; a cache without names gets none."""
    cache = tmp_path / "cache"
    log = write_log(tmp_path / "a.log", make_flows())
    assert run_ingest("load", log, "--cache", cache, env={}).returncode == 0
    assert run_ingest("prune", "--older-than", "1d", "--cache", cache, env={}).returncode == 0
    assert not (cache / "names").exists()
    write(cache, T0, snapshot(("10.0.0.1", "first")))
    write(cache, T1, snapshot(("10.0.0.1", "second")))

    pruned = run_ingest("prune", "--older-than", "1d", "--cache", cache, env={})

    assert pruned.returncode == 0, pruned.stderr
    assert held(cache) == {("second", T1, None)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "are damaged"),
        ('{"version": 1}', "are damaged"),
        (json.dumps({"version": 9, "inventories": []}), "have version 9, this program reads 1"),
    ],
)
def test_a_damaged_index_is_told(tmp_path: Path, text: str, message: str) -> None:
    """Reading and writing stop before anything is lost."""
    write(tmp_path, T0, snapshot(("10.0.0.1", "a")))
    (tmp_path / "names" / "index.json").write_text(text)

    with pytest.raises(CacheError, match=message):
        read_names(tmp_path)
    with pytest.raises(CacheError, match=message):
        write(tmp_path, T1, snapshot(("10.0.0.1", "b")))


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """With its folder."""
    write(tmp_path, T0, snapshot(("10.0.0.1", "a")))
    next((tmp_path / "names").rglob("addresses.parquet")).write_bytes(b"not Parquet at all")

    with pytest.raises(CacheError, match=r"taken=2026-03-02T100000Z: these names are damaged"):
        read_names(tmp_path)


def test_a_disk_that_refuses_leaves_the_names_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index still names what it named."""
    write(tmp_path, T0, snapshot(("10.0.0.1", "a")))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("ingest.store.names.pq.write_table", refuse)
        with pytest.raises(CacheError, match="The names are as before"):
            write(tmp_path, T1, snapshot(("10.0.0.1", "b")))

    assert held(tmp_path) == {("a", None, None)}
    write(tmp_path, T2, snapshot(("10.0.0.1", "c")))
    assert held(tmp_path) == {("a", None, T2), ("c", T2, None)}
