"""The cache's tables as unbound Ibis tables: names and types, no data."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from ingest.schema import TABLES, StoredType

_IBIS_TYPES: dict[StoredType, str] = {
    "string": "string",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "bool": "boolean",
    "map": "map<string, string>",
}

# A table that the adapter registers beside the files: address to node name.
NAMES = "node_names"


def cache_table(kind: str) -> ir.Table:
    """Return a table of the cache, with the columns of `ingest.schema`."""
    columns = {name: _IBIS_TYPES[stored] for name, stored in TABLES[kind].items()}
    return ibis.table(columns, name=kind)


def names_table() -> ir.Table:
    """Return `address` and `node`: one row for each address that has a name."""
    return ibis.table({"address": "string", "node": "string"}, name=NAMES)
