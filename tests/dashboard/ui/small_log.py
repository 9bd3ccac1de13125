"""Two hours of a small network, as a log object and as the cache that ingest makes of it."""

from __future__ import annotations

from pathlib import Path

from ingest.pipeline import load
from ingest.sources.local import LocalSource

FIRST = 1_772_445_600  # 2026-03-02 10:00 UTC.
NOON = FIRST + 7_200
WEB, DB = "10.0.1.10", "10.0.2.20"
LATER = "?start=2026-03-02T11:00Z&end=2026-03-02T12:00Z&threshold=0&compare=previous"
HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status tcp-flags flow-direction"
)
KNOWN = f"address,name\n{WEB},web-1\n{DB},=db()\n"  # A name that a spreadsheet would run.


def _line(eni: str, ends: str, sums: str, at: int, more: str) -> str:
    return f"5 123456789012 {eni} {ends} 6 {sums} {at} {at + 50} {more}"


def _exchange(at: int, port: int, n_bytes: int) -> list[str]:
    """Return web-1 asking the database, at both interfaces, with the answer."""
    there, back = f"{WEB} {DB} {port} 5432", f"{DB} {WEB} 5432 {port}"
    asked, answered = f"10 {n_bytes}", f"20 {5 * n_bytes}"
    return [
        _line("eni-web", there, asked, at, "ACCEPT OK 2 egress"),
        _line("eni-db", there, asked, at, "ACCEPT OK 2 ingress"),
        _line("eni-db", back, answered, at, "ACCEPT OK 18 egress"),
        _line("eni-web", back, answered, at, "ACCEPT OK 18 ingress"),
    ]


LINES = [
    HEADER,
    *_exchange(FIRST + 60, 40_000, 1_000),
    _line("eni-web", f"198.51.100.8 {WEB} 50000 22", "1 40", FIRST + 120, "REJECT OK 2 ingress"),
    *_exchange(FIRST + 3_660, 40_001, 1_000),
    *_exchange(FIRST + 3_720, 40_002, 1_000),
    _line("eni-web", f"{WEB} 203.0.113.9 40003 443", "5 600", FIRST + 3_800, "ACCEPT OK 2 egress"),
    f"5 123456789012 eni-db - - - - - - - {FIRST + 3_900} {FIRST + 3_960} - SKIPDATA - -",
    "5 123456789012 eni-web 10.0.1.10",
]


def small_cache(folder: Path) -> Path:
    """Load the log; returns the cache. The names are beside it in `known_ips.csv`."""
    logs = folder / "logs"
    logs.mkdir(parents=True)
    (logs / "small.log").write_text("\n".join(LINES) + "\n")
    (folder / "known_ips.csv").write_text(KNOWN)
    load(LocalSource(logs), folder / "cache")
    return folder / "cache"
