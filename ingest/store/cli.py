"""The commands that look after a cache: status, verify, repair, compact, prune."""

from __future__ import annotations

import json
import os
import re
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest.config import load_config
from ingest.errors import ExitCode, UsageError
from ingest.pipeline import load
from ingest.store.layout import open_catalog
from ingest.store.write import CacheWriter
from ingest.terminal import bar

if TYPE_CHECKING:
    from ingest.store.repair import RepairReport
    from ingest.store.status import CacheStatus
    from ingest.store.verify import VerifyReport

_DAYS = re.compile(r"([1-9]\d{0,5})d")
_TOLD = 10

CacheOption = Annotated[Path, typer.Option("--cache", help="Cache folder.", show_default=True)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
GraceOption = Annotated[
    int, typer.Option("--grace", min=0, help="Minutes that replaced files stay for readers.")
]
DeepOption = Annotated[
    bool, typer.Option("--deep", help="Read every page, and compare the tables with each other.")
]
ProfileOption = Annotated[str | None, typer.Option(help="Profile of the AWS configuration.")]
AwsRegionOption = Annotated[
    str | None, typer.Option(help="Region of the client, where none is configured.")
]
RoleArnOption = Annotated[str | None, typer.Option(help="Role to assume.")]
ExternalIdOption = Annotated[str | None, typer.Option(help="External id of that role.")]
EndpointUrlOption = Annotated[str | None, typer.Option(help="S3 at another address than AWS's.")]
RequestPayerOption = Annotated[
    bool, typer.Option("--request-payer", help="Pay for requests to the bucket.")
]
DEFAULT_CACHE = Path("data/cache")


def register(app: typer.Typer) -> None:
    """Add the commands to a command line."""
    for command in (status, verify, repair, compact, prune):
        app.command()(command)


def status(
    cache: CacheOption = DEFAULT_CACHE,
    as_json: JsonOption = False,
    as_prometheus: Annotated[
        bool, typer.Option("--prometheus", help="Print metrics as Prometheus reads them.")
    ] = False,
) -> None:
    """Say what the cache holds, what was rejected, and what is missing."""
    from ingest.store.metrics import prometheus
    from ingest.store.status import cache_status

    told = cache_status(cache)
    if as_prometheus:
        print(prometheus(told), end="")
    elif as_json:
        print(json.dumps({**told.as_dict(), "next_run": _next_run(cache)}, indent=2))
    else:
        _print_status(told, cache)


def verify(
    cache: CacheOption = DEFAULT_CACHE, deep: DeepOption = False, as_json: JsonOption = False
) -> None:
    """Compare the files with the catalog; exit with 74 where one is damaged."""
    from ingest.store.verify import verify as verify_cache

    with bar("Verifying", "files", quiet=as_json) as step:
        report = verify_cache(cache, deep=deep, on_progress=step)
    told = _verified(report, cache.resolve())
    if as_json:
        print(json.dumps(told, indent=2))
    else:
        _print_verified(report, told, cache)
    raise typer.Exit(ExitCode.OK if report.is_whole else ExitCode.IO)


def repair(
    cache: CacheOption = DEFAULT_CACHE,
    deep: DeepOption = False,
    profile: ProfileOption = None,
    aws_region: AwsRegionOption = None,
    role_arn: RoleArnOption = None,
    external_id: ExternalIdOption = None,
    endpoint_url: EndpointUrlOption = None,
    request_payer: RequestPayerOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make damaged rollups again, and read the objects behind damaged records again."""
    from ingest.store.prune import prune as prune_cache
    from ingest.store.prune import pruned_before
    from ingest.store.refetch import Refetch, still_missing
    from ingest.store.repair import take_out_damage
    from ingest.store.verify import verify_parts

    config = load_config(
        os.environ,
        Path(".env"),
        cache=cache,
        profile=profile,
        aws_region=aws_region,
        role_arn=role_arn,
        external_id=external_id,
        endpoint_url=endpoint_url,
        request_payer=request_payer,
    )
    refetch = Refetch(config.aws)
    with CacheWriter(cache, must_exist=True) as writer:
        with bar("Verifying", "files", quiet=as_json) as step:
            found = verify_parts(writer.cache, writer.catalog, deep=deep, on_progress=step)
        refetch.look_up(writer.catalog, found.incomplete)
        report = take_out_damage(writer, found, refetch.found)
        first_kept = pruned_before(writer.catalog)
    for source, fields in refetch.sources():
        loaded = load(source, cache, fields=fields)
        report.not_refetched += loaded.troubles
    if first_kept is not None and refetch.found:
        with CacheWriter(cache) as writer:
            prune_cache(writer, first_kept)
    with closing(open_catalog(cache.resolve(), read_only=True)) as catalog:
        missing = still_missing(catalog, refetch.found)
    report.refetched = len(refetch.found) - len(missing)
    _print_repair(report, as_json=as_json)
    if missing:
        raise typer.Exit(ExitCode.SOURCE_UNAVAILABLE)
    raise typer.Exit(ExitCode.IO if report.lost else ExitCode.OK)


def compact(
    cache: CacheOption = DEFAULT_CACHE,
    include_open: Annotated[
        bool, typer.Option("--all", help="The newest hours too, which may still grow.")
    ] = False,
    grace: GraceOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Merge the small files of hours that are over; readers are not disturbed."""
    from ingest.store.compact import compact as compact_cache

    with (
        CacheWriter(cache, grace_s=60 * grace, must_exist=True) as writer,
        bar("Compacting", "days", quiet=as_json) as step,
    ):
        report = compact_cache(writer, include_open=include_open, on_progress=step)
    if as_json:
        print(json.dumps(asdict(report), indent=2))
        return
    print(
        f"files    {report.parts_before:,} -> {report.parts_after:,} in {report.partitions:,} "
        f"merged partitions, {report.bytes_before / 1e6:,.1f} -> "
        f"{report.bytes_after / 1e6:,.1f} MB\n"
        f"removed  {report.files_removed:,} replaced files; the others go after {grace} minutes, "
        "with the next load or compact"
    )
    if report.settled:
        print(f"settled  {report.settled:,} hours, derived again from all of their records")
    for place in report.not_settled:
        print(f"warning  not derived again, as it has too many records: {place}")
    for reason in report.not_merged:
        print(f"warning  not merged: {reason}")


def prune(
    older_than: Annotated[str, typer.Option(help="Age in whole UTC days, such as 30d.")],
    cache: CacheOption = DEFAULT_CACHE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only.")] = False,
    grace: GraceOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Release the records of old days; their objects stay known and are not read again."""
    from ingest.store.names import NamesWriter, names_stamp
    from ingest.store.prune import prune as prune_cache

    age = _DAYS.fullmatch(older_than.strip())
    if age is None:
        msg = f"--older-than {older_than}: not an age in days. Write 30d."
        raise UsageError(msg)
    try:
        first_kept = datetime.now(UTC).date() - timedelta(days=int(age[1]))
    except OverflowError as error:
        msg = f"--older-than {older_than}: there were no days that long ago. Write 30d."
        raise UsageError(msg) from error
    with CacheWriter(cache, grace_s=60 * grace, must_exist=True) as writer:
        report = prune_cache(writer, first_kept, dry_run=dry_run)
    if not dry_run and names_stamp(cache) is not None:
        with NamesWriter(cache) as names:
            names.forget_before(int(datetime.combine(first_kept, time.min, UTC).timestamp()))
    if as_json:
        print(json.dumps({**asdict(report), "first_day_kept": str(first_kept)}, indent=2))
        return
    verb = "would release" if dry_run else "released"
    print(
        f"{verb} {report.days:,} days before {first_kept}: {report.rows:,} rows of "
        f"{report.objects:,} objects in {report.parts:,} files, {report.bytes / 1e6:,.1f} MB"
    )


def _print_status(told: CacheStatus, cache: Path) -> None:
    facts = told.facts
    print(f"Cache {cache}, version {facts.version}, committed {_time(facts.committed_at)}")
    statuses = ", ".join(f"{n:,} {name}" for name, n in told.objects_by_status.items())
    print(f"  objects   {facts.objects:,} ({facts.objects_set_aside:,} set aside): {statuses}")
    print(
        f"  rows      {facts.rows_read:,} read = {facts.rows_stored:,} stored "
        f"+ {facts.rows_rejected:,} rejected"
    )
    for reason, n in told.rejects.items():
        print(f"  rejected  {n:,} rows: {reason}")
    print(
        f"  stored    {facts.records:,} records, {facts.nodata:,} NODATA, "
        f"{facts.skipdata:,} SKIPDATA; {facts.undated:,} records without a time"
    )
    print(f"  traffic   {facts.logged_bytes:,} bytes, {facts.logged_packets:,} packets as logged")
    print(f"  time      {_time(facts.first)} to {_time(facts.last)}")
    if told.delay_s is not None:
        print(f"  fresh     the newest record is {timedelta(seconds=told.delay_s)} old")
    _print_gaps(told)
    listed = ", ".join(f"{kind} {size / 1e6:,.1f} MB" for kind, size in sorted(told.bytes.items()))
    print(f"  files     {sum(told.parts.values()):,}: {listed}")
    print(
        f"  disk      {told.disk_free / 1e9:,.1f} GB free, catalog "
        f"{told.catalog_bytes / 1e6:,.1f} MB, replaced files {told.waiting_bytes / 1e6:,.1f} MB"
    )
    for worst in told.worst:
        where = f", line {worst.line}: {worst.reason}: {worst.text}" if worst.line else ""
        counts = f"{worst.rows_rejected:,} of {worst.rows_read:,} rows rejected"
        print(f"  warning   {worst.key}: {worst.detail or counts}{where}")
    if told.days:
        n = len(told.days)
        print(
            f"  arriving  {sum(d.objects for d in told.days) / n:,.0f} objects, "
            f"{sum(d.bytes for d in told.days) / n / 1e6:,.1f} MB a day, over {n} days"
        )
    print(f"  next run  what it would read: {_next_run(cache)}")


def _print_gaps(told: CacheStatus) -> None:
    gaps = told.gaps
    if gaps is None:
        print("  gaps      not known: a coverage file is damaged, see verify")
        return
    print(
        f"  gaps      {len(gaps.hours):,} hours without any row, {gaps.interfaces:,} interfaces "
        f"with such hours, {gaps.skipdata:,} intervals with lost records"
    )
    for hour in gaps.hours[:_TOLD]:
        print(f"    no rows in the hour from {_time(hour)}")
    for gap in gaps.interface_gaps[:_TOLD]:
        print(
            f"    {gap.interface_id}: no rows in {gap.hours:,} hours between {_time(gap.first)} "
            f"and {_time(gap.last)}"
        )
    for lost in gaps.skipped[:_TOLD]:
        print(
            f"    {lost.interface_id}: records lost in {lost.records:,} intervals of the hour "
            f"from {_time(lost.hour_start)}"
        )


def _verified(report: VerifyReport, cache: Path) -> dict[str, Any]:
    from ingest.store.verify import objects_behind

    with closing(open_catalog(cache, read_only=True)) as catalog:
        damaged = [
            {
                "path": str(Path(damage.part.path).relative_to(cache)),
                "reason": damage.reason,
                "objects": objects_behind(report, damage, catalog),
            }
            for damage in report.damages
        ]
    return {
        "is_whole": report.is_whole,
        "deep": report.deep,
        "parts": report.parts,
        "bytes": report.bytes,
        "damaged": damaged,
        "incomplete_objects": {
            report.keys.get(object_id, str(object_id)): n
            for object_id, n in report.incomplete.items()
        },
        "unnamed": report.unnamed,
        "contradictions": report.contradictions,
    }


def _print_verified(report: VerifyReport, told: dict[str, Any], cache: Path) -> None:
    for damage in told["damaged"]:
        print(f"damaged  {damage['path']}: {damage['reason']}")
        for key in damage["objects"][:_TOLD]:
            print(f"           rows of {key}")
        if len(damage["objects"]) > _TOLD:
            print(f"           ... and {len(damage['objects']) - _TOLD:,} more objects")
    for sentence in report.contradictions:
        print(f"catalog  {sentence}")
    for path in report.unnamed:
        print(f"unnamed  {path}: no commit names it; the next load removes it")
    print(
        f"{report.parts:,} files, {report.bytes / 1e6:,.1f} MB: {len(report.damages):,} damaged, "
        f"{len(report.incomplete):,} objects not complete"
    )
    if not report.is_whole:
        deep = " --deep" if report.deep else ""
        print(f"Repair with: python -m ingest repair --cache {cache}{deep}")


def _print_repair(report: RepairReport, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(report), indent=2))
        return
    print(
        f"{report.parts_replaced:,} damaged files replaced, {report.rollups_rebuilt:,} of them "
        f"made again from records; {report.refetched:,} of {len(report.to_refetch):,} objects "
        "read again"
    )
    for trouble in report.not_refetched:
        print(f"warning  {trouble}")
    for key, n in report.lost.items():
        print(f"lost     {n:,} rows of {key}: the object is no longer there")


def _next_run(cache: Path) -> str:
    return f"python -m ingest load SOURCE --cache {cache} --dry-run"


def _time(epoch_s: int | None) -> str:
    if epoch_s is None:
        return "never"
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
