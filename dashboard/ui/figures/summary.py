"""Totals and cache facts → the header's figures."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.analysis.answers import Totals
from dashboard.ui import wording
from ingest.store.read import CacheFacts

STALE_AFTER_S = 2 * 3_600  # Log delivery takes minutes; two hours without a record is a fault.


def totals_tiles(totals: Totals, facts: CacheFacts) -> list[Any]:
    """Return one tile a figure: what it is, in short, and with every digit."""
    volume = totals.volume
    tiles = [
        _tile(
            "Flows",
            wording.short(volume.flows),
            f"{wording.whole(volume.flows)} counted once",
            "Flow records, a flow that two interfaces logged counted once. "
            f"{wording.whole(totals.edges)} edges.",
        ),
        _tile(
            "Bytes",
            wording.short(volume.bytes, "B"),
            f"{wording.whole(volume.bytes)} bytes",
            f"Both directions, counted once; {wording.whole(volume.return_bytes)} of them "
            "from responder to initiator.",
        ),
        _tile(
            "Packets",
            wording.short(volume.packets),
            f"{wording.whole(volume.packets)} packets",
            f"Both directions, counted once; {wording.whole(volume.return_packets)} of them "
            "from responder to initiator.",
        ),
        _tile(
            "Log records",
            wording.short(volume.records),
            f"{wording.whole(volume.records)} records",
            "Log lines as AWS wrote them, second reports of a flow included. "
            f"The cache was filled from {wording.whole(facts.objects)} log objects.",
        ),
        _tile(
            "Named",
            wording.percent(totals.named_bytes, volume.bytes),
            f"{wording.short(totals.named_bytes, 'B')} of {wording.short(volume.bytes, 'B')}",
            "Bytes between two ends that have names. Name more with known_ips.csv, or with: "
            "python -m ingest names",
        ),
        _tile(
            "Bytes as logged",
            wording.short(totals.logged_bytes, "B"),
            f"{wording.whole(totals.logged_bytes)} bytes",
            "Second reports of a flow included.",
        ),
        _tile(
            "Packets as logged",
            wording.short(totals.logged_packets),
            f"{wording.whole(totals.logged_packets)} packets",
            "Second reports of a flow included.",
        ),
        _tile(
            "Denied",
            wording.percent(volume.rejected, volume.flows),
            f"{wording.whole(volume.rejected)} of {wording.whole(volume.flows)}",
            f"Flows with action REJECT; {wording.whole(volume.accepted)} have ACCEPT.",
            tone="rejected" if volume.rejected else "",
        ),
    ]
    return tiles + _coverage_tiles(totals, facts)


def _coverage_tiles(totals: Totals, facts: CacheFacts) -> list[Any]:
    tiles = []
    if totals.skipdata:
        tiles.append(
            _tile(
                "Coverage gaps",
                wording.whole(totals.skipdata),
                "intervals (SKIPDATA)",
                "SKIPDATA lines: AWS could not keep all records of these intervals, so the "
                f"traffic was more than shown. {wording.whole(totals.nodata)} other intervals "
                "had no traffic (NODATA).",
                tone="warning",
            )
        )
    if facts.rows_rejected:
        tiles.append(
            _tile(
                "Rejected lines",
                wording.whole(facts.rows_rejected),
                f"of {wording.whole(facts.rows_read)} lines read",
                "Lines that no record could be made of, over the whole cache. "
                "Reasons: python -m ingest status",
                tone="warning",
            )
        )
    return tiles


def range_text(totals: Totals) -> str:
    """Say from when to when the shown records are."""
    if totals.first is None or totals.last is None:
        return "No records in this range"
    return wording.span(totals.first, totals.last)


def freshness(facts: CacheFacts, now: int) -> Any:
    """Say how old the newest record and the last commit are; warn when that is long."""
    if facts.last is None or facts.committed_at is None:
        return html.Span("No records yet", className="fresh")
    age = now - facts.last
    stale = age > STALE_AFTER_S
    newest: list[Any] = [
        html.Span("Newest record ", className="newest-word"),
        f"{wording.duration(age)} ago",
    ]
    details = (
        f"Newest record {wording.moment(facts.last)} {wording.zone(facts.last)}, "
        f"last load {wording.moment(facts.committed_at)} {wording.zone(facts.committed_at)}"
    )
    loaded = f"loaded {wording.duration(now - facts.committed_at)} ago"
    return html.Span(
        [html.Span(className="dot"), *newest, html.Span(f" · {loaded}", className="loaded")],
        className="fresh stale" if stale else "fresh",
        title=f"{details}. Load what came since: python -m ingest load" if stale else details,
    )


def _tile(label: str, value: str, exact: str, explanation: str, tone: str = "") -> Any:
    return html.Div(
        [
            html.Div(label, className="tile-label"),
            html.Div(value, className="tile-value"),
            html.Div(exact, className="tile-exact"),
        ],
        className=f"tile {tone}".strip(),
        title=f"{label}: {exact}. {explanation}",
    )
