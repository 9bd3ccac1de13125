"""Have the bytes of log objects on this machine, ahead of the parsers and within bounds."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.errors import PermissionDeniedError
from ingest.sources import (
    LogObject,
    ReplacedError,
    Source,
    TransferError,
    UnchangedError,
    VanishedError,
)
from ingest.spool import Piece, Spool, SpoolWriter

SPOOL_BYTES = 256 << 20  # Fetched and still needed, at most.
_LISTED_AHEAD = 4_000
_FETCHED_AHEAD = 4_000
# So many failures in a row without a success, and the rest is left for a later run.
_GIVE_UP_AFTER = 32
_READINGS_OF_REPLACED = 2


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of fetching one object.

    Attributes:
        listed: As the listing has it.
        found: As it was read: another version where it was replaced meanwhile.
        piece: Where its bytes lie; None after an error.
        error: Why there are none.
    """

    listed: LogObject
    found: LogObject
    piece: Piece | None = None
    error: Exception | None = None


class Fetcher:
    """Lists a source in one thread and fetches in several, while others parse.

    A context manager. Threads are daemons: a transfer that hangs never holds up the
    end of the program.

    Attributes:
        listed: Objects listed so far.
        known: Of these, objects that were left out as known.
        new_bytes: Size of the others.
        is_listed: The listing is complete.
        waker: Can be read when something has arrived.
        spool: Holds the copies of what was fetched; arrivals are released there.
        error: What ended the listing early, once `is_done`.
        gave_up: Fetching stopped after failures in a row.
    """

    def __init__(
        self,
        source: Source,
        objects: Iterator[LogObject],
        is_known: Callable[[LogObject], bool],
        spool: Path,
        spool_bytes: int = SPOOL_BYTES,
    ) -> None:
        self._source, self._objects, self._is_known = source, objects, is_known
        self.listed = self.known = self.new_bytes = 0
        self.error: Exception | None = None
        self.is_listed = self.gave_up = False
        self._todo: queue.Queue[LogObject | None] = queue.Queue(_LISTED_AHEAD)
        self._arrivals: queue.Queue[Arrival] = queue.Queue(_FETCHED_AHEAD)
        self.waker, self._bell = socket.socketpair()
        self.waker.setblocking(False)
        self._bell.setblocking(False)
        self._is_ringing = False
        self._changed = threading.Condition()
        self._failures = 0
        self._stopping = False
        movers = max(1, source.max_transfers)
        self.spool = Spool(spool, spool_bytes, movers)
        self._threads = [threading.Thread(target=self._list, daemon=True)]
        self._threads += [threading.Thread(target=self._move, daemon=True) for _ in range(movers)]
        self._alive = len(self._threads)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.stop()
        for thread in self._threads:
            # Those that wait end now; one inside a slow transfer ends with the program.
            thread.join(0.0 if self._source.max_transfers and kind else 0.5)
        self.spool.close()
        self.waker.close()
        self._bell.close()

    @property
    def is_done(self) -> bool:
        """Nothing more will arrive, and nothing is left to be taken."""
        with self._changed:
            return self._alive == 0 and self._arrivals.empty()

    def stop(self) -> None:
        """Start no more transfers."""
        with self._changed:
            self._stopping = True
        self.spool.end()

    def arrived(self) -> Arrival | None:
        """Return one arrival, if there is one."""
        try:
            return self._arrivals.get_nowait()
        except queue.Empty:
            try:
                self.waker.recv(4096)
            except BlockingIOError:
                return None
        self._is_ringing = False
        try:
            return self._arrivals.get_nowait()  # It may have come before the bell was cleared.
        except queue.Empty:
            return None

    def _list(self) -> None:
        try:
            for log_object in self._objects:
                self.listed += 1
                if self._is_known(log_object):
                    self.known += 1
                else:
                    self.new_bytes += log_object.size
                    if not self._put(self._todo, log_object):
                        break
                if self._stopping:
                    break
        except Exception as error:  # noqa: BLE001 - raised again in the main thread
            self.error = error
        # Before `is_done`: batches that share out the rest have to know how much it is.
        self.is_listed = True
        for _ in self._threads[1:]:
            self._put(self._todo, None)
        self._end()

    def _move(self) -> None:
        writer = SpoolWriter(self.spool)
        try:
            while not self._stopping:
                try:
                    log_object = self._todo.get(timeout=0.1)
                except queue.Empty:
                    continue
                if log_object is None or not self.spool.take_room(log_object.size):
                    break
                arrival = self._bring(log_object, writer)
                if arrival.piece is None or arrival.piece.size is None:
                    self.spool.give_back(log_object.size)
                self._judge(arrival)
                if not self._put(self._arrivals, arrival):
                    break
                self._ring()
        finally:
            self._end()

    def _bring(self, listed: LogObject, writer: SpoolWriter) -> Arrival:
        found = listed
        try:
            for _ in range(_READINGS_OF_REPLACED):
                try:
                    return self._read(listed, found, writer)
                except ReplacedError:
                    now = self._source.object_now(found.key)
                if now is None:
                    msg = f"{listed.key}: deleted after it was listed."
                    raise VanishedError(msg)
                found = now
                if self._is_known(found):
                    msg = f"{listed.key}: its present version is known."
                    raise UnchangedError(msg)
            msg = f"{listed.key}: replaced again and again while it was read. Run again later."
            raise TransferError(msg)
        except Exception as error:  # noqa: BLE001 - judged in the main thread
            return Arrival(listed, found, error=error)

    def _read(self, listed: LogObject, found: LogObject, writer: SpoolWriter) -> Arrival:
        local = self._source.local_path(found)
        if local is not None:
            return Arrival(listed, found, Piece(str(local)))
        piece = writer.write(listed.size, lambda file: self._source.fetch(found, file))
        if not found.size:  # Not known before, or indeed nothing.
            found = replace(found, size=piece.size or 0)
        return Arrival(listed, found, piece)

    def _judge(self, arrival: Arrival) -> None:
        with self._changed:
            if isinstance(arrival.error, PermissionDeniedError | TransferError):
                self._failures += 1
                if self._failures >= _GIVE_UP_AFTER:
                    self.gave_up = self._stopping = True
                    self.spool.end()
            else:
                self._failures = 0

    def _put(
        self, into: queue.Queue[LogObject | None] | queue.Queue[Arrival], item: object
    ) -> bool:
        """Wait for a place in a queue; False where there is no more use in it."""
        while True:
            try:
                into.put(item, timeout=0.1)  # type: ignore[arg-type]
            except queue.Full:
                if self._stopping:
                    return False
            else:
                return True

    def _end(self) -> None:
        with self._changed:
            self._alive -= 1
        self._ring()

    def _ring(self) -> None:
        if self._is_ringing:
            return
        self._is_ringing = True
        # Full: it rings already. Closed: nobody listens.
        with contextlib.suppress(OSError):
            self._bell.send(b"\0")
