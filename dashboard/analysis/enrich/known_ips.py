"""Known IPs: the user's own list of names for addresses and networks."""

from __future__ import annotations

import csv
import io
import ipaddress
import threading
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from dashboard.analysis.enrich.scope import scope_details, scope_of
from dashboard.analysis.enrich.stretches import (
    NOWHERE,
    Packed,
    Stretches,
    bounds_of,
    packed_addresses,
)
from dashboard.errors import DashboardError

COLUMNS = ("address", "name", "kind", "owner")
_SHOWN_ERRORS = 5


class KnownIpsError(DashboardError):
    """A list of known IPs has lines that cannot be used.

    Attributes:
        path: The file.
        lines: Line number and what is wrong, for every bad line.
    """

    def __init__(self, path: Path, lines: list[tuple[int, str]]) -> None:
        self.path, self.lines = path, lines
        shown = "; ".join(f"line {number}: {problem}" for number, problem in lines[:_SHOWN_ERRORS])
        more = len(lines) - _SHOWN_ERRORS
        tail = f"; and {more} more bad lines" if more > 0 else ""
        super().__init__(
            f"{path}: {shown}{tail}. "
            "Each line is address,name,kind,owner; the address is an IP or a CIDR."
        )


@dataclass(frozen=True, slots=True)
class KnownIp:
    """One line of the list.

    Attributes:
        low: First address, as a 128-bit number; IPv4 as IPv4-mapped.
        bits: Prefix length out of 128.
        name: What the node is called.
        kind: What it is; None: not told.
        owner: Who answers for it; None: not told.
        line: Its line in the file.
    """

    low: int
    bits: int
    name: str
    kind: str | None
    owner: str | None
    line: int


@dataclass(frozen=True, slots=True)
class KnownIps:
    """A list of known IPs, ready to look up; the most specific line wins.

    Attributes:
        entries: The lines.
        stretches: Their networks.
    """

    entries: tuple[KnownIp, ...]
    stretches: Stretches = field(repr=False)

    @classmethod
    def of(cls, entries: Iterable[KnownIp]) -> KnownIps:
        """Flatten nested networks into disjoint stretches."""
        entries = tuple(entries)
        return cls(entries, Stretches.of([(entry.low, entry.bits) for entry in entries]))

    def told(self, packed: Packed) -> pa.Table:
        """Return `name`, `kind`, `owner` for each address, null where nothing is told."""
        positions = self.stretches.positions(packed)
        entries = pa.table(
            {
                "name": pa.array([entry.name for entry in self.entries], pa.string()),
                "kind": pa.array([entry.kind for entry in self.entries], pa.string()),
                "owner": pa.array([entry.owner for entry in self.entries], pa.string()),
            }
        )
        return entries.take(pa.array(positions, mask=positions == NOWHERE))


def read_known_ips(path: Path) -> KnownIps:
    """Read a list of known IPs.

    A header line, blank lines and lines that start with `#` are no entries.

    Raises:
        KnownIpsError: Lines that cannot be used, each with its number; an address that
            two lines name counts as one, for nobody could tell which is meant.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}). Give a readable file, or none."
        raise DashboardError(msg) from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise KnownIpsError(path, [(line, "is not UTF-8 text")]) from error
    entries: dict[tuple[int, int], KnownIp] = {}
    problems: list[tuple[int, str]] = []
    rows = csv.reader(io.StringIO(text, newline=""))
    while True:
        try:
            row = next(rows)
        except StopIteration:
            break
        except csv.Error as error:
            problems.append((rows.line_num, str(error)))
            continue
        if _is_blank(row) or (not entries and not problems and row[0].strip() == COLUMNS[0]):
            continue
        try:
            entry = _entry(row, rows.line_num)
        except ValueError as error:
            problems.append((rows.line_num, str(error)))
            continue
        first = entries.setdefault((entry.low, entry.bits), entry)
        if first is not entry:
            problems.append((entry.line, f"{row[0].strip()} is already named in line {first.line}"))
    if problems:
        raise KnownIpsError(path, problems)
    return KnownIps.of(entries.values())


class KnownNames:
    """Names for addresses from a list of known IPs, read again when the file changes.

    Args:
        path: The CSV file; None: nothing has a name. A file that is missing names nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._kept: tuple[Hashable, KnownIps] = (None, KnownIps.of(()))

    def stamp(self) -> Hashable:
        """Return what tells one state of the file from another."""
        try:
            status = self._path.stat() if self._path else None
        except FileNotFoundError:
            return None
        return (status.st_mtime_ns, status.st_size, status.st_ino) if status else None

    def known_ips(self) -> KnownIps:
        """Return the list as it is now.

        Raises:
            KnownIpsError: Lines of the file cannot be used.
        """
        stamp = self.stamp()
        with self._lock:
            if self._kept[0] != stamp:
                usable = stamp is not None and self._path is not None
                known = read_known_ips(self._path) if usable and self._path else KnownIps.of(())
                self._kept = (stamp, known)
            return self._kept[1]

    def attributes(self, ends: pa.Table) -> pa.Table:
        """Return `address` and `vpc_id` as asked, `name`, `kind`, `owner` and `scope`."""
        packed = packed_addresses(ends.column("address").to_pylist())
        told = self.known_ips().told(packed)
        for name in ("vpc_id", "address"):
            told = told.add_column(0, name, ends.column(name))
        return told.append_column("scope", scope_details(packed))

    def named(self, addresses: pa.Array) -> pa.Table:
        """Return `address`, `node`, `kind`, `owner` of those addresses that have a name."""
        told = self.known_ips().told(packed_addresses(addresses.to_pylist()))
        table = told.rename_columns(["node", "kind", "owner"]).add_column(0, "address", addresses)
        return table.filter(table.column("node").is_valid())

    def scope(self, address: str) -> str:
        """Return `internal`, `internet` or `multicast`."""
        return scope_of(address)


def _is_blank(row: list[str]) -> bool:
    return not any(cell.strip() for cell in row) or row[0].lstrip().startswith("#")


def _entry(row: list[str], line: int) -> KnownIp:
    cells = [cell.strip() for cell in row]
    if not 2 <= len(cells) <= len(COLUMNS):
        msg = f"has {len(cells)} fields instead of 2 to {len(COLUMNS)}"
        raise ValueError(msg)
    address, name, kind, owner = cells + [""] * (len(COLUMNS) - len(cells))
    if not name:
        msg = f"{address!r} has no name"
        raise ValueError(msg)
    if not name.isprintable():
        msg = f"name {name!r} has characters that cannot be shown"
        raise ValueError(msg)
    if _is_address(name):
        msg = f"name {name!r} looks like an address"
        raise ValueError(msg)
    try:
        network = ipaddress.ip_network(address)
    except ValueError as error:
        reason = "host bits are set" if "host bits" in str(error) else "is no address or CIDR"
        msg = f"{address!r} {reason}" if reason.startswith("is") else f"{address!r}: {reason}"
        raise ValueError(msg) from error
    low, bits = bounds_of(network)
    return KnownIp(low, bits, name, kind or None, owner or None, line)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
