"""Values in Thrift's compact protocol, which Parquet's metadata is written in.

A value is its type in the protocol and its bytes (Apache Thrift, "Thrift compact protocol
encoding").
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

Value = tuple[int, bytes]

TRUE: Value = (1, b"")

_SHORT = [bytes([number]) for number in range(0x80)]


def varint(number: int) -> bytes:
    """Write a number that is not negative, seven bits a byte."""
    # Every page's head holds several; most are sizes and counts of two or three bytes.
    if number < 0x80:
        return _SHORT[number]
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    if number < 0x200000:
        return bytes((number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def zigzag(number: int) -> bytes:
    """Write a number of 32 or 64 bits, without its type."""
    return varint(2 * number if number >= 0 else -2 * number - 1)


def i8(number: int) -> Value:
    """Return a byte."""
    return 3, number.to_bytes(1, signed=True)


def i32(number: int) -> Value:
    """Return a number of 32 bits."""
    return 5, zigzag(number)


def i64(number: int) -> Value:
    """Return a number of 64 bits."""
    return 6, zigzag(number)


def binary(data: bytes) -> Value:
    """Return bytes."""
    return 8, varint(len(data)) + data


def text(value: str) -> Value:
    """Return a text."""
    return binary(value.encode())


def list_of(values: Sequence[Value]) -> Value:
    """Return a list of values of one type; an empty one is of structs."""
    kind = values[0][0] if values else 12
    size = len(values)
    head = bytes([size << 4 | kind]) if size < 15 else bytes([0xF0 | kind]) + varint(size)
    return 9, head + b"".join(data for _, data in values)


def struct(fields: dict[int, Value]) -> Value:
    """Return a struct of values by the numbers of their fields, ascending."""
    return 12, opened(fields) + END


END = b"\0"


def opened(fields: dict[int, Value], before: int = 0) -> bytes:
    """Write fields of a struct that goes on behind them.

    Args:
        fields: By their numbers, ascending.
        before: The number of the field in front of them.
    """
    parts = []
    for number, (kind, data) in fields.items():
        parts.append(
            head(number - before, kind) if number - before < 16 else bytes([kind]) + zigzag(number)
        )
        parts.append(data)
        before = number
    return b"".join(parts)


@functools.cache
def head(step: int, kind: int) -> bytes:
    """Write what stands in front of a field's bytes.

    Args:
        step: Its number less that of the field before, at most 15.
        kind: Its type.
    """
    return bytes([step << 4 | kind])
