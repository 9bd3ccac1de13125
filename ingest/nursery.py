"""The parent's hold on the process that parsers are forked from; see `parser_nursery`.

Whoever needs parsers soon may start that process ahead: it reads its modules while this
one reads its own. So this module imports next to nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PARSER_MODULE = "ingest.parser_nursery"
# What a request asks for, which parser, and its bytes of memory or milliseconds.
FORK, END = 1, 2
REQUEST = struct.Struct("=qqq")
ANSWER = struct.Struct("=q")  # Exit code as `subprocess` tells it.

_SETTINGS = {
    # Parsers run side by side; threads inside them would only queue, and not survive a fork.
    "POLARS_MAX_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # A chunk needs what the chunk before did: the system would clear the same pages again.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}
_DYING_S = 2.0


class Nursery:
    """The parent's side: one process, started with the object.

    Args:
        module: Where its `main` is.

    Attributes:
        module: The same.
    """

    def __init__(self, module: str) -> None:
        self.module = module
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


def last_line(stderr: IO[bytes]) -> str:
    """Return the last line of a file of last words, shortened."""
    stderr.seek(0)
    last = stderr.read()[-2_000:].decode("utf-8", "replace").strip()
    return last.rpartition("\n")[2][:200]


def start_ahead() -> None:
    """Start the process of `nursery_of(PARSER_MODULE)` now; unused, it ends with this one."""
    if not _ahead:
        atexit.register(_end_unused)
        with contextlib.suppress(OSError):  # Whoever needs it gets the same error again.
            _ahead.append(Nursery(PARSER_MODULE))


def nursery_of(module: str) -> Nursery:
    """Return a process whose `main` is in a module: the one started ahead, or a new one."""
    if _ahead and _ahead[0].module == module:
        return _ahead.pop()
    return Nursery(module)


def _end_unused() -> None:
    while _ahead:
        _ahead.pop().kill()


_ahead: list[Nursery] = []
