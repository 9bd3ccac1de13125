"""Columns as ingest has them in memory, on their way to a Parquet file."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ingest.kernels import dictionaries, pages

if TYPE_CHECKING:
    from ingest.parse.address_table import AddressTable

_LONGEST_DOTTED = 15
_HEX = 32


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts by code, as bytes in a row.

    Attributes:
        data: The bytes.
        begins, lengths: Where each text lies.
    """

    data: npt.NDArray[np.uint8]
    begins: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Texts:
        """Take texts; None may stand where no row refers to."""
        encoded = [(text or "").encode() for text in texts]
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        return cls(_bytes(b"".join(encoded)), np.cumsum(lengths) - lengths, lengths)

    @classmethod
    def of_addresses(cls, addresses: AddressTable) -> Texts:
        """Write addresses as AWS does."""
        n = len(addresses)
        begins, lengths = np.empty(n, np.int64), np.empty(n, np.int64)
        data = np.empty(_LONGEST_DOTTED * n, np.uint8)
        used = pages.write_dotted(addresses.ip4, data, begins, lengths)
        others = [text.encode() for text in addresses.ip6_texts.values()]
        codes = np.fromiter(addresses.ip6_hex, np.int64, len(others))
        lengths[codes] = np.fromiter(map(len, others), np.int64, len(others))
        begins[codes] = used + np.cumsum(lengths[codes]) - lengths[codes]
        return cls(np.concatenate([data[:used], _bytes(b"".join(others))]), begins, lengths)

    @classmethod
    def of_ip6(cls, addresses: AddressTable) -> Texts:
        """Take the hex characters of IPv6 addresses; the others are empty."""
        n = len(addresses)
        begins, lengths = np.zeros(n, np.int64), np.zeros(n, np.int64)
        codes = np.fromiter(addresses.ip6_hex, np.int64, len(addresses.ip6_hex))
        begins[codes] = np.arange(len(codes)) * _HEX
        lengths[codes] = _HEX
        return cls(_bytes("".join(addresses.ip6_hex.values()).encode()), begins, lengths)

    def __len__(self) -> int:
        return len(self.begins)

    def text(self, code: int) -> bytes:
        """Return one text."""
        begin = int(self.begins[code])
        return self.data[begin : begin + int(self.lengths[code])].tobytes()


@dataclass(frozen=True)
class Numbers:
    """Whole numbers; negative ones are null.

    Attributes:
        is_ascending: Neighbors differ little: differences are stored.
    """

    values: npt.NDArray[np.int32] | npt.NDArray[np.int64]
    is_ascending: bool = False

    @functools.cached_property
    def _range(self) -> tuple[int, int, int]:
        return _range_of(self.values)

    @property
    def has_null(self) -> bool:
        """Whether any row is null."""
        return self._range[0] < 0

    @property
    def bounds(self) -> tuple[int, int]:
        """Smallest and largest value of all rows; the largest is negative where all are null."""
        _, low, high = self._range
        return (low, high) if high >= 0 else (0, -1)


@dataclass(frozen=True)
class Codes:
    """Codes that stand for texts or numbers; -1 is null.

    Attributes:
        meanings: What each code stands for; a negative number is null.
        is_null: 1 for each code that stands for null; None: none does.
        is_shared: Other columns have the same codes, some of which are null there.
    """

    codes: npt.NDArray[np.int32]
    meanings: Texts | npt.NDArray[np.int64]
    is_null: npt.NDArray[np.bool_] | None = None
    is_shared: bool = False

    @functools.cached_property
    def has_null(self) -> bool:
        """Whether any row is null."""
        return self.is_null is not None or self._range[0] < 0

    @functools.cached_property
    def is_constant(self) -> bool:
        """Whether all rows have the same value, which is not null."""
        return not self.has_null and self._range[1] == self._range[2]

    @functools.cached_property
    def _range(self) -> tuple[int, int, int]:
        return _range_of(self.codes)


@dataclass(frozen=True)
class AddressColumns:
    """What columns of one chunk make of an address's code."""

    addresses: AddressTable

    @functools.cached_property
    def texts(self) -> Texts:
        """As AWS writes them."""
        return Texts.of_addresses(self.addresses)

    @functools.cached_property
    def _ip6(self) -> Texts:
        return Texts.of_ip6(self.addresses)

    @functools.cached_property
    def _is_v6(self) -> npt.NDArray[np.bool_]:
        return self.addresses.ip4 < 0

    def text(self, codes: npt.NDArray[np.int32]) -> Codes:
        """Return a column of texts."""
        return Codes(codes, self.texts, is_shared=self.addresses.has_ip6)

    def ip4(self, codes: npt.NDArray[np.int32]) -> Codes:
        """Return a column of IPv4 numbers; null for IPv6."""
        return Codes(codes, self.addresses.ip4, self._is_v6 if self.addresses.has_ip6 else None)

    def ip6(self, codes: npt.NDArray[np.int32]) -> Codes:
        """Return a column of 32 hex characters; null for IPv4."""
        return Codes(codes, self._ip6, ~self._is_v6)


@dataclass(frozen=True, slots=True)
class Flags:
    """Truth values.

    Attributes:
        is_set: Where they are not null; None: everywhere.
    """

    values: npt.NDArray[np.uint8]
    is_set: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Pairs:
    """A list of key and value per row, nulls left out: one column of values per key."""

    by_key: Mapping[str, Codes]


Column = Numbers | Codes | Flags | Pairs


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length, under the names that the cache gives them.

    Attributes:
        hours: Each row's hour since 1970; -1 for rows without a time.
        times: The seconds that tell the time range of a part.
        last_times: The same for its end, where rows reach further than `times` says.
    """

    columns: Mapping[str, Column]
    hours: npt.NDArray[np.int32]
    times: npt.NDArray[np.int64]
    last_times: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.hours)


def _bytes(data: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8).copy()


def _range_of(
    values: npt.NDArray[np.int32] | npt.NDArray[np.int64],
) -> tuple[int, int, int]:
    """Return the smallest value, the smallest that is not negative, and the largest or -1."""
    find = dictionaries.find_long_range if values.dtype == np.int64 else dictionaries.find_range
    found = np.empty(3, np.int64)
    find(values, found)
    lowest, low, high = found.tolist()
    return lowest, low, high
