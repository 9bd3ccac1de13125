"""One batch of objects, in a process of its own: bytes in, finished parts out.

The process writes only into the cache's temporary folder; naming the parts is the
parent's work. So a crafted object can cost its batch some time, never the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.errors import BadObjectError
from ingest.sources import LogObject
from ingest.spool import Piece
from ingest.store.commit import BatchTotals, NewPart, ObjectOutcome


@dataclass(frozen=True, slots=True)
class BatchTask:
    """What a worker needs.

    Attributes:
        batch_id: Number of the batch.
        objects: Number, listing and place of each object's bytes.
        tmp: Folder for finished parts; the worker makes it.
        fields: Layout of objects without a header; None: only documented defaults.
    """

    batch_id: int
    objects: Sequence[tuple[int, LogObject, Piece]]
    tmp: str
    fields: tuple[str, ...] | None = None


@dataclass(slots=True)
class BatchResult:
    """What a worker hands back."""

    batch_id: int
    outcomes: list[ObjectOutcome] = field(default_factory=list)
    parts: list[NewPart] = field(default_factory=list)
    totals: BatchTotals = field(default_factory=BatchTotals)


class SpoiledError(Exception):
    """An object failed after rows of it were written; the batch starts again without it."""


def run_batch(task: BatchTask) -> BatchResult:
    """Read, parse, derive, roll up and write the objects of a batch.

    An object that fails is set aside and the others go on. Raises only what is the
    machine's fault: no space, no memory.
    """
    # The parent holds tasks and results; only parsers need what follows, and it is large.
    from ingest.batch_reader import BatchReader  # noqa: PLC0415

    set_aside: dict[int, BadObjectError] = {}
    while True:
        try:
            result = BatchReader(task, set_aside).run()
            break
        except SpoiledError:
            for leftover in Path(task.tmp).glob("*"):
                leftover.unlink()
    return result
