"""Caches to maintain, and what they hold, told in a form that can be compared."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ingest.batch import BatchTask, run_batch
from ingest.schema import DERIVED_COLUMNS, TABLES
from ingest.sources import LogObject
from ingest.spool import Piece
from ingest.store.layout import open_catalog
from ingest.store.read import CacheReader
from ingest.store.write import CacheWriter
from tests.conftest import CLIENT, SERVER, START, Flow, make_flows, no_data
from tests.ingest.loading import Row, cached_rows

V5 = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport",
    "protocol", "packets", "bytes", "start", "end", "action", "log-status", "tcp-flags",
    "pkt-srcaddr", "pkt-dstaddr", "flow-direction", "my-own-field",
)  # fmt: skip
ROLLUPS = tuple(kind for kind in TABLES if kind != "flows")
_KEPT = ("first_seen", "last_seen")
_VOLUMES = {
    "records", "flows", "packets", "bytes", "return_packets", "return_bytes", "logged_packets",
    "logged_bytes", "initiated_flows", "sent_packets", "sent_bytes", "received_packets",
    "received_bytes",
}  # fmt: skip


def traffic(hour: int, n: int, **common: Any) -> list[Flow]:
    """Return n requests with their answers in one hour, and a NODATA row."""
    rows = []
    for i in range(n):
        start = START + 3600 * hour + 37 * i % 3600
        sent = {"srcport": 40_000 + i % 500, "bytes": 100 + i, "start": start, "end": start + 50}
        back = {"srcaddr": SERVER, "dstaddr": CLIENT, "srcport": 443, "dstport": 40_000 + i % 500,
                "bytes": 7 * i, "start": start, "end": start + 55}  # fmt: skip
        rows += make_flows(sent | {"tcp_flags": 2}, back | {"tcp_flags": 18}, **common)
    return [*rows, no_data(start=START + 3600 * hour, end=START + 3600 * hour + 60)]


def commit_objects(
    cache: Path, objects: Sequence[tuple[Path, str]], *, writer: CacheWriter | None = None
) -> None:
    """Commit files as one batch, in this process: path and ETag of each."""
    if writer is None:
        with CacheWriter(cache) as opened:
            commit_objects(cache, objects, writer=opened)
        return
    object_id, batch_id = writer.next_ids()
    listed = [
        (number, LogObject(str(path), etag, path.stat().st_size), Piece(str(path)))
        for number, (path, etag) in zip(itertools.count(object_id), objects, strict=False)
    ]
    result = run_batch(BatchTask(batch_id, listed, str(writer.tmp / f"b{batch_id}")))
    writer.commit(batch_id, result.outcomes, result.parts, result.totals)


def etag_of(path: Path) -> str:
    """Return the version that a load of local files gives a file."""
    stat = path.stat()
    return f"{stat.st_size:x}-{stat.st_mtime_ns:x}"


def copied(cache: Path, target: Path) -> Path:
    """Copy a cache, to change the copy."""
    return Path(shutil.copytree(cache, target))


def logged(cache: Path) -> dict[str, Any]:
    """Return what AWS wrote, and its sums: what no derivation changes."""
    derived = set(DERIVED_COLUMNS) - {"extra", "line"}
    keys = _object_keys(cache)
    flows = sorted(
        str(sorted((n, v) for n, v in row.items() if n not in derived and v is not None))
        + keys[row["object_id"]]
        for row in cached_rows(cache)
    )
    all_of_it = contents(cache)
    return {"flows": flows, "facts": all_of_it["facts"], "coverage": all_of_it["coverage"]}


def contents(cache: Path) -> dict[str, Any]:
    """Return all that a cache says, whatever batches and parts it came in."""
    facts = CacheReader(cache).snapshot().facts
    keys = _object_keys(cache)
    flows = sorted(
        str(sorted((n, v) for n, v in row.items() if n != "object_id" and v is not None))
        + keys[row["object_id"]]
        for row in cached_rows(cache)
    )
    told = ("objects", "rows_read", "rows_stored", "rows_rejected", "nodata", "skipdata",
            "undated", "logged_packets", "logged_bytes", "first", "last")  # fmt: skip
    rollups = {kind: summed(cached_rows(cache, kind)) for kind in ROLLUPS}
    return {"flows": flows, "facts": {n: getattr(facts, n) for n in told}, **rollups}


def summed(rows: list[Row]) -> dict[str, list[int]]:
    """Add up the partial rows of a rollup by their keys, in plain Python."""
    sums: dict[str, list[int]] = {}
    for row in rows:
        key = str([v for n, v in row.items() if n not in _VOLUMES and n not in _KEPT])
        volumes = [v for n, v in row.items() if n in _VOLUMES]
        seen = [row[n] for n in _KEPT if n in row]
        if key not in sums:
            sums[key] = [*volumes, *seen]
            continue
        kept = sums[key]
        kept[: len(volumes)] = [a + b for a, b in zip(kept, volumes, strict=False)]
        if seen and seen[0] is not None:
            kept[-2:] = [min(kept[-2], seen[0]), max(kept[-1], seen[1])]
    return sums


def parts_of(cache: Path, kind: str) -> list[str]:
    """List the live files of a table."""
    return CacheReader(cache).snapshot().files(kind)


def _object_keys(cache: Path) -> dict[int, str]:
    with closing(open_catalog(cache, read_only=True)) as catalog:
        return dict(catalog.execute("SELECT object_id, key FROM objects"))
