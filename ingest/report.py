"""What a load did: every object and every row is counted, by what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from ingest.errors import ExitCode
from ingest.store.write import ObjectOutcome

_MAX_TROUBLES = 100


@dataclass(slots=True)
class Progress:
    """How far a load is, for a progress bar.

    Attributes:
        objects, objects_total: Committed or skipped, and listed so far.
        bytes, bytes_total: Of these objects, as delivered.
        rows: Rows stored so far.
    """

    objects: int = 0
    objects_total: int = 0
    bytes: int = 0
    bytes_total: int = 0
    rows: int = 0


@dataclass(slots=True)
class IngestReport:
    """What a load did.

    `rows_read = rows_stored + rows_rejected`, and
    `objects_listed = objects_known + objects_new + objects_pending + objects_vanished`.

    Attributes:
        objects_listed: What the source holds under what was asked for.
        objects_known: Of these, already in the cache.
        known_damaged: Of the known ones, those that an earlier load did not find whole.
        objects_new: Of these, committed by this load, the ones set aside included.
        objects_pending: Of these, not read now: a later run tries again.
        objects_vanished: Of these, deleted before they were read.
        bytes_new: Size of the new objects.
        rows_read, rows_stored, rows_rejected, nodata, skipdata: Over the new objects.
        by_status: New objects by status.
        reject_counts: Rejected rows by reason.
        same_content: New objects whose bytes the cache has under another key; they count twice.
        skipped: Keys that the source left out of its listing, by reason.
        retries: Requests that were repeated, by cause.
        troubles: One line per object that is not `ok`, at most 100; `key: what happened`.
        refusal: Why reading was denied; None where it was not.
        outage: Why the source could not be read to its end; None where it was.
        stopped: The load was asked to stop; what is missing is pending.
        seconds: Wall time.
        dry_run: Nothing was read.
    """

    objects_listed: int = 0
    objects_known: int = 0
    known_damaged: int = 0
    objects_new: int = 0
    objects_pending: int = 0
    objects_vanished: int = 0
    bytes_new: int = 0
    rows_read: int = 0
    rows_stored: int = 0
    rows_rejected: int = 0
    nodata: int = 0
    skipdata: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    reject_counts: Counter[str] = field(default_factory=Counter)
    same_content: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    refusal: str | None = None
    outage: str | None = None
    stopped: bool = False
    seconds: float = 0.0
    dry_run: bool = False

    @property
    def is_whole(self) -> bool:
        """Every object gave all its rows, the known ones included."""
        return (
            not self.known_damaged
            and self.by_status.total() == self.by_status["ok"] + self.by_status["empty"]
        )

    def exit_code(self, *, strict: bool = False) -> ExitCode:
        """Return how a command that loaded this ends; `strict` minds anything rejected."""
        if self.stopped:
            return ExitCode.OK
        if self.refusal:
            return ExitCode.NO_PERMISSION
        if self.outage:
            return ExitCode.SOURCE_UNAVAILABLE
        return ExitCode.REJECTED if strict and not self.is_whole else ExitCode.OK

    def add(self, outcome: ObjectOutcome) -> None:
        """Count one object's outcome."""
        self.objects_new += 1
        self.bytes_new += outcome.source.size
        for name in ("rows_read", "rows_stored", "rows_rejected", "nodata", "skipdata"):
            setattr(self, name, getattr(self, name) + getattr(outcome, name))
        self.by_status[outcome.status] += 1
        self.reject_counts.update(outcome.reject_counts)
        if outcome.status != "ok":
            self.trouble(outcome.source.key, _explain(outcome))

    def trouble(self, key: str, text: str) -> None:
        """Keep one line about an object."""
        if len(self.troubles) < _MAX_TROUBLES:
            # Errors name their object themselves.
            self.troubles.append(text if text.startswith(key) else f"{key}: {text}")

    def as_dict(self) -> dict[str, Any]:
        """Return all numbers, ready for JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            name: dict(value) if isinstance(value, Counter) else value
            for name, value in values.items()
        }


def _explain(outcome: ObjectOutcome) -> str:
    if outcome.status == "partial" and outcome.rejects:
        first = outcome.rejects[0]
        at_field = f" in {first.field}" if first.field else ""
        return (
            f"{outcome.rows_rejected:,} of {outcome.rows_read:,} lines rejected, the first at "
            f"line {first.line}: {first.reason}{at_field}: {first.text}"
        )
    return f"{outcome.status}: {outcome.detail}"
