"""List, bring, parse, commit: from a source of log objects to the cache."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass, field
from pathlib import Path

from ingest.batch import BatchResult, BatchTask, run_batch
from ingest.sources import (
    CorruptTransferError,
    LogObject,
    ReplacedError,
    Source,
    TransferError,
    VanishedError,
)
from ingest.store.write import CacheWriter, ObjectOutcome

BATCH_BYTES = 24 << 20  # Of objects as delivered; about 200 MB of text.
BATCH_OBJECTS = 2_000
_THREADS_PER_WORKER = "1"  # Batches run side by side; threads inside them would only queue.


@dataclass(slots=True)
class Progress:
    """How far a load is, for a progress bar.

    Attributes:
        objects, objects_total: Committed or skipped, and listed.
        bytes, bytes_total: Of these objects, as delivered.
        rows: Rows stored so far.
    """

    objects: int = 0
    objects_total: int = 0
    bytes: int = 0
    bytes_total: int = 0
    rows: int = 0


@dataclass(slots=True)
class IngestReport:
    """What a load did. `rows_read = rows_stored + rows_rejected`.

    Attributes:
        objects_listed: What the source holds under what was asked for.
        objects_known: Of these, already in the cache.
        objects_new: Of these, committed by this load, the ones set aside included.
        objects_pending: Of these, not read now: a later run tries again.
        bytes_new: Size of the new objects.
        rows_read, rows_stored, rows_rejected, nodata, skipdata: Over the new objects.
        by_status: New objects by status.
        reject_counts: Rejected rows by reason.
        troubles: One line per object that is not `ok`, at most 100; `key: what happened`.
        seconds: Wall time.
        dry_run: Nothing was read.
    """

    objects_listed: int = 0
    objects_known: int = 0
    objects_new: int = 0
    objects_pending: int = 0
    bytes_new: int = 0
    rows_read: int = 0
    rows_stored: int = 0
    rows_rejected: int = 0
    nodata: int = 0
    skipdata: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    reject_counts: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    seconds: float = 0.0
    dry_run: bool = False

    def add(self, outcome: ObjectOutcome) -> None:
        """Count one object's outcome."""
        self.objects_new += 1
        self.bytes_new += outcome.source.size
        for name in ("rows_read", "rows_stored", "rows_rejected", "nodata", "skipdata"):
            setattr(self, name, getattr(self, name) + getattr(outcome, name))
        self.by_status[outcome.status] += 1
        self.reject_counts.update(outcome.reject_counts)
        if outcome.status != "ok":
            self.trouble(outcome.source.key, _explain(outcome))

    def trouble(self, key: str, text: str) -> None:
        """Keep one line about an object."""
        if len(self.troubles) < 100:
            self.troubles.append(f"{key}: {text}")


def load(
    source: Source,
    cache: Path,
    *,
    fields: tuple[str, ...] | None = None,
    dry_run: bool = False,
    jobs: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> IngestReport:
    """Bring every new object of a source into a cache.

    Objects are known by key and ETag; known ones are not read again. Each batch is
    committed by itself, so a load that is killed goes on where it was.

    Args:
        source: Where the objects are.
        cache: The cache folder; made where it is missing.
        fields: Layout of objects that have no header line.
        dry_run: List and count only.
        jobs: Parser processes; default: one a core.
        on_progress: Called after each change, in this thread.

    Raises:
        IngestError: The source cannot be listed, or the cache cannot be written.
    """
    begun = time.monotonic()
    report = IngestReport(dry_run=dry_run)
    listed = list(source.objects())
    report.objects_listed = len(listed)
    with CacheWriter(cache) as writer:
        known = writer.known_objects()
        new = [o for o in listed if (o.key, o.etag) not in known]
        report.objects_known = len(listed) - len(new)
        if dry_run:
            report.objects_new = len(new)
            report.bytes_new = sum(o.size for o in new)
        elif new:
            _Load(source, writer, report, fields, on_progress).run(new, jobs)
    report.seconds = time.monotonic() - begun
    return report


class _Load:
    """The moving parts of one load."""

    def __init__(
        self,
        source: Source,
        writer: CacheWriter,
        report: IngestReport,
        fields: tuple[str, ...] | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.source, self.writer, self.report = source, writer, report
        self.fields, self.on_progress = fields, on_progress
        self.object_id, self.batch_id = writer.next_ids()
        self.progress = Progress()

    def run(self, new: Sequence[LogObject], jobs: int | None) -> None:
        batches = list(_batches(new))
        workers = min(jobs or os.cpu_count() or 1, len(batches))
        self.progress.objects_total = len(new)
        self.progress.bytes_total = sum(o.size for o in new)
        self._show()
        # Workers read this before polars starts its threads.
        os.environ["POLARS_MAX_THREADS"] = _THREADS_PER_WORKER
        context = multiprocessing.get_context("spawn")
        transfers = max(1, self.source.max_transfers)
        with (
            ProcessPoolExecutor(workers, mp_context=context) as pool,
            ThreadPoolExecutor(transfers) as movers,
        ):
            running: dict[Future[BatchResult], None] = {}
            try:
                for batch in batches:
                    while len(running) > workers:  # One waits, so that no worker does.
                        self._commit_finished(running)
                    task = self._bring(batch, movers)
                    if task.objects:
                        running[pool.submit(run_batch, task)] = None
                while running:
                    self._commit_finished(running)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _bring(self, batch: Sequence[LogObject], movers: ThreadPoolExecutor) -> BatchTask:
        """Number the objects of a batch and have their bytes on this machine."""
        folder = self.writer.tmp / f"batch-{self.batch_id:08d}"
        folder.mkdir(parents=True, exist_ok=True)
        there: list[tuple[int, LogObject, str]] = []
        if self.source.max_transfers == 0:
            for log_object in batch:
                path = self.source.local_path(log_object)
                there.append((self._next_id(), log_object, str(path)))
        else:
            targets = [(self._next_id(), o) for o in batch]
            moved = movers.map(
                lambda numbered: self._fetch(numbered[1], folder / f"object-{numbered[0]}"),
                targets,
            )
            for (object_id, listed), fetched in zip(targets, moved, strict=True):
                if isinstance(fetched, LogObject):
                    there.append((object_id, fetched, str(folder / f"object-{object_id}")))
                else:
                    self._not_there(listed, fetched)
        task = BatchTask(
            self.batch_id,
            there,
            str(folder / "parts"),
            self.fields,
            remove=self.source.max_transfers > 0,
        )
        self.batch_id += 1
        return task

    def _fetch(self, log_object: LogObject, target: Path) -> LogObject | Exception:
        try:
            self.source.fetch(log_object, target)
        except (VanishedError, ReplacedError, TransferError, CorruptTransferError) as error:
            return error
        return log_object

    def _not_there(self, listed: LogObject, error: Exception) -> None:
        self.report.objects_pending += 1
        self.report.by_status["vanished" if isinstance(error, VanishedError) else "pending"] += 1
        self.report.trouble(listed.key, str(error))
        self.progress.objects += 1
        self.progress.bytes += listed.size

    def _next_id(self) -> int:
        self.object_id += 1
        return self.object_id - 1

    def _commit_finished(self, running: dict[Future[BatchResult], None]) -> None:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        # Commit in the order of the batches where several are ready.
        for future in [f for f in running if f in done]:
            del running[future]
            result = future.result()
            self.writer.commit(result.batch_id, result.outcomes, result.parts, result.totals)
            for outcome in result.outcomes:
                self.report.add(outcome)
                self.progress.objects += 1
                self.progress.bytes += outcome.source.size
                self.progress.rows += outcome.rows_stored
            self._show()

    def _show(self) -> None:
        if self.on_progress is not None:
            self.on_progress(self.progress)


def _batches(objects: Iterable[LogObject]) -> Iterator[list[LogObject]]:
    """Cut a listing into batches of bounded size, in its order."""
    batch: list[LogObject] = []
    size = 0
    for log_object in objects:
        if batch and (size + log_object.size > BATCH_BYTES or len(batch) >= BATCH_OBJECTS):
            yield batch
            batch, size = [], 0
        batch.append(log_object)
        size += log_object.size
    if batch:
        yield batch


def _explain(outcome: ObjectOutcome) -> str:
    if outcome.status == "partial" and outcome.rejects:
        first = outcome.rejects[0]
        at_field = f" in {first.field}" if first.field else ""
        return (
            f"{outcome.rows_rejected:,} of {outcome.rows_read:,} lines rejected, the first at "
            f"line {first.line}: {first.reason}{at_field}: {first.text}"
        )
    return f"{outcome.status}: {outcome.detail}"
