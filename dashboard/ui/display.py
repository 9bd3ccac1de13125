"""How a reader wants times and volumes written: in which zone, in which units.

It is of the reader and no part of the question: kept by the browser, sent with the page's
view, in force while one request is answered. Everything that leaves the page, URLs, files
and saved views, stays in UTC and in plain bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo

Units = Literal["si", "iec", "bits"]
UNITS: tuple[Units, ...] = ("si", "iec", "bits")
_LONGEST_ZONE = 64


@dataclass(frozen=True, slots=True)
class Display:
    """How times and volumes are written.

    Attributes:
        zone: Name of a time zone, as the IANA lists them.
        units: `si`: 1 MB is 10⁶ bytes; `iec`: 1 MiB is 2²⁰ bytes; `bits`: as `si`, and
            what is drawn over time are bits per second.
    """

    zone: str = "UTC"
    units: Units = "si"

    @property
    def is_utc(self) -> bool:
        """Times are written in UTC."""
        return self.zone == "UTC"

    @property
    def clock(self) -> tzinfo:
        """The zone's rules."""
        return UTC if self.is_utc else ZoneInfo(self.zone)

    def at(self, epoch_s: float) -> datetime:
        """Return a time as clocks of the zone show it."""
        return datetime.fromtimestamp(epoch_s, self.clock)

    def read(self, text: str) -> str | None:
        """Return an ISO 8601 time with its offset: the zone's where the text has none.

        Returns:
            None: the text is no such time.
        """
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.clock)).isoformat()

    @classmethod
    def of(cls, raw: object) -> Display:
        """Read what the browser sends; what cannot be used is UTC and decimal."""
        known = raw if isinstance(raw, Mapping) else {}
        zone, units = known.get("zone"), known.get("units")
        return cls(
            zone=zone if isinstance(zone, str) and _is_zone(zone) else "UTC",
            units=next((one for one in UNITS if one == units), "si"),
        )


_PLAIN = Display()
_chosen: ContextVar[Display] = ContextVar("display", default=_PLAIN)


def display() -> Display:
    """Return what is in force."""
    return _chosen.get()


def choose(raw: object) -> None:
    """Put in force what a browser sends, for the rest of this request."""
    _chosen.set(Display.of(raw))


def forget() -> None:
    """Go back to UTC and decimal units."""
    _chosen.set(_PLAIN)


@contextmanager
def shown_as(**values: Any) -> Iterator[None]:
    """Write times and volumes in one way inside a block."""
    token = _chosen.set(Display(**values))
    try:
        yield
    finally:
        _chosen.reset(token)


def _is_zone(name: str) -> bool:
    if len(name) > _LONGEST_ZONE:
        return False
    try:
        ZoneInfo(name)
    # An unknown name, a folder of the zone data, or a text that is no name at all.
    except (KeyError, ValueError, OSError):
        return False
    return True
