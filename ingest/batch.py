"""One batch of objects, in a process of its own: bytes in, finished parts out.

The process writes only into the cache's temporary folder; naming the parts is the
parent's work. So a crafted object can cost its batch some time, never the cache.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from ingest.conversation import Derived, derive, has_text
from ingest.errors import BadObjectError
from ingest.flow_rows import flow_rows
from ingest.parse.lines import Record, Reject, examine
from ingest.parse.objects import read_object
from ingest.parse.text import RefusedError, parse_text
from ingest.rollup import record_times, rollups
from ingest.sources import LogObject
from ingest.store.parts import write_parts
from ingest.store.write import BatchTotals, NewPart, ObjectOutcome

CHUNK_BYTES = 40 << 20
MAX_REJECTS_KEPT = 1_000  # Texts per object; the counts are complete.


@dataclass(frozen=True, slots=True)
class BatchTask:
    """What a worker needs.

    Attributes:
        batch_id: Number of the batch.
        objects: Number, listing and path of each object's bytes.
        tmp: Folder for finished parts; the worker makes it.
        fields: Layout of objects without a header; None: only documented defaults.
        remove: Delete the objects' files after reading: they are copies.
    """

    batch_id: int
    objects: Sequence[tuple[int, LogObject, str]]
    tmp: str
    fields: tuple[str, ...] | None = None
    remove: bool = False


@dataclass(slots=True)
class BatchResult:
    """What a worker hands back."""

    batch_id: int
    outcomes: list[ObjectOutcome] = field(default_factory=list)
    parts: list[NewPart] = field(default_factory=list)
    totals: BatchTotals = field(default_factory=BatchTotals)


@dataclass(slots=True)
class _Segment:
    """Consecutive lines of one object in a chunk."""

    outcome: ObjectOutcome
    first_line: int
    n_lines: int
    body: bytes


class _SpoiledError(Exception):
    """An object failed after rows of it were written; the batch starts again without it."""


def run_batch(task: BatchTask) -> BatchResult:
    """Read, parse, derive, roll up and write the objects of a batch.

    An object that fails is set aside and the others go on. Raises only what is the
    machine's fault: no space, no memory.
    """
    set_aside: dict[int, BadObjectError] = {}
    while True:
        try:
            result = _Batch(task, set_aside).run()
            break
        except _SpoiledError:
            for leftover in Path(task.tmp).glob("*"):
                leftover.unlink()
    if task.remove:
        for _, _, path in task.objects:
            Path(path).unlink(missing_ok=True)
    return result


class _Batch:
    def __init__(self, task: BatchTask, set_aside: dict[int, BadObjectError]) -> None:
        self.task = task
        self.set_aside = set_aside
        self.result = BatchResult(task.batch_id)
        self.pending: dict[tuple[str, ...], list[_Segment]] = defaultdict(list)
        self.pending_bytes = 0
        self.written: set[int] = set()
        self.chunk = 0

    def run(self) -> BatchResult:
        Path(self.task.tmp).mkdir(parents=True, exist_ok=True)
        for object_id, source, path in self.task.objects:
            outcome = ObjectOutcome(object_id, source)
            self.result.outcomes.append(outcome)
            failure = self.set_aside.get(object_id)
            if failure is not None:
                _set_aside(outcome, failure)
                continue
            try:
                self._read(outcome, path)
            except BadObjectError as error:
                self.set_aside[object_id] = error
                if object_id in self.written:
                    raise _SpoiledError from error
                self._forget(outcome)
                _set_aside(outcome, error)
        self._flush()
        for outcome in self.result.outcomes:
            if outcome.status == "ok" and outcome.rows_rejected:
                outcome.status = "partial"
        return self.result

    def _read(self, outcome: ObjectOutcome, path: str) -> None:
        key = outcome.source.key
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise BadObjectError(key, "unreadable", error.strerror or str(error)) from error
        outcome.content_hash = hashlib.blake2b(content, digest_size=16).hexdigest()
        layouts: dict[str, None] = {}
        for chunk in read_object(key, content, self.task.fields):
            layouts[" ".join(chunk.fields)] = None
            outcome.detail = chunk.remark
            for reject in chunk.rejects:
                _count_reject(outcome, reject)
            if chunk.n_lines:
                self._add(
                    chunk.fields, _Segment(outcome, chunk.first_line, chunk.n_lines, chunk.body)
                )
        outcome.fields = "; ".join(layouts) or None
        if not layouts:
            outcome.status = "empty"
            outcome.detail = "the object has no lines" if content else "the object has no bytes"

    def _add(self, fields: tuple[str, ...], segment: _Segment) -> None:
        self.pending[fields].append(segment)
        self.pending_bytes += len(segment.body)
        if self.pending_bytes >= CHUNK_BYTES:
            self._flush()

    def _forget(self, outcome: ObjectOutcome) -> None:
        for segments in self.pending.values():
            kept = [segment for segment in segments if segment.outcome is not outcome]
            segments[:] = kept

    def _flush(self) -> None:
        for fields, segments in self.pending.items():
            if segments:
                self._flush_format(fields, segments)
        self.pending.clear()
        self.pending_bytes = 0

    def _flush_format(self, fields: tuple[str, ...], segments: list[_Segment]) -> None:
        try:
            self._store(fields, segments)
            return
        except RefusedError:
            if len(segments) > 1:
                # One odd object must not slow down the others of its chunk.
                half = len(segments) // 2
                self._flush_format(fields, segments[:half])
                self._flush_format(fields, segments[half:])
                return
        self._examine(fields, segments[0])

    def _examine(self, fields: tuple[str, ...], segment: _Segment) -> None:
        """Judge one segment line by line, and store what holds."""
        outcome = segment.outcome
        good: dict[tuple[str, ...], list[Record]] = defaultdict(list)
        lines = segment.body.split(b"\n")[:-1]
        for verdict in examine(fields, lines, segment.first_line):
            if isinstance(verdict, Reject):
                _count_reject(outcome, verdict)
            else:
                good[verdict.fields].append(verdict)
        for named, records in good.items():
            body = b"\n".join(record.text for record in records) + b"\n"
            numbers = np.fromiter((r.line for r in records), np.int32, len(records))
            self._store(named, [_Segment(outcome, 0, len(records), body)], numbers)

    def _store(
        self,
        fields: tuple[str, ...],
        segments: list[_Segment],
        lines: np.ndarray | None = None,
    ) -> None:
        """Parse segments of one layout, derive, and write flows and rollups.

        Raises:
            RefusedError: The fast reader does not take the chunk; nothing was written.
        """
        lengths = np.array([segment.n_lines for segment in segments])
        body = segments[0].body if len(segments) == 1 else b"".join(s.body for s in segments)
        parsed = parse_text(fields, body, int(lengths.sum()))
        del body
        if lines is None:
            firsts = np.array([segment.first_line for segment in segments])
            lines = np.arange(lengths.sum()) + np.repeat(
                firsts - np.cumsum(lengths) + lengths, lengths
            )
        object_ids = np.repeat([segment.outcome.object_id for segment in segments], lengths)
        derived = derive(parsed.frame, parsed.addresses)
        _count_rows(parsed.frame, derived, segments, lengths)
        self.result.totals.add(_totals(parsed.frame, derived))
        tables = {
            "flows": flow_rows(parsed, derived, object_ids, lines),
            **rollups(parsed.frame, derived, parsed.addresses),
        }
        self.result.parts += write_parts(tables, Path(self.task.tmp), f"{self.chunk:04d}")
        self.chunk += 1
        self.written.update(segment.outcome.object_id for segment in segments)


def _set_aside(outcome: ObjectOutcome, error: BadObjectError) -> None:
    outcome.status, outcome.detail = error.reason, error.detail
    outcome.rows_read = outcome.rows_stored = outcome.rows_rejected = 0
    outcome.reject_counts.clear()
    outcome.rejects.clear()


def _count_reject(outcome: ObjectOutcome, reject: Reject) -> None:
    outcome.rows_read += 1
    outcome.rows_rejected += 1
    outcome.reject_counts[reject.reason] = outcome.reject_counts.get(reject.reason, 0) + 1
    if len(outcome.rejects) < MAX_REJECTS_KEPT:
        outcome.rejects.append(reject)


def _count_rows(
    frame: pl.DataFrame, derived: Derived, segments: list[_Segment], lengths: np.ndarray
) -> None:
    skipped = has_text(frame, "log_status", "SKIPDATA")
    ends = np.cumsum(lengths)
    quiet = np.concatenate([[0], np.cumsum(~derived.is_traffic)])
    lost = np.concatenate([[0], np.cumsum(skipped)])
    for segment, begin, end in zip(segments, ends - lengths, ends, strict=True):
        n_lost = int(lost[end] - lost[begin])
        segment.outcome.rows_read += segment.n_lines
        segment.outcome.rows_stored += segment.n_lines
        segment.outcome.skipdata += n_lost
        segment.outcome.nodata += int(quiet[end] - quiet[begin]) - n_lost


def _totals(frame: pl.DataFrame, derived: Derived) -> BatchTotals:
    names = [name for name in ("packets", "bytes", "start", "end") if name in frame.columns]
    traffic = frame.select(names)
    if not derived.is_traffic.all():
        traffic = traffic.filter(pl.Series(derived.is_traffic))
    start = record_times(traffic) if traffic.columns else pl.Series(dtype=pl.Int64)
    undated = start.null_count() if traffic.columns else int(derived.is_traffic.sum())
    sums = {name: int(traffic[name].sum()) for name in names[:2] if name in ("packets", "bytes")}
    first = start.min()
    last = traffic["end"].max() if "end" in names else start.max()
    return BatchTotals(
        undated=undated,
        logged_packets=sums.get("packets", 0),
        logged_bytes=sums.get("bytes", 0),
        first=first if isinstance(first, int) else None,
        last=last if isinstance(last, int) else None,
    )
