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
}

# A table that the adapter registers beside the files: what is known of addresses.
FACTS = "node_facts"


def cache_table(kind: str) -> ir.Table:
    """Return a table of the cache, with the columns of `ingest.schema` but maps.

    No view reads maps, and engines do not agree on their type.
    """
    stored = TABLES[kind]
    columns = {n: _IBIS_TYPES[stored[n]] for n in stored if stored[n] in _IBIS_TYPES}
    return ibis.table(columns, name=kind)


def facts_table(n_claims: int, crossings: tuple[str, ...] = ()) -> ir.Table:
    """Return the facts that a question needs of addresses.

    Args:
        n_claims: How many claims of its filter speak of an end.
        crossings: In what its filter compares both ends.

    Returns:
        `address`, `vpc_id`, `valid_from`, `valid_to`, `node` (null: the address itself),
        `is_named`, `claim_0`, … (true where the claim holds), and what ends are compared
        in, under its name. One row for each
        address, VPC and stretch of time; addresses that are not listed are unknown.
    """
    columns = {
        "address": "string",
        "vpc_id": "string",
        "valid_from": "int64",
        "valid_to": "int64",
        "node": "string",
        "is_named": "boolean",
        **{f"claim_{number}": "boolean" for number in range(n_claims)},
        **dict.fromkeys(crossings, "string"),
    }
    return ibis.table(columns, name=FACTS)
