"""A record's volume over the minutes that it lasts, second by second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.ingest.loading import Row


def minutes_of(row: Row) -> Iterator[tuple[int, dict[str, int]]]:
    """Yield each minute of a record with what its seconds carry, the first one always.

    The first k of d seconds carry `n // d * k + n % d * k // d` of n.
    """
    start, lasts = row["start"], row["end"] - row["start"]
    if not 0 < lasts <= 3_600:
        lasts = 1
    parts: dict[int, Counter[str]] = {start // 60 * 60: Counter(packets=0, bytes=0)}
    for name in ("packets", "bytes"):
        n = row[name] or 0
        upto = [n // lasts * k + n % lasts * k // lasts for k in range(lasts + 1)]
        for second in range(lasts):
            minute = (start + second) // 60 * 60
            one = parts.setdefault(minute, Counter(packets=0, bytes=0))
            one[name] += upto[second + 1] - upto[second]
    for minute, part in parts.items():
        yield minute, dict(part)
