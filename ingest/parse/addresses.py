"""Address texts as numbers, once per distinct text."""

from __future__ import annotations

import functools
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


def packed_address(text: str) -> bytes | None:
    """Return 4 or 16 bytes in network order; None for anything that is no address."""
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        return None


def canonical_address(packed: bytes) -> str:
    """Write 4 or 16 bytes as AWS does: dotted, or compressed lower-case IPv6."""
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


@dataclass(frozen=True)
class AddressTable:
    """Distinct addresses by code.

    Attributes:
        texts: Code to text.
        ip4: Code to IPv4 as a number; -1 for IPv6.
        ip6: Code to 32 lower-case hex characters; None for IPv4.
    """

    texts: Sequence[str]
    ip4: npt.NDArray[np.int64]
    ip6: Sequence[str | None]

    @classmethod
    def of(cls, texts: Sequence[str]) -> AddressTable:
        """Read every text.

        Raises:
            ValueError: One of them is no canonical IPv4 or IPv6 address; the text is the message.
        """
        numbers = [_numbers_of(text) for text in texts]
        ip4 = np.fromiter((ip4 for ip4, _ in numbers), np.int64, len(numbers))
        return cls(texts, ip4, [ip6 for _, ip6 in numbers])

    @functools.cached_property
    def has_ip6(self) -> bool:
        """Whether any address is IPv6."""
        return bool((self.ip4 < 0).any())

    @functools.cached_property
    def rank(self) -> npt.NDArray[np.int64]:
        """Code to its place in address order, IPv4 first."""
        is_v6 = self.ip4 < 0
        v4, v6 = np.flatnonzero(~is_v6), np.flatnonzero(is_v6)
        v6_order = sorted(v6.tolist(), key=lambda code: self.ip6[code] or "")
        order = np.concatenate([v4[np.argsort(self.ip4[v4])], np.array(v6_order, np.int64)])
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        return rank


@functools.lru_cache(maxsize=1 << 18)
def _numbers_of(text: str) -> tuple[int, str | None]:
    packed = packed_address(text)
    if packed is None or (":" in text and canonical_address(packed) != text):
        raise ValueError(text)
    return (int.from_bytes(packed), None) if len(packed) == 4 else (-1, packed.hex())
