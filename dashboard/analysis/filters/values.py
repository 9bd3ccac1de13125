"""Typed values to ranges and texts."""

from __future__ import annotations

import ipaddress
import re

from dashboard.analysis.filters.expression import AddressRange, NumberRange, Value
from dashboard.analysis.filters.fields import PROTOCOLS, FilterField, Kind

_RANGE = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?")
_SIZE = re.compile(r"(\d{1,19})(?:\.(\d{1,9}))?\s*(k|m|g|t|p)?(i)?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_LARGEST = 2**63 - 1
_LARGEST_PROTOCOL = 255


def value_of(field: FilterField, text: str, *, is_pattern: bool = False) -> Value | None:
    """Read one value of a field; None where it does not fit.

    Args:
        field: Whose value it is.
        text: As typed, without quotes.
        is_pattern: It follows `~`, so it is a text with `*` and `?`.
    """
    if is_pattern:
        return text if field.kind in (Kind.TEXT, Kind.ADDRESS) and text else None
    if field.kind is Kind.ADDRESS:
        return _address(text)
    if field.kind is Kind.NUMBER:
        return _number(text, field.highest)
    if field.kind is Kind.PROTOCOL:
        return _protocol(text)
    if field.kind is Kind.SIZE:
        return _size(text)
    if field.kind is Kind.CHOICE:
        return text.lower() if text.lower() in field.choices else None
    return text or None


def wanted(field: FilterField) -> str:
    """Say what values a field takes."""
    if field.kind is Kind.CHOICE:
        return f"for {field.name} one of {', '.join(field.choices)}"
    return f"for {field.name} {field.kind.value}"


def _address(text: str) -> AddressRange | str | None:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        # A mistyped address must not silently be a name that nothing has.
        return None if not text or re.fullmatch(r"[\d./]+", text) else text
    is_one = network.num_addresses == 1
    return AddressRange(
        version=network.version,
        low=int(network.network_address),
        high=int(network.broadcast_address),
        text=str(network.network_address) if is_one else str(network),
    )


def _number(text: str, highest: int) -> NumberRange | None:
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    low = int(match[1])
    high = int(match[2]) if match[2] else low
    if not low <= high <= highest:
        return None
    return NumberRange(low, high, str(low) if low == high else f"{low}-{high}")


def _protocol(text: str) -> NumberRange | None:
    number = PROTOCOLS.get(text.lower())
    if number is None:
        number = int(text) if re.fullmatch(r"\d{1,3}", text) else _LARGEST_PROTOCOL + 1
    if number > _LARGEST_PROTOCOL:
        return None
    names = {known: name for name, known in PROTOCOLS.items()}
    return NumberRange(number, number, names.get(number, str(number)))


def _size(text: str) -> NumberRange | None:
    match = _SIZE.fullmatch(text)
    if match is None or (match[4] and not match[3]):
        return None
    unit = (1024 if match[4] else 1000) ** _POWERS[(match[3] or "").lower()]
    fraction = match[2] or ""
    scaled = int(match[1] + fraction) * unit
    if scaled % 10 ** len(fraction):
        return None
    number = scaled // 10 ** len(fraction)
    return NumberRange(number, number, text) if number <= _LARGEST else None
