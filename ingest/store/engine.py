"""DuckDB for maintenance: reads and writes Parquet below the cache, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
from duckdb.func import FunctionNullHandling

from ingest.parse.addresses import packed_address
from ingest.schema import NUMBER_COLUMNS, SPAN_TABLES, STORED_TABLES, TABLES, StoredType
from ingest.store.commit import NewPart
from ingest.store.disk import checksum_of

_SQL_TYPES: dict[StoredType, str] = {
    "string": "VARCHAR",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "bool": "BOOLEAN",
    "map": "STRUCT(key VARCHAR, value VARCHAR)[]",
}
# Columns that tell the first and the last time of a part, the one that is not null.
_TIMES = {
    "flows": (("start", "end"), ("start", "end")),
    "series": (("hour_start",), ("minute_start",)),
    "ends": (("day_start",), ("day_start",)),
    **dict.fromkeys(SPAN_TABLES, (("span_start",), ("span_start",))),
}
_HOURLY = (("hour_start",), ("hour_start",))
# A reader of some minutes skips the row groups of the other ones.
# Of zstd. Rollups are read all day and written once: a tenth smaller for a third of a second a
# million rows. Flows would gain less, and are ten times as many.
_FLOWS_LEVEL, _ROLLUP_LEVEL = 3, 9
_TO_WRITE = "rows_to_write"
_ROWS_IN_GROUP = 122_880


class Engine:
    """One hardened in-memory connection; a context manager.

    Args:
        cache: Nothing outside of this folder can be read or written.
        tmp: Folder below it for spilled memory and for the files made here.
        memory_limit: In DuckDB's words; what does not fit is spilled.
        threads: Processor threads.

    Attributes:
        connection: For statements of `ingest.store.numbering`.
    """

    def __init__(
        self, cache: Path, tmp: Path, *, memory_limit: str = "512MB", threads: int = 2
    ) -> None:
        self._tmp = tmp
        self._written = 0
        self.connection = duckdb.connect()
        settings = (
            ("allowed_directories", [str(cache)]),
            ("temp_directory", str(tmp / "spill")),
            ("enable_external_access", False),
            ("memory_limit", memory_limit),
            ("threads", threads),
            ("preserve_insertion_order", False),
            ("python_enable_replacements", False),
            ("autoinstall_known_extensions", False),
            ("autoload_known_extensions", False),
            ("allow_community_extensions", False),
            ("lock_configuration", True),  # Last: it refuses every SET after it.
        )
        functions: tuple[tuple[str, Callable[..., int | str | None], str], ...] = (
            ("ip4_number", _ip4_number, "BIGINT"),
            ("ip6_hex", _ip6_hex, "VARCHAR"),
        )
        for name, function, made in functions:
            self.connection.create_function(
                name, function, ["VARCHAR"], made, null_handling=FunctionNullHandling.SPECIAL
            )
        for name, value in settings:
            self.connection.execute(f"SET {name} = $value", {"value": value})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.connection.close()

    def read(
        self, kind: str, paths: Sequence[str], *, with_file: bool = False
    ) -> duckdb.DuckDBPyRelation:
        """Return the rows of some parts of one table, with the columns that any of them has.

        Args:
            kind: Their table.
            paths: At least one.
            with_file: Add the column `filename`.
        """
        return self.connection.read_parquet(
            list(paths),
            hive_partitioning=False,
            union_by_name=kind == "flows",
            filename=with_file,
        )

    def with_facts(self, paths: Sequence[str], facts: Path) -> duckdb.DuckDBPyRelation:
        """Return the rows of some parts of `flows` with other derived columns.

        Args:
            paths: At least one.
            facts: A Parquet file with `filename` and `file_row_number` of each row, and the
                columns that take the place of the row's own.
        """
        old = self.connection.read_parquet(
            list(paths),
            hive_partitioning=False,
            union_by_name=True,
            filename=True,
            file_row_number=True,
        )
        new = self.connection.read_parquet(str(facts))
        place = ("filename", "file_row_number")
        kept = [f'old."{name}"' for name in old.columns if name not in new.columns]
        given = [f'new."{name}"' for name in new.columns if name not in place]
        same = " AND ".join(f"old.{name} = new.{name}" for name in place)
        joined = old.set_alias("old").join(new.set_alias("new"), same)
        return joined.project(", ".join(kept + given))

    def stored(self, kind: str, relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
        """Bring columns to the types and the order of the cache, and rows to an order.

        Neighbors in time compress well, and readers of some minutes skip the rest. A day of
        talkers is by address: a sixth smaller, and sooner read as a whole; who wants one of
        its hours reads all of them, which takes some 10 ms more of 700,000 rows.
        """
        names = set(relation.columns)
        order = [name for name in _TIMES.get(kind, _HOURLY)[-1] if name in names]
        if kind == "flows":
            order += ["object_id", "line"]
        elif kind == "talkers":
            order = ["ip4", "ip6", "address", "vpc_id", *order, "action"]
        elif kind == "talker_spans":  # Rows that are alike lie together.
            order += ["action", "initiated_flows", "place"]
        elif kind in SPAN_TABLES:  # Rows that are grouped together lie together.
            order += [*NUMBER_COLUMNS[SPAN_TABLES[kind]], "action"]
        else:
            order += [name for name, stored in STORED_TABLES[kind].items() if stored == "string"]
        ordered = ", ".join(f'"{name}"' for name in order)
        return _cast(STORED_TABLES[kind], relation).order(ordered)

    def typed(self, kind: str, relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
        """Bring columns to the types and the order of the cache; numbers of places go."""
        return _cast(TABLES[kind], relation)

    def full(self, kind: str, relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
        """Return every column of a table; what no part has is null."""
        names = set(relation.columns)
        return relation.project(
            ", ".join(
                f'"{name}"' if name in names else f'CAST(NULL AS {_SQL_TYPES[stored]}) AS "{name}"'
                for name, stored in TABLES[kind].items()
            )
        )

    def write(
        self, kind: str, date: str, hour: str | None, relation: duckdb.DuckDBPyRelation
    ) -> NewPart | None:
        """Write rows as one synced file in the temporary folder; None where there are none.

        Raises:
            duckdb.Error: A part cannot be read, or a sum does not fit its type.
            OSError: The disk refuses.
        """
        self._written += 1
        path = self._tmp / f"{kind}-made-{self._written:06d}.parquet"
        self.stored(kind, relation).create_view(_TO_WRITE, replace=True)
        target = str(path).replace("'", "''")
        level = _FLOWS_LEVEL if kind == "flows" else _ROLLUP_LEVEL
        self.connection.execute(
            f"COPY {_TO_WRITE} TO '{target}' (FORMAT parquet, COMPRESSION zstd,"
            f" COMPRESSION_LEVEL {level}, ROW_GROUP_SIZE {_ROWS_IN_GROUP})"
        )
        with path.open("rb") as written:
            os.fsync(written.fileno())
        made = self.read(kind, [str(path)])
        earliest, latest = (
            ", ".join([f'"{name}"' for name in names if name in made.columns] or ["NULL::BIGINT"])
            for names in _TIMES.get(kind, _HOURLY)
        )
        first, last, n_rows = self.row(
            made, f"min(coalesce({earliest}))", f"max(coalesce({latest}))", "count(*)"
        )
        if not n_rows:
            path.unlink()
            return None
        size = path.stat().st_size
        numbers = NUMBER_COLUMNS.get(SPAN_TABLES.get(kind, kind), {}).keys()
        is_numbered = bool(numbers) and numbers <= set(made.columns)
        checksum = checksum_of(path)
        return NewPart(
            str(path), kind, date, hour, first, last, n_rows or 0, size, checksum, is_numbered
        )

    def row(self, relation: duckdb.DuckDBPyRelation, *sums: str) -> tuple[int | None, ...]:
        """Return the one row of whole numbers of an aggregate without groups."""
        (found,) = relation.aggregate(", ".join(sums)).fetchall()
        return tuple(None if value is None else int(value) for value in found)


def _cast(
    columns: Mapping[str, StoredType], relation: duckdb.DuckDBPyRelation
) -> duckdb.DuckDBPyRelation:
    names = set(relation.columns)
    return relation.project(
        ", ".join(
            f'CAST("{name}" AS {_SQL_TYPES[stored]}) AS "{name}"'
            for name, stored in columns.items()
            if name in names
        )
    )


def _ip4_number(address: str | None) -> int | None:
    packed = packed_address(address or "")
    return int.from_bytes(packed) if packed is not None and len(packed) == 4 else None


def _ip6_hex(address: str | None) -> str | None:
    packed = packed_address(address or "")
    return packed.hex() if packed is not None and len(packed) == 16 else None
