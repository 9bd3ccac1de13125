"""What others do with the same files: `python -m tests.bench.rivals NAME LOGS OUT`.

Each gets its best plain way: typed columns, `-` as null, zstd. Except for the first two
and the last, they parse and write Parquet; none derives, rolls up, or commits.
"""

from __future__ import annotations

import csv
import gzip
import multiprocessing
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

DIR = "AWSLogs"
_TEXT = frozenset({"account_id", "interface_id", "srcaddr", "dstaddr", "action", "log_status"})


def _files(logs: Path) -> list[Path]:
    return sorted(logs.rglob("*.log.gz"))


def _names(files: list[Path]) -> list[str]:
    with gzip.open(files[0], "rt") as lines:
        return lines.readline().replace("-", "_").split()


def flowlogs_reader(logs: Path, out: Path) -> None:
    """Parse every line into its record object, and drop it."""
    del out
    _read(_files(logs))


def _read(files: list[Path]) -> None:
    warnings.simplefilter("ignore")
    from flowlogs_reader import FlowRecord

    for path in files:
        with gzip.open(path, "rt") as lines:
            rows = csv.DictReader(lines, delimiter=" ")
            rows.fieldnames = [name.replace("-", "_") for name in rows.fieldnames or []]
            for row in rows:
                FlowRecord(row)


def flowlogs_reader_on_both_cores(logs: Path, out: Path) -> None:
    """The same by two processes at once, half of the files each.

    Two busy cores of one machine slow each other down, and a load keeps both busy.
    """
    del out
    files = _files(logs)
    context = multiprocessing.get_context("fork")
    halves = [context.Process(target=_read, args=(files[n::2],)) for n in range(2)]
    for half in halves:
        half.start()
    for half in halves:
        half.join()


def duckdb(logs: Path, out: Path) -> None:
    """`read_csv` to `COPY`."""
    import duckdb

    columns = {n: "VARCHAR" if n in _TEXT else "BIGINT" for n in _names(_files(logs))}
    duckdb.execute(
        "COPY (FROM read_csv($files, delim=' ', header=true, nullstr='-', quote='', escape='',"
        f" auto_detect=false, columns={columns})) TO '{out}/duckdb.parquet' (COMPRESSION zstd)",
        {"files": [str(path) for path in _files(logs)]},
    )


def polars(logs: Path, out: Path) -> None:
    """`read_csv` of each file to `write_parquet`."""
    import polars

    files = _files(logs)
    schema = {n: polars.String if n in _TEXT else polars.Int64 for n in _names(files)}
    polars.concat(
        [
            polars.read_csv(
                path,
                separator=" ",
                null_values="-",
                quote_char=None,
                schema=schema,
                has_header=False,
                skip_rows=1,
            )
            for path in files
        ]
    ).write_parquet(out / "polars.parquet", compression="zstd")


def pandas(logs: Path, out: Path) -> None:
    """`read_csv` of each file to `to_parquet`."""
    import pandas

    files = _files(logs)
    names = _names(files)
    kinds: Any = {n: "str" if n in _TEXT else "Int64" for n in names}
    pandas.concat(
        [
            pandas.read_csv(path, sep=" ", na_values="-", dtype=kinds, names=names, header=0)
            for path in files
        ]
    ).to_parquet(out / "pandas.parquet", compression="zstd")


def pyarrow(logs: Path, out: Path) -> None:
    """`read_csv` of each file to `write_table`."""
    import pyarrow
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    files = _files(logs)
    names = _names(files)
    kinds = {n: pyarrow.string() if n in _TEXT else pyarrow.int64() for n in names}
    tables = [
        arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=1),
            parse_options=arrow_csv.ParseOptions(delimiter=" ", quote_char=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=kinds, null_values=["-"], strings_can_be_null=True
            ),
        )
        for path in files
    ]
    parquet.write_table(pyarrow.concat_tables(tables), out / "arrow.parquet", compression="zstd")


def isal(logs: Path, out: Path) -> None:
    """Decompress, no more: the floor."""
    del out
    from isal import igzip

    for path in _files(logs):
        igzip.decompress(path.read_bytes())


RIVALS: dict[str, Callable[[Path, Path], None]] = {
    "flowlogs-reader, bare parsing": flowlogs_reader,
    "flowlogs-reader on both cores": flowlogs_reader_on_both_cores,
    "duckdb read_csv, COPY": duckdb,
    "polars read_csv, write_parquet": polars,
    "pandas read_csv, to_parquet": pandas,
    "pyarrow read_csv, write_table": pyarrow,
    "isal decompression alone": isal,
}

if __name__ == "__main__":
    RIVALS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
