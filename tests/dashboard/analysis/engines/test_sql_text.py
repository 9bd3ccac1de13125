"""Values and tables put into compiled SQL."""

from __future__ import annotations

import pytest

from dashboard.analysis.engines.sql_text import with_tables, with_values


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        ("pyspark", "a >= $low AND b = '$low'", "a >= <low> AND b = '$low'"),
        ("pyspark", r"b = 'it\'s $low' AND `$low` = $low", r"b = 'it\'s $low' AND `$low` = <low>"),
        (
            "athena",
            "b = 'it''s $low' AND \"$path\" = $a_1",
            "b = 'it''s $low' AND \"$path\" = <a_1>",
        ),
        ("athena", r"b = '\' AND a = $low", r"b = '\' AND a = <low>"),
    ],
)
def test_values_go_outside_of_quotes(dialect: str, sql: str, expected: str) -> None:
    """Strings and names stay; a backslash escapes in Spark alone."""
    assert with_values(sql, dialect, lambda name: f"<{name}>") == expected


def test_tables_stand_before_the_query() -> None:
    """Ibis's own expressions follow them."""
    tables = {"edges": "SELECT 1"}

    assert with_tables("SELECT 2", tables, "`") == "WITH `edges` AS (SELECT 1) SELECT 2"
    assert with_tables("WITH t AS (x) y", tables, '"') == 'WITH "edges" AS (SELECT 1), t AS (x) y'
    assert with_tables("SELECT 2", {}, "`") == "SELECT 2"
