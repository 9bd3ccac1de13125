"""Columns of codes to Parquet files that other readers read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.store.columns import Codes, Flags, Numbers, Pairs, Texts
from ingest.store.parquet import write_parquet

OPTIONAL_NUMBERS = st.lists(st.none() | st.integers(0, 5) | st.integers(0, 2**31 - 1), max_size=300)


class TestWriting:
    """Columns to files that other readers read."""

    @settings(max_examples=80)
    @given(
        OPTIONAL_NUMBERS, st.integers(0, 2**32), st.integers(1, 80),
        st.lists(st.booleans(), min_size=5, max_size=5), st.booleans(),
    )  # fmt: skip
    def test_every_reader_reads_back_what_was_written(self, values, offset, run, without, shared):
        """Nulls, runs, few and many distinct values, texts, and columns of the same codes."""
        repeated = [value for value in values for _ in range(run)][:2_000]
        filled = np.array([-1 if v is None else v for v in repeated], np.int32)
        large = np.where(filled < 0, -1, filled.astype(np.int64) + offset)
        words = ["", "a", "b c", "é", "word " * 30]
        few = np.where(filled < 0, -1, filled % 5).astype(np.int32)
        columns = [
            ("small", "int32", Numbers(filled)),
            ("large", "int64", Numbers(large)),
            ("line", "int32", Numbers(np.abs(filled), is_ascending=True)),
            ("word", "string", Codes(few, Texts.of(words), is_shared=shared)),
            ("coded", "int64", Codes(few, np.array([7, 2**40, 5, 0, 1]))),
            ("partly", "string", Codes(few, Texts.of(words), np.array(without))),
            ("all", "bool", Flags((few & 1).astype(np.uint8))),
            ("same", "int32", Numbers(np.full(len(filled), offset % 7, np.int32))),
            ("flag", "bool", Flags((few & 1).astype(np.uint8), few >= 0)),
            ("extra", "map", Pairs({"k": Codes(few, Texts.of(words))})),
        ]  # fmt: skip
        content = written(columns, np.arange(len(filled))[::-1])

        expected = {
            "small": [None if v < 0 else v for v in filled.tolist()[::-1]],
            "large": [None if v < 0 else v for v in large.tolist()[::-1]],
            "line": np.abs(filled).tolist()[::-1],
            "word": [None if c < 0 else words[c] for c in few.tolist()[::-1]],
            "coded": [None if c < 0 else [7, 2**40, 5, 0, 1][c] for c in few.tolist()[::-1]],
            "partly": [None if c < 0 or without[c] else words[c] for c in few.tolist()[::-1]],
            "all": [bool(c & 1) for c in few.tolist()[::-1]],
            "same": [offset % 7] * len(filled),
            "flag": [None if c < 0 else bool(c & 1) for c in few.tolist()[::-1]],
            "extra": [[] if c < 0 else [{"key": "k", "value": words[c]}]
                      for c in few.tolist()[::-1]],
        }  # fmt: skip
        assert pq.read_table(io.BytesIO(content)).to_pydict() == expected
        assert pl.read_parquet(content).to_dict(as_series=False) == expected

    def test_duckdb_prunes_by_the_statistics(self, tmp_path: Path):
        """Smallest and largest value, and the nulls, are in the footer."""
        column = Numbers(np.array([30, -1, 10, 20], np.int64))
        path = tmp_path / "part.parquet"
        path.write_bytes(written([("ip4", "int64", column)], np.arange(4)))

        footer = duckdb.sql("FROM parquet_metadata($path)", params={"path": str(path)})

        assert footer.project("stats_min_value, stats_max_value, stats_null_count").fetchall() == [
            ("10", "30", 1)
        ]
        below = duckdb.read_parquet(str(path)).filter("ip4 < 25")
        assert below.aggregate("sum(ip4)").fetchall() == [(30,)]

    def test_many_rows_make_several_row_groups(self):
        """Rows stay in order across row groups and the borders of packed runs."""
        values = np.arange(300_000, dtype=np.int32) // 7
        content = written([("n", "int32", Numbers(values))], np.arange(len(values)))
        file = pq.ParquetFile(io.BytesIO(content))

        assert file.metadata.num_row_groups == 2
        assert file.read()["n"].to_numpy().tolist() == values.tolist()


def written(columns: Any, rows: np.ndarray) -> bytes:
    file = io.BytesIO()
    write_parquet(file, columns, rows.astype(np.int32))
    return file.getvalue()
