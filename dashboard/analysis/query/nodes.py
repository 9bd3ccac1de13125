"""Addresses become nodes: facts of addresses joined to rows."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from dashboard.analysis.query.tables import facts_table


@dataclass(frozen=True, slots=True)
class Joined:
    """How facts of addresses are joined; a part of a query's shape.

    Attributes:
        any: There are facts to join; without, a node is its address.
        by_vpc: Some address lies in several VPCs, so the VPC belongs to the key.
        by_time: Some fact holds for a stretch of time only.
        n_claims: How many claims of the filter come with them.
        crossings: In what the filter compares both ends.
    """

    any: bool = False
    by_vpc: bool = False
    by_time: bool = False
    n_claims: int = 0
    crossings: tuple[str, ...] = ()


def with_facts(rows: ir.Table, joined: Joined, **sides: tuple[str, str]) -> ir.Table:
    """Add what is known of ends: `with_facts(t, j, src=("initiator", "initiator_vpc_id"))`.

    Args:
        rows: Any rows with `time`.
        joined: How facts are joined.
        sides: Name of each end, and its columns of address and VPC.

    Returns:
        The rows with, for each side, the node id under the side's name (null where the
        address is), `<side>_named`, `<side>_claim_0`, …, and
        `<side>_az` and the like.
    """
    for side, (address, vpc_id) in sides.items():
        if not joined.any:
            rows = rows.mutate(**{side: rows[address], f"{side}_named": ibis.literal(False)})
            continue
        facts = facts_table(joined.n_claims, joined.crossings).view()
        on = [rows[address] == facts.address]
        if joined.by_vpc:
            same = facts.vpc_id.isnull() | (rows[vpc_id].fill_null("-") == facts.vpc_id)
            on.append(same)
        if joined.by_time:
            on.append(
                (facts.valid_from.isnull() | (rows.time >= facts.valid_from))
                & (facts.valid_to.isnull() | (rows.time < facts.valid_to))
            )
        claims = {
            f"{side}_claim_{number}": facts[f"claim_{number}"].fill_null(False)
            for number in range(joined.n_claims)
        }
        rows = rows.left_join(facts, on).select(
            rows,
            **{
                side: ibis.coalesce(facts.node, rows[address]),
                f"{side}_named": facts.is_named.fill_null(False),
                **claims,
                **{f"{side}_{name}": facts[name] for name in joined.crossings},
            },
        )
    return rows
