"""What a filter says, once its text is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Side = Literal["any", "src", "dst"]
Operator = Literal["in", "~", ">", ">=", "<", "<="]


@dataclass(frozen=True, slots=True)
class AddressRange:
    """An address or a network.

    Attributes:
        version: 4 or 6.
        low: First address, as a number.
        high: Last address.
        text: As it is written back.
    """

    version: int
    low: int
    high: int
    text: str


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Whole numbers from `low` to `high`, both included; `text` is how they are written back."""

    low: int
    high: int
    text: str


Value = AddressRange | NumberRange | str


@dataclass(frozen=True, slots=True)
class Term:
    """One claim about a flow: a field, an operator, values.

    Attributes:
        field: Name of a field of `filters.fields`.
        side: Which end it speaks of; `any`: at least one of both. Fields that belong to
            the flow and to no end have `any`.
        key: Key of a tag; empty for other fields.
        operator: `in` is true where one of the values fits.
        values: At least one; numbers as ranges, addresses as ranges, the rest as text.
    """

    field: str
    side: Side
    key: str
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite: a claim about something unknown is false, so its opposite is true."""

    inner: Filter


@dataclass(frozen=True, slots=True)
class And:
    """All of at least two."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of at least two."""

    parts: tuple[Filter, ...]


Filter = Term | Not | And | Or


def terms(expression: Filter | None) -> Iterator[Term]:
    """Yield every term, in the order of the text."""
    if isinstance(expression, Term):
        yield expression
    elif isinstance(expression, Not):
        yield from terms(expression.inner)
    elif expression is not None:
        for part in expression.parts:
            yield from terms(part)


def conjuncts(expression: Filter | None) -> tuple[Filter, ...]:
    """Return the parts that must all hold; none for no filter."""
    if expression is None:
        return ()
    return expression.parts if isinstance(expression, And) else (expression,)


def joined(parts: tuple[Filter, ...]) -> Filter | None:
    """Return the claim that all parts hold; None where there are none."""
    flat: list[Filter] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, And) else (part,))
    if not flat:
        return None
    return flat[0] if len(flat) == 1 else And(tuple(flat))
