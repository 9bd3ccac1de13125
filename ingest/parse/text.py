"""Many lines of one layout to typed columns, at once and strictly.

The fast reader takes a whole chunk or refuses it; what it refuses goes line by line
through `ingest.parse.lines`, which rejects the bad lines with their reasons and hands
back the good ones. Both hold to the same rules, so both give the same rows.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from ingest.kernels import text as kernels
from ingest.parse.address_table import AddressTable, hex_of
from ingest.schema import ACTIONS, ADDRESS_FIELDS, COLUMN_BY_FIELD, LOG_STATUSES

if TYPE_CHECKING:
    import polars as pl

# Flow logs began in 2015, their documentation shows 2014. Outside of these bounds a
# number in `start` or `end` is no time in seconds.
EARLIEST = 946_684_800  # 2000-01-01
LATEST = 4_102_444_800  # 2100-01-01

_CHOICES = {"action": ACTIONS, "log-status": LOG_STATUSES}
_NARROW_BELOW = 2**31
_NO_LIMIT = 2**63 - 1
_FIRST_TEXTS = 1 << 10
_FIRST_ADDRESSES = 1 << 14

Narrow = npt.NDArray[np.int32]
Wide = npt.NDArray[np.int64]
Text = bytes | memoryview
_Number = TypeVar("_Number", np.int32, np.int64)


class RefusedError(Exception):
    """A chunk holds something that only the line reader can judge."""


@dataclass(frozen=True)
class ParsedText:
    """Typed rows of one layout. -1 stands for `-`, and for a field that the layout lacks.

    Attributes:
        names: The fields in order, under the cache's names.
        n_rows: How many rows.
        narrow: Column of small numbers, or of codes of texts, by name.
        wide: Column of large numbers, by name.
        texts: Code to text, for each text column except addresses.
        addresses: Code to address, shared by the four address columns.
    """

    names: tuple[str, ...]
    n_rows: int
    narrow: dict[str, Narrow]
    wide: dict[str, Wide]
    texts: dict[str, list[str]]
    addresses: AddressTable

    @functools.cached_property
    def _absent(self) -> Narrow:
        return np.full(self.n_rows, -1, np.int32)

    @functools.cached_property
    def _absent_wide(self) -> Wide:
        return np.full(self.n_rows, -1, np.int64)

    def small(self, name: str) -> Narrow:
        """Return a column of codes or small numbers."""
        column = self.narrow.get(name)
        return self._absent if column is None else column

    def large(self, name: str) -> Wide:
        """Return a column of volumes or times."""
        column = self.wide.get(name)
        return self._absent_wide if column is None else column

    @property
    def frame(self) -> pl.DataFrame:
        """The rows as a table, for people and tests; texts as texts, `-` as null."""
        import polars as pl  # noqa: PLC0415 - parsing itself does without.

        columns = []
        for name in self.names:
            values = pl.Series(name, self.wide.get(name, self.narrow.get(name)))
            if name.replace("_", "-") in ADDRESS_FIELDS:
                texts: Sequence[str] | None = self.addresses.texts
            else:
                texts = self.texts.get(name)
            values = values.set(values < 0, None)
            if texts is not None:
                values = pl.Series(texts, dtype=pl.String).gather(values).alias(name)
            columns.append(values)
        return pl.DataFrame(columns)


def parse_text(fields: tuple[str, ...], body: bytes, n_lines: int) -> ParsedText:
    """Parse `n_lines` lines, each with its newline, into typed columns.

    Raises:
        RefusedError: A line does not fit, or the text has white space, comments or
            bytes that need a closer look.
    """
    reader = TextReader(fields, n_lines)
    reader.read(body, n_lines)
    return reader.parsed()


class TextReader:
    """Reads lines of one layout, body after body, into the same columns.

    A body is taken whole or refused; one that was refused leaves no trace.

    Args:
        fields: The layout.
        n_rows: How many rows are expected; more get more room.

    Attributes:
        n_rows: How many rows were read.
    """

    def __init__(self, fields: tuple[str, ...], n_rows: int) -> None:
        self.fields = fields
        self.n_rows = 0
        self.kinds = [_kind_of(field) for field in fields]
        is_wide = [kind in (kernels.WIDE, kernels.TIME) for kind in self.kinds]
        targets = [is_wide[:n].count(of) for n, of in enumerate(is_wide)]
        self.address_place = len(fields)
        self.plan = np.array(
            [
                (kind, target, _highest_of(field), EARLIEST, self._place_of(n))
                for n, (field, kind, target) in enumerate(
                    zip(fields, self.kinds, targets, strict=True)
                )
            ],
            np.int64,
        )
        self.targets = dict(zip(fields, targets, strict=True))
        self.narrow = np.empty((is_wide.count(False), n_rows), np.int32)
        self.wide = np.empty((is_wide.count(True), n_rows), np.int64)
        self.last = np.zeros((len(fields), 3), np.int64)
        self.counters = np.zeros(3, np.int64)
        self.counts = np.zeros(len(fields) + 1, np.int64)
        self.slots = np.zeros(4 * _FIRST_TEXTS, np.int32)
        self.entries = np.zeros((_FIRST_TEXTS, 4), np.int64)
        self.hashes = np.zeros(_FIRST_TEXTS, np.uint64)
        self.arena = np.zeros(64 * _FIRST_TEXTS, np.uint8)
        self.address_slots = np.zeros(4 * _FIRST_ADDRESSES, np.int32)
        self.tokens = np.zeros((_FIRST_ADDRESSES, 2), np.uint64)
        self.ip4 = np.zeros(_FIRST_ADDRESSES, np.int64)
        # Code to text of each place; of addresses, the last place, those that are not IPv4.
        self.texts: list[dict[int, str]] = [{} for _ in self.counts]
        self.ip6_hex: dict[int, str] = {}
        self.n_decoded = 0
        self._seed_choices()

    def _place_of(self, n: int) -> int:
        """Number the texts of each field apart, and those of all addresses together."""
        return self.address_place if self.kinds[n] == kernels.ADDRESS else n

    def _seed_choices(self) -> None:
        """Give the values of closed lists their codes before any line is read."""
        scratch = np.empty((1, 1 + max(map(len, _CHOICES.values()))), np.int32)
        for place, field in enumerate(self.fields):
            if field in _CHOICES:
                body = "".join(f"{choice}\n" for choice in _CHOICES[field]).encode()
                plan = np.array([(kernels.TEXT, 0, _NO_LIMIT, 0, place)], np.int64)
                self._read_lines(body, 0, len(_CHOICES[field]), plan, scratch)
        self._decode()

    def read(self, body: Text, n_lines: int) -> None:
        """Read `n_lines` lines, each with its newline, into the next rows.

        Raises:
            RefusedError: As `parse_text`; nothing of the body is taken then.
        """
        self._make_room(n_lines)
        before = self.counters.copy(), self.counts.copy()
        try:
            self._read_lines(body, self.n_rows, self.n_rows + n_lines, self.plan, self.narrow)
            self._decode()
        except RefusedError:
            self._take_back(*before)
            raise
        self.n_rows += n_lines

    def parsed(self) -> ParsedText:
        """Return the rows read so far; nothing can be read afterwards."""
        names = [field.replace("-", "_") for field in self.fields]
        narrow, wide = {}, {}
        for name, field, kind in zip(names, self.fields, self.kinds, strict=True):
            if kind in (kernels.WIDE, kernels.TIME):
                wide[name] = self.wide[self.targets[field], : self.n_rows]
            else:
                narrow[name] = self.narrow[self.targets[field], : self.n_rows]
        known = self.ip4[: self.counters[kernels.N_ADDRESSES]]
        return ParsedText(
            tuple(names), self.n_rows, narrow, wide,
            {name: list(self.texts[n].values()) for n, name in enumerate(names)
             if self.kinds[n] == kernels.TEXT},
            AddressTable(known, self.texts[self.address_place], self.ip6_hex),
        )  # fmt: skip

    def _read_lines(self, body: Text, row: int, n_rows: int, plan: Wide, narrow: Narrow) -> None:
        codes = np.frombuffer(body, np.uint8)
        if codes[-1:].tobytes() != b"\n":
            msg = "no newline at the end"
            raise RefusedError(msg)
        start, end = self.targets.get("start", -1), self.targets.get("end", -1)
        if plan is not self.plan:
            start = end = -1
        state = np.array([0, row])
        while True:
            outcome = kernels.parse_lines(
                codes, state, n_rows, plan, self.last, start, end, narrow, self.wide,
                self.slots, self.entries, self.hashes, self.arena,
                self.address_slots, self.tokens, self.ip4, self.counters, self.counts,
            )  # fmt: skip
            if outcome != kernels.FULL:
                break
            self._grow()
        if outcome == kernels.REFUSED or state[0] != len(body):
            msg = f"the line at byte {state[0]}"
            raise RefusedError(msg)

    def _make_room(self, n_lines: int) -> None:
        """Have rows for so many more lines."""
        room = self.narrow.shape[1]
        if self.n_rows + n_lines > room:
            room = max(2 * room, self.n_rows + n_lines)
            self.narrow = _longer(self.narrow, self.n_rows, room)
            self.wide = _longer(self.wide, self.n_rows, room)

    def _grow(self) -> None:
        """Double every table: which one was full does not matter for so rare a case."""
        self.entries = np.concatenate([self.entries, np.zeros_like(self.entries)])
        self.hashes = np.concatenate([self.hashes, np.zeros_like(self.hashes)])
        self.arena = np.concatenate(
            [self.arena, np.zeros(len(self.arena) + kernels.MAX_LINE_BYTES, np.uint8)]
        )
        self.ip4 = np.concatenate([self.ip4, np.zeros_like(self.ip4)])
        self.tokens = np.concatenate([self.tokens, np.zeros_like(self.tokens)])
        self._fill_slots(2 * len(self.slots), 2 * len(self.address_slots))

    def _fill_slots(self, n_slots: int, n_address_slots: int) -> None:
        """Enter the texts and addresses that the counters tell of into empty hash tables."""
        n_entries = int(self.counters[kernels.N_ENTRIES])
        self.slots = np.zeros(n_slots, np.int32)
        kernels.fill_slots(
            self.hashes[:n_entries], np.arange(n_entries, dtype=np.int32), self.slots
        )
        self.address_slots = np.zeros(n_address_slots, np.int32)
        known = self.ip4[: self.counters[kernels.N_ADDRESSES]]
        kernels.fill_tokens(self.tokens, known, self.address_slots)

    def _take_back(self, counters: Wide, counts: Wide) -> None:
        """Forget the texts and addresses that a body brought which was refused."""
        self.counters, self.counts = counters, counts
        self._fill_slots(len(self.slots), len(self.address_slots))
        n_addresses = int(counters[kernels.N_ADDRESSES])
        limits = [*counts[: self.address_place].tolist(), n_addresses]
        for by_code, limit in zip([*self.texts, self.ip6_hex], [*limits, n_addresses], strict=True):
            for code in [code for code in by_code if code >= limit]:
                del by_code[code]
        self.n_decoded = int(counters[kernels.N_ENTRIES])

    def _decode(self) -> None:
        """Decode the distinct texts that were not met before."""
        n_entries = int(self.counters[kernels.N_ENTRIES])
        if n_entries == self.n_decoded:
            return
        found = self.entries[self.n_decoded : n_entries].tolist()
        first = found[0][2]
        arena = self.arena[first : self.counters[kernels.ARENA_USED]].tobytes()
        has_texts_only = set(self.kinds) == {kernels.TEXT}
        try:
            for place, code, offset, length in found:
                text = arena[offset - first : offset - first + length].decode()
                self.texts[place][code] = text
                if place == self.address_place:
                    self.ip6_hex[code] = hex_of(text)
                elif has_texts_only and text.replace("_", "-") in COLUMN_BY_FIELD:
                    # It may be of a header line.
                    msg = "a field's name among the values"
                    raise RefusedError(msg)
        except UnicodeDecodeError as error:
            msg = "a text that is not UTF-8"
            raise RefusedError(msg) from error
        except ValueError as error:
            msg = f"the address {error}"
            raise RefusedError(msg) from error
        self.n_decoded = n_entries


def _kind_of(field: str) -> int:
    column = COLUMN_BY_FIELD.get(field)
    if column is None or column.highest is None:
        return kernels.ADDRESS if field in ADDRESS_FIELDS else kernels.TEXT
    if field in ("start", "end"):
        return kernels.TIME
    return kernels.NARROW if column.highest < _NARROW_BELOW else kernels.WIDE


def _highest_of(field: str) -> int:
    """Return the highest number of a field, or how many texts it may have."""
    if field in ("start", "end"):
        return LATEST - 1
    if field in _CHOICES:
        return len(_CHOICES[field])
    column = COLUMN_BY_FIELD.get(field)
    return _NO_LIMIT if column is None or column.highest is None else column.highest


def _longer(columns: npt.NDArray[_Number], used: int, room: int) -> npt.NDArray[_Number]:
    longer = np.empty((len(columns), room), columns.dtype)
    longer[:, :used] = columns[:, :used]
    return longer
