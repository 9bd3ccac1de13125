"""`python -m dashboard`: arguments in, answers out. The only module here that prints."""

from __future__ import annotations

import logging
import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import orjson
import pandas as pd
import typer
from dotenv import dotenv_values
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from dashboard.analysis.answers import FlowAnswers, Ranking
from dashboard.analysis.engines.choice import ENGINES, EngineChoice
from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.enrich.services import protocol_name, service_name
from dashboard.analysis.export.files import is_folder, write_file, write_run
from dashboard.analysis.export.graph_json import graph_json, query_record, volume_record
from dashboard.analysis.export.pseudonyms import Pseudonyms, open_pseudonyms
from dashboard.analysis.flow_query import (
    ACTIONS,
    DEFAULT_THRESHOLD,
    DEFAULT_TOP_K,
    LEVELS,
    METRICS,
    FlowQuery,
    parse_time,
)
from dashboard.analysis.query.source import FlowSource
from dashboard.config import SHARE_KEY_VARIABLE, DashboardConfig
from dashboard.errors import BadQueryError, DashboardError
from ingest.errors import CacheError

app = typer.Typer(
    name="dashboard",
    help="Show who talks to whom in AWS VPCs, from a cache that ingest fills.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_notes = Console(stderr=True, highlight=False, soft_wrap=True)

_AGE = re.compile(r"(\d+)([mhd])")
_AGE_UNIT_S = {"m": 60, "h": 3_600, "d": 86_400}

CacheOption = Annotated[
    Path | None, typer.Option("--cache", help="Cache folder.", show_default="data/cache")
]
KnownIpsOption = Annotated[
    Path | None,
    typer.Option(
        help="CSV: address or CIDR, name, kind, owner.",
        show_default="data/known_ips.csv where it exists",
    ),
]
MemoryOption = Annotated[
    str | None, typer.Option(help="Memory for queries, in all.", show_default="2GB")
]
TimeLimitOption = Annotated[
    float | None, typer.Option("--time-limit", help="Seconds for a query.", show_default="8")
]
EngineOption = Annotated[
    str | None,
    typer.Option(
        "--engine", help="What answers: one of " + ", ".join(ENGINES) + ".", show_default="duckdb"
    ),
]
EngineUrlOption = Annotated[
    str | None,
    typer.Option(
        help="Spark: sc://host:15002. Athena: athena://DATABASE?workgroup=…&output=s3://…"
    ),
]
EngineCacheOption = Annotated[
    str | None,
    typer.Option(
        help="The cache as that engine sees it: s3://bucket/prefix.", show_default="--cache"
    ),
]
ShareKeyOption = Annotated[
    Path | None,
    typer.Option(
        help=f"Key of sharing mode, made where absent; {SHARE_KEY_VARIABLE} goes before it.",
        show_default="share.key in the cache",
    ),
]
StartOption = Annotated[
    str | None, typer.Option("--start", help="First minute, ISO 8601, UTC.", show_default="open")
]
EndOption = Annotated[
    str | None, typer.Option("--end", help="End, not included.", show_default="open")
]
LastOption = Annotated[
    str | None,
    typer.Option("--last", help="Instead: so much back from the newest record: 90m, 24h, 7d."),
]
ActionOption = Annotated[str, typer.Option(help="One of " + ", ".join(ACTIONS) + ".")]
MetricOption = Annotated[str, typer.Option(help="One of " + ", ".join(METRICS) + ".")]
LevelOption = Annotated[str, typer.Option(help="What a node is: one of " + ", ".join(LEVELS) + ".")]
ShareOption = Annotated[
    bool, typer.Option("--share", help="Replace addresses without a name by keyed pseudonyms.")
]


class TopList(StrEnum):
    """What `top` ranks."""

    TALKERS = "talkers"
    PORTS = "ports"


@app.command()
def serve(
    cache: CacheOption = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port.", show_default="8050")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes.", show_default="2")] = None,
    known_ips: KnownIpsOption = None,
    share_key_file: ShareKeyOption = None,
    memory_limit: MemoryOption = None,
    time_limit: TimeLimitOption = None,
    engine: EngineOption = None,
    engine_url: EngineUrlOption = None,
    engine_cache: EngineCacheOption = None,
    insecure_no_auth: Annotated[
        bool,
        typer.Option("--insecure-no-auth", help="Allow a --host that other machines reach."),
    ] = False,
) -> None:
    """Serve the page; health is at /healthz."""
    config = _config(
        cache=cache,
        host=host,
        port=port,
        workers=workers,
        known_ips=known_ips,
        share_key_file=share_key_file,
        memory_limit=memory_limit,
        time_limit_s=time_limit,
        engine=engine,
        engine_url=engine_url,
        engine_cache=engine_cache,
        insecure_no_auth=insecure_no_auth or None,
    )
    # Only this command needs Dash and gunicorn, which take longer to import than the rest.
    from dashboard.app import create_app
    from dashboard.serving import Server, check_port

    check_port(config.host, config.port)
    try:
        open_answers(config).facts()
    except DashboardError as error:
        # The page says the same, and fills itself when records arrive.
        _notes.print(f"warning: {error}", markup=False)
    shown_host = f"[{config.host}]" if ":" in config.host else config.host
    Server(
        lambda: create_app(open_answers(config), config).server,
        host=config.host,
        port=config.port,
        workers=config.workers,
        on_ready=lambda: _notes.print(
            f"Flow Atlas: http://{shown_host}:{config.port}  (Ctrl+C stops it)", markup=False
        ),
    ).run()


@app.command()
def graph(
    cache: CacheOption = None,
    start: StartOption = None,
    end: EndOption = None,
    last: LastOption = None,
    action: ActionOption = "all",
    metric: MetricOption = "flows",
    threshold: Annotated[int, typer.Option(help="Smallest metric of an edge.")] = DEFAULT_THRESHOLD,
    top: Annotated[int, typer.Option(help="How many edges.")] = DEFAULT_TOP_K,
    level: LevelOption = "name",
    version: Annotated[int, typer.Option(help="Shape of the file: 1 or 2.")] = 2,
    share: ShareOption = False,
    output: Annotated[
        str, typer.Option("--output", "-o", help="File, folder (keeps each run), or - for stdout.")
    ] = "-",
    known_ips: KnownIpsOption = None,
    share_key_file: ShareKeyOption = None,
    memory_limit: MemoryOption = None,
    time_limit: TimeLimitOption = None,
    engine: EngineOption = None,
    engine_url: EngineUrlOption = None,
    engine_cache: EngineCacheOption = None,
) -> None:
    """Write graph.json, the bytes that the page downloads for the same question."""
    if version not in (1, 2):
        raise BadQueryError(field="version", value=version, expected="1 or 2")
    config = _config(
        cache=cache,
        known_ips=known_ips,
        share_key_file=share_key_file,
        memory_limit=memory_limit,
        time_limit_s=time_limit,
        engine=engine,
        engine_url=engine_url,
        engine_cache=engine_cache,
        workers=1,
    )
    answers = open_answers(config)
    query = _query(
        answers, last, start=start, end=end, action=action, metric=metric, threshold=threshold,
        top=top, level=level,
    )  # fmt: skip
    content = graph_json(answers, query, 1 if version == 1 else 2, _pseudonyms(config, share=share))
    if output == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    written = write_run(path, content) if is_folder(output) else write_file(path, content)
    _notes.print(f"{written}: {len(content):,} bytes", markup=False)


@app.command()
def top(
    what: Annotated[TopList, typer.Argument(help="What is ranked.")] = TopList.TALKERS,
    cache: CacheOption = None,
    start: StartOption = None,
    end: EndOption = None,
    last: LastOption = None,
    action: ActionOption = "all",
    metric: MetricOption = "flows",
    rows: Annotated[int, typer.Option("--top", min=1, max=10_000, help="How many rows.")] = 10,
    level: LevelOption = "name",
    share: ShareOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    known_ips: KnownIpsOption = None,
    share_key_file: ShareKeyOption = None,
    memory_limit: MemoryOption = None,
    time_limit: TimeLimitOption = None,
    engine: EngineOption = None,
    engine_url: EngineUrlOption = None,
    engine_cache: EngineCacheOption = None,
) -> None:
    """Rank talkers or service ports."""
    config = _config(
        cache=cache,
        known_ips=known_ips,
        share_key_file=share_key_file,
        memory_limit=memory_limit,
        time_limit_s=time_limit,
        engine=engine,
        engine_url=engine_url,
        engine_cache=engine_cache,
        workers=1,
    )
    answers = open_answers(config)
    query = _query(answers, last, start=start, end=end, action=action, metric=metric, level=level)
    ranking = (
        answers.talkers(query, rows) if what is TopList.TALKERS else answers.ports(query, rows)
    )
    pseudonyms = _pseudonyms(config, share=share)
    if pseudonyms and what is TopList.TALKERS:
        nodes = answers.nodes(tuple(ranking.rows["node"]), query)
        hidden = pseudonyms.of(node for node, facts in nodes.items() if not facts.is_named)
        ranking.rows["node"] = ranking.rows["node"].map(lambda node: hidden.get(node, node))
    if as_json:
        record = _ranking_record(what, query, ranking, answers.facts().version)
        sys.stdout.buffer.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
    else:
        Console(highlight=False).print(_ranking_table(what, ranking))


@app.command()
def ddl(
    location: Annotated[str, typer.Option(help="The cache folder in S3: s3://bucket/prefix.")],
    database: Annotated[str, typer.Option(help="Of the Glue catalog.")] = "flow_atlas",
    since: Annotated[str, typer.Option(help="Oldest day that queries can reach.")] = "2020-01-01",
) -> None:
    """Print the statements that make Athena's tables over a cache in S3."""
    from dashboard.analysis.engines.athena_sql import table_statements

    EngineChoice("athena", f"athena://{database}", location).check()
    parse_time("since", since)
    for statement in table_statements(database, location, since):
        print(f"{statement};\n")


def open_answers(config: DashboardConfig) -> FlowSource:
    """Return the answers of a configuration; the cache is looked for at the first question."""
    return FlowSource(
        config.cache, KnownNames(config.known_ips), config.limits, config.engine_choice
    )


def main() -> NoReturn:
    """Run the command line; expected trouble is one line on stderr and exit code 1."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        app()
    except (DashboardError, CacheError) as error:
        _notes.print(f"error: {error}", markup=False)
        raise SystemExit(1) from None
    except BrokenPipeError:
        # The reader of stdout has gone; flushing at exit would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    raise SystemExit(0)


def _config(**flags: Any) -> DashboardConfig:
    return DashboardConfig.from_settings({**dotenv_values(".env"), **os.environ}, **flags)


def _pseudonyms(config: DashboardConfig, *, share: bool) -> Pseudonyms | None:
    return open_pseudonyms(config.share_key, config.share_key_path) if share else None


def _query(answers: FlowAnswers, last: str | None, **raw: object) -> FlowQuery:
    query = FlowQuery.from_mapping(raw)
    if last is None:
        return query
    if query.start is not None or query.end is not None:
        raise BadQueryError(
            field="last", value=last, expected="either --last, or --start and --end"
        )
    age = _AGE.fullmatch(last.strip())
    if not age or not int(age[1]):
        raise BadQueryError(field="last", value=last, expected="an age such as 90m, 24h or 7d")
    newest = answers.facts().last
    if newest is None:
        return query
    first = newest - int(age[1]) * _AGE_UNIT_S[age[2]]
    return query.replace(start=max(0, first - first % 60))


def _ranking_record(
    what: TopList, query: FlowQuery, ranking: Ranking, cache_version: int
) -> dict[str, Any]:
    rows = ranking.rows.astype(object).where(ranking.rows.notna(), None).to_dict("records")
    return {
        "what": str(what),
        "query": query_record(query),
        "rows": rows,
        "other": volume_record(ranking.other),
        "total": volume_record(ranking.total),
        "cache_version": cache_version,
    }


def _ranking_table(what: TopList, ranking: Ranking) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("node" if what is TopList.TALKERS else "service")
    for name in ("flows", "accepted", "rejected", "packets", "bytes"):
        table.add_column(name, justify="right")
    for row in ranking.rows.to_dict("records"):
        # Names may hold anything: Text shows markup as it is.
        table.add_row(Text(_title(what, row)), *_cells(row))
    table.add_section()
    table.add_row("other", *_cells(volume_record(ranking.other)))
    table.add_row("total", *_cells(volume_record(ranking.total)))
    return table


def _title(what: TopList, row: dict[Any, Any]) -> str:
    if what is TopList.TALKERS:
        return str(row["node"])
    port, protocol = (None if pd.isna(row[key]) else int(row[key]) for key in ("port", "protocol"))
    name = service_name(port, protocol)
    number = "no port" if port is None else str(port)
    parts = [protocol_name(protocol) or "no protocol", number, f"({name})" if name else ""]
    return " ".join(part for part in parts if part)


def _cells(row: dict[Any, Any]) -> list[str]:
    counts = [f"{int(row[name]):,}" for name in ("flows", "accepted", "rejected", "packets")]
    return [*counts, decimal(int(row["bytes"]))]
