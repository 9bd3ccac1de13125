"""Damage is found file by file, and only what is behind it is read again."""

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.cli import app
from ingest.errors import CacheError
from ingest.store.compact import compact
from ingest.store.read import CacheReader
from ingest.store.verify import verify
from ingest.store.write import CacheWriter
from tests.conftest import write_log
from tests.ingest.loading import run_ingest
from tests.ingest.maintaining import commit_objects, contents, copied, etag_of, parts_of, traffic


def delete(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def overwrite(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def lose_a_row(path: Path) -> None:
    table = pq.ParquetFile(path).read()
    pq.write_table(table.slice(1), path)


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0x55
    path.write_bytes(content)


DAMAGES = {
    delete: "it is missing",
    truncate: "bytes instead of",
    overwrite: "it cannot be read",
    lose_a_row: "instead of",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Two batches of three objects each, in two hours."""
    folder = tmp_path_factory.mktemp("whole").resolve()
    for batch in range(2):
        logs = [
            write_log(folder / "logs" / f"{batch}-{n}.log", traffic(n % 2, 20 + n))
            for n in range(3)
        ]
        commit_objects(folder / "cache", [(log, etag_of(log)) for log in logs])
    return folder / "cache"


def verified(cache: Path, *options: str) -> dict[str, Any]:
    """Verify, without starting a process for it."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = app(["verify", "--cache", str(cache), "--json", *options], standalone_mode=False)
    told: dict[str, Any] = json.loads(out.getvalue())
    assert code == (0 if told["is_whole"] else 74)
    return told


def test_a_whole_cache_is_whole(whole):
    """Fast and deep, before and after compaction: nothing to say, exit code 0."""
    told = verified(whole, "--deep")
    assert told["is_whole"]
    assert told["damaged"] == told["unnamed"] == []
    assert told["parts"] == len(CacheReader(whole).snapshot().parts)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_listed_with_its_reason_and_its_objects(whole, tmp_path, damage):
    """Exactly the damaged file is listed, with the objects that had rows in it."""
    cache = copied(whole, tmp_path / "cache")
    victim = Path(parts_of(cache, "flows")[0])
    behind = sorted(rows_by_key(cache, victim))
    damage(victim)

    told = verified(cache)
    assert [entry["path"] for entry in told["damaged"]] == [str(victim.relative_to(cache))]
    assert DAMAGES[damage] in told["damaged"][0]["reason"]
    assert sorted(told["damaged"][0]["objects"]) == behind


@pytest.mark.parametrize(("damage", "compacted"), [(delete, False), (overwrite, True)])
def test_objects_behind_damaged_flows_are_read_again(whole, tmp_path, damage, compacted):
    """Repair refetches exactly what was in the damaged file, whoever wrote it."""
    cache = copied(whole, tmp_path / "cache")
    expected = contents(cache)
    if compacted:
        with CacheWriter(cache) as writer:
            compact(writer, include_open=True)
    victim = Path(parts_of(cache, "flows")[0])
    behind = sorted(rows_by_key(cache, victim))
    damage(victim)

    result = run_ingest("repair", "--cache", cache, "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert sorted(report["to_refetch"]) == behind
    assert report["refetched"] == len(behind)
    assert report["lost"] == {}
    assert contents(cache) == expected
    assert verify(cache, deep=True).is_whole


def test_damaged_rollups_are_made_again_from_flows(whole, tmp_path):
    """No object is read again for a rollup."""
    cache = copied(whole, tmp_path / "cache")
    expected = contents(cache)
    for kind, damage in (("edges", delete), ("series", truncate), ("coverage", overwrite)):
        damage(Path(parts_of(cache, kind)[0]))

    assert len(verified(cache)["damaged"]) == 3
    report = json.loads(run_ingest("repair", "--cache", cache, "--json").stdout)
    assert (report["rollups_rebuilt"], report["to_refetch"]) == (3, [])
    assert contents(cache) == expected
    assert verify(cache, deep=True).is_whole


@pytest.mark.parametrize("kind", ["flows", "edges", "talkers"])
def test_deep_verification_finds_a_changed_byte(whole, tmp_path, kind):
    """Any changed byte is found, although size and row count are right."""
    cache = copied(whole, tmp_path / "cache")
    victim = Path(parts_of(cache, kind)[0])
    flip_a_byte(victim)

    told = verified(cache, "--deep")
    assert [entry["path"] for entry in told["damaged"]] == [str(victim.relative_to(cache))]
    assert run_ingest("repair", "--deep", "--cache", cache).returncode == 0
    assert contents(cache) == contents(whole)


def test_sums_that_differ_are_found_without_checksums(whole, tmp_path):
    """A rollup that was written wrong agrees with its checksum, and not with flows."""
    cache = copied(whole, tmp_path / "cache")
    victim = Path(parts_of(cache, "ports")[0])
    table = pq.ParquetFile(victim).read()
    place = table.schema.get_field_index("packets")
    more = pa.array([n.as_py() + 1 for n in table["packets"]], pa.int64())
    pq.write_table(table.set_column(place, "packets", more), victim)
    with CacheWriter(cache) as writer:
        writer.catalog.execute(
            "UPDATE parts SET checksum = NULL, bytes = ? WHERE path = ?",
            (victim.stat().st_size, str(victim.relative_to(cache))),
        )

    told = verified(cache, "--deep")
    assert {entry["reason"] for entry in told["damaged"]} == {"its sums differ from those of flows"}
    assert str(victim.relative_to(cache)) in {entry["path"] for entry in told["damaged"]}


def test_rows_whose_object_is_gone_are_counted_as_lost(tmp_path):
    """What cannot be brought back is told, and the cache is whole with the rest."""
    folder = tmp_path / "logs"
    logs = [write_log(folder / f"{n}.log", traffic(n, 12)) for n in range(2)]
    cache = tmp_path / "cache"
    commit_objects(cache, [(log, etag_of(log)) for log in logs])
    facts = CacheReader(cache).snapshot().facts
    victim = Path(parts_of(cache, "flows")[1])
    rows = pq.ParquetFile(victim).metadata.num_rows
    victim.unlink()
    logs[1].unlink()

    result = run_ingest("repair", "--cache", cache)
    assert result.returncode == 74
    assert f"lost     {rows:,} rows of {logs[1]}: the object is no longer there" in result.stdout
    after = CacheReader(cache).snapshot().facts
    assert (after.rows_read, after.rows_rejected) == (facts.rows_read, rows)
    assert after.rows_stored == facts.rows_stored - rows
    assert verify(cache, deep=True).is_whole
    assert "rows: lost" in run_ingest("status", "--cache", cache).stdout


def test_facts_that_disagree_are_told_and_counted_again(whole, tmp_path):
    """The sums of the batches are compared with parts and objects, and made true again."""
    cache = copied(whole, tmp_path / "cache")
    expected = contents(cache)
    with CacheWriter(cache) as writer:
        writer.catalog.execute("UPDATE batches SET rows_stored = 1 WHERE batch_id = 1")

    told = verified(cache)
    assert len(told["contradictions"]) == 2
    assert told["damaged"] == []
    assert run_ingest("repair", "--cache", cache).returncode == 0
    assert contents(cache) == expected


def test_leftovers_are_told_and_are_no_damage(whole, tmp_path):
    """A file that no commit names is listed; the next writer removes it."""
    cache = copied(whole, tmp_path / "cache")
    left = Path(parts_of(cache, "flows")[0]).with_name("part-99999999-0000.parquet")
    left.write_bytes(b"half a file")

    told = verified(cache)
    assert told["is_whole"]
    assert told["unnamed"] == [str(left.relative_to(cache))]


def test_a_damaged_catalog_is_named(whole, tmp_path):
    """Without its catalog a cache cannot be verified; one sentence says so."""
    cache = copied(whole, tmp_path / "cache")
    catalog = cache / "catalog.sqlite"
    content = bytearray(catalog.read_bytes())
    content[4096:8192] = bytes(4096)
    catalog.write_bytes(content)

    for command in ("verify", "repair", "compact", "status"):
        with pytest.raises(CacheError, match=r"the catalog (is|cannot be) "):
            app([command, "--cache", str(cache)], standalone_mode=False)


@pytest.mark.parametrize("command", ["status", "verify", "repair", "compact"])
def test_no_cache_is_named_and_not_made(tmp_path, command):
    """A misspelt path is told, and does not become an empty cache."""
    with pytest.raises(CacheError, match="chache: does not exist") as missing:
        app([command, "--cache", str(tmp_path / "chache")], standalone_mode=False)
    assert missing.value.exit_code == 74
    assert not (tmp_path / "chache").exists()


def rows_by_key(cache: Path, part: Path) -> dict[str, int]:
    ids = pq.ParquetFile(part).read(["object_id"])["object_id"].to_pylist()
    with CacheWriter(cache) as writer:
        keys = dict(writer.catalog.execute("SELECT object_id, key FROM objects"))
    return {keys[object_id]: ids.count(object_id) for object_id in set(ids)}


@pytest.mark.s3
def test_only_the_objects_behind_the_damage_are_fetched_from_s3(tmp_path, s3_server, bucket):
    """One object's rows are lost: one object is looked up and fetched, and no list is made."""
    for n in range(3):
        write_log(tmp_path / "logs" / f"{n}.log.gz", traffic(2 * n, 15))
    s3_server.upload_folder(bucket, tmp_path / "logs", "logs/")
    cache = tmp_path / "cache"
    keys = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "reader-secret"}
    access = {"env": keys | {"NO_PROXY": "127.0.0.1", "AWS_REGION": "us-east-1"}}
    at = ("--endpoint-url", s3_server.url)
    loaded = run_ingest("load", f"s3://{bucket}/logs", "--cache", cache, *at, **access)
    assert loaded.returncode == 0, loaded.stderr
    expected = contents(cache)
    Path(parts_of(cache, "flows")[1]).unlink()
    s3_server.requests.clear()

    repaired = run_ingest("repair", "--cache", cache, *at, "--json", **access)
    assert repaired.returncode == 0, repaired.stderr
    assert json.loads(repaired.stdout)["to_refetch"] == [f"s3://{bucket}/logs/1.log.gz"]
    asked = [line for line in s3_server.requests if f"/{bucket}" in line]
    assert s3_server.lists() == []
    assert all("logs/1.log.gz" in line for line in asked)
    assert contents(cache) == expected
