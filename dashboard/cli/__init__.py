"""`python -m dashboard`: arguments in, answers out. The only package here that prints."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

import typer

from dashboard.cli.comparing import diff
from dashboard.cli.drawing import graph
from dashboard.cli.listing import flows
from dashboard.cli.options import open_answers
from dashboard.cli.printing import note
from dashboard.cli.ranking import top
from dashboard.cli.serving import ddl, serve
from dashboard.errors import DashboardError
from ingest.errors import CacheError

__all__ = ["app", "main", "open_answers"]

app = typer.Typer(
    name="dashboard",
    help="Show who talks to whom in AWS VPCs, from a cache that ingest fills.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (serve, graph, top, flows, diff, ddl):
    app.command()(command)


def main() -> NoReturn:
    """Run the command line; expected trouble is one line on stderr and exit code 1."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        app()
    except (DashboardError, CacheError) as error:
        note(f"error: {error}")
        raise SystemExit(1) from None
    except BrokenPipeError:
        # The reader of stdout has gone; flushing at exit would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    raise SystemExit(0)
