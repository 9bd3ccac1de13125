"""What a load did, in lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ingest.report import IngestReport

_SHOWN = 10


def report_lines(report: IngestReport, cache: Path) -> Iterator[str]:
    """Say what was read, what was not, and why."""
    if report.dry_run:
        yield (
            f"{report.objects_listed:,} objects listed, {report.objects_known:,} of them in the "
            f"cache. A load would read {report.objects_new:,} objects, "
            f"{report.bytes_new / 1e6:,.1f} MB."
        )
        return
    vanished = f" + {report.objects_vanished:,} vanished" if report.objects_vanished else ""
    yield (
        f"objects  {report.objects_listed:,} listed = {report.objects_known:,} known "
        f"+ {report.objects_new:,} new + {report.objects_pending:,} not read{vanished}"
    )
    if report.objects_new:
        yield (
            f"rows     {report.rows_read:,} read = {report.rows_stored:,} stored "
            f"+ {report.rows_rejected:,} rejected"
        )
        records = report.rows_stored - report.nodata - report.skipdata
        yield (
            f"stored   {records:,} records + {report.nodata:,} NODATA + "
            f"{report.skipdata:,} SKIPDATA"
        )
        rate = report.rows_read / max(report.seconds, 1e-9)
        yield (
            f"time     {report.seconds:.1f} s, {report.bytes_new / 1e6:,.1f} MB, {rate:,.0f} rows/s"
        )
    yield from _counted("skipped ", "keys", report.skipped)
    yield from _counted("retried ", "requests", report.retries)
    for reason, rows in report.reject_counts.most_common():
        yield f"rejected {rows:,} rows: {reason}"
    yield from _warnings(report)
    yield from (f"  {trouble}" for trouble in report.troubles[:_SHOWN])
    if len(report.troubles) > _SHOWN:
        yield f"  ... and more; see: python -m ingest status --cache {cache}"


def _counted(label: str, what: str, counts: Counter[str]) -> Iterator[str]:
    if counts:
        listed = ", ".join(f"{n:,} {reason}" for reason, n in counts.most_common())
        yield f"{label} {counts.total():,} {what}: {listed}"


def _warnings(report: IngestReport) -> Iterator[str]:
    statuses = [f"{n:,} {name}" for name, n in report.by_status.most_common() if name != "ok"]
    if statuses:
        yield f"warning  objects that are not whole: {', '.join(statuses)}"
    if report.objects_vanished:
        yield f"warning  {report.objects_vanished:,} objects were deleted before they were read"
    if report.same_content:
        yield (
            f"warning  {report.same_content:,} objects have the content of another key: "
            "their records count twice"
        )
    if report.stopped:
        yield "stopped  what was committed stays; run the same command to go on"
