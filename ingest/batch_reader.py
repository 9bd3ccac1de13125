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
from ingest.parse.text import Narrow, ParsedText, RefusedError, Text, TextReader
from ingest.rollup import Totals, rollups
from ingest.schema import LOG_STATUSES
from ingest.spool import Piece
from ingest.store.columns import AddressColumns
from ingest.store.commit import BatchTotals, ObjectOutcome
from ingest.store.parts import write_parts

CHUNK_BYTES = 48 << 20  # Of text.
MAX_REJECTS_KEPT = 1_000  # Texts per object; the counts are complete.

# Below, calling a kernel costs more than copying: small bodies are read together.
_SMALL_BYTES = 64 << 10
_JOINED_BYTES = 1 << 20
_HELD_BYTES = 16 << 20
_MOST_LAYOUTS = 32  # At once: each has tables of its own.
_LARGEST_CHUNK = 2 * CHUNK_BYTES  # What is left shall not become a small one.
_MORE, _MORE_ROWS = 1.1, 1.25  # Times a guess: no two objects are alike.


@dataclass(slots=True)
class _Segment:
    """Consecutive lines of one object in a chunk.

    Attributes:
        lines: Their numbers; None: they follow the first.
    """

    outcome: ObjectOutcome
    first_line: int
    n_lines: int
    lines: Narrow | None = None


class _Layout:
    """Lines of one layout: what was read into columns, and small bodies that wait for others.

    Attributes:
        fields: The layout.
        reader: Holds the columns; None: nothing was read.
        segments: What it has read, in its order.
        waiting: Not read yet, and how many bytes.
    """

    def __init__(self, fields: tuple[str, ...]) -> None:
        self.fields = fields
        self.reader: TextReader | None = None
        self.segments: list[_Segment] = []
        self.waiting: list[tuple[_Segment, Text]] = []
        self.waiting_bytes = 0


class BatchReader:
    """Reads the objects of one batch, a chunk at a time.

    Text becomes columns object by object, while it is in the processor's cache; what is
    derived needs many records, and is so a chunk at a time.

    Args:
        task: The batch.
        set_aside: Objects that failed in a run before, and why; filled further.
    """

    def __init__(self, task: BatchTask, set_aside: dict[int, BadObjectError]) -> None:
        self.task = task
        self.set_aside = set_aside
        self.result = BatchResult(task.batch_id)
        self.layouts: dict[tuple[str, ...], _Layout] = {}
        self.chunk_bytes = 0
        self.listed_bytes = sum(source.size for _, source, _ in task.objects)
        self.read_bytes = self.text_bytes = 0
        # Of the object that is being read, as it may turn out to be damaged at its end.
        self.held: list[tuple[tuple[str, ...], _Segment, Text]] = []
        self.held_bytes = 0
        self.taken: set[int] = set()
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
            self.read_bytes += source.size
            failure = self.set_aside.get(object_id)
            if failure is not None:
                _set_aside(outcome, failure)
                continue
            try:
                self._read(outcome, piece)
            except BadObjectError as error:
                self.set_aside[object_id] = error
                if object_id in self.taken:
                    raise SpoiledError from error
                self.held, self.held_bytes = [], 0
                _set_aside(outcome, error)
            self._take_held()
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
                segment = _Segment(outcome, chunk.first_line, chunk.n_lines)
                self.held.append((chunk.fields, segment, chunk.body))
                self.held_bytes += len(chunk.body)
            if self.held_bytes >= _HELD_BYTES:
                self._take_held()
        outcome.fields = "; ".join(layouts) or None
        if not layouts:
            outcome.status = "empty"
            outcome.detail = "the object has no lines" if content else "the object has no bytes"

    def _take_held(self) -> None:
        for fields, segment, body in self.held:
            self._take(fields, segment, body)
        self.held, self.held_bytes = [], 0

    def _take(self, fields: tuple[str, ...], segment: _Segment, body: Text) -> None:
        if fields not in self.layouts and len(self.layouts) >= _MOST_LAYOUTS:
            self._flush()
        self.taken.add(segment.outcome.object_id)
        self.text_bytes += len(body)
        self.chunk_bytes += len(body)
        layout = self._layout(fields)
        is_small = len(body) < _SMALL_BYTES
        if not is_small:
            self._read_waiting(layout)
        layout.waiting.append((segment, body))
        layout.waiting_bytes += len(body)
        if not is_small or layout.waiting_bytes >= _JOINED_BYTES:
            self._read_waiting(layout)
        if self.chunk_bytes >= self._chunk_limit:
            self._flush()

    def _layout(self, fields: tuple[str, ...]) -> _Layout:
        return self.layouts.setdefault(fields, _Layout(fields))

    def _read_waiting(self, layout: _Layout) -> None:
        waiting, layout.waiting, layout.waiting_bytes = layout.waiting, [], 0
        if waiting:
            self._read_lines(layout, waiting)

    def _read_lines(self, layout: _Layout, parts: Sequence[tuple[_Segment, Text]]) -> None:
        segments = [segment for segment, _ in parts]
        body = b"".join(body for _, body in parts) if len(parts) > 1 else parts[0][1]
        n_lines = sum(segment.n_lines for segment in segments)
        if layout.reader is None:
            layout.reader = TextReader(layout.fields, self._rows_ahead(len(body), n_lines))
        try:
            layout.reader.read(body, n_lines)
        except RefusedError:
            if segments[0].lines is not None:
                raise  # These are lines that the line reader took.
            if len(parts) > 1:
                # One odd object must not slow down the others beside it.
                half = len(parts) // 2
                self._read_lines(layout, parts[:half])
                self._read_lines(layout, parts[half:])
            else:
                self._examine(layout.fields, *parts[0])
            return
        layout.segments += segments

    @property
    def _bytes_ahead(self) -> float:
        """Guess how much text the objects have that were not read yet."""
        left = self.listed_bytes - self.read_bytes
        return self.text_bytes * left / max(1, self.read_bytes)

    @property
    def _chunk_limit(self) -> float:
        """Share what is ahead out equally, as each chunk costs files and a seam."""
        whole = self.chunk_bytes + self._bytes_ahead
        share = _MORE * whole / max(1, round(whole / CHUNK_BYTES))
        return min(max(share, CHUNK_BYTES), _LARGEST_CHUNK)

    def _rows_ahead(self, n_bytes: int, n_lines: int) -> int:
        """Guess how many rows a chunk gets whose first body has so many bytes and lines.

        The first layout of a chunk is the usual one; others get more room as they need it.
        """
        if len(self.layouts) > 1:
            return 2 * n_lines
        ahead = min(self._bytes_ahead, self._chunk_limit)
        return n_lines + int(_MORE_ROWS * ahead * n_lines / n_bytes)

    def _flush(self) -> None:
        for layout in list(self.layouts.values()):
            self._read_waiting(layout)
        for layout in self.layouts.values():
            if layout.reader is not None and layout.segments:
                self._store(layout.segments, layout.reader.parsed())
        self.layouts.clear()
        self.chunk_bytes = 0

    def _examine(self, fields: tuple[str, ...], segment: _Segment, body: Text) -> None:
        """Judge one segment line by line, and read what holds."""
        outcome = segment.outcome
        good: dict[tuple[str, ...], list[Record]] = defaultdict(list)
        for verdict in examine(fields, bytes(body).split(b"\n")[:-1], segment.first_line):
            if isinstance(verdict, Reject):
                _count_reject(outcome, verdict)
            else:
                good[verdict.fields].append(verdict)
        for named, records in good.items():
            text = b"\n".join(record.text for record in records) + b"\n"
            lines = np.fromiter((r.line for r in records), np.int32, len(records))
            layout = self._layout(named)
            self._read_waiting(layout)
            examined = _Segment(outcome, segment.first_line, len(records), lines)
            self._read_lines(layout, [(examined, text)])

    def _store(self, segments: Sequence[_Segment], parsed: ParsedText) -> None:
        """Derive facts of the rows of some segments, and write flows and rollups."""
        lengths = np.array([segment.n_lines for segment in segments])
        ids = np.array([segment.outcome.object_id for segment in segments], np.int32)
        derived = derive(parsed)
        _count_rows(parsed, derived, segments, lengths)
        addresses = AddressColumns(parsed.addresses)
        rolled = rollups(parsed, derived, addresses)
        self.result.totals.add(_batch_totals(rolled.totals))
        flows = flow_rows(
            parsed, derived, addresses, rolled.hours, np.repeat(ids, lengths),
            _line_numbers(segments, lengths),
        )  # fmt: skip
        self.result.parts += write_parts(
            {"flows": flows, **rolled.tables}, Path(self.task.tmp), f"{self.chunk:04d}"
        )
        self.chunk += 1


def _line_numbers(segments: Sequence[_Segment], lengths: npt.NDArray[np.int64]) -> Narrow:
    firsts = np.array([segment.first_line for segment in segments])
    ends = np.cumsum(lengths)
    numbers = np.arange(ends[-1], dtype=np.int32)
    numbers += np.repeat((firsts - ends + lengths).astype(np.int32), lengths)
    for segment, end in zip(segments, ends.tolist(), strict=True):
        if segment.lines is not None:
            numbers[end - segment.n_lines : end] = segment.lines
    return numbers


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
