"""Parser processes, and what to do when an object takes one down.

A batch whose process dies, hangs or grows too large is cut in halves that run by
themselves, until the culprit is alone; that one is set aside. `concurrent.futures` has
no use here: its pool breaks as a whole with the first process that dies.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import shutil
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from ingest.batch import BatchResult, BatchTask
from ingest.errors import CacheError, IngestError
from ingest.nursery import PARSER_MODULE, Nursery, last_line, nursery_of
from ingest.parser_process import ParserError, Ready
from ingest.sources import LogObject
from ingest.spool import Piece
from ingest.store.write import ObjectOutcome

_log = logging.getLogger(__name__)

TICK_S = 0.2
_TRIES_ALONE = 2  # The first death may be somebody else's doing: a kill, or too little memory.
_STARTS_IN_VAIN = 3
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class ParserLimits:
    """What one parser may take for one batch.

    Attributes:
        memory_bytes: Resident memory. A batch of usual objects stays below a third of it.
        seconds: For a batch of no size.
        seconds_per_mb: For each MB of objects as delivered; usual is a tenth of a second.
    """

    memory_bytes: int = 1 << 30
    seconds: float = 60.0
    seconds_per_mb: float = 20.0

    def deadline_s(self, task: BatchTask) -> float:
        """Return how long a batch may take."""
        size = sum(source.size for _, source, _ in task.objects)
        return self.seconds + self.seconds_per_mb * size / 1e6


class BatchPool(Protocol):
    """Parses batches, several at once; a context manager that leaves none behind.

    Attributes:
        size: How many run at once; known inside the `with` block.
    """

    size: int

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None: ...

    @property
    def has_room(self) -> bool:
        """Another batch is welcome."""

    @property
    def is_idle(self) -> bool:
        """Nothing runs, waits, or is left to be taken."""

    def prepare(self) -> None:
        """Know that a batch is on its way."""

    def submit(self, task: BatchTask) -> None:
        """Take a batch."""

    def dismiss(self) -> None:
        """Know that no batch comes any more."""

    def wait(
        self, wakers: Sequence[socket.socket] = (), seconds: float = TICK_S
    ) -> list[BatchResult]:
        """Wait so long, or until a batch is finished or a socket of the caller can be read.

        Raises:
            IngestError: Trouble that is no object's fault.
        """


# How many batches at once (None: whatever fits the place), numbers for halves, limits of one.
MakePool = Callable[[int | None, Callable[[], int], ParserLimits | None], BatchPool]


class _Parser:
    """One process, and the task that it works on."""

    def __init__(self, number: int, nursery: Nursery, limits: ParserLimits) -> None:
        self.number, self.nursery = number, nursery
        self.stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self.connection = nursery.fork(number, 2 * limits.memory_bytes, self.stderr)
        self.pid: int | None = None
        self.exit_code = 0
        self.task: BatchTask | None = None
        self.deadline = float("inf")
        self.killed_for = ""

    @property
    def is_ready(self) -> bool:
        return self.pid is not None

    def give(self, task: BatchTask, seconds: float) -> None:
        self.task = task
        self.deadline = time.monotonic() + seconds
        self.connection.send(task)

    def resident_bytes(self) -> int:
        """Return the memory in use; 0 where the system does not tell."""
        try:
            statm = Path(f"/proc/{self.pid}/statm").read_text()
        except OSError:
            return 0
        return int(statm.split()[1]) * _PAGE if statm else 0

    def kill(self, reason: str = "") -> None:
        self.killed_for = self.killed_for or reason
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):  # It has just ended by itself.
                os.kill(self.pid, signal.SIGKILL)

    def close(self) -> str:
        """End the process; return the last line that it wrote to stderr."""
        self.connection.close()
        self.exit_code = self.nursery.end(self.number)
        last = last_line(self.stderr) or self.nursery.last_words()
        self.stderr.close()
        return last


class ParserPool:
    """Runs batches in parser processes; a context manager that leaves none behind."""

    def __init__(
        self, size: int, next_batch_id: Callable[[], int], limits: ParserLimits | None = None
    ) -> None:
        self.size = size
        self._limits = limits or ParserLimits()
        self._next_batch_id = next_batch_id
        self._nursery: Nursery | None = None
        self._numbers = itertools.count(1)
        self._parsers: list[_Parser] = []
        self._waiting: deque[BatchTask] = deque()
        self._deaths_alone: dict[int, int] = {}
        self._finished: list[BatchResult] = []
        self._starts_in_vain = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.dismiss()
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None
        for parser in self._parsers:
            parser.connection.close()
            parser.stderr.close()
        self._parsers.clear()

    @property
    def has_room(self) -> bool:
        """Another batch is welcome: one waits, so that no process does."""
        return len(self._waiting) + self._running < self.size + 1

    @property
    def is_idle(self) -> bool:
        """Nothing runs, waits, or is left to be taken."""
        return not (self._waiting or self._running or self._finished)

    @property
    def _running(self) -> int:
        return sum(parser.task is not None for parser in self._parsers)

    def prepare(self) -> None:
        """Begin to load what parsers need."""
        if self._nursery is None:
            self._living_nursery()

    def submit(self, task: BatchTask) -> None:
        """Take a batch."""
        self._waiting.append(task)
        self._hand_out()

    def dismiss(self) -> None:
        """Let all processes end; that takes them as long as committing a batch does."""
        for parser in self._parsers:
            parser.kill()
            parser.pid = None  # Soon, the number may mean somebody else.
        if self._nursery is not None:
            self._nursery.dismiss()

    def wait(
        self, wakers: Sequence[socket.socket] = (), seconds: float = TICK_S
    ) -> list[BatchResult]:
        """Wait so long, or until a batch is finished or a socket of the caller can be read.

        Raises:
            CacheError: The disk refuses.
            IngestError: No parser process can be started.
        """
        watched = [parser.connection for parser in self._parsers]
        ready = wait([*watched, *wakers], 0 if self._finished else seconds)
        for parser in list(self._parsers):
            if parser.connection in ready:
                self._receive(parser)
        self._watch()
        self._hand_out()
        finished, self._finished = self._finished, []
        return finished

    def _hand_out(self) -> None:
        free = [p for p in self._parsers if p.is_ready and p.task is None]
        starting = sum(not p.is_ready for p in self._parsers)
        while self._waiting and free:
            task = self._waiting.popleft()
            try:
                free.pop().give(task, self._limits.deadline_s(task))
            except OSError:  # It died meanwhile; its connection tells.
                self._waiting.appendleft(task)
        missing = min(len(self._waiting), self.size - len(self._parsers)) - starting
        for _ in range(missing):
            self._start()

    def _start(self) -> None:
        nursery = self._living_nursery()
        self._parsers.append(_Parser(next(self._numbers), nursery, self._limits))

    def _living_nursery(self) -> Nursery:
        if self._nursery is not None and not self._nursery.is_alive:
            self._nursery.close()
            self._nursery = None
        if self._nursery is None:
            self._nursery = nursery_of(PARSER_MODULE)
        return self._nursery

    def _receive(self, parser: _Parser) -> None:
        try:
            answer = parser.connection.recv()
        except Exception as error:  # noqa: BLE001 - half an answer may be anything
            _log.debug("parser process lost: %r", error)
            self._lost(parser)
            return
        if isinstance(answer, Ready):
            parser.pid, self._starts_in_vain = answer.pid, 0
            return
        task, parser.task, parser.deadline = parser.task, None, float("inf")
        if task is None:
            return
        if isinstance(answer, BatchResult):
            self._finished.append(answer)
        elif isinstance(answer, ParserError) and answer.reason != "machine":
            if answer.trace:
                _log.error("parser failed, batch %d: %s", task.batch_id, answer.trace)
            self._failed(task, answer.reason, answer.detail)
        else:
            msg = (
                f"{task.tmp}: a batch cannot be written ({answer.detail}). What was committed "
                "before is safe; make space or fix the disk, then run the same command again."
            )
            raise CacheError(msg)

    def _lost(self, parser: _Parser) -> None:
        self._parsers.remove(parser)
        last_words = parser.close()
        code = parser.exit_code
        if not parser.is_ready:
            self._starts_in_vain += 1
            if self._starts_in_vain >= _STARTS_IN_VAIN:
                msg = f"The parser process does not start (exit code {code}): {last_words}"
                raise IngestError(msg)
        if parser.task is None:
            return
        reason = parser.killed_for or "crashed"
        detail = {
            "timeout": f"not parsed within {self._limits.deadline_s(parser.task):.0f} s",
            "out-of-memory": f"parsing took more than {self._limits.memory_bytes >> 20} MiB",
        }.get(reason, f"the parser process died ({_death(code)}) {last_words}".strip())
        self._failed(parser.task, reason, detail)

    def _failed(self, task: BatchTask, reason: str, detail: str) -> None:
        """Cut a batch in halves, or set its only object aside."""
        shutil.rmtree(task.tmp, ignore_errors=True)
        objects = task.objects
        if len(objects) > 1:
            half = len(objects) // 2
            _log.warning("batch %d of %d objects %s: halved", task.batch_id, len(objects), reason)
            self._retry(task, objects[:half])
            self._retry(task, objects[half:])
            return
        object_id, source, _ = objects[0]
        deaths = self._deaths_alone[object_id] = self._deaths_alone.get(object_id, 0) + 1
        if deaths < _TRIES_ALONE:
            self._retry(task, objects)
            return
        outcome = ObjectOutcome(object_id, source, status=reason, detail=detail)
        self._finished.append(BatchResult(task.batch_id, [outcome]))

    def _retry(self, task: BatchTask, objects: Sequence[tuple[int, LogObject, Piece]]) -> None:
        batch_id = self._next_batch_id()
        tmp = Path(task.tmp).with_name(f"parts-{batch_id}")
        again = replace(task, batch_id=batch_id, objects=list(objects), tmp=str(tmp))
        self._waiting.append(again)

    def _watch(self) -> None:
        now = time.monotonic()
        for parser in self._parsers:
            if parser.task is None:
                continue
            if now > parser.deadline:
                parser.kill("timeout")
            elif parser.resident_bytes() > self._limits.memory_bytes:
                parser.kill("out-of-memory")


def local_pool(
    size: int | None, next_batch_id: Callable[[], int], limits: ParserLimits | None
) -> ParserPool:
    """Return parser processes on this machine; by default one a core."""
    return ParserPool(size or os.cpu_count() or 1, next_batch_id, limits)


def _death(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
