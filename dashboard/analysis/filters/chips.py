"""A filter as chips: parts that a click adds, turns round or takes away."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from dashboard.analysis.filters.expression import (
    AddressRange,
    Filter,
    Not,
    Term,
    conjuncts,
    joined,
)
from dashboard.analysis.filters.parser import parse, to_text

How = Literal["include", "exclude", "only"]


def chips(text: str) -> list[str]:
    """Return the texts of the parts that must all hold; each is a filter by itself.

    Raises:
        FilterError: The text cannot be read.
    """
    return [to_text(part) for part in conjuncts(parse(text))]


def without(text: str, position: int) -> str:
    """Return a filter without one of its chips; as it is where there is no such chip."""
    parts = conjuncts(parse(text))
    return to_text(joined(parts[:position] + parts[position + 1 :])) if parts else ""


def turned(text: str, position: int) -> str:
    """Return a filter with one of its chips turned into its opposite."""
    parts = list(conjuncts(parse(text)))
    if 0 <= position < len(parts):
        parts[position] = _opposite(parts[position])
    return to_text(joined(tuple(parts)))


def added(text: str, claim: str, how: How = "include") -> str:
    """Return a filter with one more claim.

    Args:
        text: The filter as it is.
        claim: A filter too.
        how: `include`: the claim must hold too. `exclude`: it must not hold. `only`: the
            claim takes the place of the whole filter.

    Raises:
        FilterError: One of both cannot be read.
    """
    new = parse(claim)
    if new is None:
        return to_text(parse(text))
    if how == "only":
        return to_text(new)
    if how == "exclude":
        new = _opposite(new)
    parts = conjuncts(parse(text))
    # A click on the same thing twice says nothing more; on its opposite, the newer counts.
    kept = tuple(part for part in parts if part not in (new, _opposite(new)))
    return to_text(joined((*kept, new)))


def with_addresses(text: str, replaced: Callable[[str], str]) -> str:
    """Return a filter with every address and network in it replaced.

    Args:
        text: The filter.
        replaced: Called with an address, as text; returns another of the same version.
            Networks keep their length.
    """
    expression = parse(text)
    return to_text(None if expression is None else _with_addresses(expression, replaced))


def _with_addresses(part: Filter, replaced: Callable[[str], str]) -> Filter:
    if isinstance(part, Not):
        return Not(_with_addresses(part.inner, replaced))
    if isinstance(part, Term):
        values = tuple(
            _replaced(value, replaced) if isinstance(value, AddressRange) else value
            for value in part.values
        )
        return replace(part, values=values)
    return replace(part, parts=tuple(_with_addresses(inner, replaced) for inner in part.parts))


def _replaced(value: AddressRange, replaced: Callable[[str], str]) -> AddressRange:
    address, slash, bits = value.text.partition("/")
    network = ipaddress.ip_network(f"{replaced(address)}{slash}{bits}", strict=False)
    text = str(network) if slash else str(network.network_address)
    low, high = int(network.network_address), int(network.broadcast_address)
    return AddressRange(value.version, low, high, text)


def _opposite(part: Filter) -> Filter:
    return part.inner if isinstance(part, Not) else Not(part)
