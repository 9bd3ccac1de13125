"""ipcrypt-pfx, batched: encrypt addresses so that common prefixes stay common.

The scheme is the one of "Methods for IP Address Encryption and Obfuscation"
(draft-denis-ipcrypt-09, section on prefix-preserving encryption): each bit of an address
is flipped or not by AES, keyed twice, of the bits before it. Addresses with equal first
bits therefore keep equal first bits, and no two addresses become one.

Beyond the draft, the way down to pinned blocks is left as it is: a bit is never flipped
while what stands before it is also the beginning of a pinned block. Inside stays inside a
block, outside stays outside, and nothing else changes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY_BYTES = 32
_HALF = KEY_BYTES // 2
_WORD = 64
_MAPPED_PREFIX = 0xFFFF  # IPv4 is ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
_V4_START = 96

Words = npt.NDArray[np.uint64]
Block = tuple[int, int, int]


class PrefixCipher:
    """Encrypts 128-bit numbers, IPv4 as IPv4-mapped IPv6.

    Args:
        key: 32 bytes, two AES-128 keys; they must differ.
        pinned: Blocks that addresses neither enter nor leave.
    """

    def __init__(
        self,
        key: bytes,
        pinned: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network] = (),
    ) -> None:
        if len(key) != KEY_BYTES or key[:_HALF] == key[_HALF:]:
            msg = f"a key has {KEY_BYTES} bytes, and its halves differ"
            raise ValueError(msg)
        # ECB of single distinct blocks is the bare AES that the scheme is made of.
        self._ciphers = tuple(
            Cipher(algorithms.AES(half), modes.ECB())  # noqa: S305
            for half in (key[:_HALF], key[_HALF:])
        )
        self._pinned: dict[int, list[Block]] = {4: [], 6: []}
        for network in pinned:
            number, bits = int(network.network_address), network.prefixlen
            if network.version == 4:
                number, bits = number | _MAPPED_PREFIX << 32, bits + _V4_START
            block = (number >> _WORD, number & (2**_WORD - 1), bits)
            self._pinned[network.version].append(block)

    def __repr__(self) -> str:
        return "PrefixCipher()"

    def encrypt(self, packed: list[bytes], version: int) -> list[bytes]:
        """Encrypt addresses of one IP version, 4 or 16 bytes each, in their order."""
        if not packed:
            return []
        high, low = _numbers(packed, version)
        order = np.lexsort((low, high))
        flip_high, flip_low = self._flips(high[order], low[order], version)
        high[order] ^= flip_high
        low[order] ^= flip_low
        return _bytes(high, low, version)

    def decrypt(self, packed: list[bytes], version: int) -> list[bytes]:
        """Undo `encrypt`, bit by bit: each bit depends on the ones before it."""
        if not packed:
            return []
        hidden_high, hidden_low = _numbers(packed, version)
        first = _V4_START if version == 4 else 0
        kept = np.uint64(_MAPPED_PREFIX << 32 if version == 4 else 0)
        high, low = np.zeros_like(hidden_high), np.full_like(hidden_low, kept)
        for length in range(first, 2 * _WORD):
            top, rest = _prefix(high, low, length)
            flips = self._flip_bits(top, rest, length)
            flips &= ~self._leads_to_pinned(top, rest, length, version)
            shift = np.uint64((_WORD if length < _WORD else 2 * _WORD) - 1 - length)
            hidden, plain = (hidden_high, high) if length < _WORD else (hidden_low, low)
            plain |= (((hidden >> shift) & np.uint64(1)) ^ flips.astype(np.uint64)) << shift
        return _bytes(high, low, version)

    def _flips(self, high: Words, low: Words, version: int) -> tuple[Words, Words]:
        """Return the bits to flip in sorted addresses: neighbors share their prefixes."""
        flip_high, flip_low = np.zeros_like(high), np.zeros_like(low)
        for length in range(_V4_START if version == 4 else 0, 2 * _WORD):
            top, rest = _prefix(high, low, length)
            is_first = np.ones(len(top), np.bool_)
            is_first[1:] = (top[1:] != top[:-1]) | (rest[1:] != rest[:-1])
            group = np.cumsum(is_first) - 1
            flips = self._flip_bits(top[is_first], rest[is_first], length)
            flips &= ~self._leads_to_pinned(top[is_first], rest[is_first], length, version)
            bits = flips[group].astype(np.uint64)
            if length < _WORD:
                flip_high |= bits << np.uint64(_WORD - 1 - length)
            else:
                flip_low |= bits << np.uint64(2 * _WORD - 1 - length)
        return flip_high, flip_low

    def _flip_bits(self, top: Words, rest: Words, length: int) -> npt.NDArray[np.bool_]:
        """Run both keys over distinct prefixes; the last bit of their XOR decides."""
        marked_top, marked_rest = top.copy(), rest.copy()
        if length < _WORD:
            marked_rest |= np.uint64(1 << length)
        else:
            marked_top |= np.uint64(1 << (length - _WORD))
        blocks = np.stack([marked_top, marked_rest], axis=1).astype(">u8").tobytes()
        outputs = [
            np.frombuffer(cipher.encryptor().update(blocks), dtype=np.uint8)[15::16]
            for cipher in self._ciphers
        ]
        decided: npt.NDArray[np.bool_] = ((outputs[0] ^ outputs[1]) & 1).astype(np.bool_)
        return decided

    def _leads_to_pinned(
        self, top: Words, rest: Words, length: int, version: int
    ) -> npt.NDArray[np.bool_]:
        leads = np.zeros(len(top), np.bool_)
        for block_high, block_low, bits in self._pinned[version]:
            if length < bits:
                begin, end = _prefix(_words(block_high), _words(block_low), length)
                leads |= (top == begin[0]) & (rest == end[0])
        return leads


def _numbers(packed: list[bytes], version: int) -> tuple[Words, Words]:
    if version == 4:
        low = np.frombuffer(b"".join(packed), dtype=">u4").astype(np.uint64)
        low |= np.uint64(_MAPPED_PREFIX << 32)
        return np.zeros_like(low), low
    words = np.frombuffer(b"".join(packed), dtype=">u8").reshape(-1, 2)
    return words[:, 0].astype(np.uint64), words[:, 1].astype(np.uint64)


def _bytes(high: Words, low: Words, version: int) -> list[bytes]:
    if version == 4:
        return _cut(low.astype(">u4").tobytes(), 4)
    return _cut(np.stack([high, low], axis=1).astype(">u8").tobytes(), 16)


def _words(number: int) -> Words:
    return np.array([number], dtype=np.uint64)


def _cut(packed: bytes, size: int) -> list[bytes]:
    return [packed[begin : begin + size] for begin in range(0, len(packed), size)]


def _prefix(high: Words, low: Words, length: int) -> tuple[Words, Words]:
    """Return the first bits of 128-bit numbers, moved to the right end."""
    if length == 0:
        return np.zeros_like(high), np.zeros_like(low)
    if length <= _WORD:
        return np.zeros_like(high), high >> np.uint64(_WORD - length)
    cut = np.uint64(2 * _WORD - length)
    return high >> cut, (high << np.uint64(length - _WORD)) | (low >> cut)
