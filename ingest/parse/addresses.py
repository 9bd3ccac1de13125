"""Addresses as text and as bytes."""

from __future__ import annotations

import socket


def packed_address(text: str) -> bytes | None:
    """Return 4 or 16 bytes in network order; None for anything that is no address."""
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        return None


def canonical_address(packed: bytes) -> str:
    """Write 4 or 16 bytes as AWS does: dotted, or compressed lower-case IPv6."""
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
