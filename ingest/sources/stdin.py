"""Log lines, or one object of any form, on standard input."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ingest.errors import NothingFoundError, SourceError
from ingest.sources import LogObject, VanishedError

PIECE_BYTES = 64 << 20
_BLOCK = 1 << 20
_MAGIC = (b"\x1f\x8b", b"PAR1", b"\x28\xb5\x2f\xfd", b"{", b"[")


class StdinSource:
    """What is written to standard input, by its content: the same again is known.

    Lines are cut into objects of 64 MB; compressed data, Parquet and JSON stay whole.

    Attributes:
        skipped, retries: Always empty.
    """

    name = "-"
    max_transfers = 1

    def __init__(
        self, stream: BinaryIO, limit_bytes: int, *, piece_bytes: int = PIECE_BYTES
    ) -> None:
        self._stream, self._limit, self._piece_bytes = stream, limit_bytes, piece_bytes
        self._spool = Path(tempfile.mkdtemp(prefix="flow-atlas-"))
        weakref.finalize(self, shutil.rmtree, self._spool, ignore_errors=True)
        self._read = 0
        self.skipped: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()

    def objects(self, made_after: datetime | None = None) -> Iterator[LogObject]:  # noqa: ARG002
        """Read the stream to its end, object by object.

        Raises:
            NothingFoundError: It is empty.
            SourceError: It is longer than the limit.
        """
        start = self._block()
        if not start:
            msg = "-: nothing came on standard input. Pipe log lines or one log object into it."
            raise NothingFoundError(msg)
        if start.startswith(_MAGIC):
            yield self._object(self._write(start, whole=True)[0])
            return
        header = self._header(start)
        rest = start
        is_first = True
        while rest:
            path, rest = self._write(rest, header=b"" if is_first else header)
            is_first = False
            yield self._object(path)

    def object_now(self, key: str) -> LogObject | None:  # noqa: ARG002 - the protocol's
        """Return None: what was read is gone."""
        return None

    def local_path(self, log_object: LogObject) -> Path | None:  # noqa: ARG002 - the protocol's
        """Return None: objects are handed over by `fetch`."""
        return None

    def fetch(self, log_object: LogObject, file: BinaryIO) -> None:
        """Move the object's bytes to a file."""
        path = self._spool / log_object.etag
        try:
            with path.open("rb") as original:
                shutil.copyfileobj(original, file)
            path.unlink()
        except FileNotFoundError as error:
            msg = f"{log_object.key}: read before."
            raise VanishedError(msg) from error

    def _block(self) -> bytes:
        block = self._stream.read(_BLOCK)
        self._read += len(block)
        if self._read > self._limit:
            msg = (
                f"-: more than {self._limit / 1e6:,.0f} MB on standard input. Load a file, or "
                "raise --stdin-limit."
            )
            raise SourceError(msg)
        return block

    def _write(
        self, start: bytes, header: bytes = b"", *, whole: bool = False
    ) -> tuple[Path, bytes]:
        """Write one object; return its file and what was read of the next one."""
        path = self._spool / "next"
        with path.open("wb") as file:
            file.write(header)
            block = start
            while block:
                if not whole and file.tell() + len(block) > self._piece_bytes:
                    room = max(0, self._piece_bytes - file.tell())
                    end = block.rfind(b"\n", 0, room) + 1 or block.find(b"\n", room) + 1
                    if end:
                        file.write(block[:end])
                        return path, block[end:] or self._block()
                file.write(block)
                block = self._block()
        return path, b""

    def _object(self, path: Path) -> LogObject:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
        path.rename(path.with_name(digest))
        size = path.with_name(digest).stat().st_size
        return LogObject(f"stdin:{digest}", digest, size)

    @staticmethod
    def _header(start: bytes) -> bytes:
        """Return the first line where it names fields: later pieces need it as well."""
        line, newline, _ = start.partition(b"\n")
        is_header = not any(word.isdigit() for word in line.split())
        return line + newline if newline and is_header else b""
