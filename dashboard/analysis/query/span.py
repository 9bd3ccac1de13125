"""A time range, split into whole hours for the rollups and ragged minutes for raw records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from dashboard.analysis.flow_query import FlowQuery
from ingest.store.layout import HOUR_S
from ingest.store.read import CacheSnapshot

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

    def rollup_files(self, snapshot: CacheSnapshot, kind: str) -> list[str]:
        """List the files of an hourly rollup that the whole hours need."""
        return [] if self.hours is None else snapshot.files(kind, *self.hours)

    def raw_files(self, snapshot: CacheSnapshot) -> list[str]:
        """List the files of raw records that the ragged minutes need."""
        return sorted({path for part in self.ragged for path in snapshot.files("flows", *part)})
