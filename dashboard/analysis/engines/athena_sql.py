"""SQL for Athena: tables over the cache's folders in S3, and queries over a catalog's files.

Athena sees folders, not the catalog: it would read parts that are replaced and not yet
removed. So every query names the files that count, and the partitions they lie in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from dashboard.analysis.engines.protocol import Inputs, Value
from dashboard.analysis.engines.sql_text import with_tables, with_values
from ingest.schema import TABLES, StoredType
from ingest.store.layout import HOURLY_TABLES, UNDATED

_DDL_TYPES: dict[StoredType, str] = {
    "string": "string",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "bool": "boolean",
}
_SQL_TYPES: dict[StoredType, str] = {
    "string": "VARCHAR",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "bool": "BOOLEAN",
}
_PARTITION = re.compile(r"/date=([^/]+)/(?:hour=([^/]+)/)?[^/]+$")
UNDATED_SUFFIX = "_undated"


def table_statements(database: str, cache_url: str, first_day: str) -> list[str]:
    """Return the statements that make the tables; each may be run again.

    Partitions are projected, so new hours need no crawler and no ALTER TABLE. Projection
    cannot name the folder of records without a time: that is a table of its own.

    Args:
        database: Of the Glue catalog; made where it is missing.
        cache_url: The cache folder in S3, `s3://bucket/prefix`.
        first_day: The oldest day that queries can reach, `YYYY-MM-DD`.
    """
    root = cache_url.rstrip("/")
    statements = [f"CREATE DATABASE IF NOT EXISTS `{database}`"]
    for kind, stored in TABLES.items():
        columns = _joined(f"`{n}` {_DDL_TYPES[t]}" for n, t in stored.items() if t in _DDL_TYPES)
        head = f"CREATE EXTERNAL TABLE IF NOT EXISTS `{database}`"
        hourly = kind in HOURLY_TABLES
        folder = f"date={UNDATED}" + (f"/hour={UNDATED}" if hourly else "")
        statements += [
            f"{head}.`{kind}` (\n  {columns}\n)\n"
            f"PARTITIONED BY (`date` string{', `hour` string' if hourly else ''})\n"
            f"STORED AS PARQUET\nLOCATION '{root}/{kind}/'\n"
            f"TBLPROPERTIES (\n  {_joined(_projection(root, kind, first_day, hourly=hourly))}\n)",
            f"{head}.`{kind}{UNDATED_SUFFIX}` (\n  {columns}\n)\n"
            f"STORED AS PARQUET\nLOCATION '{root}/{kind}/{folder}/'",
        ]
    return statements


def query_text(
    sql: str, inputs: Inputs, values: Mapping[str, Value], database: str, urls: Mapping[str, str]
) -> str:
    """Return a compiled query with its values and tables in it.

    Args:
        sql: In the dialect `athena`, values as `$name`.
        inputs: The tables that it reads.
        values: The values.
        database: Where the cache's tables are.
        urls: Where each file of `inputs` lies in S3.
    """
    tables = {
        kind: _scan(database, kind, [urls[path] for path in paths])
        for kind, paths in inputs.files.items()
    }
    tables |= {name: _rows(table) for name, table in inputs.tables.items()}
    text = with_values(sql, "athena", lambda name: literal(values[name]))
    return with_tables(text, tables, '"')


def literal(value: Value | bool) -> str:
    """Write a value; text in quotes, whatever it holds."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"DOUBLE '{value!r}'"
    return "'" + value.replace("'", "''") + "'"


def _projection(root: str, kind: str, first_day: str, *, hourly: bool) -> list[str]:
    properties = {
        "projection.enabled": "true",
        "projection.date.type": "date",
        "projection.date.format": "yyyy-MM-dd",
        "projection.date.range": f"{first_day},NOW+1DAY",
    }
    template = f"{root}/{kind}/date=${{date}}"
    if hourly:
        properties |= {
            "projection.hour.type": "integer",
            "projection.hour.range": "0,23",
            "projection.hour.digits": "2",
        }
        template += "/hour=${hour}"
    properties["storage.location.template"] = f"{template}/"
    return [f"'{name}' = '{value}'" for name, value in properties.items()]


def _scan(database: str, kind: str, urls: Sequence[str]) -> str:
    """Read some files of one table, found by their partitions and counted by their names."""
    stored = {n: t for n, t in TABLES[kind].items() if t in _SQL_TYPES}
    columns = ", ".join(f'"{name}"' for name in stored)
    undated = [url for url in urls if f"/date={UNDATED}/" in url]
    dated = [url for url in urls if f"/date={UNDATED}/" not in url]
    scans = []
    if dated:
        wanted = [_between("date", 1, dated)]
        if kind in HOURLY_TABLES and len({_partition(url)[0] for url in dated}) == 1:
            wanted.append(_between("hour", 2, dated))
        wanted.append(_paths(dated))
        source = f'"{database}"."{kind}"'
        scans.append(f"SELECT {columns} FROM {source} WHERE {' AND '.join(wanted)}")  # noqa: S608
    if undated:
        source = f'"{database}"."{kind}{UNDATED_SUFFIX}"'
        scans.append(f"SELECT {columns} FROM {source} WHERE {_paths(undated)}")  # noqa: S608
    if not scans:
        nulls = ", ".join(f'CAST(NULL AS {_SQL_TYPES[t]}) AS "{n}"' for n, t in stored.items())
        return f"SELECT {nulls} WHERE false"
    return " UNION ALL ".join(scans)


def _between(column: str, group: int, urls: Sequence[str]) -> str:
    values = sorted({_partition(url)[group - 1] for url in urls})
    if len(values) == 1:
        return f'"{column}" = {literal(values[0])}'
    return f'"{column}" BETWEEN {literal(values[0])} AND {literal(values[-1])}'


def _partition(url: str) -> tuple[str, str]:
    found = _PARTITION.search(url)
    if found is None:
        msg = f"{url}: not the path of a part"
        raise ValueError(msg)
    return found[1], found[2] or ""


def _paths(urls: Sequence[str]) -> str:
    return f'"$path" IN ({", ".join(literal(url) for url in urls)})'


def _rows(table: pa.Table) -> str:
    """Write a table from memory as SQL; null columns have their type too."""
    columns = {field.name: _type_of(field.type) for field in table.schema}
    if not table.num_rows:
        nulls = ", ".join(f'CAST(NULL AS {sql}) AS "{name}"' for name, sql in columns.items())
        return f"SELECT {nulls} WHERE false"
    names = ", ".join(f'"{name}"' for name in columns)
    typed = ", ".join(f'CAST("{name}" AS {sql}) AS "{name}"' for name, sql in columns.items())
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
    return f"SELECT {typed} FROM (VALUES {values}) AS given ({names})"  # noqa: S608


def _type_of(arrow_type: pa.DataType) -> str:
    if pa.types.is_boolean(arrow_type):
        return "BOOLEAN"
    if pa.types.is_integer(arrow_type):
        return "BIGINT"
    return "DOUBLE" if pa.types.is_floating(arrow_type) else "VARCHAR"


def _joined(lines: Iterable[str]) -> str:
    return ",\n  ".join(lines)
