"""`top`: initiators, responders, pairs, talkers or service ports, ranked."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

import orjson
import pandas as pd
import typer
from rich.filesize import decimal
from rich.table import Table

from dashboard.analysis.answers import VOLUME_COLUMNS, FlowAnswers, Ranking, Side, Volume
from dashboard.analysis.export.graph_json import query_record, volume_record
from dashboard.analysis.export.picture import hidden_question
from dashboard.analysis.export.report import service_title
from dashboard.analysis.flow_query import FlowQuery
from dashboard.cli.options import (
    Access,
    JsonOption,
    MetricOption,
    Question,
    Sharing,
    opened,
    with_options,
)
from dashboard.cli.printing import plain, pour, show

_COUNTS = ("flows", "accepted", "rejected", "packets", "bytes")


class TopList(StrEnum):
    """What `top` ranks."""

    TALKERS = "talkers"
    INITIATORS = "initiators"
    RESPONDERS = "responders"
    PAIRS = "pairs"
    PORTS = "ports"


_SIDES: dict[TopList, Side] = {
    TopList.INITIATORS: "src",
    TopList.RESPONDERS: "dst",
    TopList.PAIRS: "pair",
}


@with_options
def top(
    question: Question,
    sharing: Sharing,
    access: Access,
    what: Annotated[TopList, typer.Argument(help="What is ranked.")] = TopList.TALKERS,
    metric: MetricOption = "flows",
    threshold: Annotated[int, typer.Option(help="Smallest metric of a row.")] = 0,
    rows: Annotated[int, typer.Option("--top", min=1, max=10_000, help="How many rows.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Rank talkers, initiators, responders, pairs or service ports."""
    at = opened(access, sharing)
    query = question.query(at.real, metric=metric, threshold=threshold)
    ranking = _above(_ranked(at.answers, what, query, rows), query)
    if not as_json:
        show(_table(what, ranking))
        return
    told = hidden_question(query, at.pseudonyms) if at.pseudonyms else query
    record = {
        "what": str(what),
        "query": query_record(told),
        "rows": _records(ranking.rows),
        "other": volume_record(ranking.other),
        "total": volume_record(ranking.total),
        "cache_version": at.real.facts().version,
    }
    pour(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


def _ranked(answers: FlowAnswers, what: TopList, query: FlowQuery, rows: int) -> Ranking:
    if what in _SIDES:
        return answers.sides(query, _SIDES[what], rows)
    return answers.talkers(query, rows) if what is TopList.TALKERS else answers.ports(query, rows)


def _above(ranking: Ranking, query: FlowQuery) -> Ranking:
    """Put the rows below the threshold into "other"."""
    kept = ranking.rows[ranking.rows[query.metric] >= query.threshold].reset_index(drop=True)
    shown = Volume(**{n: int(kept[n].sum()) for n in VOLUME_COLUMNS if n in kept})
    return replace(ranking, rows=kept, other=ranking.total - shown)


def _records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    return rows.astype(object).where(rows.notna(), None).to_dict("records")


def _table(what: TopList, ranking: Ranking) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("service" if what is TopList.PORTS else str(what).removesuffix("s"))
    for name in _COUNTS:
        table.add_column(name, justify="right")
    for row in ranking.rows.to_dict("records"):
        table.add_row(plain(_title(row)), *_cells(row))
    table.add_section()
    table.add_row("other", *_cells(volume_record(ranking.other)))
    table.add_row("total", *_cells(volume_record(ranking.total)))
    return table


def _title(row: dict[Any, Any]) -> str:
    if "port" in row:
        port, protocol = (None if pd.isna(row[k]) else int(row[k]) for k in ("port", "protocol"))
        return service_title(port, protocol)
    return " → ".join(str(row[key]) for key in ("node", "src", "dst") if key in row)


def _cells(row: dict[Any, Any]) -> list[str]:
    return [*(f"{int(row[name]):,}" for name in _COUNTS[:-1]), decimal(int(row["bytes"]))]
