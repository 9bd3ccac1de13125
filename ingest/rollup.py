"""The narrow tables that views read, made from one chunk of records.

Every table is additive: partial rows of several chunks sum up to the rows of all.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from ingest.conversation import Derived
from ingest.parse.addresses import AddressTable
from ingest.store.layout import HOUR_S

_EDGE_KEY = ("hour_start", "initiator", "responder", "service_port", "protocol", "action")
_SUMS = ("records", "flows", "packets", "bytes")
_RETURNS = ("return_packets", "return_bytes")
_MINUTE_S = 60


def rollups(
    frame: pl.DataFrame, derived: Derived, addresses: AddressTable
) -> dict[str, pl.DataFrame]:
    """Return the tables `edges`, `series`, `talkers`, `ports` and `coverage` of a chunk.

    Columns and types as in `ingest.schema.TABLES`. Rows of `edges` without both
    addresses have null ends. Times are null for records without `start` and `end`.
    """
    traffic = _measures(frame, derived)
    edges = (
        traffic.lazy()
        .group_by(_EDGE_KEY)
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            *(pl.col(name).sum() for name in ("flows", "packets", "bytes", *_RETURNS)),
            pl.col("start").min().alias("first_seen"),
            pl.col("end").max().alias("last_seen"),
        )
        .collect()
    )
    series = (
        traffic.lazy()
        .group_by("minute_start", "protocol", "action")
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            *(
                pl.col(name).sum()
                for name in ("flows", "packets", "bytes", "logged_packets", "logged_bytes")
            ),
        )
        .collect()
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


def _measures(frame: pl.DataFrame, derived: Derived) -> pl.DataFrame:
    """Return one row per traffic record: keys as codes, volumes counted once and as logged."""
    has_ends = derived.rule > 0
    forward = derived.initiator_is_src
    counted = pl.Series(derived.is_counted)
    packets, n_bytes = (_volume(frame, name) for name in ("packets", "bytes"))
    counted_packets, counted_bytes = packets * counted, n_bytes * counted
    returning = pl.Series(has_ends & ~forward)
    start, end = _times(frame)
    columns = {
        "hour_start": start // HOUR_S * HOUR_S,
        "minute_start": start // _MINUTE_S * _MINUTE_S,
        "initiator": _code_column(np.where(forward, derived.src, derived.dst), has_ends),
        "responder": _code_column(np.where(forward, derived.dst, derived.src), has_ends),
        "service_port": _code_column(derived.service_port, derived.service_port >= 0),
        "protocol": _column(frame, "protocol", pl.Int16()),
        "action": _column(frame, "action", pl.Categorical()),
        "flows": counted.cast(pl.Int64),
        "packets": counted_packets,
        "bytes": counted_bytes,
        "return_packets": counted_packets * returning,
        "return_bytes": counted_bytes * returning,
        "logged_packets": packets,
        "logged_bytes": n_bytes,
        "start": start,
        "end": end,
    }
    table = pl.DataFrame(columns)
    return table if derived.is_traffic.all() else table.filter(pl.Series(derived.is_traffic))


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


def _code_column(codes: np.ndarray, is_set: np.ndarray) -> pl.Series:
    column = pl.Series(codes.astype(np.int32))
    return column if is_set.all() else column.set(~pl.Series(is_set), None)


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
    start, _ = _times(frame)
    table = pl.DataFrame(
        {
            "hour_start": start // HOUR_S * HOUR_S,
            "account_id": _column(frame, "account_id", pl.Categorical()),
            "interface_id": _column(frame, "interface_id", pl.Categorical()),
            "log_status": _column(frame, "log_status", pl.Categorical()).cast(pl.String)
            if "log_status" in frame.columns
            else pl.Series(np.where(derived.is_traffic, "OK", "NODATA")),
        }
    )
    return (
        table.lazy()
        .group_by("hour_start", "account_id", "interface_id", "log_status")
        .agg(pl.len().cast(pl.Int64).alias("records"))
        .collect()
    )
