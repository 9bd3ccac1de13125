"""What a batch does with its objects: parse, derive, roll up, write."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.batch import BatchResult, BatchTask, SpoiledError
from ingest.conversation import Derived, derive
from ingest.errors import BadObjectError
from ingest.flow_rows import flow_rows
from ingest.parse.lines import Record, Reject, examine
from ingest.parse.objects import read_object
from ingest.parse.text import Narrow, ParsedText, RefusedError, parse_bodies
from ingest.rollup import Totals, rollups
from ingest.schema import LOG_STATUSES
from ingest.spool import Piece
from ingest.store.columns import AddressColumns
from ingest.store.commit import BatchTotals, ObjectOutcome
from ingest.store.parts import write_parts

CHUNK_BYTES = 48 << 20
MAX_REJECTS_KEPT = 1_000  # Texts per object; the counts are complete.

_JOINED_BYTES = 64 << 10  # Below, calling a kernel costs more than copying.


@dataclass(slots=True)
class _Segment:
    """Consecutive lines of one object in a chunk."""

    outcome: ObjectOutcome
    first_line: int
    n_lines: int
    body: bytes


class BatchReader:
    """Reads the objects of one batch, a chunk of text at a time.

    Args:
        task: The batch.
        set_aside: Objects that failed in a run before, and why; filled further.
    """

    def __init__(self, task: BatchTask, set_aside: dict[int, BadObjectError]) -> None:
        self.task = task
        self.set_aside = set_aside
        self.result = BatchResult(task.batch_id)
        self.pending: dict[tuple[str, ...], list[_Segment]] = defaultdict(list)
        self.pending_bytes = 0
        self.written: set[int] = set()
        self.chunk = 0

    def run(self) -> BatchResult:
        """Read every object.

        Raises:
            SpoiledError: An object failed late; run again without it.
        """
        Path(self.task.tmp).mkdir(parents=True, exist_ok=True)
        for object_id, source, piece in self.task.objects:
            outcome = ObjectOutcome(object_id, source)
            self.result.outcomes.append(outcome)
            failure = self.set_aside.get(object_id)
            if failure is not None:
                _set_aside(outcome, failure)
                continue
            try:
                self._read(outcome, piece)
            except BadObjectError as error:
                self.set_aside[object_id] = error
                if object_id in self.written:
                    raise SpoiledError from error
                self._forget(outcome)
                _set_aside(outcome, error)
        self._flush()
        for outcome in self.result.outcomes:
            if outcome.status == "ok" and outcome.rows_rejected:
                outcome.status = "partial"
        return self.result

    def _read(self, outcome: ObjectOutcome, piece: Piece) -> None:
        key = outcome.source.key
        try:
            content = piece.read()
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
        lines: Narrow | None = None,
    ) -> None:
        """Parse segments of one layout, derive, and write flows and rollups.

        Raises:
            RefusedError: The fast reader does not take the chunk; nothing was written.
        """
        lengths = np.array([segment.n_lines for segment in segments])
        parsed = parse_bodies(fields, *_joined(segments))
        firsts = np.array([segment.first_line for segment in segments])
        if lines is None:
            ends = np.cumsum(lengths)
            lines = np.arange(ends[-1], dtype=np.int32)
            lines += np.repeat((firsts - ends + lengths).astype(np.int32), lengths)
        ids = np.array([segment.outcome.object_id for segment in segments], np.int32)
        derived = derive(parsed)
        _count_rows(parsed, derived, segments, lengths)
        addresses = AddressColumns(parsed.addresses)
        rolled = rollups(parsed, derived, addresses)
        self.result.totals.add(_batch_totals(rolled.totals))
        flows = flow_rows(parsed, derived, addresses, rolled.hours, np.repeat(ids, lengths), lines)
        self.result.parts += write_parts(
            {"flows": flows, **rolled.tables}, Path(self.task.tmp), f"{self.chunk:04d}"
        )
        self.chunk += 1
        self.written.update(segment.outcome.object_id for segment in segments)


def _joined(segments: Sequence[_Segment]) -> tuple[list[bytes], list[int]]:
    """Return bodies and their numbers of lines, with small neighbors joined."""
    bodies: list[bytes] = []
    n_lines: list[int] = []
    small: list[_Segment] = []
    for segment in segments:
        if len(segment.body) < _JOINED_BYTES:
            small.append(segment)
        else:
            _join(small, bodies, n_lines)
            small = []
            bodies.append(segment.body)
            n_lines.append(segment.n_lines)
    _join(small, bodies, n_lines)
    return bodies, n_lines


def _join(segments: Sequence[_Segment], bodies: list[bytes], n_lines: list[int]) -> None:
    if segments:
        bodies.append(b"".join(segment.body for segment in segments))
        n_lines.append(sum(segment.n_lines for segment in segments))


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
    parsed: ParsedText,
    derived: Derived,
    segments: Sequence[_Segment],
    lengths: npt.NDArray[np.int64],
) -> None:
    begins = np.cumsum(lengths) - lengths
    skipped = parsed.small("log_status") == LOG_STATUSES.index("SKIPDATA")
    traffic = np.add.reduceat(derived.is_traffic, begins, dtype=np.int64)
    lost = np.add.reduceat(skipped, begins, dtype=np.int64)
    for segment, n_traffic, n_lost in zip(segments, traffic.tolist(), lost.tolist(), strict=True):
        outcome = segment.outcome
        outcome.rows_read += segment.n_lines
        outcome.rows_stored += segment.n_lines
        outcome.skipdata += n_lost
        outcome.nodata += segment.n_lines - n_traffic - n_lost


def _batch_totals(totals: Totals) -> BatchTotals:
    return BatchTotals(
        undated=totals.undated, logged_packets=totals.packets, logged_bytes=totals.bytes,
        first=totals.first, last=totals.last,
    )  # fmt: skip
