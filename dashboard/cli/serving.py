"""`serve` and `ddl`: the page, and the tables of another engine."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from dashboard.analysis.engines.choice import EngineChoice
from dashboard.analysis.flow_query import parse_time
from dashboard.cli.options import Access, open_answers, with_options
from dashboard.cli.printing import note
from dashboard.errors import DashboardError


@with_options
def serve(
    access: Access,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port.", show_default="8050")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes.", show_default="2")] = None,
    views_file: Annotated[
        Path | None, typer.Option(help="Saved views.", show_default="views.json in the cache")
    ] = None,
    insecure_no_auth: Annotated[
        bool,
        typer.Option("--insecure-no-auth", help="Allow a --host that other machines reach."),
    ] = False,
) -> None:
    """Serve the page; health is at /healthz."""
    config = access.config(
        host=host,
        port=port,
        workers=workers,
        views_file=views_file,
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
        note(f"warning: {error}")
    shown_host = f"[{config.host}]" if ":" in config.host else config.host
    # Elsewhere an answer that nobody asked for would cost money or other people's time.
    is_embedded = config.engine == "duckdb"
    with tempfile.TemporaryDirectory(prefix="flow-atlas-") as turns:
        shared = replace(config, turns=Path(turns))
        Server(
            lambda: create_app(open_answers(shared), shared, is_kept_ready=is_embedded).server,
            host=config.host,
            port=config.port,
            workers=config.workers,
            on_ready=lambda: note(
                f"Flow Atlas: http://{shown_host}:{config.port}  (Ctrl+C stops it)"
            ),
        ).run()


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
