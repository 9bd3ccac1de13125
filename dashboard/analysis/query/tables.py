"""The cache's tables as unbound Ibis tables: names and types, no data."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from ingest.schema import READ_TABLES, StoredType

_IBIS_TYPES: dict[StoredType, str] = {
    "string": "string",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "bool": "boolean",
}

# Tables that the adapter registers beside the files: what is known of addresses, and of
# places by their numbers.
FACTS = "node_facts"
PLACE_FACTS = "place_facts"


def cache_table(kind: str) -> ir.Table:
    """Return a table of the cache, with its columns but maps.

    No view reads maps, and engines do not agree on their type.
    """
    stored = READ_TABLES[kind]
    columns = {n: _IBIS_TYPES[stored[n]] for n in stored if stored[n] in _IBIS_TYPES}
    return ibis.table(columns, name=kind)


def facts_table(
    n_claims: int, crossings: tuple[str, ...] = (), *, codes: bool = False, by_place: bool = False
) -> ir.Table:
    """Return the facts that a question needs of addresses.

    Args:
        n_claims: How many claims of its filter speak of an end.
        crossings: In what its filter compares both ends.
        codes: Nodes are numbers.
        by_place: The facts of places: `place_id`, `ip4` and `ip6` for `address` and `vpc_id`.

    Returns:
        `address`, `vpc_id`, `valid_from`, `valid_to`, `node` (null: the address itself),
        `is_named`, `claim_0`, … (true where the claim holds), and what ends are compared
        in, under its name. One row for each
        address, VPC and stretch of time; addresses that are not listed are unknown.
    """
    numbers = {"place_id": "int32", "ip4": "int64", "ip6": "string"}
    columns = {
        **(numbers if by_place else {"address": "string", "vpc_id": "string"}),
        "valid_from": "int64",
        "valid_to": "int64",
        "node": "int32" if codes else "string",
        "is_named": "boolean",
        **{f"claim_{number}": "boolean" for number in range(n_claims)},
        **dict.fromkeys(crossings, "string"),
    }
    return ibis.table(columns, name=PLACE_FACTS if by_place else FACTS)
