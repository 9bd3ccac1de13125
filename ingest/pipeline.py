"""List, bring, parse, commit: from a source of log objects to the cache."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from ingest.batch import BatchResult, BatchTask
from ingest.batching import BATCH_BYTES, Gathered, require_room
from ingest.dry_run import dry_run_of
from ingest.errors import CacheError, PermissionDeniedError
from ingest.fetching import SPOOL_BYTES, Arrival, Fetcher
from ingest.known import KnownObjects
from ingest.parser_pool import BatchPool, MakePool, ParserLimits, local_pool
from ingest.report import IngestReport, Progress
from ingest.sources import (
    CorruptTransferError,
    LogObject,
    ReplacedError,
    Source,
    TransferError,
    UnchangedError,
    VanishedError,
)
from ingest.spool import Piece
from ingest.store.commit import READ_STATUSES
from ingest.store.layout import CATALOG_NAME, open_catalog
from ingest.store.write import CacheWriter, ObjectOutcome

WITHOUT_LAYOUT = ("no-header", "not-a-log")  # What another `--format` may change.
_STOP_WITHIN_S = 6.0
# Parsers take as long to start, a folder is listed by then, and equal batches end together.
_LISTING_S = 0.2
_PACE_S = 0.01  # Arrivals are taken together, so often at most: waking up costs more than they do.


def load(
    source: Source,
    cache: Path,
    *,
    fields: tuple[str, ...] | None = None,
    retry: bool = False,
    dry_run: bool = False,
    jobs: int | None = None,
    limits: ParserLimits | None = None,
    make_pool: MakePool = local_pool,
    stop: threading.Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> IngestReport:
    """Bring every new object of a source into a cache.

    Objects are known by key and ETag; known ones are not read again, but for those that
    gave nothing for want of a layout where `fields` gives another one. Each batch is
    committed by itself, so a load that is killed goes on where it was. Objects that
    cannot be read now are pending in the report; the others are committed.

    Args:
        source: Where the objects are.
        cache: The cache folder; made where it is missing.
        fields: Layout of objects that have no header line.
        retry: Read all objects that were set aside again.
        dry_run: List and count only.
        jobs: Batches parsed at once; default: one a core.
        limits: What one of them may take.
        make_pool: Where they are parsed; default: in processes of this machine.
        stop: Set by another thread or a signal: commit what is parsed within seconds, and return.
        on_progress: Called after each change, in this thread.

    Raises:
        IngestError: The source cannot be listed, or the cache cannot be written.
    """
    if dry_run:
        return dry_run_of(Loader(source, cache, fields, retry=retry))
    load_ = Loader(
        source, cache, fields, retry=retry, jobs=jobs, limits=limits, make_pool=make_pool, stop=stop
    )
    with CacheWriter(cache) as writer:
        return load_.run(writer, source.objects(), on_progress)


class Loader:
    """Loads from one source into one cache, once or again and again.

    Attributes:
        known: Objects that the cache holds; kept between runs.
        settled: Key and ETag of objects of the last run that are gone by now: deleted, or
            replaced by another version.
    """

    def __init__(
        self,
        source: Source,
        cache: Path,
        fields: tuple[str, ...] | None = None,
        *,
        retry: bool = False,
        jobs: int | None = None,
        limits: ParserLimits | None = None,
        make_pool: MakePool = local_pool,
        stop: threading.Event | None = None,
    ) -> None:
        self.source, self.cache, self.fields = source, cache, fields
        self.jobs, self.limits, self.make_pool = jobs, limits, make_pool
        self.stop = stop or threading.Event()
        self.retry = retry
        self.known = KnownObjects(self._is_due)
        self.settled: set[tuple[str, str]] = set()

    def _is_due(self, status: str, fields: str | None, rows_stored: int) -> bool:
        """Tell whether an object is to be read again, as what decided may have changed."""
        if self.retry and status not in READ_STATUSES:
            return True
        is_for_want_of_layout = status in WITHOUT_LAYOUT or (
            status == "partial" and not rows_stored
        )
        return is_for_want_of_layout and self.fields is not None and fields != " ".join(self.fields)

    def refresh(self) -> None:
        """Learn what the cache holds, without locking it."""
        if (self.cache / CATALOG_NAME).is_file():
            with closing(open_catalog(self.cache.resolve(), read_only=True)) as catalog:
                self.known.read(catalog)

    def run(
        self,
        writer: CacheWriter,
        objects: Iterator[LogObject],
        on_progress: Callable[[Progress], None] | None = None,
        *,
        known_before: int = 0,
    ) -> IngestReport:
        """Load those of the objects that are new, under the writer's lock.

        Args:
            writer: Of the loader's cache.
            objects: What was listed.
            on_progress: Called after each change, in this thread.
            known_before: How many known objects were listed before these.

        Raises:
            IngestError: As for `load`; what was read before is committed.
        """
        begun = time.monotonic()
        self.known.read(writer.catalog)
        self.settled.clear()
        skipped, retries = Counter(self.source.skipped), Counter(self.source.retries)
        report = IngestReport()
        try:
            _Run(self, writer, report, objects, on_progress).run()
        finally:
            report.objects_listed += known_before
            report.objects_known += known_before
            report.seconds = time.monotonic() - begun
            report.skipped = self.source.skipped - skipped
            report.retries = self.source.retries - retries
        return report


class _Run:
    """The moving parts of one run."""

    def __init__(
        self,
        loader: Loader,
        writer: CacheWriter,
        report: IngestReport,
        objects: Iterator[LogObject],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.loader, self.writer, self.report = loader, writer, report
        self.on_progress = on_progress
        self.object_id, self.batch_id = writer.next_ids()
        self.progress = Progress()
        # Named after this process: one that outlives its parent never writes into ours.
        self.folder = writer.tmp / f"run-{os.getpid()}-{self.batch_id}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.fetcher = Fetcher(loader.source, objects, self._is_known, self.folder, SPOOL_BYTES)
        self.gathered = Gathered()
        self.spooled: dict[int, tuple[LogObject, Piece]] = {}
        self.unchanged = 0
        self.fatal: Exception | None = None
        self.stop_at: float | None = None
        self.begun = time.monotonic()

    def run(self) -> None:
        try:
            loader = self.loader
            with (
                loader.make_pool(loader.jobs, self._next_batch_id, loader.limits) as pool,
                self.fetcher,
            ):
                if loader.make_pool is not local_pool:
                    # A cluster takes more at once than the spool has room for by itself.
                    self.fetcher.spool.share(2 * pool.size * BATCH_BYTES)
                while not self._is_over(pool):
                    has_taken = self._take_arrivals(pool)
                    results = self._wait(pool, has_taken=has_taken)
                    if self._is_over(pool):
                        pool.dismiss()
                    for result in results:
                        self._commit(result)
                    self._show()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._count_pending()
        error = self.fatal or self.fetcher.error
        if error is None:
            return
        if isinstance(error, PermissionDeniedError) and self.report.objects_listed:
            self.report.refusal = self.report.refusal or str(error)
        elif isinstance(error, TransferError) and self.report.objects_listed:
            self.report.outage = self.report.outage or str(error)
        elif isinstance(error, OSError):
            msg = (
                f"{self.folder.parent}: fetching failed ({error.strerror or error}). What was "
                "committed before is safe; make space or fix the disk, then run again."
            )
            raise CacheError(msg) from error
        else:
            raise error

    def _is_known(self, log_object: LogObject) -> bool:
        """Asked in the fetcher's threads, once an object."""
        if log_object not in self.loader.known:
            return False
        if self.loader.known.is_damaged(log_object):
            self.report.known_damaged += 1
        return True

    def _is_over(self, pool: BatchPool) -> bool:
        if self.loader.stop.is_set() and self.stop_at is None:
            self.stop_at = time.monotonic() + _STOP_WITHIN_S
            self.report.stopped = True
            self.fetcher.stop()
        if self.stop_at is not None:
            self.gathered.objects.clear()
            return pool.is_idle or time.monotonic() > self.stop_at
        if self.fatal is not None:
            self.fetcher.stop()
            self.gathered.objects.clear()
            return pool.is_idle
        return pool.is_idle and self.fetcher.is_done and not self.gathered.objects

    def _wait(self, pool: BatchPool, *, has_taken: bool) -> list[BatchResult]:
        if has_taken:
            return pool.wait(seconds=_PACE_S)
        # A bell that nobody answers would ring through the whole wait.
        return pool.wait([self.fetcher.waker] if self._takes(pool) else [])

    def _takes(self, pool: BatchPool) -> bool:
        return pool.has_room and self.stop_at is None and self.fatal is None

    def _take_arrivals(self, pool: BatchPool) -> bool:
        """Fill batches with what has arrived, as long as parsers wait for them.

        Returns:
            Whether anything had arrived.
        """
        has_taken = False
        while self._takes(pool):
            if self._has_batch(pool):
                self._submit(pool)
                continue
            arrival = self.fetcher.arrived()
            if arrival is None:
                break
            has_taken = True
            self.gathered.seen_bytes += arrival.listed.size
            if arrival.piece is None:
                self._settle(arrival)
                continue
            pool.prepare()
            self.gathered.add(self._next_id(), arrival.found, arrival.piece)
            self.spooled[self.object_id - 1] = arrival.listed, arrival.piece
        return has_taken

    def _has_batch(self, pool: BatchPool) -> bool:
        if not self.gathered.objects or self.fetcher.is_done:
            return bool(self.gathered.objects)
        is_early = not self.fetcher.is_listed and time.monotonic() < self.begun + _LISTING_S
        return not is_early and self.gathered.is_enough(self._listed_bytes, pool.size)

    def _submit(self, pool: BatchPool) -> None:
        objects = self.gathered.take(self._listed_bytes, pool.size)
        require_room(self.folder, self.writer.cache, objects)
        batch_id = self._next_batch_id()
        parts = str(self.folder / f"parts-{batch_id}")
        pool.submit(BatchTask(batch_id, objects, parts, self.loader.fields))

    @property
    def _listed_bytes(self) -> int | None:
        return self.fetcher.new_bytes if self.fetcher.is_listed else None

    def _settle(self, arrival: Arrival) -> None:
        """Count an object that there are no bytes of."""
        report, error = self.report, arrival.error
        self.progress.objects += 1
        self.progress.bytes += arrival.listed.size
        if isinstance(error, UnchangedError):
            self.unchanged += 1
            self._settled(arrival.listed)
            return
        if isinstance(error, CorruptTransferError):
            outcome = ObjectOutcome(
                self._next_id(), arrival.found, status="corrupt", detail=str(error)
            )
            self._commit(BatchResult(self._next_batch_id(), [outcome]))
            return
        if isinstance(error, VanishedError):
            report.objects_vanished += 1
            self._settled(arrival.listed)
        elif isinstance(error, PermissionDeniedError):
            report.refusal = report.refusal or str(error)
        elif isinstance(error, TransferError | ReplacedError):
            report.outage = report.outage or str(error)
        else:
            self.fatal = self.fatal or error
        report.trouble(arrival.listed.key, str(error))

    def _commit(self, result: BatchResult) -> None:
        self.writer.commit(result.batch_id, result.outcomes, result.parts, result.totals)
        for outcome in result.outcomes:
            self.loader.known.add(outcome.source)
            self.report.add(outcome)
            self.progress.rows += outcome.rows_stored
            spooled = self.spooled.pop(outcome.object_id, None)
            if spooled is not None:
                listed, piece = spooled
                self.progress.objects += 1
                self.progress.bytes += outcome.source.size
                self.fetcher.spool.release(piece)
                self._settled(listed)
        self._compare_contents(result)

    def _settled(self, listed: LogObject) -> None:
        if listed not in self.loader.known:
            self.loader.settled.add((listed.key, listed.etag))

    def _compare_contents(self, result: BatchResult) -> None:
        """Tell of rows that count twice: AWS does not promise that a copy is none."""
        numbers = [o.object_id for o in result.outcomes if o.rows_stored]
        if not numbers:
            return
        rows = self.writer.catalog.execute(
            "SELECT new.key, min(old.key) FROM objects AS new JOIN objects AS old"
            " ON old.content_hash = new.content_hash AND old.object_id < new.object_id"
            " AND old.key != new.key"
            " WHERE new.object_id BETWEEN ? AND ? AND new.batch_id = ? AND new.rows_stored > 0"
            " GROUP BY new.object_id",
            (min(numbers), max(numbers), result.batch_id),
        )
        for key, earlier in rows:
            self.report.same_content += 1
            self.report.trouble(key, f"same content as {earlier}; both are kept and counted.")

    def _count_pending(self) -> None:
        report = self.report
        report.objects_listed = self.fetcher.listed
        report.objects_known = self.fetcher.known + self.unchanged
        report.objects_pending = (
            report.objects_listed
            - report.objects_known
            - report.objects_new
            - report.objects_vanished
        )

    def _next_id(self) -> int:
        self.object_id += 1
        return self.object_id - 1

    def _next_batch_id(self) -> int:
        self.batch_id += 1
        return self.batch_id - 1

    def _show(self) -> None:
        if self.on_progress is not None:
            self.progress.objects_total = self.fetcher.listed - self.fetcher.known
            self.progress.bytes_total = self.fetcher.new_bytes
            self.on_progress(self.progress)
