"""Run ingest on bytes or as a command, and read back what it stored."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ingest.batch import BatchResult, BatchTask, run_batch
from ingest.schema import NUMBER_COLUMNS
from ingest.sources import LogObject, Source
from ingest.spool import Piece
from ingest.store.read import CacheReader
from ingest.store.write import ObjectOutcome

Row = dict[str, Any]
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Reading:
    """What one object became: its outcome, and its rows in line order."""

    outcome: ObjectOutcome
    tables: dict[str, list[Row]]

    @property
    def rows(self) -> list[Row]:
        """Rows of `flows`."""
        return self.tables.get("flows", [])

    @property
    def rejects(self) -> list[tuple[int, str, str | None]]:
        """Line, reason and field of each rejected line."""
        return [(r.line, r.reason, r.field) for r in self.outcome.rejects]


def run_contents(
    folder: Path, contents: Sequence[bytes], fields: tuple[str, ...] | None = None
) -> BatchResult:
    """Read objects as one batch in this process, by the way that all objects take.

    Args:
        folder: For the objects, numbered from 1, and their parts.
        contents: Their bytes as delivered.
        fields: Layout of those without a header.
    """
    objects = []
    for number, content in enumerate(contents, 1):
        path = folder / f"object-{number}"
        path.write_bytes(content)
        objects.append((number, LogObject("object", str(number), len(content)), Piece(str(path))))
    return run_batch(BatchTask(1, objects, str(folder / "parts"), fields))


def read_content(content: bytes, fields: tuple[str, ...] | None = None) -> Reading:
    """Read one object's bytes."""
    with tempfile.TemporaryDirectory() as folder:
        result = run_contents(Path(folder), [content], fields)
        return Reading(result.outcomes[0], tables_of(result))


def fetch(source: Source, log_object: LogObject, target: Path) -> None:
    """Write an object to a file of its own."""
    with target.open("wb") as file:
        source.fetch(log_object, file)


def tables_of(result: BatchResult) -> dict[str, list[Row]]:
    """Read the parts of a batch; rows of `flows` in the order of object and line."""
    tables: dict[str, list[Row]] = {}
    for part in result.parts:
        tables.setdefault(part.kind, []).extend(_rows(part.tmp))
    tables.get("flows", []).sort(key=lambda row: (row["object_id"], row["line"]))
    return tables


def cached_rows(cache: Path, kind: str = "flows") -> list[Row]:
    """Read the rows of one table that the catalog names, in file order.

    The numbers that compaction gives to places are left out: they say nothing of their own.
    """
    rows = [row for path in CacheReader(cache).snapshot().files(kind) for row in _rows(path)]
    for row in rows:
        for number in NUMBER_COLUMNS.get(kind, ()):
            row.pop(number, None)
    return rows


def _rows(path: str) -> list[Row]:
    rows: list[Row] = pq.ParquetFile(path).read().to_pylist()
    return rows


def run_ingest(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run `python -m ingest` as a user does, and wait for its end."""
    return run_python("-m", "ingest", *arguments, **options)


def run_python(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    wrapper: Sequence[str] = (),
    **options: Any,
) -> subprocess.CompletedProcess[str]:
    """Run Python with arguments, behind another command if wanted, and wait for its end."""
    return subprocess.run(  # noqa: S603 - the tests write the command
        [*wrapper, sys.executable, *map(str, arguments)],
        env=child_environment(env),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **options,
    )


def start_python(*arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    """Start Python with arguments, and hand over the process."""
    return subprocess.Popen(  # noqa: S603 - the tests write the command
        [sys.executable, *map(str, arguments)], env=child_environment(), text=True, **options
    )


def child_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment without anybody's settings for AWS."""
    base = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": str(ROOT)}
    return base | dict(more or {})
