"""Options that several commands take, each told once.

A command names a dataclass of options as a parameter; `with_options` turns its fields into
options and hands the command the dataclass.
"""

from __future__ import annotations

import functools
import inspect
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from dotenv import dotenv_values

from dashboard.analysis.answers import FlowAnswers
from dashboard.analysis.engines.choice import ENGINES
from dashboard.analysis.enrich.book import AddressBook
from dashboard.analysis.export.pseudonyms import Pseudonyms, open_pseudonyms
from dashboard.analysis.flow_query import (
    ACTIONS,
    DEFAULT_THRESHOLD,
    DEFAULT_TOP_K,
    INTERNET,
    LEVELS,
    METRICS,
    FlowQuery,
)
from dashboard.analysis.query.source import FlowSource
from dashboard.config import SHARE_KEY_VARIABLE, DashboardConfig
from dashboard.errors import BadQueryError
from dashboard.ui.sharing import PseudonymAnswers

_AGE = re.compile(r"(\d+)([mhd])")
_AGE_UNIT_S = {"m": 60, "h": 3_600, "d": 86_400}

MetricOption = Annotated[str, typer.Option(help="One of " + ", ".join(METRICS) + ".")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@dataclass(frozen=True)
class Access:
    """Which cache answers, and with what."""

    cache: Annotated[
        Path | None, typer.Option("--cache", help="Cache folder.", show_default="data/cache")
    ] = None
    known_ips: Annotated[
        Path | None,
        typer.Option(
            help="CSV: address or CIDR, name, kind, owner.",
            show_default="data/known_ips.csv where it exists",
        ),
    ] = None
    ip_ranges: Annotated[
        Path | None, typer.Option(help="AWS's ip-ranges.json: names services of public addresses.")
    ] = None
    geo: Annotated[
        list[Path] | None,
        typer.Option(help="Countries and networks: MaxMind databases, or CSV/JSON; repeatable."),
    ] = None
    share_key_file: Annotated[
        Path | None,
        typer.Option(
            help=f"Key of sharing mode, made where absent; {SHARE_KEY_VARIABLE} goes before it.",
            show_default="share.key in the cache",
        ),
    ] = None
    memory_limit: Annotated[
        str | None, typer.Option(help="Memory for queries, in all.", show_default="2GB")
    ] = None
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds for a query.", show_default="8")
    ] = None
    engine: Annotated[
        str | None,
        typer.Option(
            help="What answers: one of " + ", ".join(ENGINES) + ".", show_default="duckdb"
        ),
    ] = None
    engine_url: Annotated[
        str | None,
        typer.Option(
            help="Spark: sc://host:15002. Athena: athena://DATABASE?workgroup=…&output=s3://…"
        ),
    ] = None
    engine_cache: Annotated[
        str | None,
        typer.Option(
            help="The cache as that engine sees it: s3://bucket/prefix.", show_default="--cache"
        ),
    ] = None

    def config(self, **more: Any) -> DashboardConfig:
        """Build the configuration: defaults < environment < these options.

        Raises:
            DashboardError: A value cannot be used.
        """
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        given["time_limit_s"] = given.pop("time_limit")
        given["geo"] = tuple(given["geo"]) if given["geo"] else None
        return DashboardConfig.from_settings(
            {**dotenv_values(".env"), **os.environ}, **given, **more
        )


@dataclass(frozen=True)
class Question:
    """What a flow must be, and what a node is."""

    start: Annotated[
        str | None, typer.Option(help="First minute, ISO 8601, UTC.", show_default="open")
    ] = None
    end: Annotated[str | None, typer.Option(help="End, not included.", show_default="open")] = None
    last: Annotated[
        str | None,
        typer.Option(help="Instead: so much back from the newest record: 90m, 24h, 7d."),
    ] = None
    action: Annotated[str, typer.Option(help="One of " + ", ".join(ACTIONS) + ".")] = "all"
    filter: Annotated[
        str, typer.Option(help="What flows must be, as typed on the page: 'port = 443'.")
    ] = ""
    level: Annotated[
        str,
        typer.Option(help="What a node is: one of " + ", ".join(LEVELS) + ", or a mask: /24."),
    ] = "name"
    internet: Annotated[
        str,
        typer.Option(help="Public addresses without a name: one of " + ", ".join(INTERNET) + "."),
    ] = "auto"

    def query(self, answers: FlowAnswers, **more: object) -> FlowQuery:
        """Return the question; `more` are further values under their URL names.

        Raises:
            BadQueryError: A value cannot be used.
        """
        raw = {field.name: getattr(self, field.name) for field in fields(self)}
        query = FlowQuery.from_mapping(raw | more)
        if self.last is None:
            return query
        if query.start is not None or query.end is not None:
            raise BadQueryError(
                field="last", value=self.last, expected="either --last, or --start and --end"
            )
        age = _AGE.fullmatch(self.last.strip())
        if not age or not int(age[1]):
            raise BadQueryError(
                field="last", value=self.last, expected="an age such as 90m, 24h or 7d"
            )
        newest = answers.facts().last
        if newest is None:
            return query
        first = newest - int(age[1]) * _AGE_UNIT_S[age[2]]
        return query.replace(start=max(0, first - first % 60))


@dataclass(frozen=True)
class Cut:
    """Which edges are kept."""

    metric: MetricOption = "flows"
    threshold: Annotated[int, typer.Option(help="Smallest metric of an edge.")] = DEFAULT_THRESHOLD
    top: Annotated[int, typer.Option(help="How many edges.")] = DEFAULT_TOP_K


@dataclass(frozen=True)
class Sharing:
    """Whether addresses may leave."""

    share: Annotated[
        bool, typer.Option("--share", help="Replace addresses without a name by keyed pseudonyms.")
    ] = False


@dataclass(frozen=True)
class Opened:
    """What a command asks.

    Attributes:
        real: The cache's own answers.
        answers: Those, or the ones of sharing mode.
        pseudonyms: Under the key of sharing mode; None: it is off.
    """

    real: FlowSource
    answers: FlowAnswers
    pseudonyms: Pseudonyms | None


def opened(access: Access, sharing: Sharing) -> Opened:
    """Open the answers that a command asks.

    Raises:
        DashboardError: A setting or the key of sharing mode cannot be used.
    """
    config = access.config(workers=1)
    real = open_answers(config)
    if not sharing.share:
        return Opened(real, real, None)
    pseudonyms = open_pseudonyms(config.share_key, config.share_key_path)
    return Opened(real, PseudonymAnswers(real, pseudonyms), pseudonyms)


def open_answers(config: DashboardConfig) -> FlowSource:
    """Return the answers of a configuration; the cache is looked for at the first question."""
    book = AddressBook(config.known_ips, config.cache, config.ip_ranges, config.geo)
    return FlowSource(config.cache, book, config.limits, config.engine_choice)


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take dataclasses of options: each of their fields becomes an option."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, type[Any]] = {}
    flat: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        hint = hints[name]
        if not is_dataclass(hint):
            flat.append(parameter.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        groups[name] = hint  # type: ignore[assignment] # A type here, never an instance.
        own = get_type_hints(hint, include_extras=True)
        flat += [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=own[field.name],
            )
            for field in fields(hint)
        ]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        made = {
            name: group(**{field.name: values.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        command(**values, **made)

    described: Any = run
    described.__signature__ = inspect.Signature(flat)
    described.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
    return run
