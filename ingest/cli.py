"""`python -m ingest`: arguments in, exit codes out. The only module here that prints."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ingest.config import IngestConfig, load_config
from ingest.errors import ConfigError, ExitCode, IngestError, UsageError
from ingest.inventory.cli import register as register_inventory
from ingest.opening import given_fields, open_pools, open_queue, open_source
from ingest.parse.header import parse_format
from ingest.parser_pool import MakePool
from ingest.pipeline import Loader
from ingest.pipeline import load as load_objects
from ingest.report import IngestReport, Progress
from ingest.stopping import stop_on_signals
from ingest.store.cli import (
    DEFAULT_CACHE,
    AwsRegionOption,
    CacheOption,
    EndpointUrlOption,
    ExternalIdOption,
    ProfileOption,
    RequestPayerOption,
    RoleArnOption,
)
from ingest.store.cli import register as register_store
from ingest.terminal import bar, is_terminal, tell
from ingest.wording import report_lines

app = typer.Typer(
    name="ingest",
    help="Bring AWS VPC Flow Logs into a cache that the dashboard reads.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_POLL_BESIDE_QUEUE_S = 900.0
# Spelled out: importing the simulator takes longer than loading a small folder.
_INCIDENTS = (
    "denied-burst, port-scan, port-sweep, ssh-brute-force, exfiltration, beacon, new-service"
)


@app.command()
def load(
    source: Annotated[
        str | None,
        typer.Argument(
            help="s3://bucket/prefix, a folder, a file, cloudwatch:GROUP, or - for standard "
            "input. Default: AWS_S3_BUCKET_NAME of .env."
        ),
    ] = None,
    cache: CacheOption = DEFAULT_CACHE,
    since: Annotated[
        str | None, typer.Option(help="First day or time wanted (UTC), or an age: 36h, 7d.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="End of the time wanted, not included.")] = None,
    account: Annotated[
        list[str] | None, typer.Option(help="Only this account; may be repeated.")
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="Only this region; may be repeated.")
    ] = None,
    profile: ProfileOption = None,
    aws_region: AwsRegionOption = None,
    role_arn: RoleArnOption = None,
    external_id: ExternalIdOption = None,
    endpoint_url: EndpointUrlOption = None,
    request_payer: RequestPayerOption = False,
    transfers: Annotated[
        int | None, typer.Option(help="Objects read from S3 at once, at most.")
    ] = None,
    line_format: Annotated[
        str | None,
        typer.Option("--format", help="Fields of objects without a header line."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Batches parsed at once; default: all cores.")
    ] = None,
    engine: Annotated[
        str, typer.Option(help="Where objects are parsed: local, or spark: on a cluster.")
    ] = "local",
    engine_url: Annotated[
        str | None, typer.Option(help="Spark Connect server of that cluster: sc://host:15002.")
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Read objects that were set aside again.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read, and read nothing.")
    ] = False,
    follow_: Annotated[
        bool, typer.Option("--follow", help="Keep going: load what comes, until stopped.")
    ] = False,
    poll: Annotated[
        float | None,
        typer.Option(help="Seconds between listings; default 60, beside a queue 900."),
    ] = None,
    queue: Annotated[
        str | None, typer.Option(help="URL of the SQS queue that S3 tells of new objects.")
    ] = None,
    stdin_limit: Annotated[
        int | None, typer.Option(help="MB to read from standard input, at most; default 1000.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 65 where anything was rejected.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Read every new log object of a source into the cache."""
    config = load_config(
        os.environ,
        Path(".env"),
        source=source,
        cache=cache,
        since=since,
        until=until,
        accounts=account or (),
        regions=region or (),
        profile=profile,
        aws_region=aws_region,
        role_arn=role_arn,
        external_id=external_id,
        endpoint_url=endpoint_url,
        request_payer=request_payer,
        max_transfers=transfers,
        line_format=line_format,
        dry_run=dry_run,
        follow=follow_,
        poll_s=poll,
        queue_url=queue,
        stdin_limit_mb=stdin_limit,
        strict=strict,
        json_output=as_json,
    )
    for warning in config.warnings:
        tell(f"warning: {warning}")
    make_pool = open_pools(engine, engine_url)
    run = _follow if config.follow else _load_once
    raise typer.Exit(run(config, jobs, make_pool, retry=retry))


@app.command()
def doctor(
    source: Annotated[str | None, typer.Argument(help="As for load.")] = None,
    cache: CacheOption = DEFAULT_CACHE,
    profile: Annotated[str | None, typer.Option(help="Profile of the AWS configuration.")] = None,
    aws_region: Annotated[str | None, typer.Option(help="Region of the client.")] = None,
    role_arn: Annotated[str | None, typer.Option(help="Role to assume.")] = None,
    external_id: Annotated[str | None, typer.Option(help="External id of that role.")] = None,
    endpoint_url: Annotated[str | None, typer.Option(help="S3 elsewhere than at AWS.")] = None,
    request_payer: Annotated[
        bool, typer.Option("--request-payer", help="Pay for requests to the bucket.")
    ] = False,
    queue: Annotated[str | None, typer.Option(help="URL of the queue of notifications.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Try every right and place that a load needs; exit with 77 where AWS denies one."""
    from ingest.doctor import examine

    config = load_config(
        os.environ, Path(".env"), source=source, cache=cache, profile=profile,
        aws_region=aws_region, role_arn=role_arn, external_id=external_id,
        endpoint_url=endpoint_url, request_payer=request_payer, queue_url=queue,
        follow=queue is not None,
    )  # fmt: skip
    findings = []
    for finding in examine(config):
        findings.append(finding)
        if not as_json:
            print(f"{finding.state:<7} {finding.check:<10} {finding.detail}", flush=True)
            if finding.statement:
                print(f"        add to the policy: {json.dumps(finding.statement)}")
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    states = {finding.state for finding in findings}
    if "denied" in states:
        raise typer.Exit(ExitCode.NO_PERMISSION)
    raise typer.Exit(ExitCode.SOURCE_UNAVAILABLE if "failed" in states else ExitCode.OK)


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(help="Folder for the log objects; best an empty one.")],
    hours: Annotated[float, typer.Option(help="Length of the simulated time.")] = 24,
    records: Annotated[int, typer.Option(help="How many records, within 1 %.")] = 200_000,
    seed: Annotated[int, typer.Option(help="Same arguments give the same bytes.")] = 1,
    incidents: Annotated[str, typer.Option(help=f"Comma-separated, or all: {_INCIDENTS}.")] = "",
    line_format: Annotated[
        str, typer.Option("--format", help="Fields to write.", show_default="all of version 5")
    ] = "",
    interval: Annotated[int, typer.Option(help="Aggregation interval: 60 or 600 s.")] = 60,
    start: Annotated[
        str | None, typer.Option(help="First moment, ISO 8601 in UTC.", show_default="a Monday")
    ] = None,
    lost: Annotated[float, typer.Option(help="Share of records to lose, 0 to 1.")] = 0.0,
) -> None:
    """Write the flow logs of an invented VPC, in AWS's own key layout, with labels beside."""
    from ingest.simulate import INCIDENTS, V5_FIELDS
    from ingest.simulate import simulate as simulate_vpc

    chosen = INCIDENTS if incidents == "all" else tuple(filter(None, incidents.split(",")))
    try:
        with bar("Simulating", "records") as show:
            report = simulate_vpc(
                out,
                hours=hours,
                records=records,
                seed=seed,
                incidents=chosen,
                fields=parse_format(line_format) if line_format else V5_FIELDS,
                interval_s=interval,
                start=_epoch(start),
                lost=lost,
                on_progress=show,
            )
    except ValueError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        msg = f"{out}: cannot be written ({error.strerror}). Give a folder that you may write to."
        raise ConfigError(msg) from error
    print(
        f"{report.records:,} records in {report.objects:,} objects "
        f"({report.bytes_gzip / 1e6:,.1f} MB) from {_time(report.start)} to {_time(report.end)}, "
        f"{report.conversations:,} conversations, in {report.seconds:.1f} s.\n"
        f"Objects: {report.root / 'AWSLogs'}\nLabels:  {report.labels}\n"
        f"Next:    python -m ingest load {out} --cache {DEFAULT_CACHE}"
    )


register_store(app)
register_inventory(app)


def main() -> None:
    """Run the command line; expected trouble is one line on stderr and an exit code."""
    logging.basicConfig(level=os.environ.get("FLOW_ATLAS_LOG", "WARNING"))
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        tell(f"error: {error.format_message()} See --help.")
        code = ExitCode.USAGE
    except IngestError as error:
        tell(f"error: {error}")
        code = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        tell("Stopped. What was committed stays; run the same command to go on.")
        code = 130
    sys.exit(int(code or 0))


def _load_once(config: IngestConfig, jobs: int | None, make_pool: MakePool, *, retry: bool) -> int:
    with stop_on_signals() as stop, _load_bar(quiet=config.json_output) as show:
        report = load_objects(
            open_source(config), config.cache, fields=given_fields(config), retry=retry,
            dry_run=config.dry_run, jobs=jobs, make_pool=make_pool, stop=stop, on_progress=show,
        )  # fmt: skip
    _print_report(report, config)
    for trouble in filter(None, (report.refusal, report.outage)):
        tell(f"error: {trouble}")
    return report.exit_code(strict=config.strict)


def _follow(config: IngestConfig, jobs: int | None, make_pool: MakePool, *, retry: bool) -> int:
    from ingest.follow import FollowSettings, follow

    source = open_source(config)
    queue = open_queue(config, source)
    defaults = FollowSettings()
    poll_s = config.poll_s or (_POLL_BESIDE_QUEUE_S if queue else defaults.poll_s)
    with stop_on_signals() as stop:
        loader = Loader(
            source, config.cache, given_fields(config), retry=retry, jobs=jobs,
            make_pool=make_pool, stop=stop,
        )  # fmt: skip
        follow(
            loader,
            replace(defaults, poll_s=poll_s),
            queue=queue,
            on_round=lambda report: _print_report(report, config),
            on_trouble=lambda text: tell(f"warning: {text}"),
        )
    return ExitCode.OK


def _print_report(report: IngestReport, config: IngestConfig) -> None:
    if config.json_output:
        print(json.dumps(report.as_dict(), indent=None if config.follow else 2), flush=True)
        return
    for line in report_lines(report, config.cache):
        print(line, flush=True)


@contextmanager
def _load_bar(*, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show a bar on a terminal, a line a minute elsewhere."""
    if quiet:
        yield None
        return
    from ingest.kernels.machine_code import is_compiled

    is_ready = is_compiled()
    begun = "Loading" if is_ready else "Preparing parsers (once on this machine)"
    untold = not is_ready and not is_terminal()
    with bar(begun, "objects") as step:

        def show(progress: Progress) -> None:
            nonlocal untold
            if untold and progress.objects_total:
                untold = False
                tell(f"{begun}, which takes about a quarter of a minute.")
            rows = f"Loading: {progress.rows:,} rows"
            step(progress.objects, progress.objects_total, rows if progress.rows else begun)

        yield show


def _epoch(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"--start {text}: no time. Write it as 2026-03-02T00:00Z."
        raise UsageError(msg) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _time(epoch_s: int | None) -> str:
    if epoch_s is None:
        return "never"
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
