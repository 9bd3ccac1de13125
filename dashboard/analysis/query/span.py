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
        hours: Range of whole hours, for hourly rollups; None where the range holds none.
            `(None, None)` includes records without a time.
        ragged: At most two ranges shorter than an hour, for raw records.
    """

    start: int | None
    end: int | None
    hours: Range | None
    ragged: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, query: FlowQuery) -> Self:
        """Split the range of a question."""
        start, end = query.start, query.end
        low = None if start is None else -(-start // HOUR_S) * HOUR_S
        high = None if end is None else end // HOUR_S * HOUR_S
        if start is not None and end is not None and (low or 0) >= (high or 0):
            return cls(start, end, None, ((start, end),))
        ragged: list[tuple[int, int]] = []
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
