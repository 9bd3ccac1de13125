"""SQL for Athena, as text and as a parser of its dialect reads it."""

from __future__ import annotations

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from dashboard.analysis.engines.athena_sql import literal, query_text, table_statements
from dashboard.analysis.engines.protocol import Inputs
from ingest.schema import TABLES
from ingest.store.layout import UNDATED

ROOT = "s3://bucket/cache"


def text_of(sql: str, files: dict[str, list[str]], **tables: pa.Table) -> str:
    """Return the text that Athena would be sent; files lie under the same path below ROOT."""
    urls = {path: f"{ROOT}/{path}" for paths in files.values() for path in paths}
    return query_text(sql, Inputs(files, tables), {"low": 7}, "flows", urls)


def scan_of(text: str, kind: str) -> exp.Expression:
    """Return the expression that stands for a table of the cache."""
    (found,) = [c for c in sqlglot.parse_one(text, dialect="athena").ctes if c.alias == kind]
    return found.this


def test_a_query_names_partitions_and_files() -> None:
    """Partitions keep the bill small, files keep replaced parts out."""
    hours = [f"edges/date=2026-03-02/hour={h}/part-{h}.parquet" for h in ("07", "08", "10")]
    text = text_of("SELECT sum(bytes) FROM edges WHERE hour_start > $low", {"edges": hours})

    where = scan_of(text, "edges").args["where"].sql(dialect="athena")
    assert """"date" = '2026-03-02' AND "hour" BETWEEN '07' AND '10'""" in where
    assert where.count("s3://") == 3
    assert '"$path" IN (' in where
    assert 'FROM "flows"."edges"' in text
    assert text.endswith("FROM edges WHERE hour_start > 7")


def test_several_days_leave_the_hour_open() -> None:
    """An hour of one day is no bound for another day."""
    paths = [
        "edges/date=2026-03-02/hour=23/part-1.parquet",
        "edges/date=2026-03-03/hour=01/part-2.parquet",
    ]
    where = scan_of(text_of("SELECT 1 FROM edges", {"edges": paths}), "edges").args["where"]

    assert "\"date\" BETWEEN '2026-03-02' AND '2026-03-03'" in where.sql(dialect="athena")
    assert '"hour"' not in where.sql(dialect="athena")


def test_records_without_a_time_come_from_their_own_table() -> None:
    """Projection cannot name their folder."""
    dated, undated = "ports/date=2026-03-02/part-1.parquet", f"ports/date={UNDATED}/part-2.parquet"

    union = text_of("SELECT 1 FROM ports", {"ports": [dated, undated]})
    alone = text_of("SELECT 1 FROM ports", {"ports": [undated]})

    assert "UNION ALL SELECT" in union
    assert 'FROM "flows"."ports_undated" WHERE "$path" IN (' in union
    assert '"flows"."ports" ' not in alone


def test_no_file_is_an_empty_table() -> None:
    """Its columns have their types, and nothing is read."""
    scan = scan_of(text_of("SELECT 1 FROM ports", {"ports": []}), "ports")

    assert [column.alias for column in scan.selects] == list(TABLES["ports"])
    assert not list(scan.find_all(exp.Table))


@pytest.mark.parametrize(
    "hostile", ["it's", "'; DROP TABLE edges; --", "\\'", "$low", "a\nb", '"', "é…", "''"]
)
def test_hostile_text_stays_text(hostile: str) -> None:
    """A name from a tag or a file is one string, whatever it holds."""
    names = pa.table({"address": ["192.0.2.1"], "node": [hostile], "is_named": [True]})
    text = text_of("WITH t0 AS (SELECT * FROM names) SELECT node FROM t0", {}, names=names)

    values = scan_of(text, "names").find(exp.Values)
    assert values is not None
    strings = [found.this for found in values.find_all(exp.Literal) if found.is_string]
    assert strings == ["192.0.2.1", hostile]
    assert literal(hostile).count("'") % 2 == 0


def test_values_have_their_types() -> None:
    """Null columns too; an empty table is one without rows."""
    table = pa.table({"a": pa.array([None], pa.string()), "n": [2**40], "x": [0.5], "b": [False]})

    assert text_of("SELECT 1 FROM t", {}, t=table) == (
        'WITH "t" AS (SELECT CAST("a" AS VARCHAR) AS "a", CAST("n" AS BIGINT) AS "n",'
        ' CAST("x" AS DOUBLE) AS "x", CAST("b" AS BOOLEAN) AS "b"'
        " FROM (VALUES (NULL, 1099511627776, DOUBLE '0.5', FALSE)) AS given"
        ' ("a", "n", "x", "b")) SELECT 1 FROM t'
    )
    assert "WHERE false" in text_of("SELECT 1 FROM t", {}, t=table.slice(0, 0))


def test_tables_are_projected_over_date_and_hour() -> None:
    """No crawler: the template names the folders that ingest writes."""
    statements = table_statements("flows", f"{ROOT}/", "2026-01-01")
    by_name = {s.split("`")[3]: s for s in statements if s.startswith("CREATE EXTERNAL TABLE")}

    assert set(by_name) == {*TABLES, *(f"{kind}_undated" for kind in TABLES)}
    assert "`date` string, `hour` string" in by_name["edges"]
    assert f"'{ROOT}/edges/date=${{date}}/hour=${{hour}}/'" in by_name["edges"]
    assert "'projection.date.range' = '2026-01-01,NOW+1DAY'" in by_name["edges"]
    assert "`hour` string" not in by_name["series"]
    assert f"LOCATION '{ROOT}/series/date={UNDATED}/'" in by_name["series_undated"]
    for statement in statements:
        sqlglot.parse_one(statement, dialect="athena")
