"""The process that parsers are forked from; `nursery` is the parent's hold on it.

Starting Python, numpy and the kernels takes as long as parsing 300,000 records. One
process loads them once, without threads, and every parser begins as its copy; memory is
shared until somebody writes there. A command line that loads is itself copied to that
process, before it has read what only it needs.

The parent asks over a socket, one request at a time: for a parser, with the two files that
it gets, and for a parser's end. A parser that died stays a zombie until its end is asked
for, so its number in the system means nobody else meanwhile. Where the parent is gone, so
are all of them.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import sys
from multiprocessing.connection import Connection
from typing import NoReturn

# A command line needs these too: where it is forked into this process, they are read once.
import ingest.parse.header
import ingest.store.layout  # noqa: F401
from ingest.nursery import ANSWER, FORK, REQUEST, exit_code
from ingest.parser_process import serve


def main() -> None:
    """Serve forks over the socket that the first argument numbers."""
    serve_forks(socket.socket(fileno=int(sys.argv[1])))


def serve_forks(control: socket.socket) -> None:
    """Load what parsers need, then fork until the other end of the socket closes."""
    # The parent decides when its parsers end; signals to the whole group mean the parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # Modules are no garbage.
    _load()
    parsers: dict[int, int] = {}
    try:
        while True:
            request, files, _, _ = socket.recv_fds(control, REQUEST.size, 2)
            if len(request) < REQUEST.size:
                return
            what, number, value = REQUEST.unpack(request)
            if what == FORK:
                pid = _fork(control, value, *files)
                if pid is not None:
                    parsers[number] = pid
            else:
                code = _end(parsers.pop(number), value / 1_000) if number in parsers else 1
                control.sendall(ANSWER.pack(code))
    except OSError:
        return
    finally:
        for pid in parsers.values():
            os.kill(pid, signal.SIGKILL)
        for pid in parsers.values():
            os.waitpid(pid, 0)


def _load() -> None:
    import ingest.batch_reader  # noqa: F401, PLC0415 - the parent imports this module too
    from ingest.kernels.compiled import load_kernels  # noqa: PLC0415

    load_kernels()
    # What is here stays; a collector that wrote beside each object would unshare its memory.
    gc.freeze()


def _fork(control: socket.socket, memory_bytes: int, connection: int, stderr: int) -> int | None:
    """Return the number of the parser's process; None where the system has no room for it."""
    try:
        pid = os.fork()
    except OSError as error:
        os.write(stderr, str(error).encode())
        pid = None
    if pid == 0:
        _be_parser(control, memory_bytes, connection, stderr)
    os.close(connection)
    os.close(stderr)
    return pid


def _be_parser(control: socket.socket, memory_bytes: int, connection: int, stderr: int) -> NoReturn:
    """Go on as a parser; whatever happens, never as a second nursery."""
    try:
        control.close()
        os.dup2(stderr, sys.stderr.fileno())
        os.close(stderr)
        serve(Connection(connection), memory_bytes)
    except BaseException:  # noqa: BLE001 - the process ends with it
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    os._exit(1)


def _end(pid: int, seconds: float) -> int:
    """Wait for a process, kill it after some time, and return its exit code."""
    code = exit_code(pid, seconds)
    if code is None:
        os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code
