"""From the configuration of a run to the source that it reads.

AWS's SDK is imported where a run needs it: that takes as long as parsing 200,000 records.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.config import IngestConfig
from ingest.errors import UsageError
from ingest.keys import Pruning
from ingest.known import objects_below
from ingest.locations import STDIN, CloudWatchGroup, S3Location
from ingest.parse.header import parse_format
from ingest.parser_pool import MakePool, local_pool
from ingest.sources import Source
from ingest.sources.local import LocalSource
from ingest.sources.stdin import StdinSource

if TYPE_CHECKING:
    from ingest.sources.queue import NotificationQueue
    from ingest.sources.s3 import S3Source


def open_source(config: IngestConfig) -> Source:
    """Return the source of a run; nothing is read yet.

    Raises:
        UsageError: None is named.
    """
    where = config.source
    if isinstance(where, S3Location):
        return open_bucket(config, where)
    if isinstance(where, Path):
        return LocalSource(
            where, Pruning(config.accounts, config.regions, config.since, config.until)
        )
    if where is STDIN:
        return StdinSource(sys.stdin.buffer, config.stdin_limit_mb * 1_000_000)
    if isinstance(where, CloudWatchGroup):
        if config.accounts or config.regions:
            msg = f"{where}: --account and --region choose object keys, a log group has none."
            raise UsageError(msg)
        from ingest.sources.cloudwatch import CloudWatchSource

        return CloudWatchSource(
            where.group,
            settings=config.aws,
            fields=given_fields(config),
            since=config.since,
            until=config.until,
            earlier=partial(objects_below, config.cache),
        )
    msg = (
        "No source given. Name one: s3://bucket/prefix, a folder or a file; "
        "or set AWS_S3_BUCKET_NAME in .env."
    )
    raise UsageError(msg)


def open_bucket(config: IngestConfig, where: S3Location) -> S3Source:
    """Return a bucket as a source, with what is asked for of it."""
    from ingest.sources.s3 import S3Source

    return S3Source(
        where.bucket,
        where.prefix,
        settings=config.aws,
        accounts=config.accounts,
        regions=config.regions,
        since=config.since,
        until=config.until,
    )


def open_pools(engine: str, engine_url: str | None) -> MakePool:
    """Return what makes the place where a run's batches are parsed.

    Raises:
        UsageError: Engine and URL do not fit together.
    """
    if engine == "local" and engine_url is None:
        return local_pool
    if engine == "local":
        msg = f"--engine-url {engine_url}: is for --engine spark. Add that, or leave it out."
        raise UsageError(msg)
    if engine != "spark":
        msg = f"--engine {engine}: is unknown. Give local or spark."
        raise UsageError(msg)
    if engine_url is None or not engine_url.startswith("sc://"):
        msg = (
            f"--engine-url {engine_url or 'is missing'}: --engine spark needs the address of a "
            "Spark Connect server. Give --engine-url sc://host:15002."
        )
        raise UsageError(msg)
    from ingest.spark.pool import SparkPools

    return SparkPools(engine_url)


def open_queue(config: IngestConfig, source: Source) -> NotificationQueue | None:
    """Return the queue that is told of the source's new objects, where one is named."""
    if config.queue_url is None:
        return None
    from ingest.sources.queue import NotificationQueue
    from ingest.sources.s3 import S3Source

    if not isinstance(source, S3Source):
        return None
    return NotificationQueue(config.queue_url, source, config.aws)


def given_fields(config: IngestConfig) -> tuple[str, ...] | None:
    """Return the layout of objects without a header, where one is given."""
    return parse_format(config.line_format) if config.line_format else None
