"""The narrow tables that views read, made from one chunk of records.

Every table is additive: partial rows of several chunks sum up to the rows of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.conversation import Derived, Ints, category_texts, codes, numbers
from ingest.parse.addresses import AddressTable
from ingest.schema import ACTIONS, LOG_STATUSES
from ingest.store.layout import HOUR_S

_SUMS = ("records", "flows", "packets", "bytes")
_RETURNS = ("return_packets", "return_bytes")
_MINUTE_S = 60
_DENSE = 1 << 22
_QUIET = "is_quiet"  # Keeps NODATA and SKIPDATA rows out of every other group.


def rollups(
    frame: pl.DataFrame, derived: Derived, addresses: AddressTable
) -> dict[str, pl.DataFrame]:
    """Return the tables `edges`, `series`, `talkers`, `ports` and `coverage` of a chunk.

    Columns and types as in `ingest.schema.TABLES`. Rows of `edges` without both
    addresses have null ends. Times are null for records without `start` and `end`.
    """
    traffic = _Traffic.of(frame, derived)
    edges = traffic.grouped(
        ("hour_start", "initiator", "responder", "service_port", "protocol", "action"),
        *(pl.col(name).sum() for name in ("flows", "packets", "bytes", *_RETURNS)),
        pl.col("start").min().alias("first_seen"),
        pl.col("end").max().alias("last_seen"),
    )
    series = traffic.grouped(
        ("minute_start", "protocol", "action"),
        *(
            pl.col(name).sum()
            for name in ("flows", "packets", "bytes", "logged_packets", "logged_bytes")
        ),
    )
    ports = (
        edges.lazy()
        .group_by("hour_start", "service_port", "protocol", "action")
        .agg(pl.col(name).sum() for name in _SUMS)
        .collect()
    )
    return {
        "edges": _with_addresses(edges, addresses, "initiator", "responder"),
        "series": series,
        "talkers": _with_addresses(_talkers(edges), addresses, "address"),
        "ports": ports,
        "coverage": _coverage(frame, derived),
    }


class _Traffic:
    """One row per traffic record: small whole numbers as keys, and the volumes beside them."""

    def __init__(self, keys: dict[str, _Key], volumes: pl.DataFrame) -> None:
        self._keys, self._volumes = keys, volumes

    @classmethod
    def of(cls, frame: pl.DataFrame, derived: Derived) -> _Traffic:
        """Take the records of a chunk, with volumes counted once and as logged."""
        has_ends = derived.rule > 0
        forward = derived.initiator_is_src
        src, dst = derived.src, derived.dst
        if not has_ends.all():
            src, dst = np.where(has_ends, src, -1), np.where(has_ends, dst, -1)
        start, end = _times(frame)
        seconds = start.fill_null(-1).to_numpy()
        keys = {
            "hour_start": _Key.of_times(seconds, HOUR_S),
            "minute_start": _Key.of_times(seconds, _MINUTE_S),
            "initiator": _Key(np.where(forward, src, dst)),
            "responder": _Key(np.where(forward, dst, src)),
            "service_port": _Key(derived.service_port),
            "protocol": _Key(numbers(frame, "protocol")),
            "action": _Key(codes(frame, "action")),
        }
        packets, n_bytes = (_volume(frame, name) for name in ("packets", "bytes"))
        counted, returning = pl.Series(derived.is_counted), pl.Series(has_ends & ~forward)
        once = [v if derived.is_counted.all() else v * counted for v in (packets, n_bytes)]
        volumes = pl.DataFrame(
            {
                "flows": counted,
                "packets": once[0],
                "bytes": once[1],
                "return_packets": once[0] * returning,
                "return_bytes": once[1] * returning,
                "logged_packets": packets,
                "logged_bytes": n_bytes,
                "start": start,
                "end": end,
            }
        )
        if not derived.is_traffic.all():
            keys[_QUIET] = _Key((~derived.is_traffic).astype(np.int64))
        return cls(keys, volumes)

    def grouped(self, names: Sequence[str], *sums: pl.Expr) -> pl.DataFrame:
        """Sum up by some of the keys; each row also tells of how many `records` it is made."""
        keys = {name: self._keys[name] for name in (*names, _QUIET) if name in self._keys}
        packed = _pack(keys.values())
        by = {"key": packed} if packed is not None else {n: k.values for n, k in keys.items()}
        groups = (
            self._volumes.lazy()
            .with_columns(**{name: pl.Series(values) for name, values in by.items()})
            .group_by(*by)
            .agg(pl.len().cast(pl.Int64).alias("records"), *sums)
            .with_columns(pl.col("flows").cast(pl.Int64))
            .collect()
        )
        if packed is not None:
            groups = groups.with_columns(_unpack(groups["key"].to_numpy(), keys)).drop("key")
        if _QUIET in keys:
            groups = groups.filter(pl.col(_QUIET) == 0)
        return groups.with_columns(keys[name].named(name, groups[name]) for name in names).drop(
            _QUIET, strict=False
        )


@dataclass(frozen=True, slots=True)
class _Key:
    """A grouping column as whole numbers from -1, where -1 stands for null.

    Attributes:
        base, width: A value stands for `base + value * width`.
    """

    values: Ints
    base: int = 0
    width: int = 1

    @classmethod
    def of_times(cls, seconds: Ints, width: int) -> _Key:
        slots = seconds // width
        known = slots if len(slots) and slots.min() >= 0 else slots[slots >= 0]
        base = int(known.min()) if len(known) else 0
        return cls(np.maximum(slots - base, -1), base * width, width)

    def named(self, name: str, groups: pl.Series) -> pl.Series:
        """Return the grouped values as they are stored."""
        if name == "action":
            codes = groups.cast(pl.UInt8, strict=False)
            return codes.cat.to(pl.Enum(ACTIONS)).alias(name)
        stood_for = groups * self.width + self.base if self.width > 1 else groups
        return stood_for.set(groups < 0, None).alias(name)


def _pack(keys: Iterable[_Key]) -> Ints | None:
    """Return one number per row that tells all keys apart; None where 63 bits do not do."""
    packed: Ints | None = None
    room = 1
    for key in keys:
        size = int(key.values.max(initial=-1)) + 2
        room *= size
        if room > 2**63:
            return None
        packed = key.values + 1 if packed is None else packed * size + (key.values + 1)
    return packed


def _unpack(packed: Ints, keys: Mapping[str, _Key]) -> list[pl.Series]:
    columns = []
    for name in reversed(list(keys)):
        size = int(keys[name].values.max(initial=-1)) + 2
        packed, value = np.divmod(packed, size)
        columns.append(pl.Series(name, value - 1))
    return columns


def _times(frame: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    start = _column(frame, "start", pl.Int64())
    end = _column(frame, "end", pl.Int64())
    return start.fill_null(end) if start.null_count() else start, (
        end.fill_null(start) if end.null_count() else end
    )


def record_times(frame: pl.DataFrame) -> pl.Series:
    """Return the time that a record belongs to: its `start`, else its `end`, else null."""
    return _times(frame)[0]


def _volume(frame: pl.DataFrame, name: str) -> pl.Series:
    column = _column(frame, name, pl.Int64())
    return column.fill_null(0) if column.null_count() else column


def _column(frame: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Series:
    if name not in frame.columns:
        return pl.Series(name, [None], dtype=kind).new_from_index(0, frame.height)
    column = frame[name]
    return column.cast(kind) if kind.is_integer() and column.dtype != kind else column


def _with_addresses(table: pl.DataFrame, addresses: AddressTable, *names: str) -> pl.DataFrame:
    """Replace address codes by texts, and add the sortable numbers beside them."""
    texts = pl.Series(addresses.texts, dtype=pl.String)
    ip4 = pl.Series(addresses.ip4).replace(-1, None)
    ip6 = pl.Series(addresses.ip6, dtype=pl.String)
    for name in names:
        prefix = "" if name == "address" else f"{name}_"
        codes = table[name]
        table = table.with_columns(
            texts.gather(codes).alias(name),
            ip4.gather(codes).alias(f"{prefix}ip4"),
            ip6.gather(codes).alias(f"{prefix}ip6"),
        )
    return table


def _talkers(edges: pl.DataFrame) -> pl.DataFrame:
    """Count every edge at both of its ends."""
    addressed = edges.lazy().filter(pl.col("initiator").is_not_null())
    common = ("hour_start", "action", "records", "flows")
    sides = (
        ("initiator", pl.col("flows"), ("sent", "received")),
        ("responder", pl.lit(0, pl.Int64()), ("received", "sent")),
    )
    ends = [
        addressed.select(
            *common,
            pl.col(side).alias("address"),
            initiated.alias("initiated_flows"),
            *(
                (pl.col(unit) - pl.col(f"return_{unit}")).alias(f"{request}_{unit}")
                for unit in ("packets", "bytes")
            ),
            *(pl.col(f"return_{unit}").alias(f"{answer}_{unit}") for unit in ("packets", "bytes")),
        )
        for side, initiated, (request, answer) in sides
    ]
    volumes = (
        "records",
        "flows",
        "initiated_flows",
        "sent_packets",
        "sent_bytes",
        "received_packets",
        "received_bytes",
    )
    columns = ("hour_start", "address", "action", *volumes)
    return (
        pl.concat([end.select(columns) for end in ends])
        .group_by("hour_start", "address", "action")
        .agg(pl.col(name).sum() for name in volumes)
        .collect()
    )


def _coverage(frame: pl.DataFrame, derived: Derived) -> pl.DataFrame:
    """Count rows by interface, hour and status; a format without status tells by the rest."""
    seconds = _times(frame)[0].fill_null(-1).to_numpy()
    status = codes(frame, "log_status")
    if "log_status" not in frame.columns:
        status = np.where(derived.is_traffic, 0, LOG_STATUSES.index("NODATA"))
    keys = {
        "hour_start": _Key.of_times(seconds, HOUR_S),
        "account_id": _Key(codes(frame, "account_id")),
        "interface_id": _Key(codes(frame, "interface_id")),
        "log_status": _Key(status),
    }
    packed = _pack(keys.values())
    if packed is None:
        msg = "a chunk has more interfaces than 63 bits can tell apart"
        raise OverflowError(msg)
    distinct, records = _counts(packed)
    groups = dict(zip(reversed(keys), _unpack(distinct, keys), strict=True))
    return pl.DataFrame(
        {
            "hour_start": keys["hour_start"].named("hour_start", groups["hour_start"]),
            "account_id": _texts_of(frame, "account_id", groups["account_id"]),
            "interface_id": _texts_of(frame, "interface_id", groups["interface_id"]),
            "log_status": _gathered(LOG_STATUSES, groups["log_status"]),
            "records": records,
        }
    )


def _counts(packed: Ints) -> tuple[Ints, Ints]:
    """Return the distinct numbers and how often each occurs."""
    if len(packed) and packed.max() < _DENSE:
        counts = np.bincount(packed)
        distinct = np.flatnonzero(counts)
        return distinct, counts[distinct]
    distinct, counts = np.unique(packed, return_counts=True)
    return distinct, counts


def _gathered(texts: Sequence[str], place: pl.Series) -> pl.Series:
    return pl.Series(texts, dtype=pl.String).gather(place.set(place < 0, None))


def _texts_of(frame: pl.DataFrame, name: str, groups: pl.Series) -> pl.Series:
    if name not in frame.columns:
        return pl.Series(name, [None] * len(groups), dtype=pl.String)
    return _gathered(category_texts(frame, name), groups)
