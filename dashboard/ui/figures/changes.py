"""What differs between two time ranges → tiles, rows, marks on the network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from dash import html

from dashboard.analysis.answers import Changes
from dashboard.analysis.enrich.services import service_name
from dashboard.analysis.flow_query import FlowQuery
from dashboard.ui import ids, wording
from dashboard.ui.claims import edge_claim
from dashboard.ui.figures.network import key_id

Row = dict[str, Any]
Answered = Mapping[Any, Any]

KINDS = {"added": "Added", "gone": "Gone", "grew": "Grew", "shrank": "Shrank"}
_MOST_GONE = 10
_CHOICES = (
    ("previous", "The time before", "the range of equal length before it"),
    ("day", "A day earlier", "the same hours of the day before"),
    ("week", "A week earlier", "the same hours of the week before"),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison and what it is of.

    Attributes:
        changes: The answer.
        query: The question now.
        base: The question before.
        is_empty_before: The range before holds no records at all.
    """

    changes: Changes
    query: FlowQuery
    base: FlowQuery
    is_empty_before: bool = False


def offers() -> list[Any]:
    """Return buttons that begin a comparison."""
    buttons = [
        html.Button(
            text,
            type="button",
            className="button",
            title=f"Compare with {title}",
            **_command({"set": {"compare": value}}),
        )
        for value, text, title in _CHOICES
    ]
    return [
        html.P("Nothing is compared yet. Compare this range with:", className="changes-lead"),
        html.Div(buttons, className="changes-offers"),
    ]


def summary_tiles(compared: Compared) -> list[Any]:
    """Return what is compared, and one tile for each kind of change."""
    metric, sums = compared.query.metric, _sums(compared.changes)
    tiles = [
        _tile(kind, title, sums.get(kind, {}), metric)
        for kind, title in {**KINDS, "same": "Unchanged"}.items()
    ]
    return [
        html.P(_range_sentence(compared), className="changes-lead"),
        html.Div(tiles, className="changes-tiles"),
    ]


def no_changes(compared: Compared, kind: str) -> str:
    """Say why no change is listed; `""` where there are some."""
    if change_rows(compared, kind):
        return ""
    if kind in KINDS:
        return f"No edge of the kind \u201c{KINDS[kind].lower()}\u201d reaches the threshold."
    return "No edge that reaches the threshold differs between both ranges."


def change_rows(compared: Compared, kind: str = "") -> list[Row]:
    """Return one row per changed edge, largest difference first.

    Args:
        compared: The comparison.
        kind: One of KINDS; empty: all.
    """
    query, rows = compared.query, compared.changes.rows
    total = _total_difference(compared.changes)
    most = float(rows["difference"].abs().max()) if len(rows) else 0.0
    return [
        _row(row, query, total, most, compared.changes.scale)
        for row in rows.to_dict("records")
        if kind not in KINDS or row["change"] == kind
    ]


def marked(elements: list[Row], compared: Compared | None) -> list[Row]:
    """Return a network's elements with `change` on each edge.

    It is one of KINDS, `same`, or `""` where nothing is compared. It is there in any case: the
    drawing keeps what an update leaves out.
    """
    found = {} if compared is None else _by_edge(compared)
    return [_marked(element, found, compared) for element in elements]


def legend(compared: Compared | None) -> list[Any]:
    """Return what the colors of a compared network mean, and the edges that are gone from it."""
    if compared is None:
        return []
    marks = [
        html.Span([html.I(className=f"line change-{kind}"), text])
        for kind, text in (
            ("added", "added"),
            ("grew", "grew"),
            ("shrank", "shrank"),
            ("same", "as before"),
        )
    ]
    return [html.Div(marks, className="changes-marks"), *_gone_list(compared)]


def _gone_list(compared: Compared) -> list[Any]:
    rows = compared.changes.rows
    gone = rows[rows["change"] == "gone"]
    count = int(_sums(compared.changes).get("gone", {}).get("edges", 0))
    if gone.empty:
        return []
    items = [html.Li(_edge_text(row)) for row in gone.head(_MOST_GONE).to_dict("records")]
    more = count - len(items)
    if more > 0:
        items.append(html.Li(f"and {wording.whole(more)} more, in the tab Changes"))
    title = "1 edge is gone" if count == 1 else f"{wording.whole(count)} edges are gone"
    return [html.Details([html.Summary(title), html.Ul(items)], className="changes-gone")]


def _marked(element: Row, found: Mapping[str, Answered], compared: Compared | None) -> Row:
    data = element["data"]
    if "source" not in data:
        return element
    if compared is None:
        return {**element, "data": {**data, "change": ""}}
    row = found.get(data["id"])
    if row is None:
        return {**element, "data": {**data, "change": "same"}}
    before = int(row[f"{compared.query.metric}_before"])
    was = f"was {wording.volume(before, compared.query.metric)}" if before else "was not there"
    tip = f"{data['tip']}\n{KINDS[row['change']].lower()}: {was}"
    return {**element, "data": {**data, "change": row["change"], "tip": tip}}


def _by_edge(compared: Compared) -> dict[str, Answered]:
    return {_id(row): row for row in compared.changes.rows.to_dict("records")}


def _row(row: Answered, query: FlowQuery, total: float, most: float, scale: float) -> Row:
    metric, port, number = query.metric, _optional(row["port"]), _optional(row["protocol"])
    difference = float(row["difference"])
    now, before = int(row[metric]), int(row[f"{metric}_before"])
    return {
        "id": _id(row),
        "claim": edge_claim(row["src"], row["dst"], port, number, query.level),
        "change": row["change"],
        "kind": KINDS[row["change"]],
        "src": row["src"],
        "dst": row["dst"],
        "port": port,
        "service": service_name(port, number) or "",
        "number": number,
        "protocol": wording.protocol(number),
        "before": before,
        "now": now,
        "difference": round(difference),
        "times": None if not before else 100 * (now - before * scale) / (before * scale),
        "share": 100 * abs(difference) / total if total else None,
        "bar": difference / most if most else 0.0,
        "rejected": int(row["rejected"]),
        "rejected_before": int(row["rejected_before"]),
    }


def _tile(kind: str, title: str, sums: Mapping[str, Any], metric: str) -> Any:
    edges = int(sums.get("edges", 0))
    now, before = int(sums.get(metric, 0)), int(sums.get(f"{metric}_before", 0))
    change = f"{wording.volume(before, metric)} → {wording.volume(now, metric)}"
    exact = f"{wording.exact(before, metric)} before, {wording.exact(now, metric)} now"
    return html.Div(
        [
            html.Div([html.I(className=f"line change-{kind}"), title], className="tile-label"),
            html.Div(
                "1 edge" if edges == 1 else f"{wording.whole(edges)} edges", className="tile-value"
            ),
            html.Div(change, className="tile-exact"),
        ],
        className="tile",
        title=f"{title}: {exact}. Edges whose larger side reaches the threshold.",
    )


def _range_sentence(compared: Compared) -> str:
    base, query = compared.base, compared.query
    before = wording.span(base.start or 0, base.end or 0)
    if compared.is_empty_before:
        return (
            f"There are no records from {before}, so all that is there now counts as added. "
            "Take a shorter range, or compare with another time."
        )
    if query.start is not None and query.end is not None:
        now = wording.span(query.start, query.end)
    else:
        now = "The range shown"
    text = f"{now}, compared with {before}."
    scale = compared.changes.scale
    if not 0.995 <= scale <= 1.005:
        text += f" Differences are against {scale:.3g} times the amounts before: lengths differ."
    return text


def _sums(changes: Changes) -> dict[str, Answered]:
    return {str(row["change"]): row for row in changes.sums.to_dict("records")}


def _total_difference(changes: Changes) -> float:
    # Within a kind all differences have one sign, so sums hide nothing.
    return float(changes.sums["difference"].abs().sum()) if len(changes.sums) else 0.0


def _edge_text(row: Answered) -> Any:
    port, number = _optional(row["port"]), _optional(row["protocol"])
    key = {"src": row["src"], "dst": row["dst"], "port": port, "protocol": number}
    part: dict[str, Any] = {
        "data-part": json.dumps({"kind": "edge", "id": key}, ensure_ascii=False)
    }
    text = f"{row['src']} → {row['dst']} {wording.service(port, number)}"
    return html.Button(text, type="button", className="drawer-link", **part)


def _id(row: Answered) -> str:
    return key_id(row["src"], row["dst"], _optional(row["port"]), _optional(row["protocol"]))


def _optional(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _command(command: Mapping[str, Any]) -> dict[str, Any]:
    return {"data-store": ids.PAGE_COMMAND, "data-command": json.dumps(command)}
