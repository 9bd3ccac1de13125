"""What a load would read, without reading it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ingest.report import IngestReport

if TYPE_CHECKING:
    from ingest.pipeline import Loader


def dry_run_of(loader: Loader) -> IngestReport:
    """Count what a load would read; nothing is written, nor locked."""
    begun = time.monotonic()
    source = loader.source
    loader.refresh()
    report = IngestReport(dry_run=True)
    for log_object in source.objects():
        report.objects_listed += 1
        if log_object in loader.known:
            report.objects_known += 1
        else:
            report.objects_new += 1
            report.bytes_new += log_object.size
    report.skipped, report.retries = source.skipped, source.retries
    report.seconds = time.monotonic() - begun
    return report
