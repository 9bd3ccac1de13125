"""The process that parsers are forked from, and the parent's hold on it.

Starting Python, numpy and the kernels takes as long as parsing 300,000 records. One
process loads them once, without threads, and every parser begins as its copy; memory is
shared until somebody writes there.

The parent asks over a socket, one request at a time: for a parser, with the two files that
it gets, and for a parser's end. A parser that died stays a zombie until its end is asked
for, so its number in the system means nobody else meanwhile. Where the parent is gone, so
are all of them.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, NoReturn

from ingest.parser_process import serve

MODULE = "ingest.parser_nursery"

_FORK, _END = 1, 2
_REQUEST = struct.Struct("=qqq")  # What, which parser, and its bytes of memory or milliseconds.
_ANSWER = struct.Struct("=q")  # Exit code as `subprocess` tells it.
_SETTINGS = {
    # Parsers run side by side; threads inside them would only queue, and not survive a fork.
    "POLARS_MAX_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # A chunk needs what the chunk before did: the system would clear the same pages again.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}
_DYING_S = 2.0
_FIRST_LOOK_S, _LAST_LOOK_S = 0.001, 0.05


class Nursery:
    """The parent's side: one process, started with the object.

    Args:
        module: Where its `main` is.
    """

    def __init__(self, module: str) -> None:
        self._control, theirs = socket.socketpair()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._last_words = ""
        package_root = str(Path(__file__).parents[1])
        paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                # Not -m: what its main module defines could not be read here.
                [sys.executable, "-c", f"from {module} import main; main()", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._stderr,
                env={**os.environ, **_SETTINGS, "PYTHONPATH": ":".join(paths)},
            )

    @property
    def is_alive(self) -> bool:
        """It can fork."""
        return self._process.poll() is None

    def fork(self, number: int, memory_bytes: int, stderr: IO[bytes]) -> Connection:
        """Ask for a parser, and return at once.

        Args:
            number: The caller's for it.
            memory_bytes: What it may allocate at most.
            stderr: Where its last words go.

        Returns:
            The connection to it; closed at the other end where there is none.
        """
        ours, theirs = socket.socketpair()
        with theirs, contextlib.suppress(OSError):
            request = _REQUEST.pack(_FORK, number, memory_bytes)
            socket.send_fds(self._control, [request], [theirs.fileno(), stderr.fileno()])
        return Connection(ours.detach())

    def end(self, number: int) -> int:
        """End a parser, after a moment to do so by itself; return its exit code."""
        try:
            self._control.sendall(_REQUEST.pack(_END, number, int(1_000 * _DYING_S)))
            answer = self._control.recv(_ANSWER.size, socket.MSG_WAITALL)
        except OSError:
            answer = b""
        if len(answer) == _ANSWER.size:
            code: int = _ANSWER.unpack(answer)[0]
            return code
        return self._ended()

    def close(self) -> None:
        """End the process with all its parsers."""
        self._control.close()
        self._ended()
        self._last_words = last_line(self._stderr)
        self._stderr.close()

    def last_words(self) -> str:
        """Return the last line that it wrote to stderr."""
        return self._last_words if self._stderr.closed else last_line(self._stderr)

    def _ended(self) -> int:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_DYING_S)  # The exit code of its own tells more than ours.
        self._process.kill()
        return self._process.wait()


def last_line(stderr: IO[bytes]) -> str:
    """Return the last line of a file of last words, shortened."""
    stderr.seek(0)
    last = stderr.read()[-2_000:].decode("utf-8", "replace").strip()
    return last.rpartition("\n")[2][:200]


def main() -> None:
    """Load what parsers need, then fork until the other end of the socket closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    # The parent decides when its parsers end; signals to the whole group mean the parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # Modules are no garbage.
    _load()
    parsers: dict[int, int] = {}
    try:
        while True:
            request, files, _, _ = socket.recv_fds(control, _REQUEST.size, 2)
            if len(request) < _REQUEST.size:
                return
            what, number, value = _REQUEST.unpack(request)
            if what == _FORK:
                pid = _fork(control, value, *files)
                if pid is not None:
                    parsers[number] = pid
            else:
                code = _end(parsers.pop(number), value / 1_000) if number in parsers else 1
                control.sendall(_ANSWER.pack(code))
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
    over = time.monotonic() + seconds
    look_s = _FIRST_LOOK_S
    while time.monotonic() < over:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(look_s)
        look_s = min(2 * look_s, _LAST_LOOK_S)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
