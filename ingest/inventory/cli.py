"""The command that fetches names: `python -m ingest names`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.config import AwsSettings, load_config
from ingest.errors import ExitCode, UsageError
from ingest.store.cli import DEFAULT_CACHE, CacheOption, ExternalIdOption, JsonOption
from ingest.terminal import bar, tell

if TYPE_CHECKING:
    from ingest.inventory.collect import NamesReport

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")


def register(app: typer.Typer) -> None:
    """Add the command to a command line."""
    app.command()(names)


def names(
    cache: CacheOption = DEFAULT_CACHE,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Region to ask, or all; may be repeated. Default: the client's."),
    ] = None,
    profile: Annotated[
        list[str] | None, typer.Option(help="Profile of an account; may be repeated.")
    ] = None,
    role_arn: Annotated[
        list[str] | None, typer.Option(help="Role of an account to assume; may be repeated.")
    ] = None,
    external_id: ExternalIdOption = None,
    endpoint_url: Annotated[
        str | None, typer.Option(help="AWS at another address than its own.")
    ] = None,
    owner_tag: Annotated[
        list[str] | None,
        typer.Option(help="Tag that names an owner, best first; default: owner, team."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask AWS, read-only, what each address belongs to, and keep the names with their times."""
    from ingest.inventory.collect import ALL_REGIONS, fetch_names
    from ingest.inventory.tags import OWNER_TAGS

    for name in region or ():
        if name != ALL_REGIONS and not _REGION.fullmatch(name):
            msg = f"--region {name}: not a region. Regions read like eu-west-1; or give all."
            raise UsageError(msg)
    identities = _identities(profile or (), role_arn or (), external_id, endpoint_url)
    with bar("Asking regions", "regions", quiet=as_json) as step:
        report = fetch_names(
            cache,
            identities,
            region or (),
            owner_tags=owner_tag or OWNER_TAGS,
            on_region=step,
        )
    if as_json:
        print(json.dumps({"exit_code": report.exit_code, **asdict(report)}, indent=2))
    else:
        _print_report(report, cache)
    raise typer.Exit(report.exit_code)


def _identities(
    profiles: Sequence[str],
    role_arns: Sequence[str],
    external_id: str | None,
    endpoint_url: str | None,
) -> list[AwsSettings]:
    if len(profiles) > 1 and role_arns:
        msg = (
            f"--profile is given {len(profiles)} times beside --role-arn: nobody can tell which "
            "profile assumes which role. Give one profile, or name the roles in the profiles."
        )
        raise UsageError(msg)
    configs = [
        load_config(
            os.environ,
            Path(".env"),
            profile=profile,
            role_arn=role_arn,
            external_id=external_id,
            endpoint_url=endpoint_url,
        )
        for profile in profiles or (None,)
        for role_arn in role_arns or (None,)
    ]
    for warning in configs[0].warnings:
        tell(f"warning: {warning}")
    return [config.aws for config in configs]


def _print_report(report: NamesReport, cache: Path) -> None:
    from ingest.iam import names_statement

    for taken in report.taken:
        what = f"{taken.began:,} entries began, {taken.ended:,} ended"
        print(
            f"{taken.account_id}  {taken.region:<15} {taken.addresses:>8,} addresses; "
            f"{what if taken.began or taken.ended else 'as before'}"
        )
    for trouble in report.troubles:
        tell(f"{trouble.state}: {trouble.what}: {trouble.detail}")
    missing = {trouble.action for trouble in report.troubles if trouble.action}
    if missing:
        tell(f"add to the policy: {json.dumps(names_statement(missing))}")
    addresses = sum(taken.addresses for taken in report.taken)
    print(f"{addresses:,} addresses of {len(report.taken):,} regions are named in {cache}")
    if report.exit_code is ExitCode.OK and not addresses:
        print("No interface was found: name the regions with --region, or --region all.")
