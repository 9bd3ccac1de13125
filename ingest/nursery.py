"""The parent's hold on the process that parsers are forked from; see `parser_nursery`.

A command that needs parsers soon starts that process ahead: it reads its modules while
this one reads its own. So this module imports little.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import math
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PARSER_MODULE = "ingest.parser_nursery"
# What a request asks for, which parser, and its bytes of memory or milliseconds.
FORK, END = 1, 2
REQUEST = struct.Struct("=qqq")
ANSWER = struct.Struct("=q")  # Exit code as `subprocess` tells it.

# Parsers run side by side; threads inside them would only queue, and not survive a fork.
_THREADS = {"POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# A chunk needs what the chunk before did: the system would clear the same pages again.
# By glibc's variable, and its number in `mallopt`.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": -3, "MALLOC_TRIM_THRESHOLD_": -1}
_KEPT_BYTES = 1 << 30
_FIRST_LOOK_S, _LAST_LOOK_S = 0.001, 0.05
_DYING_S = 2.0


class _Process(Protocol):
    """A child, as `subprocess.Popen` tells of it."""

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def kill(self) -> None: ...


class _Forked:
    """A copy of this process that goes on as a nursery; this one has no other thread.

    It shares what this process has read already: a new one takes as long to read that as
    parsing 100,000 records.
    """

    def __init__(
        self, module: str, ours: socket.socket, control: socket.socket, stderr: IO[bytes]
    ) -> None:
        self._code: int | None = None
        nursery = importlib.import_module(module)  # What it imports, both need.
        self._pid = os.fork()
        if self._pid == 0:
            try:
                ours.close()  # It ends where nobody holds this end any more.
                _be_nursery(nursery, control, stderr)
            except BaseException:  # noqa: BLE001 - the process ends with it
                os.write(2, traceback.format_exc().encode())
            os._exit(1)

    def poll(self) -> int | None:
        return self._wait(0.0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._wait(math.inf if timeout is None else timeout)
        if code is None:
            raise subprocess.TimeoutExpired(["nursery"], timeout or 0.0)
        return code

    def _wait(self, seconds: float) -> int | None:
        if self._code is None:
            self._code = exit_code(self._pid, seconds)
        return self._code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self._pid, signal.SIGKILL)


def _be_nursery(nursery: ModuleType, control: socket.socket, stderr: IO[bytes]) -> None:
    import ctypes  # noqa: PLC0415 - the parent does without

    nothing = os.open(os.devnull, os.O_RDWR)
    for file, place in ((nothing, 0), (nothing, 1), (stderr.fileno(), 2)):
        os.dup2(file, place)
    os.environ.update(_THREADS)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # Its variables are read where a program starts.
        for number in _MALLOC.values():
            mallopt(number, _KEPT_BYTES)
    nursery.serve_forks(control)
    os._exit(0)


def _started(module: str, control: socket.socket, stderr: IO[bytes]) -> _Process:
    """Start a new process as a nursery."""
    package_root = str(Path(__file__).parents[1])
    paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
    malloc = dict.fromkeys(_MALLOC, str(_KEPT_BYTES))
    return subprocess.Popen(  # noqa: S603 - our own module
        # Not -m: what its main module defines could not be read here.
        [sys.executable, "-c", f"from {module} import main; main()", str(control.fileno())],
        pass_fds=[control.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        env={**os.environ, **_THREADS, **malloc, "PYTHONPATH": ":".join(paths)},
    )


class Nursery:
    """The parent's side: one process, started with the object.

    Args:
        module: Where its `main` and `serve_forks` are.
        is_forked: This process has only one thread, and has read next to nothing yet.

    Attributes:
        module: The same.
    """

    def __init__(self, module: str, *, is_forked: bool = False) -> None:
        self.module = module
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._last_words = ""
        self._control, theirs = socket.socketpair()
        with theirs:
            if is_forked:
                self._process: _Process = _Forked(module, self._control, theirs, self._stderr)
            else:
                self._process = _started(module, theirs, self._stderr)

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
        from multiprocessing.connection import Connection  # noqa: PLC0415 - see above

        ours, theirs = socket.socketpair()
        with theirs, contextlib.suppress(OSError):
            request = REQUEST.pack(FORK, number, memory_bytes)
            socket.send_fds(self._control, [request], [theirs.fileno(), stderr.fileno()])
        return Connection(ours.detach())

    def end(self, number: int) -> int:
        """End a parser, after a moment to do so by itself; return its exit code."""
        try:
            self._control.sendall(REQUEST.pack(END, number, int(1_000 * _DYING_S)))
            answer = self._control.recv(ANSWER.size, socket.MSG_WAITALL)
        except OSError:
            answer = b""
        if len(answer) == ANSWER.size:
            code: int = ANSWER.unpack(answer)[0]
            return code
        return self._ended()

    def dismiss(self) -> None:
        """Let the process end with all its parsers, and do not wait for it."""
        self._control.close()

    def close(self) -> None:
        """End the process with all its parsers."""
        self.dismiss()
        self._ended()
        self._last_words = last_line(self._stderr)
        self._stderr.close()

    def kill(self) -> None:
        """End the process at once, before it has any parser."""
        self._process.kill()
        self.close()

    def last_words(self) -> str:
        """Return the last line that it wrote to stderr."""
        return self._last_words if self._stderr.closed else last_line(self._stderr)

    def _ended(self) -> int:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_DYING_S)  # The exit code of its own tells more than ours.
        self._process.kill()
        return self._process.wait()


def exit_code(pid: int, seconds: float) -> int | None:
    """Wait so long for a child's end; return its exit code, None where it still runs."""
    over = time.monotonic() + seconds
    look_s = _FIRST_LOOK_S
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= over:
            return None
        time.sleep(look_s)
        look_s = min(2 * look_s, _LAST_LOOK_S)


def last_line(stderr: IO[bytes]) -> str:
    """Return the last line of a file of last words, shortened."""
    stderr.seek(0)
    last = stderr.read()[-2_000:].decode("utf-8", "replace").strip()
    return last.rpartition("\n")[2][:200]


def start_ahead() -> None:
    """Start the process of `nursery_of(PARSER_MODULE)` now; unused, it ends with this one.

    For the start of a program, before it has threads.
    """
    if not _ahead:
        with contextlib.suppress(OSError):  # Whoever needs it gets the same error again.
            _ahead.append(Nursery(PARSER_MODULE, is_forked=True))
        atexit.register(_end_unused)


def nursery_of(module: str) -> Nursery:
    """Return a process whose `main` is in a module: the one started ahead, or a new one."""
    if _ahead and _ahead[0].module == module:
        return _ahead.pop()
    return Nursery(module)


def _end_unused() -> None:
    while _ahead:
        _ahead.pop().kill()


_ahead: list[Nursery] = []
