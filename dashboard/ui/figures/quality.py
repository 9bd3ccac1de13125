"""What the logs and their reading lack, in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from dash import html

from dashboard.analysis.answers import Quality, Totals
from dashboard.analysis.log_format import create_command, lacking, log_format
from dashboard.ui import wording
from ingest.store.read import CacheFacts

_HOUR_S = 3_600
_MOST_INTERFACES = 200
_MOST_FORMATS = 8
_COUNTS = ("logged", "silent", "lost", "records")

# Codes of ingest, what they mean, and what to do.
REJECTS: dict[str, tuple[str, str]] = {
    "field-count": (
        "more or fewer values than the header names",
        "Such lines are cut or glued. Look at the object; load again with the right --format "
        "where it has no header.",
    ),
    "not-a-number": ("a text where a number belongs", "The header may be of another format."),
    "out-of-range": (
        "a number that the field cannot hold",
        "The header may be of another format, or a time is given in milliseconds.",
    ),
    "not-an-address": (
        "a text where an address belongs",
        "Logs whose addresses were masked cannot be drawn. Load the originals.",
    ),
    "unknown-value": (
        "an action or log status that AWS does not write",
        "The header may be of another format.",
    ),
    "not-utf8": ("bytes that are no text", "The object is damaged. Fetch it again."),
    "nul-byte": ("zero bytes in a line", "The object is damaged. Fetch it again."),
    "control-byte": ("control characters in a line", "The object is damaged. Fetch it again."),
    "line-too-long": ("a line longer than any record", "The object is damaged or no flow log."),
    "end-before-start": (
        "an end before its start",
        "Nothing to do: AWS's own clock errs at times, and such a record has no place in time.",
    ),
    "bad-text": (
        "white space or control characters inside a value",
        "Whoever wrote the container changed the values. Load AWS's own objects.",
    ),
    "no-record": ("a line or event without a record", "The container holds other logs as well."),
    "not-json": ("an event that is no JSON", "The export was cut. Export it again."),
}
SET_ASIDE: dict[str, tuple[str, str]] = {
    "corrupt": (
        "damaged or cut off",
        "Fetch or upload the object again; it is read as soon as it has changed.",
    ),
    "no-header": (
        "no header names its fields",
        "Load again with --format and the fields in their order.",
    ),
    "bad-header": ("its header cannot be right", "Look at its first line."),
    "not-a-log": (
        "no flow log",
        "Nothing to do, or narrow the prefix so that other objects are not listed.",
    ),
    "bomb": ("expands beyond all reason", "Do not open it elsewhere: it may be an attack."),
    "too-large": ("larger than the limits", "Split it, or load it on a machine with more memory."),
    "not-supported": ("a form that cannot be read", "Convert it to text, gzip or Parquet."),
    "unreadable": (
        "the source refused to give it",
        "Check the rights with: python -m ingest doctor. Then load with --retry.",
    ),
    "out-of-memory": ("reading it took more memory than a parser may", "Load with --retry."),
    "timeout": ("reading it took longer than a parser may", "Load with --retry."),
    "crashed": ("its parser crashed", "Please report it. The other objects are not concerned."),
    "machine": ("the machine failed while it was read", "Load with --retry."),
}
_UNTOLD = ("", "See: python -m ingest status")


def report(quality: Quality, totals: Totals, facts: CacheFacts, *, shared: bool = False) -> Any:
    """Return the whole report.

    Args:
        quality: The answer for the range shown.
        totals: That of the page's question.
        facts: Those of the whole cache.
        shared: Number the interfaces instead of naming them.
    """
    return [
        _section("Lines read", _reading(quality, totals, facts)),
        _section("Coverage by interface", _coverage(quality.interfaces, shared=shared)),
        _section("Formats of the logs", _formats(quality.formats)),
        _section("The format to ask for", advice()),
    ]


def advice() -> list[Any]:
    """Return the format to ask AWS for, ready to be copied."""
    return [
        html.P(
            "A flow log's format cannot be changed: create one with this format beside it, and "
            "delete the old one when the new one delivers. Both may run together; second reports "
            "count once."
        ),
        _copied("Format", log_format()),
        _copied("Command", create_command()),
    ]


def _reading(quality: Quality, totals: Totals, facts: CacheFacts) -> list[Any]:
    read = (
        f"{wording.whole(facts.rows_read)} lines read from {_objects(facts.objects)} "
        f"= {wording.whole(facts.rows_stored)} stored + {wording.whole(facts.rows_rejected)} "
        f"rejected, over the whole cache."
    )
    gaps = (
        f"In the range shown, {_intervals(totals.skipdata)} lost records (SKIPDATA) and "
        f"{_intervals(totals.nodata)} had no traffic (NODATA)."
    )
    what = (
        " Lost traffic is in no sum: AWS could not keep it. It happens under load; an interval of "
        "one minute loses less than one of ten."
        if totals.skipdata
        else ""
    )
    rejects = [
        (*REJECTS.get(str(r.reason), _UNTOLD), str(r.reason), f"{wording.whole(int(r.rows))} lines")
        for r in _each(quality.rejects)
    ]
    aside = [
        (*SET_ASIDE.get(str(r.status), _UNTOLD), str(r.status), _objects(int(r.objects)))
        for r in _each(quality.set_aside)
    ]
    return [
        html.P(read),
        html.P(gaps + what),
        *_faults("Rejected lines", rejects, "No line was rejected."),
        *_faults("Objects set aside", aside, "No object was set aside."),
    ]


def _faults(title: str, faults: list[tuple[str, str, str, str]], none: str) -> list[Any]:
    if not faults:
        return [html.P(none)]
    rows = [
        html.Tr([html.Td(html.Code(code)), html.Td(n), html.Td(meaning), html.Td(advised)])
        for meaning, advised, code, n in faults
    ]
    return [html.H4(title), _table(("reason", "how many", "means", "what to do"), rows)]


def _coverage(interfaces: pd.DataFrame, *, shared: bool) -> list[Any]:
    if interfaces.empty:
        return [html.P("No interface has logged anything in this range.")]
    first, last = int(interfaces["first_hour"].min()), int(interfaces["last_hour"].max())
    n_hours = (last - first) // _HOUR_S + 1
    lossy = int((interfaces["skipdata_hours"] > 0).sum())
    lead = (
        f"{wording.whole(len(interfaces))} interfaces, {wording.whole(n_hours)} hours from "
        f"{wording.minute(first)} {wording.zone(first)}. {wording.whole(lossy)} of them lost "
        "records."
    )
    rows = [
        _interface(row, number, n_hours, shared=shared)
        for number, row in enumerate(_each(interfaces.head(_MOST_INTERFACES)), start=1)
    ]
    heads = ("interface", "account", f"{wording.whole(n_hours)} hours", "logged", "silent", "lost")
    more = len(interfaces) - len(rows)
    rest = [html.P(f"{wording.whole(more)} more, with fewer losses.")] if more > 0 else []
    return [
        html.P(lead),
        _coverage_legend(),
        _table((*heads, "records", "last hour"), rows, numbers=_COUNTS),
        *rest,
    ]


def _interface(row: Any, number: int, n_hours: int, *, shared: bool) -> Any:
    ok, skipped, heard = int(row.ok_hours), int(row.skipdata_hours), int(row.hours)
    # An hour may be logged and lost in part; each is drawn once, as the worst of it.
    parts = (
        ("lost", skipped),
        ("logged", max(0, min(ok, heard - skipped))),
        ("silent", max(0, heard - skipped - max(0, min(ok, heard - skipped)))),
        ("unheard", max(0, n_hours - heard)),
    )
    bar = html.Div(
        [
            html.I(className=mark, style={"width": f"{100 * hours / n_hours:.2f}%"})
            for mark, hours in parts
            if hours
        ],
        className="coverage-bar",
        title=", ".join(f"{hours} h {mark}" for mark, hours in parts if hours),
    )
    name = f"interface {number}" if shared or pd.isna(row.interface_id) else str(row.interface_id)
    account = "" if shared or pd.isna(row.account_id) else str(row.account_id)
    cells = [html.Td(html.Code(name)), html.Td(account), html.Td(bar)]
    cells += [
        html.Td(wording.whole(value), className="number denied" if is_bad else "number")
        for value, is_bad in (
            (ok, False),
            (int(row.nodata_hours), False),
            (skipped, skipped > 0),
            (int(row.records), False),
        )
    ]
    return html.Tr([*cells, html.Td(wording.minute(int(row.last_hour)), className="time")])


def _coverage_legend() -> Any:
    marks = (
        ("logged", "logged traffic"),
        ("silent", "said: no traffic"),
        ("lost", "lost records"),
        ("unheard", "no word: not there yet, or logging was off"),
    )
    return html.P(
        [html.Span([html.I(className=f"swatch {mark}"), text]) for mark, text in marks],
        className="coverage-legend",
    )


def _formats(formats: pd.DataFrame) -> list[Any]:
    if formats.empty:
        return [html.P("No object with a known format is in the cache.")]
    found: list[Any] = []
    for row in _each(formats.head(_MOST_FORMATS)):
        fields = tuple(str(row.fields).split())
        gaps = lacking(fields)
        share = f"{_objects(int(row.objects))}, {wording.whole(int(row.rows))} records"
        title = html.Summary([html.B(f"{len(fields)} fields"), f" in {share}: {_verdict(gaps)}"])
        lines = [
            html.Tr([html.Td(_codes(gap.fields)), html.Td(gap.gives), html.Td(gap.without)])
            for gap in gaps
        ]
        table = _table(("lacks", "would give", "without it"), lines) if lines else ""
        found.append(
            html.Details(
                [title, html.P(html.Code(" ".join(fields)), className="format-fields"), table],
                open=not found,
                className="format",
            )
        )
    more = len(formats) - len(found)
    return [*found, html.P(f"{wording.whole(more)} more formats.")] if more > 0 else found


def _verdict(gaps: list[Any]) -> str:
    if not gaps:
        return "nothing is lacking"
    return f"{len(gaps)} thing{'s' if len(gaps) > 1 else ''} that other fields would give"


def _codes(fields: tuple[str, ...]) -> list[Any]:
    codes: list[Any] = []
    for field in fields:
        codes += [" ", html.Code(field)] if codes else [html.Code(field)]
    return codes


def _copied(label: str, text: str) -> Any:
    copy: dict[str, Any] = {"data-copy": text, "aria-label": f"Copy: {label}"}
    button = html.Button("Copy", type="button", className="button", **copy)
    return html.Div([html.H4(label), html.Pre(text), button], className="copied")


def _table(heads: tuple[str, ...], rows: list[Any], numbers: tuple[str, ...] = ()) -> Any:
    head = html.Thead(
        html.Tr(
            [
                html.Th(name, scope="col", className="number" if name in numbers else "")
                for name in heads
            ]
        )
    )
    return html.Table([head, html.Tbody(rows)], className="plain-table")


def _each(rows: pd.DataFrame) -> Iterator[Any]:
    return iter(rows.itertuples(index=False))


def _intervals(count: int) -> str:
    return "1 interval" if count == 1 else f"{wording.whole(count)} intervals"


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{wording.whole(count)} objects"


def _section(title: str, content: list[Any]) -> Any:
    named: dict[str, Any] = {"aria-label": title}
    # On a phone its tables are wider than the screen and moved by keyboard, too.
    return html.Section(
        [html.H3(title), *content],
        className="quality-section",
        tabIndex="0",
        role="region",
        **named,
    )
