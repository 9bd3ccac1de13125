"""Address texts as numbers, once per distinct text."""

from __future__ import annotations

import functools
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@functools.lru_cache(maxsize=1 << 18)
def packed_address(text: str) -> bytes | None:
    """Return 4 or 16 bytes in network order; None for anything that is no address."""
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        return None


def canonical_address(packed: bytes) -> str:
    """Write 4 or 16 bytes as AWS does: dotted, or compressed lower-case IPv6."""
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


@dataclass(frozen=True, slots=True)
class AddressTable:
    """Distinct addresses by code.

    Attributes:
        texts: Code to text.
        ip4: Code to IPv4 as a number; -1 for IPv6.
        ip6: Code to 32 lower-case hex characters; None for IPv4.
        rank: Code to its place in address order, IPv4 first: comparable between tables
            only by order, never by value.
    """

    texts: Sequence[str]
    ip4: npt.NDArray[np.int64]
    ip6: Sequence[str | None]
    rank: npt.NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> AddressTable:
        """Read every text.

        Raises:
            ValueError: One of them is no canonical IPv4 or IPv6 address; the text is the message.
        """
        packed: list[bytes] = []
        for text in texts:
            as_bytes = packed_address(text)
            if as_bytes is None or (":" in text and canonical_address(as_bytes) != text):
                raise ValueError(text)
            packed.append(as_bytes)
        ip4 = np.fromiter(
            (int.from_bytes(p) if len(p) == 4 else -1 for p in packed), np.int64, len(packed)
        )
        ip6 = [p.hex() if len(p) == 16 else None for p in packed]
        order = sorted(range(len(packed)), key=lambda code: (len(packed[code]), packed[code]))
        rank = np.empty(len(packed), np.int64)
        rank[order] = np.arange(len(packed))
        return cls(texts, ip4, ip6, rank)
