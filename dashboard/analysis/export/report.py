"""One HTML file for a colleague: question, totals, drawing, tables; no script, opens offline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from dashboard.analysis.answers import FlowAnswers, Ranking, Timeline, Volume
from dashboard.analysis.enrich.services import protocol_name, service_name
from dashboard.analysis.export.graph_markup import service_text
from dashboard.analysis.export.graph_svg import EDGE_COLORS, MUTED, Places, svg_element
from dashboard.analysis.export.markup import escaped
from dashboard.analysis.export.picture import Picture, iso_time
from dashboard.analysis.flow_query import FlowQuery

MAX_EDGES = 300
_TOP = 20
_MAX_BINS = 120
_CHART = (1_000.0, 150.0)
_STACK = (("REJECT", "rejected"), ("ACCEPT", "accepted"), ("NONE", "unlogged"))
_VOLUMES = ("flows", "accepted", "rejected", "packets", "bytes")

_STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 1100px; padding: 24px 16px 48px; background: #fff; color: #1b2330;
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 28px 0 8px; }
p, dd { margin: 0 0 6px; } .muted { color: #586274; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 12px 0; }
dt { color: #586274; } dd { margin: 0; overflow-wrap: anywhere; }
.sums { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 16px 0; }
.sums div { font-size: 20px; font-variant-numeric: tabular-nums; }
.sums span { display: block; font-size: 12px; color: #586274; }
svg { width: 100%; height: auto; border: 1px solid #dfe3e8; border-radius: 6px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 3px 10px 3px 0; border-bottom: 1px solid #dfe3e8;
  vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; } .n { text-align: right; white-space: nowrap; }
tfoot td { color: #586274; } .denied { color: #b02020; }
@media print { body { max-width: none; padding: 0; font-size: 11px; } h2 { break-after: avoid; }
  tr, svg { break-inside: avoid; } thead { display: table-header-group; } a { color: inherit; } }
"""


def write_report(picture: Picture, answers: FlowAnswers, query: FlowQuery, places: Places) -> bytes:
    """Write the report of a question.

    Args:
        picture: The graph.
        answers: Asked for talkers, ports and timeline: those of sharing mode where the
            picture is.
        query: What they are asked; never written.
        places: As `graph_svg.write_svg` takes them.
    """
    parts = [
        _head(),
        *_question(picture),
        _sums(picture.totals.volume),
        "<h2>Traffic over time</h2>",
        _chart(answers.timeline(query, _MAX_BINS), query),
        f"<h2>Network</h2>\n<p class='muted'>{_shown(picture)}</p>",
        svg_element(picture, places),
        *_edge_table(picture),
        *_ranking("Top talkers", "node", answers.talkers(query, _TOP), _node_names),
        *_ranking("Top services", "service", answers.ports(query, _TOP), _service_names),
        "</body>\n</html>\n",
    ]
    return "\n".join(parts).encode()


def _head() -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        # The file loads and runs nothing, whatever a name in it tries.
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>Flow Atlas report</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
    )


def _question(picture: Picture) -> Iterator[str]:
    query, totals, facts = picture.query, picture.totals, picture.facts
    start = iso_time(query.start if query.start is not None else totals.first) or "open"
    end = iso_time(query.end if query.end is not None else totals.last) or "open"
    kept = f"at least {query.threshold:,} {query.metric}, the largest {query.top_k:,}"
    yield "<h1>Flow Atlas report</h1>"
    yield f"<p class='muted'>State of {escaped(iso_time(facts.committed_at) or 'unknown')}</p>"
    yield "<dl>"
    for name, text in (
        ("Range (UTC)", f"{start} to {end}"),
        ("Filter", query.filter or "none"),
        ("Action", query.action),
        ("Nodes", f"by {query.level}, internet by {query.splits_internet}"),
        ("Edges", kept),
        ("Addresses", "pseudonyms; names stay" if picture.share_key_id else "as logged"),
        ("Gaps", f"{totals.nodata:,} NODATA and {totals.skipdata:,} SKIPDATA rows"),
    ):
        yield f"<dt>{escaped(name)}</dt><dd>{escaped(text)}</dd>"
    yield "</dl>"


def _sums(volume: Volume) -> str:
    tiles = "".join(f"<div>{getattr(volume, name):,}<span>{name}</span></div>" for name in _VOLUMES)
    return f'<div class="sums">{tiles}</div>'


def _shown(picture: Picture) -> str:
    return (
        f"{len(picture.nodes):,} nodes, {len(picture.edges):,} of {picture.totals.edges:,} edges. "
        f"Not shown: {picture.other.flows:,} flows, {picture.other.bytes:,} bytes."
    )


def _chart(timeline: Timeline, query: FlowQuery) -> str:
    """Draw stacked columns, rejected at the bottom, each with its sums as a title."""
    wide, high = _CHART
    if timeline.rows.empty:
        return "<p class='muted'>No flows in this range.</p>"
    values: dict[tuple[int, str], int] = {}
    for start, action, amount in timeline.rows[["bin_start", "action", query.metric]].itertuples(
        index=False, name=None
    ):
        values[int(start), str(action)] = int(amount)
    starts = sorted({start for start, _ in values})
    stacks = {start: sum(values.get((start, key), 0) for key, _ in _STACK) for start in starts}
    most = max(*stacks.values(), 1)
    n_bins = max((timeline.end - timeline.start) // timeline.bin_s, 1)
    column = wide / n_bins
    parts = [
        f'<svg viewBox="0 0 {wide:g} {high + 24:g}" width="{wide:g}" height="{high + 24:g}"'
        f' role="img" font-family="system-ui, sans-serif" font-size="11" fill="{MUTED}">',
        f"<title>{query.metric} per {timeline.bin_s:,} s, at most {most:,}</title>",
    ]
    for start in starts:
        x, top = (start - timeline.start) / timeline.bin_s * column, high
        for action, state in _STACK:
            amount = values.get((start, action), 0)
            if not amount:
                continue
            tall = amount / most * (high - 14)
            top -= tall
            parts.append(
                f'<rect x="{x:.2f}" y="{top:.2f}" width="{max(column * 0.84, 0.5):.2f}"'
                f' height="{tall:.2f}" fill="{EDGE_COLORS[state]}">'
                f"<title>{iso_time(start)}: {amount:,} {query.metric} {state}</title></rect>"
            )
    parts += [
        f'<path d="M0,{high:g} h{wide:g}" stroke="#dfe3e8"/>',
        f'<text x="4" y="{high + 16:g}">{iso_time(timeline.start)}</text>',
        f'<text x="{wide - 4:g}" y="{high + 16:g}" text-anchor="end">'
        f"{iso_time(timeline.end)}</text>",
        f'<text x="4" y="11">{most:,} {query.metric} in {timeline.bin_s:,} s</text>',
        "</svg>",
    ]
    return "\n".join(parts)


def _edge_table(picture: Picture) -> Iterator[str]:
    rows = [
        [edge.src, edge.dst, service_text(edge)]
        + [f"{getattr(edge.volume, name):,}" for name in _VOLUMES]
        for edge in picture.edges[:MAX_EDGES]
    ]
    other = [f"{getattr(picture.other, name):,}" for name in _VOLUMES]
    more = len(picture.edges) - len(rows)
    yield "<h2>Edges</h2>"
    if more > 0:
        yield f"<p class='muted'>The largest {MAX_EDGES:,}; {more:,} more are drawn above.</p>"
    yield from _table(("initiator", "responder", "service"), rows, [["not shown", "", "", *other]])


def _ranking(
    title: str, first: str, ranking: Ranking, names: Callable[[pd.DataFrame], list[str]]
) -> Iterator[str]:
    cells = ranking.rows[list(_VOLUMES)].itertuples(index=False, name=None)
    rows = [
        [name, *(f"{int(value):,}" for value in values)]
        for name, values in zip(names(ranking.rows), cells, strict=True)
    ]
    sums = [
        [word, *(f"{getattr(volume, name):,}" for name in _VOLUMES)]
        for word, volume in (("other", ranking.other), ("total", ranking.total))
    ]
    yield f"<h2>{escaped(title)}</h2>"
    yield from _table((first,), rows, sums)


def _node_names(rows: pd.DataFrame) -> list[str]:
    return [str(node) for node in rows["node"]]


def _service_names(rows: pd.DataFrame) -> list[str]:
    pairs = zip(rows["port"], rows["protocol"], strict=True)
    return [service_title(_whole(port), _whole(protocol)) for port, protocol in pairs]


def service_title(port: int | None, protocol: int | None) -> str:
    """Name a service in full: `TCP 443 (https)`."""
    name = service_name(port, protocol)
    number = "no port" if port is None else str(port)
    parts = (protocol_name(protocol) or "no protocol", number, f"({name})" if name else "")
    return " ".join(part for part in parts if part)


def _table(
    texts: Sequence[str], rows: Iterable[Sequence[str]], sums: Iterable[Sequence[str]]
) -> Iterator[str]:
    yield '<div class="wide"><table>'
    heads = "".join(f"<th>{escaped(text)}</th>" for text in texts)
    heads += "".join(f'<th class="n">{name}</th>' for name in _VOLUMES)
    yield f"<thead><tr>{heads}</tr></thead>\n<tbody>"
    for row in rows:
        yield _row(row, len(texts))
    yield "</tbody>\n<tfoot>"
    for row in sums:
        yield _row(row, len(texts))
    yield "</tfoot></table></div>"


def _row(cells: Sequence[str], n_texts: int) -> str:
    denied = n_texts + _VOLUMES.index("rejected")
    written = []
    for number, cell in enumerate(cells):
        look = "" if number < n_texts else ' class="n"'
        if number == denied and cell != "0":
            look = ' class="n denied"'
        written.append(f"<td{look}>{escaped(cell)}</td>")
    return f"<tr>{''.join(written)}</tr>"


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(str(value))
