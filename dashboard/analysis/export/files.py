"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from dashboard.errors import DashboardError

LATEST_NAME = "latest.json"


class CannotWriteError(DashboardError):
    """The output cannot be written."""

    def __init__(self, path: Path, reason: str | None) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"{path}: cannot be written ({reason}). Give -o a place that you may write to."
        )


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name when all of it is written.

    Written beside, synced, renamed: whoever reads `path` sees the old or the whole new file.

    Raises:
        CannotWriteError: The place refuses.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWriteError(path, error.strerror) from error


def write_file(path: Path, content: bytes) -> Path:
    """Write a whole file, as `whole_file` does.

    Raises:
        CannotWriteError: The place refuses.
    """
    with whole_file(path) as file:
        file.write(content)
    return path


def write_run(folder: Path, content: bytes, now: datetime | None = None) -> Path:
    """Keep one run in a folder: `graph_<UTC time>.json`, and `latest.json` pointing at it.

    Raises:
        CannotWriteError: The place refuses.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    written = write_file(folder / f"graph_{moment:%Y%m%dT%H%M%SZ}.json", content)
    link = folder / f".{LATEST_NAME}.{secrets.token_hex(4)}"
    try:
        # The link is relative, so the folder can be moved.
        link.symlink_to(written.name)
        link.replace(folder / LATEST_NAME)
    except OSError as error:
        raise CannotWriteError(folder / LATEST_NAME, error.strerror) from error
    return written


def is_folder(path: str) -> bool:
    """Tell whether an output names a folder: it is one, ends with `/`, or has no suffix."""
    return path.endswith("/") or Path(path).is_dir() or not Path(path).suffix
