"""Country and network of public addresses, from databases in MaxMind's format (MMDB)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import maxminddb

from dashboard.errors import DashboardError

MARK = b"\xab\xcd\xefMaxMind.com"
"""What stands before the metadata of a database ("MaxMind DB File Format Specification")."""
_MARK_WITHIN = 131_072 + 4_096  # The metadata is at most 128 KiB long.

Answer = tuple[str | None, str | None]


class GeographyError(DashboardError):
    """A database cannot be used."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(
            f"{path}: {problem}. Give a database of countries, cities or ASNs in MaxMind's "
            "format (.mmdb)."
        )


@dataclass(frozen=True, slots=True)
class Geography:
    """One open database.

    Attributes:
        path: Its file.
    """

    path: Path
    _reader: maxminddb.Reader = field(repr=False)

    def told(self, addresses: Iterable[str]) -> list[Answer]:
        """Return country (ISO 3166 code) and network (`AS64496 Example`) of each address.

        Raises:
            GeographyError: The database is damaged.
        """
        get = self._reader.get
        try:
            # A database of IPv4 alone refuses to look up IPv6.
            if self._reader.metadata().ip_version == 4:
                return [_answer(None if ":" in a else get(a)) for a in addresses]
            return [_answer(get(address)) for address in addresses]
        except (maxminddb.InvalidDatabaseError, UnicodeDecodeError) as error:
            raise GeographyError(self.path, f"is damaged ({error})") from error


def read_geography(path: Path) -> Geography:
    """Open a database; it is read as addresses are asked for.

    Raises:
        GeographyError: It cannot be read, or is none.
    """
    try:
        return Geography(path, maxminddb.open_database(path))
    except OSError as error:
        raise GeographyError(path, f"cannot be read ({error.strerror or error})") from error
    except (maxminddb.InvalidDatabaseError, ValueError) as error:
        raise GeographyError(path, f"is no such database ({error})") from error


def is_geography(path: Path) -> bool:
    """Tell a database by its content, or where it cannot be read by its name."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _MARK_WITHIN))
            return MARK in file.read() or path.suffix == ".mmdb"
    except OSError:
        return path.suffix == ".mmdb"


def _answer(record: Any) -> Answer:
    """Read what MaxMind's GeoLite2, DB-IP and IPinfo write of an address."""
    if not isinstance(record, dict):
        return None, None
    country = record.get("country") or record.get("registered_country")
    if isinstance(country, dict):
        country = country.get("iso_code")
    else:
        country = record.get("country_code") or country
    number = record.get("autonomous_system_number") or record.get("asn")
    if number is None:
        return _text(country), None
    organization = record.get("autonomous_system_organization") or record.get("as_name")
    digits = str(number).upper().removeprefix("AS")
    return _text(country), f"AS{digits} {_text(organization) or ''}".rstrip()


def _text(told: object) -> str | None:
    return told if isinstance(told, str) and told else None
