"""Log objects: records as text in AWS's key layout, and the labels beside them.

Text is made column by column. Neighboring fields that depend on a few values
only (the ENI, the action, the flags) are looked up together in one table of
ready-made strings, which is most of the speed.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from isal import igzip

from ingest.schema import FLOW_COLUMNS
from ingest.simulate.topology import SERVICES, AddressBook, aws_id, zone_id
from ingest.simulate.windows import Array, Records, WindowClock

_SINCE = {column.field: column.since for column in FLOW_COLUMNS}
_PERIOD_S = 300
_PROTOCOLS = 256
_LARGEST_TABLE = 20_000
OK, NODATA, SKIPDATA = 0, 1, 2
_LOG_STATUS = ("OK", "NODATA", "SKIPDATA")


@dataclass(frozen=True)
class Gaps:
    """NODATA and SKIPDATA rows: an ENI, its window, and `NODATA` or `SKIPDATA`."""

    eni: Array
    window: Array
    status: Array


@dataclass(frozen=True)
class _Field:
    """A field with few values: which column of codes it reads, and the text of each code."""

    column: str
    texts: tuple[str, ...]


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
        self._fields = tuple(fields)
        self._seed = seed
        self._name = f"{account}_vpcflowlogs_{region}_{aws_id('fl', account + region)}"
        self._small = _small_fields(book, self._fields, account, region)
        self._header = (" ".join(self._fields) + "\n").encode()
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
        lines = self._lines(frame)
        offset = 0
        for length, period in periods.iter_rows():
            self._write(int(period) * _PERIOD_S, lines.slice(offset, length))
            offset += length

    def _write(self, stamp: int, lines: pl.DataFrame) -> None:
        text = io.BytesIO()
        text.write(self._header)
        lines.write_csv(
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
        self.n_records += len(lines)
        self.n_bytes += len(packed)

    def _frame(self, records: Records, gaps: Gaps) -> pl.DataFrame:
        """Return the rows as numbers, in the order of ENI and window."""
        order = np.lexsort((records.window, records.eni))
        r = records.take(order)
        flags = r.tcp_flags
        is_v6 = self._book.is_v6[r.srcaddr]
        traffic = pl.DataFrame(
            {
                "eni": r.eni.astype(np.uint8), "window": r.window,
                "srcaddr": r.srcaddr, "dstaddr": r.dstaddr,
                "pkt-srcaddr": r.pkt_srcaddr, "pkt-dstaddr": r.pkt_dstaddr,
                "srcport": r.srcport.astype(np.uint16), "dstport": r.dstport.astype(np.uint16),
                "protocol": r.protocol, "packets": r.packets, "bytes": r.n_bytes,
                "flags": flags, "family": is_v6.astype(np.uint8),
                "direction": r.direction, "path": r.path, "action": r.action,
                "status": np.zeros(len(r), dtype=np.uint8),
            }
        )  # fmt: skip
        frame = traffic
        if len(gaps.eni):
            empty = pl.DataFrame(
                {
                    "eni": gaps.eni.astype(np.uint8), "window": gaps.window.astype(np.int32),
                    "flags": np.full(len(gaps.eni), 32, dtype=np.uint8),
                    "family": np.full(len(gaps.eni), 2, dtype=np.uint8),
                    "direction": np.full(len(gaps.eni), 2, dtype=np.uint8),
                    "path": np.zeros(len(gaps.eni), dtype=np.uint8),
                    "action": np.full(len(gaps.eni), 2, dtype=np.uint8),
                    "status": gaps.status.astype(np.uint8),
                }
            )  # fmt: skip
            frame = pl.concat([traffic, empty], how="diagonal")
        eni, window = frame["eni"].to_numpy(), frame["window"].to_numpy()
        # Times depend on ENI and window only: work them out once for each pair.
        pair = eni.astype(np.int64) << 32 | window
        pairs, position = np.unique(pair, return_inverse=True)
        pair_eni, pair_window = pairs >> 32, pairs & 0xFFFFFFFF
        start, end = self._clock.reported(pair_eni, pair_window)
        delivered = self._start + self._clock.delivered(pair_eni, pair_window)
        return frame.drop("window").with_columns(
            pl.Series("start", (self._start + start)[position].astype(np.uint32)),
            pl.Series("end", (self._start + end)[position].astype(np.uint32)),
            pl.Series("period", (-(-delivered // _PERIOD_S))[position].astype(np.int32)),
        )

    def _lines(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows as text columns, neighboring small fields as one."""
        columns: list[pl.Series] = []
        run: list[_Field] = []
        codes: dict[str, Array] = {}

        def close_run() -> None:
            if run:
                columns.append(_lookup(run, codes).alias(str(len(columns))))
                run.clear()

        for name in self._fields:
            small = self._small.get(name)
            if small is None:
                close_run()
                columns.append(self._plain(frame, name).alias(str(len(columns))))
                continue
            if small.column not in codes:
                codes[small.column] = self._codes(frame, small.column)
            if _table_size([*run, small]) > _LARGEST_TABLE:
                close_run()
            run.append(small)
        close_run()
        return pl.DataFrame(columns)

    def _plain(self, frame: pl.DataFrame, name: str) -> pl.Series:
        if name.endswith("addr"):
            return self._book.text.gather(frame[name])
        return frame[name]

    def _codes(self, frame: pl.DataFrame, column: str) -> Array:
        if column in {"pkt-src-aws-service", "pkt-dst-aws-service"}:
            address = frame["pkt-srcaddr" if "src" in column else "pkt-dstaddr"]
            # Row 0 is a host of the VPC, which no AWS service owns.
            return np.asarray(self._book.service[address.fill_null(0).to_numpy()], dtype=np.int32)
        return np.asarray(frame[column].to_numpy(), dtype=np.int32)


def _small_fields(
    book: AddressBook, fields: Sequence[str], account: str, region: str
) -> dict[str, _Field]:
    """Return the fields that take few values, with the text of each."""
    enis = book.interfaces
    version = str(max(_SINCE[name] for name in fields))
    constant = {
        "version": version, "account-id": account, "region": region,
        "vpc-id": aws_id("vpc", "flow-atlas"), "sublocation-type": "-", "sublocation-id": "-",
    }  # fmt: skip
    small = {name: _Field("eni", (text,) * len(enis)) for name, text in constant.items()}
    small["interface-id"] = _Field("eni", tuple(eni.interface_id for eni in enis))
    small["instance-id"] = _Field("eni", tuple(eni.instance_id for eni in enis))
    small["subnet-id"] = _Field("eni", tuple(eni.subnet_id for eni in enis))
    small["az-id"] = _Field("eni", tuple(zone_id(region, eni.zone) for eni in enis))
    small["action"] = _Field("action", ("ACCEPT", "REJECT", "-"))
    small["log-status"] = _Field("status", _LOG_STATUS)
    small["tcp-flags"] = _Field("flags", (*(str(n) for n in range(32)), "-"))
    small["type"] = _Field("family", ("IPv4", "IPv6", "-"))
    small["flow-direction"] = _Field("direction", ("ingress", "egress", "-"))
    small["traffic-path"] = _Field("path", ("-", *(str(n) for n in range(1, 9))))
    small["pkt-src-aws-service"] = _Field("pkt-src-aws-service", SERVICES)
    small["pkt-dst-aws-service"] = _Field("pkt-dst-aws-service", SERVICES)
    return small


def _table_size(run: Sequence[_Field]) -> int:
    sizes = {field.column: len(field.texts) for field in run}
    return int(np.prod(list(sizes.values())))


def _lookup(run: Sequence[_Field], codes: dict[str, Array]) -> pl.Series:
    """Return the text of neighboring fields, joined by spaces, for each row."""
    sizes = {field.column: len(field.texts) for field in run}
    # The first column varies fastest, in the codes and in the digits below.
    code: Array | None = None
    for column in reversed(sizes):
        code = codes[column] if code is None else code * sizes[column] + codes[column]
    texts = []
    for number in range(_table_size(run)):
        digits, rest = {}, number
        for column, size in sizes.items():
            digits[column], rest = rest % size, rest // size
        texts.append(" ".join(field.texts[digits[field.column]] for field in run))
    return pl.Series(texts, dtype=pl.String).gather(pl.Series(code))
