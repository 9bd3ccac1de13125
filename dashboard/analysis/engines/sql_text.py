"""Compiled SQL as text: values put in, tables put before."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

# What may hold a `$` that is no value: strings, quoted names. Spark's strings know `\'`.
_QUOTED = {
    "pyspark": r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`]|``)*`",
    "athena": r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"",
}


def with_values(sql: str, dialect: str, written: Callable[[str], str]) -> str:
    """Replace each `$name` of a query; strings and quoted names stay as they are."""
    pattern = re.compile(rf"({_QUOTED[dialect]})|\$([a-z_][a-z0-9_]*)", re.DOTALL | re.IGNORECASE)
    return pattern.sub(lambda found: found[1] or written(found[2]), sql)


def with_tables(sql: str, tables: Mapping[str, str], quote: str) -> str:
    """Put a common table expression for each table before a query.

    Args:
        sql: A query as Ibis writes it: its own expressions stand behind one leading WITH.
        tables: Name and query of each table.
        quote: What names are quoted with.
    """
    if not tables:
        return sql
    before = ", ".join(f"{quote}{name}{quote} AS ({query})" for name, query in tables.items())
    return f"WITH {before}, {sql[5:]}" if sql.startswith("WITH ") else f"WITH {before} {sql}"
