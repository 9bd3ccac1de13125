"""What was read from a file, read again when the file changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class KeptFile(Generic[T]):
    """The content of a file, safe to share between threads.

    Args:
        path: The file.
        read: Turns it into what is kept.
        stamp: Tells one state of the file from another; None: by time, size and number.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[Path], T],
        stamp: Callable[[Path], Hashable] | None = None,
    ) -> None:
        self._path, self._read = path, read
        self._stamp = stamp or file_stamp
        self._lock = threading.Lock()
        self._kept: tuple[Hashable, T] | None = None

    def stamp(self) -> Hashable:
        """Return what tells one state of the file from another; cheap."""
        return self._stamp(self._path)

    def content(self) -> T:
        """Return the content as it is now; raises what reading raises."""
        stamp = self.stamp()
        with self._lock:
            if self._kept is None or self._kept[0] != stamp:
                self._kept = (stamp, self._read(self._path))
            return self._kept[1]


def file_stamp(path: Path) -> Hashable:
    """Return time, size and number of a file; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
