"""Errors that ingest reports in one sentence, and the exit codes of the command line."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `python -m ingest`, after BSD's sysexits."""

    OK = 0
    USAGE = 64
    REJECTED = 65
    SOURCE_UNAVAILABLE = 69
    CANNOT_CREATE = 73
    IO = 74
    LOCKED = 75
    NO_PERMISSION = 77
    CONFIG = 78


class IngestError(Exception):
    """What went wrong, with which input, and what to do about it."""

    exit_code = ExitCode.SOURCE_UNAVAILABLE


class ConfigError(IngestError):
    """A setting is missing or cannot be used."""

    exit_code = ExitCode.CONFIG


class UsageError(IngestError):
    """The command line asks for something that does not fit together."""

    exit_code = ExitCode.USAGE


class SourceError(IngestError):
    """A source of log objects cannot be listed or read."""


class NothingFoundError(SourceError):
    """A source holds no log objects under what was asked for."""


class PermissionDeniedError(SourceError):
    """AWS, or the file system, refuses; the message names the missing right."""

    exit_code = ExitCode.NO_PERMISSION


class CacheError(IngestError):
    """The cache cannot be used as it is."""

    exit_code = ExitCode.IO


class CacheLockedError(CacheError):
    """Another process writes to this cache."""

    exit_code = ExitCode.LOCKED


class BadObjectError(IngestError):
    """One log object cannot be used; nothing of it enters the cache, others go on.

    Attributes:
        key: The object's key or path.
        reason: Short code, kept in the catalog: `corrupt`, `no-header`, `bomb`, ...
    """

    def __init__(self, key: str, reason: str, detail: str) -> None:
        self.key, self.reason, self.detail = key, reason, detail
        super().__init__(f"{key}: set aside as {reason}: {detail}")
