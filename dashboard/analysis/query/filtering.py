"""A filter as a condition over rows of `edges`, and what it needs to be one."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from dashboard.analysis.filters.expression import (
    AddressRange,
    And,
    Filter,
    Not,
    NumberRange,
    Term,
    Value,
    terms,
)
from dashboard.analysis.filters.fields import FIELDS, Place

_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
# Columns that are not called as the field is.
_COLUMNS = {
    "port": ("service_port",),
    "logged_interface": ("interface_id",),
    "rule": ("initiator_rule",),
    "logged_service": ("pkt_src_aws_service", "pkt_dst_aws_service"),
}
# What terms of raw records read.
RECORD_COLUMNS = (
    "reporter", "srcport", "dstport", "tcp_flags", "traffic_path", "interface_id",
    "reject_reason", "initiator_rule", "pkt_src_aws_service", "pkt_dst_aws_service",
)  # fmt: skip
MEASURES = ("bytes", "packets", "flows")
CONVERSATION = (
    "initiator", "responder", "initiator_vpc_id", "responder_vpc_id", "service_port", "protocol",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """What a term says of one end, whichever: worked out once for each address.

    Attributes:
        field: Name of a field of an end.
        key: Key of a tag.
        operator: `in` or `~`.
        values: Texts; ranges of addresses are compared with the rows themselves.
    """

    field: str
    key: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a filter needs beside the keys of a conversation.

    Attributes:
        claims: What it says of ends, in the order of `claim_0`, …
        crossings: What both ends are compared in, of `filters.fields.CROSSABLE`.
        measures: Sums over conversations that it compares.
        records: It asks what raw records alone hold.
        columns: Columns of `edges` that it reads.
        ranges: It compares addresses with ranges, by their numbers.
    """

    claims: tuple[Claim, ...]
    crossings: tuple[str, ...]
    measures: tuple[str, ...]
    records: bool
    columns: frozenset[str]
    ranges: bool


def claim_of(term: Term) -> Claim | None:
    """Return what a term about an end says in texts; None: nothing."""
    values: tuple[Value, ...] = term.values
    texts = tuple(value for value in values if isinstance(value, str))
    return Claim(term.field, term.key, term.operator, texts) if texts else None


@functools.lru_cache(maxsize=256)
def needs_of(expression: Filter | None) -> Needs:
    """Return what a filter needs."""
    claims: dict[Claim, None] = {}
    crossings: dict[str, None] = {}
    measures: dict[str, None] = {}
    columns: set[str] = set()
    records = ranges = False
    for term in terms(expression):
        place = FIELDS[term.field].place
        ranges |= any(isinstance(value, AddressRange) for value in term.values)
        if place is Place.END:
            columns |= {"initiator", "responder"}
            if (claim := claim_of(term)) is not None:
                claims[claim] = None
        elif place is Place.PAIR:
            columns |= {"initiator", "responder"}
            crossings |= dict.fromkeys(str(value) for value in term.values)
        elif place is Place.MEASURE:
            columns |= {"initiator", "responder", "service_port", "protocol"}
            measures[term.field] = None
        elif place is Place.RECORD:
            records = True
        else:
            columns.add("service_port" if term.field == "port" else term.field)
    return Needs(
        tuple(claims), tuple(crossings), tuple(measures), records, frozenset(columns), ranges
    )


def with_measures(rows: ir.Table, expression: Filter | None) -> ir.Table:
    """Add `all_bytes`, … : sums over each row's conversation, for the measures of a filter."""
    measures = needs_of(expression).measures
    if not measures:
        return rows
    window = ibis.window(group_by=[rows[name] for name in CONVERSATION])
    return rows.mutate(**{f"all_{name}": rows[name].sum().over(window) for name in measures})


def condition(rows: ir.Table, expression: Filter) -> ir.BooleanValue:
    """Return a filter as a condition that is never null.

    Args:
        rows: Rows of `edges` or raw records in their shape, with the measures and, as
            `src_claim_0`, `dst_claim_0`, …, the claims that `needs_of` lists.
        expression: The filter.
    """
    return _condition(rows, expression, needs_of(expression).claims)


def _condition(rows: ir.Table, part: Filter, claims: tuple[Claim, ...]) -> ir.BooleanValue:
    if isinstance(part, Not):
        return ~_condition(rows, part.inner, claims)
    if isinstance(part, Term):
        return _holds(rows, part, claims)
    joins = ibis.and_ if isinstance(part, And) else ibis.or_
    return joins(*(_condition(rows, inner, claims) for inner in part.parts))


def _holds(rows: ir.Table, term: Term, claims: tuple[Claim, ...]) -> ir.BooleanValue:
    place = FIELDS[term.field].place
    if place is Place.END:
        sides = ("src", "dst") if term.side == "any" else (term.side,)
        return ibis.or_(*(_end_holds(rows, term, side, claims) for side in sides))
    if place is Place.PAIR:
        tests = [rows[f"src_{name}"] != rows[f"dst_{name}"] for name in map(str, term.values)]
        return _known(ibis.or_(*tests))
    if place is Place.MEASURE:
        return _compared(rows[f"all_{term.field}"], term)
    if term.field == "direction":
        told = rows.reporter.cases(("dst", "ingress"), ("src", "egress"), else_="none")
        return told.isin([str(value) for value in term.values])
    if term.field == "action":
        return rows.action.fill_null("NONE").isin([str(value).upper() for value in term.values])
    names = _COLUMNS.get(term.field, (term.field,))
    return ibis.or_(*(_column_holds(rows[name], term) for name in names))


def _column_holds(column: ir.Value, term: Term) -> ir.BooleanValue:
    if isinstance(term.values[0], NumberRange):
        return _compared(column, term)
    if term.operator == "~":
        tests = [column.re_search(glob_pattern(str(value))) for value in term.values]
    else:
        tests = [column.lower() == str(value).lower() for value in term.values]
    return _known(ibis.or_(*tests))


def _compared(column: Any, term: Term) -> ir.BooleanValue:
    if term.operator in _ORDERS:
        bounds = [value.low for value in term.values if isinstance(value, NumberRange)]
        return _known(_ORDERS[term.operator](column, bounds[0]))
    ranges = [value for value in term.values if isinstance(value, NumberRange)]
    singles = [value.low for value in ranges if value.low == value.high]
    tests = [column.isin(singles)] if singles else []
    tests += [column.between(v.low, v.high) for v in ranges if v.low != v.high]
    return _known(ibis.or_(*tests))


def _end_holds(rows: ir.Table, term: Term, side: str, claims: tuple[Claim, ...]) -> ir.BooleanValue:
    end = "initiator" if side == "src" else "responder"
    tests = [
        _in_range(rows[f"{end}_ip{value.version}"], value)
        for value in term.values
        if isinstance(value, AddressRange)
    ]
    claim = claim_of(term)
    if claim is not None:
        tests.append(rows[f"{side}_claim_{claims.index(claim)}"])
    return _known(ibis.or_(*tests))


def _in_range(column: Any, value: AddressRange) -> Any:
    if value.version == 4:
        low: int | str = value.low
        high: int | str = value.high
    else:
        low, high = f"{value.low:032x}", f"{value.high:032x}"
    return column == low if low == high else column.between(low, high)


def _known(test: Any) -> Any:
    return test.fill_null(False)


def glob_pattern(glob: str) -> str:
    """Turn `*` and `?` into a regular expression over the whole text, in any case."""
    marks = {"*": ".*", "?": "."}
    return f"(?is)^{''.join(marks.get(sign) or re.escape(sign) for sign in glob)}$"
