"""A time range, split into whole hours for the rollups and ragged minutes for raw records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from dashboard.analysis.flow_query import FlowQuery
from ingest.store.layout import HOUR_S
from ingest.store.read import CacheSnapshot, Part

Range = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Span:
    """Where the parts of a time range are read from; together they cover it exactly once.

    Attributes:
        start: First second of the range, None: open.
        end: First second after it, None: open.
        hours: Range of whole hours, for hourly rollups; None where none are used.
            `(None, None)` includes records without a time.
        ragged: Ranges for raw records: at most two shorter than an hour, or the whole range.
    """

    start: int | None
    end: int | None
    hours: Range | None
    ragged: tuple[Range, ...] = ()

    @classmethod
    def of(cls, query: FlowQuery, *, raw: bool = False) -> Self:
        """Split the range of a question; `raw`: all of it is for raw records."""
        start, end = query.start, query.end
        if raw:
            return cls(start, end, None, ((start, end),))
        low = None if start is None else -(-start // HOUR_S) * HOUR_S
        high = None if end is None else end // HOUR_S * HOUR_S
        if start is not None and end is not None and (low or 0) >= (high or 0):
            return cls(start, end, None, ((start, end),))
        ragged: list[Range] = []
        if start is not None and low is not None and start < low:
            ragged.append((start, low))
        if end is not None and high is not None and high < end:
            ragged.append((high, end))
        return cls(start, end, (low, high), tuple(ragged))

    def rollup_files(
        self,
        snapshot: CacheSnapshot,
        kind: str,
        *,
        is_numbered: bool | None = None,
        but: Sequence[Part] = (),
    ) -> list[str]:
        """List the files of an hourly rollup that the whole hours need.

        Args:
            snapshot: The state of the cache.
            kind: The rollup.
            is_numbered: Only parts with, or without, numbers of places.
            but: Parts of days and weeks: the hours that they sum up are left out.
        """
        if self.hours is None:
            return []
        inside = [(part.first or 0, part.last or 0) for part in but]
        return [
            part.path
            for part in snapshot.found(kind, *self.hours)
            if is_numbered in (None, part.is_numbered)
            and not any(_lies_in(part, first, last) for first, last in inside)
        ]

    def summed_parts(
        self, snapshot: CacheSnapshot, kind: str, changes: Sequence[int] = ()
    ) -> list[Part]:
        """Choose the parts of whole days and weeks that take the place of hours; long ones first.

        Args:
            snapshot: The state of the cache.
            kind: Of `ingest.schema.SPAN_TABLES`.
            changes: Times at which something that is known of an address changes: a day
                or week that has one inside is read by the hour.
        """
        if self.hours is None:
            return []
        low, high = self.hours
        chosen: list[Part] = []
        for part in sorted(snapshot.found(kind), key=_length, reverse=True):
            first, last = part.first or 0, part.last or 0
            fits = (low is None or low <= first) and (high is None or last < high)
            is_free = not any(_lies_in(part, p.first or 0, p.last or 0) for p in chosen)
            # Rows of hours are told by their first second.
            is_steady = not any(first < moment <= last + 1 - HOUR_S for moment in changes)
            if fits and is_free and is_steady:
                chosen.append(part)
        return chosen

    def raw_files(self, snapshot: CacheSnapshot) -> list[str]:
        """List the files of raw records that the ragged minutes need."""
        return sorted({path for part in self.ragged for path in snapshot.files("flows", *part)})


def _lies_in(part: Part, first: int, last: int) -> bool:
    return part.first is not None and first <= part.first and (part.last or 0) <= last


def _length(part: Part) -> tuple[int, int]:
    return (part.last or 0) - (part.first or 0), -(part.first or 0)
