"""Addresses become nodes: a known name where there is one."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from dashboard.analysis.query.tables import names_table


def with_nodes(rows: ir.Table, *, named: bool, **columns: str) -> ir.Table:
    """Add node columns, each from an address column: `with_nodes(t, named=True, src="initiator")`.

    Args:
        rows: Any rows.
        named: Whether names are joined; without, a node is its address.
        columns: New column and the address column that it is made of. Null stays null.
    """
    if not named:
        return rows.mutate(**{node: rows[address] for node, address in columns.items()})
    for node, address in columns.items():
        names = names_table().view()
        joined = rows.left_join(names, rows[address] == names.address)
        rows = joined.select(rows, **{node: ibis.coalesce(names.node, rows[address])})
    return rows
