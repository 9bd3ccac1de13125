"""Numbers in the place of texts: codes of nodes, and the places that parts of a cache number.

DuckDB groups numbers four times as fast as the texts that they stand for.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.rows import NODES, Rows
from dashboard.analysis.query.tables import cache_table
from ingest.schema import PLACES

_ABOUT = ("place_id", "ip4", "ip6")


@dataclass(frozen=True, slots=True)
class Codes:
    """Numbers for nodes, in the order of their ids' texts: whoever sorts by them sorts by text.

    Attributes:
        texts: The distinct ids in order; a code is a position in them.
        codes: Code of each node that was given.
    """

    texts: pa.Array
    codes: pa.Array

    @classmethod
    def of(cls, nodes: npt.NDArray[np.object_]) -> Codes:
        """Give codes to nodes; equal ones get equal codes."""
        found = pa.array(nodes, pa.string()).dictionary_encode()
        # By bytes, as DuckDB orders texts.
        order = pc.sort_indices(found.dictionary.cast(pa.binary())).to_numpy()
        ranks = np.empty(len(order), np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        return cls(found.dictionary.take(order), pa.array(ranks[found.indices.to_numpy()]))

    def decoded(self, table: pa.Table) -> pa.Table:
        """Put node ids in the place of their codes, in the columns that hold nodes."""
        for name in NODES:
            place = table.schema.get_field_index(name)
            if place >= 0 and pa.types.is_integer(table.schema.field(place).type):
                codes = table.column(place).combine_chunks()
                table = table.set_column(place, name, self.texts.take(codes))
        return table


def numbered_places(_rows: Rows, _query: FlowQuery) -> ir.Table:
    """Return `place_id`, `address`, `vpc_id`, `ip4` and `ip6` of all places with numbers."""
    places = cache_table(PLACES)
    return places.order_by(ibis.asc("place_id"))


def met_places(_rows: Rows, _query: FlowQuery) -> ir.Table:
    """Return what `talkers.distinct_places` does, by the numbers where parts have them."""
    met = cache_table("numbered_talkers").select("place")
    met = met.union(cache_table("talker_spans").select("place")).distinct()
    places = cache_table(PLACES)
    numbered = places.semi_join(met, places.place_id == met.place)
    texts = cache_table("talkers")
    texts = texts.filter(texts.address.notnull())
    ends = [rows.select("address", "vpc_id") for rows in (numbered, texts)]
    found = ends[0].union(ends[1]).distinct()
    return found.order_by(ibis.asc("address"), ibis.asc("vpc_id"))


def rows_of_places(numbers: pa.Table, frame: pd.DataFrame, unknown_vpc: str) -> pa.Table:
    """Find what is known of each numbered place.

    Args:
        numbers: As `numbered_places` gives them.
        frame: What is known; `address`, and `vpc_key` where the address lies in several VPCs.
        unknown_vpc: The key of an address without a VPC.

    Returns:
        `place_id`, `ip4`, `ip6` and `row`, the position in the frame; several rows where
        the frame has several stretches of time. Places that no record names any more are
        left out.
    """
    places = numbers.to_pandas(integer_object_nulls=True)
    known = frame[["address", "vpc_key"]].assign(row=np.arange(len(frame)))
    found = places[["place_id", "address", "vpc_id"]].merge(known, on="address")
    mine = found["vpc_id"].where(found["vpc_id"].notna(), unknown_vpc)
    found = found[found["vpc_key"].isna() | (found["vpc_key"] == mine)]
    at = pd.Series(np.arange(len(places)), index=places["place_id"])[found["place_id"]]
    about = numbers.select(_ABOUT).take(pa.array(at.to_numpy()))
    return about.append_column("row", pa.array(found["row"].to_numpy(), pa.int64()))


def by_place(numbers: pa.Table, facts: pa.Table) -> pa.Table:
    """Return facts of all rows of a frame by the numbers of their places."""
    told = facts.drop_columns(["address", "vpc_id"]).take(numbers["row"])
    for name in _ABOUT:
        told = told.append_column(name, numbers[name])
    return told
