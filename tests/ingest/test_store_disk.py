"""A cache on a disk that is full or read-only, and what is synced when."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ingest.store.layout import CATALOG_NAME
from ingest.store.read import CacheReader
from tests.conftest import make_flows, write_log
from tests.ingest.loading import cached_rows, run_ingest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603
        pytest.skip("needs the right to mount")
    yield disk
    subprocess.run(["/usr/bin/umount", "-l", str(disk)], check=True)  # noqa: S603


def make_read_only(disk: Path) -> None:
    """Let nobody write there any more."""
    remount = ["/usr/bin/mount", "-o", "remount,ro", str(disk)]
    subprocess.run(remount, check=True)  # noqa: S603


@needs_root
def test_a_read_only_disk_exits_with_73(tmp_path, small_disk):
    """A cache on a disk that cannot be written is one sentence."""
    log = write_log(tmp_path / "a.log", make_flows())
    make_read_only(small_disk)
    result = run_ingest("load", log, "--cache", small_disk / "cache")

    assert result.returncode == 73
    assert result.stderr == (
        f"error: {small_disk}/cache: this cache folder cannot be written "
        "(Read-only file system). Give --cache a folder that you may write to.\n"
    )


@needs_root
def test_a_cache_on_a_read_only_disk_can_be_read(tmp_path, small_disk):
    """The dashboard needs no right to write."""
    log = write_log(tmp_path / "a.log", make_flows())
    assert run_ingest("load", log, "--cache", small_disk / "cache").returncode == 0
    make_read_only(small_disk)

    assert CacheReader(small_disk / "cache").snapshot().facts.rows_stored == 1


def fill(disk: Path, n_free: int) -> Path:
    """Leave this many bytes of a disk."""
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - n_free))
    return filler


def large_log(folder: Path) -> Path:
    """Write records that take some 400 kB in a cache."""
    path = folder / "large.log"
    if not path.exists():
        write_log(path, make_flows(*({"bytes": n * n, "srcport": n} for n in range(20_000))))
    return path


@needs_root
def test_a_full_disk_exits_with_74(tmp_path, small_disk):
    """The disk's trouble is one sentence, wherever it was met."""
    fill(small_disk, 200_000)
    full = run_ingest("load", large_log(tmp_path), "--cache", small_disk / "cache")
    assert full.returncode == 74, full.stderr
    assert full.stderr.count("\n") == 1
    assert "No space left on device" in full.stderr


@needs_root
def test_a_load_goes_on_once_the_disk_has_space_again(tmp_path, small_disk):
    """What was committed stays; with space, the same command finishes."""
    log = write_log(tmp_path / "a.log", make_flows({}, {"bytes": 5}))
    cache = small_disk / "cache"
    assert run_ingest("load", log, "--cache", cache).returncode == 0
    filler = fill(small_disk, 100_000)
    assert run_ingest("load", large_log(tmp_path), "--cache", cache).returncode != 0
    filler.unlink()
    assert len(cached_rows(cache)) == 2
    again = run_ingest("load", large_log(tmp_path), "--cache", cache)

    assert again.returncode == 0, again.stderr
    assert len(cached_rows(cache)) == 20_002


@needs_root
def test_a_disk_without_any_space_does_not_cost_the_cache(tmp_path, small_disk):
    """Nobody is told to remove a whole cache because the disk is full."""
    log = write_log(tmp_path / "a.log", make_flows())
    assert run_ingest("load", log, "--cache", small_disk / "cache").returncode == 0
    fill(small_disk, 8_192)
    full = run_ingest("load", log, "--cache", small_disk / "cache")

    assert full.returncode == 74
    assert "Remove the cache folder" not in full.stderr


def traced_load(log: Path, cache: Path, trace: Path) -> None:
    calls = "trace=fsync,fdatasync,rename,renameat,renameat2"
    wrapper = [shutil.which("strace") or "", "-f", "-y", "-o", str(trace), "-e", calls]
    result = run_ingest("load", log, "--cache", cache, wrapper=wrapper)
    assert result.returncode == 0, result.stderr


def syncs(lines: list[str]) -> dict[str, list[int]]:
    """Return where in a trace each file and folder was synced."""
    synced: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if match := re.search(r"(?:fsync|fdatasync)\(\d+<([^>]*)>", line):
            synced.setdefault(match[1], []).append(number)
    return synced


@needs_strace
def test_parts_are_synced_before_they_are_named(tmp_path):
    """Each part is synced before its rename, its folder after, the catalog last."""
    log = write_log(tmp_path / "a.log", make_flows())
    traced_load(log, tmp_path / "cache", tmp_path / "trace")
    lines = (tmp_path / "trace").read_text().splitlines()
    synced = syncs(lines)

    renames = {}
    for number, line in enumerate(lines):
        if match := re.search(r'rename\w*\(.*?"([^"]*\.parquet)".*"([^"]*\.parquet)"', line):
            renames[match[2]] = number
            assert min(synced[match[1]]) < number
    parts = [part.path for part in CacheReader(tmp_path / "cache").snapshot().parts]
    assert sorted(renames) == parts
    last_catalog_sync = max(n for path, ns in synced.items() if CATALOG_NAME in path for n in ns)
    for path, renamed in renames.items():
        folder_syncs = [n for n in synced[str(Path(path).parent)] if n > renamed]
        assert folder_syncs
        assert folder_syncs[0] < last_catalog_sync


@needs_strace
def test_new_folders_are_synced_in_their_parents(tmp_path):
    """A power cut after a commit loses no folder that holds a named part."""
    log = write_log(tmp_path / "a.log", make_flows())
    traced_load(log, tmp_path / "cache", tmp_path / "trace")
    parts = [Path(part.path) for part in CacheReader(tmp_path / "cache").snapshot().parts]

    synced = syncs((tmp_path / "trace").read_text().splitlines()).keys()
    assert {str(path.parent.parent) for path in parts} <= synced
