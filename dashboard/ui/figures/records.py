"""Raw flow records: what AWS wrote, with the object and the line that each came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash import html

from dashboard.analysis.answers import Records, Totals
from dashboard.analysis.export.tables import NEVER_SHARED
from dashboard.ui import wording

PAGE_ROWS = 50

# AWS's names; those that most questions are about come first.
_COLUMNS = (
    "start", "srcaddr", "srcport", "dstaddr", "dstport", "protocol", "action", "packets", "bytes",
    "end", "tcp_flags", "flow_direction", "interface_id", "pkt_srcaddr", "pkt_dstaddr",
    "pkt_src_aws_service", "pkt_dst_aws_service", "traffic_path", "reject_reason", "instance_id",
    "subnet_id", "vpc_id", "az_id", "region", "account_id", "type", "log_status",
)  # fmt: skip
_ALWAYS = ("start", "end", "srcaddr", "srcport", "dstaddr", "dstport", "protocol", "action")
_NUMBERS = frozenset({"srcport", "dstport", "packets", "bytes", "protocol", "line", "tcp_flags"})
# Rules of ingest that name the initiator, best first, in the words of the README.
RULES: dict[str, tuple[str, str]] = {
    "tcp-flags": (
        "TCP flags",
        "The record's own flags tell: who sent SYN opened the connection, who sent SYN-ACK "
        "answered. Certain.",
    ),
    "listener": (
        "Known listener",
        "Flags of another record show that this address answers on this port. As good as certain.",
    ),
    "service-port": (
        "Service port",
        "One side alone has a port that services use, such as 443; that side is the responder.",
    ),
    "shared-port": (
        "Shared port",
        "More peers use this address and port than the other one: it is the service.",
    ),
    "lower-port": ("Lower port", "Nothing better tells: the lower port is taken for the service."),
    "first-seen": (
        "First packet",
        "The protocol has no ports: the side whose packets came first is the initiator.",
    ),
    "address-order": (
        "Order of addresses",
        "Nothing tells who began. One of both is taken, the same one each time. A guess.",
    ),
}


def records_table(found: Records, *, shared: bool = False) -> Any:
    """Return a page of records, under the object that each came from.

    Args:
        found: The page.
        shared: Leave out what leads to an address behind a pseudonym.
    """
    if found.rows.empty:
        return html.P("No records here.", className="drawer-empty")
    columns = _shown_columns(found.rows, shared=shared)
    body: list[Any] = []
    last_object: Any = None
    for row in found.rows.to_dict("records"):
        if not shared and row["object"] != last_object:
            last_object = row["object"]
            body.append(_object_row(last_object, len(columns) + 2))
        body.append(_record_row(row, columns, shared=shared))
    heads = [*([] if shared else ["line"]), *map(_aws_name, columns), "counted", "initiator"]
    return html.Table(
        [
            html.Thead(html.Tr([html.Th(name, scope="col") for name in heads])),
            html.Tbody(body),
        ],
        className="records",
    )


def records_note(found: Records, totals: Totals) -> str:
    """Say which records are shown, of how many, and how many of them count."""
    if not found.total:
        return "No log records fit."
    first, last = found.offset + 1, found.offset + len(found.rows)
    volume = totals.volume
    text = f"{wording.whole(first)} to {wording.whole(last)} of {wording.whole(found.total)}"
    again = volume.records - volume.flows
    if not again:
        return f"{text} log records; each counts{wording.zone_note()}"
    return (
        f"{text} log records; {wording.whole(volume.flows)} count, {wording.whole(again)} are "
        f"second reports of the same flow{wording.zone_note()}"
    )


def rules_list(found: pd.DataFrame) -> Any:
    """Say which rules named the initiator, and for how many log records; the best rule first.

    Args:
        found: `rule` and `records`.
    """
    shares = {
        "" if pd.isna(rule) else str(rule): int(records)
        for rule, records in zip(found["rule"], found["records"], strict=True)
    }
    total = sum(shares.values())
    if not total:
        return html.P("No log records fit.", className="drawer-empty")
    items = []
    for rule in sorted(shares, key=lambda rule: [*RULES, rule].index(rule)):
        records = shares[rule]
        title, why = RULES.get(rule, (rule or "None", "These records name no two ends."))
        width = f"{100 * records / total:.1f}%"
        amount = f"{wording.percent(records, total)}, {wording.whole(records)} records"
        items.append(
            html.Li(
                [
                    html.Span(title, className="peer-name"),
                    html.Span(amount, className="peer-amount"),
                    html.Span(html.I(style={"width": width}), className="peer-bar"),
                    html.P(why),
                ]
            )
        )
    return html.Ul(items, className="peers rules")


def _shown_columns(rows: pd.DataFrame, *, shared: bool) -> list[str]:
    """Leave out what no record of the page has: the format lacks it."""
    return [
        name
        for name in _COLUMNS
        if name in rows
        and (name in _ALWAYS or rows[name].notna().any())
        and not (shared and name in NEVER_SHARED)
    ]


def _object_row(key: Any, width: int) -> Any:
    text = "an object that is no longer in the catalog" if pd.isna(key) else str(key)
    copy: dict[str, Any] = {"data-copy": text, "aria-label": f"Copy {text}"}
    button = html.Button("Copy", type="button", className="row-button wide", **copy)
    content = html.Span([button, html.Code(html.Bdi(text))], className="object-key", title=text)
    return html.Tr(html.Th(content, colSpan=width, scope="rowgroup"), className="object-row")


def _record_row(row: dict[Any, Any], columns: Sequence[str], *, shared: bool) -> Any:
    is_counted = bool(row["is_counted"])
    cells = [html.Td(_text(name, row[name]), className=_mark(name, row[name])) for name in columns]
    if not shared:
        cells.insert(0, html.Td(_line(row), className="number"))
    rule = row["initiator_rule"]
    title, why = RULES.get(str(rule), (str(rule), ""))
    cells.append(
        html.Td("yes" if is_counted else "not counted", title=_counted_because(is_counted))
    )
    cells.append(html.Td(title, title=why))
    return html.Tr(cells, className="" if is_counted else "uncounted")


def _line(row: dict[Any, Any]) -> Any:
    if pd.isna(row["line"]):
        return ""
    number = int(row["line"])
    text = f"{row['object']}:{number}"
    copy: dict[str, Any] = {"data-copy": text, "aria-label": f"Copy object and line {number}"}
    title = f"Copy {text}"
    return html.Button(str(number), type="button", className="drawer-link", title=title, **copy)


def _counted_because(is_counted: bool) -> str:
    if is_counted:
        return "This record is part of the sums."
    return "Second report: the interface at the other end logged the same flow, and that counts."


def _text(name: str, value: Any) -> str:
    if pd.isna(value):
        return "-"  # As AWS writes what does not apply.
    if name in ("start", "end"):
        return wording.moment(int(value))
    if name == "protocol":
        return f"{int(value)} {wording.protocol(int(value))}"
    if name in ("packets", "bytes"):
        return wording.whole(int(value))
    return str(value)


def _mark(name: str, value: Any) -> str:
    if name == "action" and value == "REJECT":
        return "denied"
    return "number" if name in _NUMBERS else ""


def _aws_name(name: str) -> str:
    return name.replace("_", "-")
