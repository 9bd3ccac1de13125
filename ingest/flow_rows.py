"""Rows of the table `flows`: what AWS wrote, with the derived facts beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from ingest.conversation import DST, RULES, SRC, Derived
from ingest.parse.addresses import AddressTable
from ingest.parse.text import ParsedText
from ingest.rollup import record_times
from ingest.schema import COLUMN_BY_NAME


def flow_rows(
    parsed: ParsedText, derived: Derived, object_ids: np.ndarray, lines: np.ndarray
) -> pl.DataFrame:
    """Put the derived columns beside the parsed ones.

    Args:
        parsed: Typed rows of one layout.
        derived: Their facts.
        object_ids: The catalog's number of each row's object.
        lines: Each row's line in its object, from 1.

    Returns:
        The columns of `ingest.schema.FLOW_TABLE` that the layout has, with `extra` where
        it has fields that are not known, and `time`, the record's time, for partitioning.
    """
    frame = parsed.frame
    unknown = [name for name in frame.columns if name not in COLUMN_BY_NAME]
    columns = [
        *_end_numbers("src", derived.src, parsed.addresses),
        *_end_numbers("dst", derived.dst, parsed.addresses),
        _nulled("initiator_is_src", pl.Series(derived.initiator_is_src), derived.rule > 0),
        _nulled(
            "service_port",
            pl.Series(derived.service_port.astype(np.int32)),
            derived.service_port >= 0,
        ),
        _enum("initiator_rule", derived.rule, RULES),
        _enum("reporter", np.select(
            [derived.reporter == SRC, derived.reporter == DST], [0, 1], 2
        ), ("src", "dst", "none")),
        _nulled("is_counted", pl.Series(derived.is_counted), derived.is_traffic),
        pl.Series("object_id", object_ids.astype(np.int32)),
        pl.Series("line", lines.astype(np.int32)),
        record_times(frame).alias("time"),
    ]  # fmt: skip
    if unknown:
        columns.append(_extra(frame, unknown))
    return frame.drop(unknown).with_columns(columns)


def _end_numbers(side: str, codes: np.ndarray, addresses: AddressTable) -> list[pl.Series]:
    has_end = codes >= 0
    ip4 = np.where(has_end, addresses.ip4[codes], -1) if len(addresses.ip4) else codes
    columns = [_nulled(f"{side}_ip4", pl.Series(ip4), ip4 >= 0)]
    if addresses.has_ip6:
        hexes = pl.Series(addresses.ip6, dtype=pl.Categorical(pl.Categories.random()))
        columns.append(
            hexes.gather(_nulled("codes", pl.Series(codes), has_end)).alias(f"{side}_ip6")
        )
    return columns


def _nulled(name: str, values: pl.Series, is_set: np.ndarray) -> pl.Series:
    values = values.alias(name)
    return values if is_set.all() else values.set(~pl.Series(is_set), None)


def _enum(name: str, codes: np.ndarray, texts: Sequence[str]) -> pl.Series:
    column = pl.Series(name, codes.astype(np.uint8)).cat.to(pl.Enum(texts))
    return column.set(column == "none", None)


def _extra(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Gather unknown fields into one list of key and value, nulls left out."""
    pairs = [
        pl.struct(pl.lit(name).alias("key"), pl.col(name).cast(pl.String).alias("value"))
        for name in names
    ]
    return (
        frame.select(pl.concat_list(pairs).alias("extra"))
        .select(pl.col("extra").list.filter(pl.element().struct.field("value").is_not_null()))
        .to_series()
    )
