"""IANA's registries of service ports and protocols, as files beside this module.

`tests/iana_registry.py` makes them again from PyPCAPKit, which renders the registries with
every release; their first line tells the day. The system's `/etc/services` is not asked: a
bare machine has none, and the page must read the same everywhere.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator
from pathlib import Path

TCP, UDP, SCTP = 6, 17, 132

_FOLDER = Path(__file__).parent
_TRANSPORTS = {"tcp": TCP, "udp": UDP, "sctp": SCTP}


@functools.cache
def registered_ports() -> dict[int, dict[int, str]]:
    """Return for each transport protocol the registered name of each port that has one."""
    names: dict[int, dict[int, str]] = {TCP: {}, UDP: {}, SCTP: {}}
    for port, transports, name in _rows("iana_ports.csv"):
        for transport in transports.split("+"):
            names[_TRANSPORTS[transport]][int(port)] = name
    return names


@functools.cache
def registered_protocols() -> dict[int, str]:
    """Return the registered name of each protocol number that has one."""
    return {int(number): name for number, name in _rows("iana_protocols.csv")}


def _rows(name: str) -> Iterator[list[str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        next(file)  # Where it comes from.
        yield from csv.reader(file)
