"""Files of a cache on the disk: put in place durably, swept, and the trouble in between."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from isal import isal_zlib

from ingest.errors import CacheError, ExitCode
from ingest.schema import STORED_TABLES
from ingest.store.commit import NewPart

_READ_BYTES = 1 << 20


class CacheGoneError(CacheError):
    """The cache folder was deleted or replaced while this process wrote to it."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        super().__init__(
            f"{cache}: this cache was deleted or replaced while it was written to; nothing of "
            "the last batch is in it. Run the same command again, and only then."
        )


def checksum_of(path: str | Path) -> int:
    """Return the CRC-32 of a file."""
    checksum = 0
    with Path(path).open("rb") as file:
        while block := file.read(_READ_BYTES):
            checksum = isal_zlib.crc32(block, checksum)
    return checksum


def place(cache: Path, placed: Iterable[tuple[NewPart, str]]) -> None:
    """Move finished parts to their paths below the cache, and sync the folders.

    Raises:
        OSError: The disk refuses.
    """
    touched: set[Path] = set()
    for part, path in placed:
        target = cache / path
        folder = target.parent
        while not folder.exists():
            # A folder is safe from a power cut once the folder that names it is synced.
            touched.add(folder.parent)
            folder = folder.parent
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(part.tmp).replace(target)
        touched.add(target.parent)
    for folder in touched:
        _sync(folder)


def remove_parts(cache: Path, paths: Iterable[str]) -> None:
    """Delete parts that no reader looks for any more, and folders that are empty then."""
    folders = set()
    for path in paths:
        (cache / path).unlink(missing_ok=True)
        folders.add((cache / path).parent)
    for folder in folders:
        _remove_empty(cache, folder)


def part_files(cache: Path) -> list[str]:
    """List the Parquet files in the folders of the cache's tables, as paths below it."""
    return sorted(
        str(file.relative_to(cache))
        for kind in STORED_TABLES
        for file in (cache / kind).rglob("*.parquet")
    )


def empty_folder(folder: Path) -> None:
    """Leave a folder behind that exists and holds nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)


def require_space(cache: Path, n_bytes: int) -> None:
    """Raise unless the disk has room for this many bytes.

    Raises:
        CacheError: It has not; tells both numbers.
    """
    free = shutil.disk_usage(cache).free
    if free < n_bytes:
        msg = (
            f"{cache}: {free / 1e6:,.0f} MB are free on this disk, and {n_bytes / 1e6:,.0f} MB are "
            "needed to go on safely. Make space, or give --cache a folder on another disk."
        )
        raise CacheError(msg)


def _remove_empty(cache: Path, folder: Path) -> None:
    while folder != cache and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cannot_create(cache: Path, error: OSError) -> CacheError:
    """Say that a cache folder cannot be made or opened for writing."""
    failure = CacheError(
        f"{cache}: this cache folder cannot be written ({error.strerror}). "
        "Give --cache a folder that you may write to."
    )
    if error.errno != errno.ENOSPC:
        failure.exit_code = ExitCode.CANNOT_CREATE
    return failure


def cannot_write(cache: Path, error: Exception) -> CacheError:
    """Say that a commit failed, and that what went before is safe."""
    return CacheError(
        f"{cache}: writing failed ({error}). What was committed before is safe; "
        "make space or fix the disk, then run the same command again."
    )


def unusable_catalog(path: Path, error: sqlite3.Error) -> CacheError:
    """Say why a catalog cannot be opened for writing, and what helps."""
    if "readonly" in str(error) or "unable to open" in str(error):
        failure = CacheError(
            f"{path}: this catalog cannot be written ({error}). "
            "Give the user the right to write it, or give --cache another folder."
        )
        failure.exit_code = ExitCode.CANNOT_CREATE
        return failure
    if "full" in str(error):
        return CacheError(f"{path}: the disk is full. Make space, then run the command again.")
    return CacheError(
        f"{path}: the catalog cannot be used ({error}). "
        "Move the cache folder away and load the logs again."
    )
