"""How large a batch is: what has arrived is gathered until it is worth a parser's while."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ingest.errors import CacheError
from ingest.sources import LogObject
from ingest.spool import Piece

BATCH_BYTES = 24 << 20  # Of objects as delivered; about 200 MB of text.
BATCH_OBJECTS = 2_000
_MIN_FREE_BYTES = 1 << 20
_SMALL_BATCH = 2 << 20  # What is left is shared out among the parsers, but not below this.


class Gathered:
    """What has arrived and is in no batch yet.

    Attributes:
        objects: Number, listing and place of each.
        seen_bytes: Size of everything that has arrived so far, as it was listed.
    """

    def __init__(self) -> None:
        self.objects: list[tuple[int, LogObject, Piece]] = []
        self.seen_bytes = 0
        self._bytes = 0
        self._n_batches = 0

    def add(self, object_id: int, found: LogObject, piece: Piece) -> None:
        """Take one object."""
        self.objects.append((object_id, found, piece))
        self._bytes += found.size

    def is_enough(self, listed_bytes: int | None, parsers: int) -> bool:
        """Tell whether this is a batch.

        Args:
            listed_bytes: Size of everything that arrives; None: not known yet.
            parsers: How many batches are parsed side by side.
        """
        wanted = self._wanted(listed_bytes, parsers)
        return self._bytes >= wanted or len(self.objects) >= BATCH_OBJECTS

    def take(self, listed_bytes: int | None, parsers: int) -> list[tuple[int, LogObject, Piece]]:
        """Return a batch, as large as `is_enough` asks for where there is as much."""
        wanted = self._wanted(listed_bytes, parsers)
        taken = n_bytes = 0
        while taken < min(len(self.objects), BATCH_OBJECTS) and (not taken or n_bytes < wanted):
            n_bytes += self.objects[taken][1].size
            taken += 1
        objects, self.objects = self.objects[:taken], self.objects[taken:]
        self._bytes -= n_bytes
        self._n_batches += 1
        return objects

    def _wanted(self, listed_bytes: int | None, parsers: int) -> int:
        if listed_bytes is None:
            return BATCH_BYTES
        left = listed_bytes - self.seen_bytes + self._bytes
        return max(_SMALL_BATCH, share_of(left, self._n_batches, parsers))


def require_room(
    folder: Path, cache: Path, objects: Sequence[tuple[int, LogObject, Piece]]
) -> None:
    """Raise unless the disk has room for the parts of a batch.

    Args:
        folder: Where they are written.
        cache: Whose they are, for the message.
        objects: The batch.

    Raises:
        CacheError: It has not; tells both numbers.
    """
    # Parts take about what compressed logs take, and a sixth of plain text.
    wanted = sum(
        2 * o.size if o.key.endswith((".gz", ".parquet")) else o.size // 2 for _, o, _ in objects
    )
    free = shutil.disk_usage(folder).free
    if free < max(wanted, _MIN_FREE_BYTES):
        msg = (
            f"{cache}: No space left on device: {free / 1e6:,.1f} MB are free, a batch may take "
            f"{wanted / 1e6:,.1f} MB. What was committed is safe; make space, then run the same "
            "command again."
        )
        raise CacheError(msg)


def share_of(left: int, n_batches: int, parsers: int) -> int:
    """Return how many bytes the next batch takes, so that all parsers end together.

    Args:
        left: Bytes that are in no batch yet.
        n_batches: Batches so far.
        parsers: How many run side by side; each shall get as many batches as the others.

    Returns:
        An equal share of what is left, at most `BATCH_BYTES`.
    """
    rounds = _up(n_batches + _up(left, BATCH_BYTES), parsers)
    return _up(left, max(1, rounds * parsers - n_batches))


def _up(number: int, divisor: int) -> int:
    return -(-number // divisor)
