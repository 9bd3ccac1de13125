"""Numbers for places: rows that readers group by whole numbers instead of texts.

A place is an address in a VPC. Grouping millions of rows by the texts of both ends takes
four times as long as grouping them by numbers, so compaction writes the numbers beside the
texts, and a table of what each stands for. Nothing else depends on them: parts without
numbers are as good, and slower.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import duckdb

from ingest.schema import NUMBER_COLUMNS, PLACES
from ingest.store.layout import N_PLACES
from ingest.store.rows import SEVERAL_BATCHES, LivePart

if TYPE_CHECKING:
    from ingest.store.plan import Plan

# Each end of a numbered table: the column of its number, its address, and what goes before
# the names of its other columns.
_ENDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "edges": (
        ("initiator_place", "initiator", "initiator_"),
        ("responder_place", "responder", "responder_"),
    ),
    "talkers": (("place", "address", ""),),
}
_TABLE = "known_places"
_MAKE = f"""CREATE TEMP TABLE {_TABLE}
    (place_id INTEGER, address VARCHAR, vpc_id VARCHAR, ip4 BIGINT, ip6 VARCHAR)"""
_MET = """
    SELECT {address} AS address, {prefix}vpc_id AS vpc_id, {prefix}ip4 AS ip4, {prefix}ip6 AS ip6
    FROM to_number"""
# The numbers follow the order of the texts, so that equal rows give equal numbers.
_ADD = f"""
    INSERT INTO {_TABLE}
    SELECT (SELECT coalesce(max(place_id), 0) FROM {_TABLE})
           + row_number() OVER (ORDER BY address, vpc_id NULLS FIRST),
           address, vpc_id, ip4, ip6
    FROM (SELECT address, vpc_id, any_value(ip4) AS ip4, any_value(ip6) AS ip6
          FROM ({{ends}}) WHERE address IS NOT NULL GROUP BY address, vpc_id) AS met
    WHERE NOT EXISTS (
        SELECT 1 FROM {_TABLE} AS known
        WHERE known.address = met.address AND known.vpc_id IS NOT DISTINCT FROM met.vpc_id)"""  # noqa: S608


class Numbering:
    """The places of a cache, while a plan numbers parts.

    Args:
        plan: Its engine holds the places; the finished table becomes part of the plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._connection = plan.engine.connection
        self._connection.execute(_MAKE)
        old = [part.path for part in plan.live_in(PLACES)]
        if old:
            plan.engine.read(PLACES, old).insert_into(_TABLE)
        self._known = self._count()

    def numbered(self, kind: str, rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
        """Return rows of a table of NUMBER_COLUMNS with them; new places get new numbers."""
        if kind not in NUMBER_COLUMNS:
            return rows
        self._connection.execute("DROP TABLE IF EXISTS to_number")
        rows.create("to_number")
        met = " UNION ALL ".join(
            _MET.format(address=address, prefix=prefix) for _, address, prefix in _ENDS[kind]
        )
        self._connection.execute(_ADD.format(ends=met))
        columns, joins = ["to_number.*"], []
        for number, address, prefix in _ENDS[kind]:
            columns.append(f"{number}_known.place_id AS {number}")
            joins.append(
                f"LEFT JOIN {_TABLE} AS {number}_known ON to_number.{address} ="
                f" {number}_known.address AND to_number.{prefix}vpc_id"
                f" IS NOT DISTINCT FROM {number}_known.vpc_id"
            )
        return self._connection.sql(
            f"SELECT {', '.join(columns)} FROM to_number {' '.join(joins)}"  # noqa: S608
        )

    def finish(self, date: str) -> None:
        """Add the places that have been met to the plan, as a part of this date."""
        if self._count() == self._known:
            return
        new = self._connection.sql(
            f"SELECT * FROM {_TABLE} WHERE place_id > {self._known_last()}"  # noqa: S608
        )
        old = self._plan.live_in(PLACES, date)
        if old:
            new = new.union(self._plan.engine.read(PLACES, [part.path for part in old]))
        made = self._plan.engine.write(PLACES, date, None, new)
        self._plan.replace(old, made, SEVERAL_BATCHES)
        count_places(self._plan)

    def _count(self) -> int:
        return self._plan.engine.row(self._connection.table(_TABLE), "count(*)")[0] or 0

    def _known_last(self) -> int:
        old = [part.path for part in self._plan.live_in(PLACES)]
        if not old:
            return 0
        return self._plan.engine.row(self._plan.engine.read(PLACES, old), "max(place_id)")[0] or 0


def keep_named_places(plan: Plan) -> None:
    """Let go of the places that no numbered part of a plan names any more."""
    old = plan.live_in(PLACES)
    if not old:
        return
    named = [
        f'SELECT "{column}" AS place_id FROM read_parquet({_listed(parts)})'  # noqa: S608
        for kind, columns in NUMBER_COLUMNS.items()
        if (parts := [part.path for part in plan.live_in(kind) if part.is_numbered])
        for column in columns
    ]
    made = None
    if named:
        kept = plan.engine.connection.sql(
            f"SELECT * FROM read_parquet({_listed(part.path for part in old)})"  # noqa: S608
            f" WHERE place_id IN ({' UNION ALL '.join(named)})"
        )
        made = plan.engine.write(PLACES, min(part.date for part in old), None, kept)
    plan.replace(old, made, SEVERAL_BATCHES)
    count_places(plan)


def forget_places(plan: Plan) -> None:
    """Let go of all places, and believe no number any more; the parts stay as they are."""
    plan.replace(plan.live_in(PLACES), None, SEVERAL_BATCHES)
    plan.changes.append(_unnumber)
    count_places(plan)


def count_places(plan: Plan) -> None:
    """Note how many rows the places will have: readers compare."""
    n_rows = sum(part.rows for part in plan.live_in(PLACES))
    n_rows += sum(part.rows for _, part in plan.added if part.kind == PLACES)
    plan.changes.append(lambda catalog: _note(catalog, n_rows))


def _note(catalog: sqlite3.Connection, n_rows: int) -> None:
    catalog.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (N_PLACES, str(n_rows)),
    )


def _unnumber(catalog: sqlite3.Connection) -> None:
    catalog.execute("UPDATE parts SET is_numbered = NULL")


def _listed(paths: Iterable[str]) -> str:
    quoted = ("'" + path.replace("'", "''") + "'" for path in paths)
    return f"[{', '.join(quoted)}]"


def unnumbered(parts: Sequence[LivePart]) -> bool:
    """Tell whether some parts of one partition lack numbers that their table may have."""
    return parts[0].kind in NUMBER_COLUMNS and not all(part.is_numbered for part in parts)
