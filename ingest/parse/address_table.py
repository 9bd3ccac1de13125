"""Addresses as numbers, once per distinct address."""

from __future__ import annotations

import functools
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.parse.addresses import canonical_address, packed_address


@dataclass(frozen=True)
class AddressTable:
    """Distinct addresses by code.

    Attributes:
        ip4: Code to IPv4 as a number; -1 for IPv6.
        ip6_texts: Code of each IPv6 address to its text.
        ip6_hex: The same to its 32 lower-case hex characters, in the same order.
    """

    ip4: npt.NDArray[np.int64]
    ip6_texts: Mapping[int, str]
    ip6_hex: Mapping[int, str]

    @classmethod
    def of(cls, texts: Sequence[str]) -> AddressTable:
        """Read every text.

        Raises:
            ValueError: One of them is no canonical IPv4 or IPv6 address; the text is the message.
        """
        ip4 = np.full(len(texts), -1, np.int64)
        others: dict[int, str] = {}
        for code, text in enumerate(texts):
            packed = packed_address(text)
            if packed is not None and len(packed) == 4:
                ip4[code] = int.from_bytes(packed)
            else:
                others[code] = text
        return cls(ip4, others, {code: hex_of(text) for code, text in others.items()})

    def __len__(self) -> int:
        return len(self.ip4)

    @property
    def has_ip6(self) -> bool:
        """Whether any address is IPv6."""
        return bool(self.ip6_hex)

    @functools.cached_property
    def texts(self) -> list[str]:
        """Code to text."""
        packed = self.ip4.astype(">u4").tobytes()
        texts = [socket.inet_ntoa(packed[at : at + 4]) for at in range(0, len(packed), 4)]
        for code, text in self.ip6_texts.items():
            texts[code] = text
        return texts

    @functools.cached_property
    def ip6(self) -> list[str | None]:
        """Code to 32 lower-case hex characters; None for IPv4."""
        return [self.ip6_hex.get(code) for code in range(len(self))]

    @functools.cached_property
    def rank(self) -> npt.NDArray[np.int64]:
        """Code to its place in address order, IPv4 first."""
        v4 = np.flatnonzero(self.ip4 >= 0)
        v6_order = sorted(self.ip6_hex, key=self.ip6_hex.__getitem__)
        order = np.concatenate([v4[np.argsort(self.ip4[v4])], np.array(v6_order, np.int64)])
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        return rank


@functools.lru_cache(maxsize=1 << 16)
def hex_of(text: str) -> str:
    """Return an IPv6 address as 32 lower-case hex characters.

    Raises:
        ValueError: It is no canonical IPv6 address; the text is the message.
    """
    packed = packed_address(text)
    if packed is None or len(packed) != 16 or canonical_address(packed) != text:
        raise ValueError(text)
    return packed.hex()
