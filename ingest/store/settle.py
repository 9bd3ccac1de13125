"""Hours derived again from all of their records, however these were delivered.

A load derives initiators, reporters and VPCs from the records that came together. Once
an hour is over, `Settler` runs the same rules over all of its records at once. Those of
the hours before and after are witnesses: they tell who listens, which interface logs and
where an address lies, and are not decided here themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.conversation import REPORTERS, RULES, Derived, derive
from ingest.parse.address_table import AddressTable
from ingest.parse.text import Narrow, ParsedText, Wide
from ingest.schema import ACTIONS, ADDRESS_FIELDS, FLOW_TABLE, LOG_STATUSES
from ingest.store.layout import partitions_beside
from ingest.store.plan import Plan
from ingest.store.rows import LivePart

# About 200 bytes a row are held at once; with more rows an hour is left as it is.
LARGEST_HOUR = 3_000_000

_ADDRESSES = tuple(field.replace("-", "_") for field in ADDRESS_FIELDS)
_TEXTS = ("interface_id", "flow_direction", "vpc_id", "tgw_src_vpc_id", "tgw_dst_vpc_id")
_NUMBERS = ("srcport", "dstport", "protocol", "tcp_flags")
_CHOICES = {"action": ACTIONS, "log_status": LOG_STATUSES}
_WITNESS = (*_ADDRESSES, *_TEXTS, *_NUMBERS, *_CHOICES, "start", "is_counted")
_DERIVED = (
    "initiator_is_src", "service_port", "initiator_rule", "reporter", "is_counted",
    "src_vpc_id", "dst_vpc_id",
)  # fmt: skip
_TYPES = {"string": pa.string(), "int32": pa.int32(), "bool": pa.bool_()}


class Settler:
    """Derives hours again, one after the other.

    Args:
        folder: For the files that hold the facts.
        largest_hour: Most rows to derive at once.
    """

    def __init__(self, folder: Path, largest_hour: int) -> None:
        self._folder = folder
        self._largest = largest_hour
        self._parts: dict[tuple[str, str | None], list[LivePart]] = {}
        self._written = 0

    def begin(self, plan: Plan) -> None:
        """Take the parts of a plan as they are before it changes anything."""
        self._parts = defaultdict(list)
        for part in plan.live_in("flows"):
            self._parts[part.date, part.hour].append(part)

    def end(self) -> None:
        """Give the memory back: merging needs its own."""
        pa.default_memory_pool().release_unused()

    def is_too_large(self, date: str, hour: str) -> bool:
        """Tell whether an hour has more rows than are derived at once."""
        return self._n_rows((date, hour)) > self._largest

    def changed_facts(self, date: str, hour: str) -> Path | None:
        """Derive an hour, and write what `Engine.with_facts` takes.

        Returns:
            None where the stored facts are the same.
        """
        window = [near for near in partitions_beside(date, hour) if self._n_rows(near)]
        if sum(map(self._n_rows, window)) > self._largest:
            window = [(date, hour)]
        before = sum(map(self._n_rows, window[: window.index((date, hour))]))
        rows = slice(before, before + self._n_rows((date, hour)))
        # Nothing holds the table any more once it is parsed: it is as large as what is made of it.
        parsed = _parsed(_read([path for near in window for path in self._paths(near)], _WITNESS))
        expected = sum(map(self._n_rows, window))
        if parsed.n_rows != expected:
            msg = f"{parsed.n_rows:,} rows instead of {expected:,} around {date} hour {hour}"
            raise pa.ArrowInvalid(msg)
        facts = _facts(derive(parsed), rows)
        paths = self._paths((date, hour))
        stored = _read(paths, _DERIVED)
        if all(facts[name].equals(_plain(stored, name)) for name in facts.column_names):
            return None
        self._written += 1
        path = self._folder / f"facts-{self._written:06d}.parquet"
        pq.write_table(_placed(facts, paths), path, compression="zstd")
        return path

    def _n_rows(self, hour: tuple[str, str]) -> int:
        return sum(part.rows for part in self._parts.get(hour, ()))

    def _paths(self, hour: tuple[str, str]) -> list[str]:
        return [part.path for part in self._parts[hour]]


def _read(paths: Sequence[str], names: Sequence[str]) -> pa.Table:
    """Read some columns of parts, as far as they have them; texts as codes."""
    tables = []
    for path in paths:
        present = [name for name in pq.read_schema(path).names if name in names]
        texts = [name for name in present if FLOW_TABLE[name] == "string"]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            tables.append(file.read(columns=present))
    return pa.concat_tables(tables, promote_options="default")


def _parsed(table: pa.Table) -> ParsedText:
    """Return rows as the parser does; whether a row is traffic is known already."""
    narrow: dict[str, Narrow] = {}
    texts: dict[str, list[str]] = {}
    known: dict[str, int] = {}
    for name in table.column_names:
        if name in _NUMBERS:
            narrow[name] = _numbers(table[name]).astype(np.int32)
        elif name in _ADDRESSES or name in _TEXTS or name in _CHOICES:
            codes, meanings = _codes(table[name])
            if name in _ADDRESSES:
                codes = _renumbered(codes, [known.setdefault(m, len(known)) for m in meanings])
            elif name in _CHOICES:
                codes = _renumbered(codes, [_CHOICES[name].index(m) for m in meanings])
            else:
                texts[name] = meanings
            narrow[name] = codes
    is_traffic = pc.is_valid(table["is_counted"]).to_numpy()
    status = narrow.get("log_status", np.full(len(table), -1, np.int32))
    no_data = np.where(status > 0, status, LOG_STATUSES.index("NODATA"))
    narrow["log_status"] = np.where(is_traffic, 0, no_data).astype(np.int32)
    wide = {n: _numbers(table[n]) for n in ("start",) if n in table.column_names}
    addresses = AddressTable.of(list(known))
    return ParsedText((*narrow, *wide), len(table), narrow, wide, texts, addresses)


def _numbers(column: pa.ChunkedArray) -> Wide:
    return np.ascontiguousarray(column.fill_null(-1).cast(pa.int64()).to_numpy())


def _codes(column: pa.ChunkedArray) -> tuple[Narrow, list[str]]:
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    codes = array.indices.fill_null(-1).cast(pa.int32()).to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(codes), array.dictionary.to_pylist()


def _renumbered(codes: Narrow, numbers: Sequence[int]) -> Narrow:
    return np.array([*numbers, -1], np.int32)[codes]  # The code -1 takes the last.


def _facts(derived: Derived, rows: slice) -> pa.Table:
    """Return the derived columns of some records, as `flows` stores them."""
    rule, reporter, places = derived.rule[rows], derived.reporter[rows], derived.places
    port = derived.service_port[rows]
    facts = {
        "initiator_is_src": pa.array(derived.initiator_is_src[rows] > 0, mask=rule == 0),
        "service_port": pa.array(port, mask=port < 0),
        "initiator_rule": _texts(rule.astype(np.int32), RULES, rule == 0),
        "reporter": _texts(reporter.astype(np.int32), REPORTERS, reporter >= len(REPORTERS) - 1),
        "is_counted": pa.array(
            derived.is_counted[rows] > 0, mask=derived.is_traffic[rows] == 0
        ),
    }  # fmt: skip
    if places.vpc is not None:
        for side, ends in (("src", derived.src), ("dst", derived.dst)):
            vpcs = places.vpcs(ends[rows])
            facts[f"{side}_vpc_id"] = _texts(vpcs, places.vpc_ids, vpcs < 0)
    return pa.table(facts)


def _texts(codes: Narrow, texts: Sequence[str | None], is_null: npt.NDArray[np.bool_]) -> pa.Array:
    indexes = pa.array(codes, mask=is_null)
    return pa.DictionaryArray.from_arrays(indexes, pa.array(texts, pa.string())).cast(pa.string())


def _plain(stored: pa.Table, name: str) -> pa.ChunkedArray:
    kind = _TYPES[FLOW_TABLE[name]]
    if name not in stored.column_names:
        return pa.chunked_array([pa.nulls(len(stored), kind)])
    return stored[name].cast(kind)


def _placed(facts: pa.Table, paths: Sequence[str]) -> pa.Table:
    """Put the file and the number in it beside each row."""
    sizes = [pq.read_metadata(path).num_rows for path in paths]
    files = pa.array(np.repeat(np.arange(len(paths), dtype=np.int32), sizes))
    numbers = np.concatenate([np.arange(size) for size in sizes])
    filename = pa.DictionaryArray.from_arrays(files, pa.array(paths, pa.string()))
    return facts.append_column("filename", filename).append_column("file_row_number", [numbers])
