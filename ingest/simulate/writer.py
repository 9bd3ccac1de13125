"""Log objects: records as text in AWS's key layout, in the order of their delivery."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from isal import igzip

from ingest.simulate.lines import NO_FAMILY, NO_FLAGS, UNSET, LineFormat
from ingest.simulate.topology import AddressBook, aws_id
from ingest.simulate.windows import Array, Records, WindowClock

_PERIOD_S = 300
# Rows; AWS begins another object at 75 MB.
_LARGEST_OBJECT = 400_000


@dataclass(frozen=True)
class Gaps:
    """NODATA and SKIPDATA rows: an ENI, its window, and `NODATA` or `SKIPDATA`."""

    eni: Array
    window: Array
    status: Array

    def __len__(self) -> int:
        return len(self.eni)


class LogWriter:
    """Writes records as gzip objects of five minutes, in the order of their delivery.

    Attributes:
        n_objects: Objects written so far.
        n_records: Rows in them, NODATA and SKIPDATA included.
        n_bytes: Size of them, compressed.
    """

    def __init__(
        self,
        root: Path,
        book: AddressBook,
        clock: WindowClock,
        *,
        fields: Sequence[str],
        start: int,
        account: str,
        region: str,
        seed: int,
    ) -> None:
        self.n_objects = self.n_records = self.n_bytes = 0
        self._folder = root / "AWSLogs" / account / "vpcflowlogs" / region
        self._book, self._clock, self._start = book, clock, start
        self._seed = seed
        self._name = f"{account}_vpcflowlogs_{region}_{aws_id('fl', account + region)}"
        self._format = LineFormat(book, fields, account, region)
        self._header = (" ".join(fields) + "\n").encode()
        self._pending: list[pl.DataFrame] = []
        self._parts: dict[int, int] = {}

    def add(self, records: Records, gaps: Gaps) -> None:
        """Take rows in, to be written by a later `flush`."""
        self._pending.append(self._frame(records, gaps))

    @property
    def n_pending(self) -> int:
        """Rows taken in and not yet written."""
        return sum(len(frame) for frame in self._pending)

    def flush(self, until: int | None = None) -> None:
        """Write the objects of all periods that end until a time, or all that is pending.

        Args:
            until: Seconds since the simulation's start.
        """
        if not self._pending:
            return
        frame = pl.concat(self._pending, rechunk=False)
        keep = None
        if until is not None:
            is_due = pl.col("period") <= (self._start + until) // _PERIOD_S
            keep = frame.filter(~is_due)
            frame = frame.filter(is_due)
        self._pending = [] if keep is None else [keep]
        frame = frame.sort("period", maintain_order=True)
        periods = frame["period"].rle().struct.unnest()
        offset = 0
        for length, period in periods.iter_rows():
            rows = frame.slice(offset, length)
            for part in rows.iter_slices(_LARGEST_OBJECT):
                self._write(int(period) * _PERIOD_S, part)
            offset += length

    def _write(self, stamp: int, rows: pl.DataFrame) -> None:
        text = io.BytesIO()
        text.write(self._header)
        self._format.columns(rows).write_csv(
            text, include_header=False, separator=" ", quote_style="never", null_value="-"
        )
        when = datetime.fromtimestamp(stamp, tz=UTC)
        part = self._parts[stamp] = self._parts.get(stamp, -1) + 1
        tag = hashlib.blake2b(f"{self._seed} {stamp} {part}".encode(), digest_size=4).hexdigest()
        folder = self._folder / f"{when:%Y/%m/%d}"
        folder.mkdir(parents=True, exist_ok=True)
        # No time in the gzip header, so that equal rows give equal objects.
        packed = igzip.compress(text.getbuffer(), 1, mtime=0)
        (folder / f"{self._name}_{when:%Y%m%dT%H%MZ}_{tag}.log.gz").write_bytes(packed)
        self.n_objects += 1
        self.n_records += len(rows)
        self.n_bytes += len(packed)

    def _frame(self, records: Records, gaps: Gaps) -> pl.DataFrame:
        """Return the rows as numbers, in the order of ENI and window."""
        first, pair, n_pairs, width = self._pairs(records, gaps)
        order = np.argsort(pair[: len(records)], kind="stable")
        r = records.take(order)
        frame = pl.DataFrame(
            {
                "eni": r.eni.astype(np.uint8), "srcaddr": r.srcaddr, "dstaddr": r.dstaddr,
                "pkt-srcaddr": r.pkt_srcaddr, "pkt-dstaddr": r.pkt_dstaddr,
                "srcport": r.srcport.astype(np.uint16), "dstport": r.dstport.astype(np.uint16),
                "protocol": r.protocol, "packets": r.packets, "bytes": r.n_bytes,
                "flags": r.tcp_flags, "family": self._book.is_v6[r.srcaddr].astype(np.uint8),
                "direction": r.direction, "path": r.path, "action": r.action,
                "status": np.zeros(len(r), dtype=np.uint8),
            }
        )  # fmt: skip
        if len(gaps):
            codes = {"flags": NO_FLAGS, "family": NO_FAMILY, "direction": UNSET, "path": 0,
                     "action": UNSET}  # fmt: skip
            silent = pl.DataFrame(
                {
                    "eni": gaps.eni.astype(np.uint8),
                    **{k: np.full(len(gaps), v, dtype=np.uint8) for k, v in codes.items()},
                    "status": gaps.status.astype(np.uint8),
                }
            )
            frame = pl.concat([frame, silent], how="diagonal")
        # Times depend on ENI and window only: work them out once for each pair.
        eni = np.arange(n_pairs) // width
        window = np.arange(n_pairs) % width + first
        start, end = self._clock.reported(eni, window)
        delivered = self._start + self._clock.delivered(eni, window)
        where = np.concatenate([pair[: len(records)][order], pair[len(records) :]])
        return frame.with_columns(
            pl.Series("start", (self._start + start).astype(np.uint32)[where]),
            pl.Series("end", (self._start + end).astype(np.uint32)[where]),
            pl.Series("period", (-(-delivered // _PERIOD_S)).astype(np.int32)[where]),
        )

    def _pairs(self, records: Records, gaps: Gaps) -> tuple[int, Array, int, int]:
        """Number the pairs of ENI and window, records first.

        Returns:
            The first window, the number of each row's pair, how many pairs
            there can be, and how many of them belong to one ENI.
        """
        eni = np.concatenate([records.eni.astype(np.int64), gaps.eni])
        window = np.concatenate([records.window.astype(np.int64), gaps.window])
        first, last = (int(window.min()), int(window.max())) if len(window) else (0, 0)
        width = last - first + 1
        n_pairs = width * len(self._book.interfaces)
        # Small integers are sorted by radix, far faster than by comparison.
        smallest = np.uint16 if n_pairs < 2**16 else np.int64
        return first, (eni * width + window - first).astype(smallest), n_pairs, width
