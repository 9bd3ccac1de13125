"""`diff`: what differs between two time ranges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import pandas as pd
import typer
from rich.table import Table

from dashboard.analysis.answers import Changes, FlowAnswers
from dashboard.analysis.export.changes_csv import changes_csv
from dashboard.analysis.export.files import write_file
from dashboard.analysis.export.graph_json import query_record
from dashboard.analysis.export.picture import hidden_question
from dashboard.analysis.export.report import service_title
from dashboard.analysis.flow_query import FlowQuery
from dashboard.cli.options import (
    Access,
    Cut,
    JsonOption,
    Question,
    Sharing,
    opened,
    with_options,
)
from dashboard.cli.printing import note, plain, pour, show
from dashboard.errors import BadQueryError
from dashboard.ui.view_state import COMPARISONS, ViewState

_SUFFIXES = (".csv", ".json")


@with_options
def diff(
    question: Question,
    cut: Cut,
    sharing: Sharing,
    access: Access,
    base: Annotated[
        str | None,
        typer.Option(
            help="Compared with the range before, or a day or week earlier: one of "
            + ", ".join(COMPARISONS)
            + ".",
            show_default="previous",
        ),
    ] = None,
    base_start: Annotated[
        str | None, typer.Option(help="Instead: first minute compared with, ISO 8601, UTC.")
    ] = None,
    base_end: Annotated[
        str | None, typer.Option(help="Its end, not included.", show_default="open")
    ] = None,
    as_json: JsonOption = False,
    output: Annotated[
        str, typer.Option("--output", "-o", help="File (.csv, .json), or - for stdout.")
    ] = "-",
) -> None:
    """List edges that came, went, grew or shrank since another range."""
    suffix = "" if output == "-" else Path(output).suffix.lower()
    if output != "-" and suffix not in _SUFFIXES:
        expected = "a file that ends in " + ", ".join(_SUFFIXES) + ", or -"
        raise BadQueryError(field="output", value=output, expected=expected)
    at = opened(access, sharing)
    query = question.query(at.real, metric=cut.metric, threshold=cut.threshold, top=cut.top)
    before = _base(at.real, query, base, base_start, base_end)
    changes = at.answers.changes(query, before)
    told = hidden_question(query, at.pseudonyms) if at.pseudonyms else query
    if suffix == ".csv":
        content = changes_csv(changes)
    elif suffix or as_json:
        content = _record(changes, told, before, at.real.facts().version)
    else:
        show(_table(changes, query.metric))
        return
    if output == "-":
        pour(content)
    else:
        note(f"{write_file(Path(output), content)}: {len(content):,} bytes")


def _base(
    answers: FlowAnswers,
    query: FlowQuery,
    base: str | None,
    start: str | None,
    end: str | None,
) -> FlowQuery:
    if start is not None or end is not None:
        if base is not None:
            expected = "either --base, or --base-start and --base-end"
            raise BadQueryError(field="base", value=base, expected=expected)
        own = FlowQuery.from_mapping({"start": start, "end": end})
        return query.replace(start=own.start, end=own.end)
    if base is not None and base not in COMPARISONS:
        raise BadQueryError(field="base", value=base, expected="one of " + ", ".join(COMPARISONS))
    facts = answers.facts()
    found = ViewState(query=query, compare=base or "previous").base(facts.first, facts.last)
    if found is None:
        raise BadQueryError(
            field="base", value=base, expected="--base-start and --base-end: no record has a time"
        )
    return found


def _record(changes: Changes, query: FlowQuery, base: FlowQuery, cache_version: int) -> bytes:
    record = {
        "query": query_record(query),
        "base": {name: query_record(base)[name] for name in ("start", "end")},
        "scale": changes.scale,
        "changes": _records(changes.rows),
        "sums": _records(changes.sums),
        "cache_version": cache_version,
    }
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    return rows.astype(object).where(rows.notna(), None).to_dict("records")


def _table(changes: Changes, metric: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("change", "initiator", "responder", "service"):
        table.add_column(name)
    for name in (f"{metric} before", metric, "difference"):
        table.add_column(name, justify="right")
    for row in changes.rows.to_dict("records"):
        key = (None if pd.isna(row[k]) else int(row[k]) for k in ("port", "protocol"))
        texts = (row["change"], row["src"], row["dst"], service_title(*key))
        table.add_row(*map(plain, texts), *_amounts(row, metric))
    table.add_section()
    for row in changes.sums.to_dict("records"):
        edges = f"{int(row['edges']):,} edges"
        table.add_row(str(row["change"]), "all", "", edges, *_amounts(row, metric))
    return table


def _amounts(row: dict[Any, Any], metric: str) -> tuple[str, str, str]:
    before, now = int(row[f"{metric}_before"]), int(row[metric])
    return f"{before:,}", f"{now:,}", f"{float(row['difference']):+,.0f}"
