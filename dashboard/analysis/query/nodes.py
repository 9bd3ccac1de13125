"""Addresses become nodes: facts of addresses joined to rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from dashboard.analysis.query.tables import facts_table
from dashboard.analysis.query.unknown_times import UNDATED


@dataclass(frozen=True, slots=True)
class Joined:
    """How facts of addresses are joined; a part of a query's shape.

    Attributes:
        any: There are facts to join; without, a node is its address.
        by_vpc: Some address lies in several VPCs, so the VPC belongs to the key.
        by_time: Some fact holds for a stretch of time only.
        n_claims: How many claims of the filter come with them.
        crossings: In what the filter compares both ends.
        codes: Nodes are numbers, in the order of their ids' texts.
    """

    any: bool = False
    by_vpc: bool = False
    by_time: bool = False
    n_claims: int = 0
    crossings: tuple[str, ...] = ()
    codes: bool = False


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
        facts = facts_table(joined.n_claims, joined.crossings, codes=joined.codes).view()
        on = [rows[address] == facts.address]
        if joined.by_vpc:
            same = facts.vpc_id.isnull() | (rows[vpc_id].fill_null("-") == facts.vpc_id)
            on.append(same)
        # A code stands for every address; of texts, those that are listed are not their own.
        node = facts.node if joined.codes else ibis.coalesce(facts.node, rows[address])
        rows = _told(rows, facts, on, joined, side, node)
    return rows


def with_place_facts(
    rows: ir.Table, joined: Joined, numbers: bool, **sides: tuple[str, str]
) -> ir.Table:
    """Add what is known of places, by their numbers; as `with_facts` with codes.

    Args:
        rows: Any rows with `time`.
        joined: How facts are joined.
        numbers: Add `<end>_ip4` and `<end>_ip6`.
        sides: Name of each end, its column of places, and what its addresses are called.
    """
    for side, (place, end) in sides.items():
        facts = facts_table(joined.n_claims, joined.crossings, codes=True, by_place=True).view()
        more = {f"{end}_{name}": facts[name] for name in ("ip4", "ip6") if numbers}
        rows = _told(rows, facts, [rows[place] == facts.place_id], joined, side, facts.node, more)
    return rows


def _told(
    rows: ir.Table,
    facts: ir.Table,
    on: list[ir.BooleanValue],
    joined: Joined,
    side: str,
    node: ir.Value,
    more: Mapping[str, ir.Value] | None = None,
) -> ir.Table:
    if joined.by_time:
        # Of texts, what no fact fits is its own node; a code has to be listed for that.
        time = rows.time.fill_null(UNDATED) if joined.codes else rows.time
        on.append(
            (facts.valid_from.isnull() | (time >= facts.valid_from))
            & (facts.valid_to.isnull() | (time < facts.valid_to))
        )
    claims = {
        f"{side}_claim_{number}": facts[f"claim_{number}"].fill_null(False)
        for number in range(joined.n_claims)
    }
    return rows.left_join(facts, on).select(
        rows,
        **{
            side: node,
            f"{side}_named": facts.is_named.fill_null(False),
            **claims,
            **{f"{side}_{name}": facts[name] for name in joined.crossings},
            **(more or {}),
        },
    )
