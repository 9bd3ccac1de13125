"""Copies of log objects on this machine's disk: several in one file, within bounds.

A file for each would cost a small object as much as a tenth of its transfer: it is made,
opened twice, and deleted, and some file systems search long beside what was just deleted.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_FILES_PART = 4  # Of the spool, at most, what is deleted later than it could be.


@dataclass(frozen=True, slots=True)
class Piece:
    """Where an object's bytes lie.

    Attributes:
        path: A file.
        begin: Of the object in it.
        size: Bytes of the object; None: to the file's end.
    """

    path: str
    begin: int = 0
    size: int | None = None

    def read(self) -> bytes:
        """Return the bytes.

        Raises:
            OSError: The file cannot be read, or has lost some of them.
        """
        with Path(self.path).open("rb") as file:
            file.seek(self.begin)
            content = file.read(self.size)
        if self.size is not None and len(content) < self.size:
            msg = f"{self.path}: {len(content)} bytes of a copy instead of {self.size}"
            raise OSError(msg)
        return content


class Spool:
    """Files of copies, and room for them; safe to share between threads.

    Args:
        folder: Where they lie.
        most_bytes: Room for copies that are needed or being written. A single one may be
            larger.
        writers: How many threads write.
    """

    def __init__(self, folder: Path, most_bytes: int, writers: int) -> None:
        self._folder, self._most_bytes = folder, most_bytes
        self._file_bytes = most_bytes // (_FILES_PART * writers)
        self._changed = threading.Condition()
        self._files: dict[str, _File] = {}
        self._bytes = self._number = 0
        self._is_over = False

    def share(self, most_bytes: int) -> None:
        """Allow so much, for readers on other machines: those see files that are closed."""
        with self._changed:
            self._most_bytes = max(self._most_bytes, most_bytes)
            self._file_bytes = 0
            self._changed.notify_all()

    def end(self) -> None:
        """Let nobody wait for room any more."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def close(self) -> None:
        """Close what is still open; whoever writes there gets an error."""
        with self._changed:
            for file in self._files.values():
                file.close()

    def take_room(self, size: int) -> bool:
        """Wait until there is room; False where the spool has ended."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_over or not self._bytes or self._bytes + size <= self._most_bytes
            )
            self._bytes += size
            return not self._is_over

    def give_back(self, size: int) -> None:
        """Give room back that was taken and not written to."""
        with self._changed:
            self._bytes -= size
            self._changed.notify_all()

    def release(self, piece: Piece) -> None:
        """Delete a copy that nobody needs any more, with or after those in its file.

        Files that are not of the spool stay as they are.
        """
        with self._changed:
            file = self._files.get(piece.path)
            if file is not None:
                self._drop(file)

    def begin(self, file: _File | None) -> _File:
        """Return the file to write the next copy to: that of the last one, if it has room."""
        with self._changed:
            if file is None or file.stream.closed:
                self._number += 1
                path = self._folder / f"copies-{self._number}"
                file = self._files[str(path)] = _File(path)
            file.pieces += 1
            return file

    def is_full(self, size: int) -> bool:
        """Tell whether a file of such a size gets no further copy."""
        return size >= self._file_bytes

    def finish(self, file: _File, size: int, reserved: int) -> None:
        """Note a copy that is whole."""
        with self._changed:
            file.size += size
            self._bytes += size - reserved

    def give_up(self, file: _File) -> None:
        """Forget a copy that failed; the file ends with what is whole."""
        with self._changed:
            if file.stream.closed or file.stream.tell() != file.size:
                file.close()
            self._drop(file)

    def _drop(self, file: _File) -> None:
        file.pieces -= 1
        if file.pieces == 0:
            del self._files[str(file.path)]
            file.close()
            file.path.unlink(missing_ok=True)
            self._bytes -= file.size
            self._changed.notify_all()


class SpoolWriter:
    """Writes copies for one thread."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._file: _File | None = None

    def write(self, reserved: int, fetch: Callable[[BinaryIO], None]) -> Piece:
        """Write one copy.

        Args:
            reserved: Room that was taken for it; what it takes more or less is settled.
            fetch: Writes the object's bytes from where the file stands.

        Raises:
            Exception: What `fetch` raises, and OSError of the disk; nothing is kept then.
        """
        file = self._file = self._spool.begin(self._file)
        try:
            fetch(file.stream)
            file.stream.flush()
            end = file.stream.tell()
            if self._spool.is_full(end):
                file.stream.close()
        except BaseException:
            self._spool.give_up(file)
            raise
        piece = Piece(str(file.path), file.size, end - file.size)
        self._spool.finish(file, end - file.size, reserved)
        return piece


class _File:
    """One file; `pieces` are needed or being written, `size` counts what is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream = path.open("wb")
        self.pieces = self.size = 0

    def close(self) -> None:
        with contextlib.suppress(OSError):  # What a full disk refused is not needed.
            self.stream.close()
