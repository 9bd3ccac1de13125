"""A small cache with hostile names, and every export of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.export.formats import GRAPH_FORMATS, Leaving, leaving
from dashboard.analysis.export.graph_json import write_json
from dashboard.analysis.export.pseudonyms import Pseudonyms
from dashboard.analysis.export.tables import RECORD_SUFFIXES, record_pages, write_records
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.source import FlowSource
from dashboard.ui.figures.layouts import node_places
from dashboard.ui.sharing import PseudonymAnswers
from tests.dashboard.analysis.hand_made import make_flow, write_cache

HOSTILE = '=cmd|"</svg><script>alert(1)</script>\\'
ADDRESSES = ("192.0.2.77", "192.0.2.78", "10.1.2.3", "203.0.113.200", "2001:db8::7:1")
ALL = FlowQuery(threshold=0)


def small_source(folder: Path) -> FlowSource:
    """Five addresses talk to a named one; two edges join one pair, one is denied."""
    folder.mkdir(exist_ok=True)
    names = folder / "known_ips.csv"
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    names.write_text(f"address,name,kind,owner\n198.51.100.2,{quoted},server,me\n")
    flows = [
        make_flow(srcaddr=address, service_port=443, bytes=100 * n, interface_id="eni-1",
                  pkt_srcaddr=address, start=1_767_600_000 + 60 * n)
        for n, address in enumerate(ADDRESSES, 1)
    ]  # fmt: skip
    flows += [
        make_flow(srcaddr=ADDRESSES[0], service_port=22, action="REJECT"),
        make_flow(srcaddr=ADDRESSES[1], dstaddr=ADDRESSES[2], service_port=None, protocol=1),
    ]
    return FlowSource(write_cache(folder / "cache", flows), KnownNames(names))


def leaving_of(
    source: FlowSource, query: FlowQuery = ALL, pseudonyms: Pseudonyms | None = None
) -> Leaving:
    """Return what page and command write from."""
    shown = PseudonymAnswers(source, pseudonyms) if pseudonyms else source

    def placing(nodes: tuple[str, ...]) -> dict[str, tuple[float, float]]:
        return {n: p["force"] for n, p in node_places(source, nodes, query.level).items()}

    return leaving(source, shown, query, pseudonyms, placing)


def exports(
    source: FlowSource, query: FlowQuery, pseudonyms: Pseudonyms | None = None
) -> Iterator[tuple[str, bytes]]:
    """Write every format there is."""
    out = leaving_of(source, query, pseudonyms)
    yield "graph v1", write_json(out.picture, 1)
    for suffix, form in GRAPH_FORMATS.items():
        yield f"graph {suffix}", form.write(out)
    for suffix in RECORD_SUFFIXES:
        file = io.BytesIO()
        pages = record_pages(out.answers, query, shared=pseudonyms is not None)
        write_records(file, pages, suffix)
        yield f"records {suffix}", file.getvalue()
