"""What a commit carries: finished parts, what became of objects, sums over their records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.sources import LogObject

if TYPE_CHECKING:
    from ingest.parse.lines import Reject


@dataclass(frozen=True, slots=True)
class NewPart:
    """A finished Parquet file that waits to be named.

    Attributes:
        tmp: Where it lies, in the cache's temporary folder.
        kind, date, hour: Its table and partition.
        first: Smallest time in it; None: records without a time.
        last: Largest time in it.
        rows: Its rows.
        bytes: Its size.
        checksum: CRC-32 of the file.
        is_numbered: It has the columns of `ingest.schema.NUMBER_COLUMNS`.
    """

    tmp: str
    kind: str
    date: str
    hour: str | None
    first: int | None
    last: int | None
    rows: int
    bytes: int
    checksum: int
    is_numbered: bool = False


@dataclass(slots=True)
class ObjectOutcome:
    """What became of one object. `rows_read = rows_stored + rows_rejected`, always.

    Attributes:
        object_id: The catalog's number for it.
        source: The object as listed.
        status: `ok`; `partial`: some lines rejected; `empty`; else why it was set aside.
        detail: What to know about another status than `ok`.
        fields: Its formats, AWS's names in order; several are joined by `; `.
        rows_read: Lines that are neither header, nor blank, nor comment.
        rows_stored: Of these, rows in `flows`.
        rows_rejected: Of these, lines that no record could be made of.
        nodata, skipdata: Of the stored rows.
        reject_counts: Rejected lines by reason.
        rejects: The first of them, with their texts.
        content_hash: Of the bytes as delivered.
    """

    object_id: int
    source: LogObject
    status: str = "ok"
    detail: str | None = None
    fields: str | None = None
    rows_read: int = 0
    rows_stored: int = 0
    rows_rejected: int = 0
    nodata: int = 0
    skipdata: int = 0
    reject_counts: dict[str, int] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    content_hash: str | None = None


READ_STATUSES = ("ok", "partial", "empty")  # With any other, an object was set aside.


@dataclass(slots=True)
class BatchTotals:
    """Sums over the traffic records of one batch, as logged."""

    undated: int = 0
    logged_packets: int = 0
    logged_bytes: int = 0
    first: int | None = None
    last: int | None = None

    def add(self, more: BatchTotals) -> None:
        """Add the sums of another chunk."""
        self.undated += more.undated
        self.logged_packets += more.logged_packets
        self.logged_bytes += more.logged_bytes
        self.first = _of_both(min, self.first, more.first)
        self.last = _of_both(max, self.last, more.last)


@dataclass(frozen=True, slots=True)
class KnownObject:
    """An object that a batch has committed."""

    object_id: int
    key: str
    etag: str
    status: str
    content_hash: str | None


def _of_both(choose: Callable[[Iterable[int]], int], a: int | None, b: int | None) -> int | None:
    numbers = [number for number in (a, b) if number is not None]
    return choose(numbers) if numbers else None
