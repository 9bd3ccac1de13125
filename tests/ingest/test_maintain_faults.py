"""What happens to the folder under a writer is told by name, and costs no data."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from ingest.cli import app
from ingest.errors import CacheError
from ingest.schema import SCHEMA_VERSION
from ingest.store.compact import compact
from ingest.store.disk import CacheGoneError
from ingest.store.layout import CATALOG_NAME
from ingest.store.read import CacheReader
from ingest.store.verify import verify
from ingest.store.write import CacheWriter
from tests.conftest import write_log
from tests.ingest.loading import run_ingest
from tests.ingest.maintaining import commit_objects, contents, copied, traffic

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")


@pytest.fixture
def cache(tmp_path) -> Path:
    for n in range(3):
        commit_objects(
            tmp_path / "cache", [(write_log(tmp_path / f"{n}.log", traffic(n % 2, 30)), "v1")]
        )
    return tmp_path / "cache"


def test_a_cache_deleted_under_a_writer_is_noticed(cache, tmp_path):
    """SQLite would go on writing into the deleted file; nothing is said to be committed."""
    log = write_log(tmp_path / "late.log", traffic(3, 5))
    with CacheWriter(cache) as writer:
        shutil.rmtree(cache)
        with pytest.raises(CacheGoneError, match="was deleted or replaced while"):
            commit_objects(cache, [(log, "v1")], writer=writer)
    assert not (cache / CATALOG_NAME).exists()


def test_parts_without_a_catalog_are_left_alone(cache, tmp_path):
    """A lost catalog is told; the records are not swept away as leftovers."""
    parts = sorted(cache.rglob("*.parquet"))
    (cache / CATALOG_NAME).unlink()
    result = run_ingest("load", tmp_path / "0.log", "--cache", cache)

    assert result.returncode == 74
    assert "their catalog is gone" in result.stderr
    assert sorted(cache.rglob("*.parquet")) == parts


@pytest.mark.parametrize("version", [SCHEMA_VERSION - 1, SCHEMA_VERSION + 1])
def test_a_cache_of_another_version_is_not_touched(cache, version):
    """Older or newer: both versions are named, and no table is added to it."""
    with closing(sqlite3.connect(cache / CATALOG_NAME)) as catalog, catalog:
        catalog.execute("UPDATE meta SET value = ? WHERE name = 'schema_version'", (version,))
        catalog.execute("DROP TABLE rejects")
    for command in ("status", "verify", "repair", "compact"):
        with pytest.raises(CacheError, match=f"has schema version {version}"):
            app([command, "--cache", str(cache)], standalone_mode=False)
    with closing(sqlite3.connect(cache / CATALOG_NAME)) as catalog:
        assert not catalog.execute("SELECT 1 FROM sqlite_master WHERE name = 'rejects'").fetchall()


def test_a_catalog_without_the_newest_columns_is_brought_up_to_date(cache):
    """Checksums and pruned rows came later than the first caches of this version."""
    with closing(sqlite3.connect(cache / CATALOG_NAME)) as catalog, catalog:
        catalog.execute("ALTER TABLE parts DROP COLUMN checksum")
        catalog.execute("ALTER TABLE objects DROP COLUMN rows_pruned")
    before = contents(cache)

    assert verify(cache, deep=True).is_whole
    with CacheWriter(cache) as writer:
        compact(writer, include_open=True)
    assert contents(cache) == before
    assert verify(cache, deep=True).is_whole


def test_a_merge_does_not_begin_without_room_for_it(cache, monkeypatch):
    """Twice the size of what is merged has to be free."""
    usage = shutil.disk_usage(cache)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    with CacheWriter(cache) as writer:
        with pytest.raises(CacheError, match=r"are needed to go on safely\. Make space"):
            compact(writer, include_open=True)
        with pytest.raises(CacheError, match="0 MB are free on this disk"):
            writer.require_space(1_000_000)


@needs_root
def test_a_disk_that_fills_up_while_merging_costs_nothing(cache, tmp_path, monkeypatch):
    """Exit code 74, the old parts still serve, and with space the merge goes through."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    subprocess.run(mount, check=True)  # noqa: S603 - a constant command
    try:
        small = copied(cache, disk / "cache")
        before = contents(small)
        filler = disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(disk).free - 30_000))
        monkeypatch.setattr("ingest.store.compact.require_space", lambda *_: None)
        with pytest.raises(CacheError) as full, CacheWriter(small) as writer:
            compact(writer, include_open=True)
        assert full.value.exit_code == 74
        assert contents(small) == before
        filler.unlink()
        with CacheWriter(small) as writer:
            compact(writer, include_open=True)
        assert contents(small) == before
        assert len(CacheReader(small).snapshot().parts) < 20
    finally:
        subprocess.run(["/usr/bin/umount", "-l", str(disk)], check=True)  # noqa: S603
