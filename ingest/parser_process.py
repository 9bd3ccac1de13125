"""What a process does that parses batches: it reads tasks from a socket and answers each.

Whatever it does besides, dying included, costs its task alone: see `parser_pool`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import resource
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from ingest.batch import BatchResult, BatchTask, run_batch


@dataclass(frozen=True, slots=True)
class Ready:
    """A parser waits for tasks.

    Attributes:
        pid: The system's number of its process.
    """

    pid: int


@dataclass(frozen=True, slots=True)
class ParserError:
    """A batch that failed without taking its process along.

    Attributes:
        reason: `crashed`, `out-of-memory`, or `machine` for what is no object's fault.
        detail: What happened.
        trace: The traceback; empty where it tells nothing.
    """

    reason: str
    detail: str
    trace: str = ""


def serve(connection: Connection, memory_bytes: int) -> NoReturn:
    """Serve until the other end of the connection closes; the first answer is `Ready`.

    Args:
        connection: Tasks in, answers out.
        memory_bytes: What this process may allocate at most.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    with contextlib.suppress(OSError):  # Linux only.
        Path("/proc/self/oom_score_adj").write_text("500")
    tasks: queue.SimpleQueue[BatchTask] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, tasks), daemon=True).start()
    # A batch makes many objects and hardly a cycle: looking once a batch is enough.
    gc.disable()
    connection.send(Ready(os.getpid()))
    while True:
        connection.send(_run(tasks.get()))
        gc.collect()


def _receive(connection: Connection, tasks: queue.SimpleQueue[BatchTask]) -> None:
    """Hand tasks on; end the process at once where the parent is gone."""
    try:
        while True:
            tasks.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)


def _run(task: BatchTask) -> BatchResult | ParserError:
    try:
        return run_batch(task)
    except MemoryError:
        return ParserError("out-of-memory", "it needs more memory than a parser may have")
    except OSError as error:
        return ParserError("machine", error.strerror or str(error))
    except BaseException as error:  # noqa: BLE001 - of a hostile object, anything; Rust panics too
        first = (str(error).splitlines() or [""])[0][:200]
        return ParserError("crashed", f"{type(error).__name__}: {first}", traceback.format_exc())
