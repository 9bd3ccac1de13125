"""Keep going: poll a source, or wait for its notifications, until told to stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

from ingest.errors import CacheLockedError, NothingFoundError
from ingest.pipeline import Loader
from ingest.report import IngestReport
from ingest.sources import LogObject, TransferError
from ingest.sources.queue import Notice, NotificationQueue
from ingest.store.write import CacheWriter

_log = logging.getLogger(__name__)

_QUEUE_WAIT_S = 5  # SIGTERM has to be heard within seconds.
_MESSAGES_A_ROUND = 500


@dataclass(frozen=True, slots=True)
class FollowSettings:
    """How often a followed source is looked at.

    Attributes:
        poll_s: From one listing of recent keys to the next; beside a queue, which may
            lose messages, this is the look for truth.
        look_back: How old a key may be and still be looked at in every poll. S3 promises
            no delay's upper bound.
        full_s: From one listing of all keys to the next: finds what came later than that.
    """

    poll_s: float = 60.0
    look_back: timedelta = timedelta(hours=48)
    full_s: float = 24 * 3600.0


def follow(
    loader: Loader,
    settings: FollowSettings,
    *,
    queue: NotificationQueue | None = None,
    on_round: Callable[[IngestReport], None],
    on_trouble: Callable[[str], None],
) -> None:
    """Load what is new, again and again, until `loader.stop` is set.

    The cache is locked only while there is something to write. Objects are known by
    key and ETag, never by a time: late ones and ones delivered twice come out right.

    Args:
        loader: Source, cache, and what is known.
        settings: When to look.
        queue: Where S3 tells of new objects.
        on_round: Called after each round that found something.
        on_trouble: Called with one sentence where a round has to be tried again.

    Raises:
        IngestError: What no later round can mend: access denied, the disk refuses.
    """
    follower = _Follower(loader, settings, queue, on_round, on_trouble)
    while not loader.stop.is_set():
        follower.poll_if_due()
        if queue is None:
            loader.stop.wait(follower.seconds_to_poll())
        else:
            follower.work_on(queue)


class _Follower:
    def __init__(
        self,
        loader: Loader,
        settings: FollowSettings,
        queue: NotificationQueue | None,
        on_round: Callable[[IngestReport], None],
        on_trouble: Callable[[str], None],
    ) -> None:
        self.loader, self.settings, self.queue = loader, settings, queue
        self.on_round, self.on_trouble = on_round, on_trouble
        self.next_poll = self.next_full = time.monotonic()

    def seconds_to_poll(self) -> float:
        return max(0.0, self.next_poll - time.monotonic())

    def poll_if_due(self) -> None:
        now = time.monotonic()
        if now < self.next_poll:
            return
        is_full = now >= self.next_full
        since = None if is_full else datetime.now(UTC) - self.settings.look_back
        if self._round(self.loader.source.objects(since)) and is_full:
            self.next_full = now + self.settings.full_s
        self.next_poll = time.monotonic() + self.settings.poll_s

    def work_on(self, queue: NotificationQueue) -> None:
        """Load what the queue tells of now, and acknowledge it after the commit."""
        try:
            notices = self._receive(queue)
            if not notices:
                return
            objects = {o: None for notice in notices for o in notice.objects}
            with queue.kept_hidden(notices):
                self._round(iter(objects))
            queue.acknowledge([notice for notice in notices if self._is_settled(notice)])
        except TransferError as error:
            self._wait_after(error)

    def _receive(self, queue: NotificationQueue) -> list[Notice]:
        notices = queue.receive(min(_QUEUE_WAIT_S, int(self.seconds_to_poll()) + 1))
        while notices and len(notices) < _MESSAGES_A_ROUND and not self.loader.stop.is_set():
            more = queue.receive()
            if not more:
                break
            notices += more
        return notices

    def _is_settled(self, notice: Notice) -> bool:
        return all(
            o in self.loader.known or (o.key, o.etag) in self.loader.settled for o in notice.objects
        )

    def _round(self, objects: Iterator[LogObject]) -> bool:
        """Load what is new among the objects; False where it has to be tried again."""
        self.loader.refresh()
        try:
            known, first = self._first_new(objects)
            if first is None:
                return True
            with CacheWriter(self.loader.cache) as writer:
                report = self.loader.run(writer, chain([first], objects), known_before=known)
        except NothingFoundError as error:
            _log.info("nothing found: %s", error)
            return True
        except (TransferError, CacheLockedError) as error:
            self._wait_after(error)
            return False
        self.on_round(report)
        return report.objects_pending == 0

    def _first_new(self, objects: Iterator[LogObject]) -> tuple[int, LogObject | None]:
        """Pass over what is known: most rounds end here, without a lock."""
        for n_known, log_object in enumerate(objects):
            if log_object not in self.loader.known:
                return n_known, log_object
            if self.loader.stop.is_set():
                break
        return 0, None

    def _wait_after(self, error: Exception) -> None:
        self.on_trouble(f"{error} Trying again.")
        if self.queue is not None:
            self.loader.stop.wait(min(5.0, self.settings.poll_s))
