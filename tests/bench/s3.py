"""Small objects from an S3 server on the same machine, beside bare GET requests to it."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from rich.console import Console

from ingest.config import DEFAULT_MAX_TRANSFERS
from tests.bench.ingest import SMALL_OBJECTS, small_objects
from tests.bench.measure import Options
from tests.bench.measure import run as run_command
from tests.s3_server import S3Server

BUCKET = "logs"
_KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "eu-west-1"}


def run(options: Options, console: Console) -> dict[str, Any]:
    """Measure, print, and return the figures.

    Both run in turn against one server, a process of its own, with as many transfers at
    once. The bare loop is timed without its start and its listing, a load as a whole:
    start, listing, transfers, parsing, commit.
    """
    n = SMALL_OBJECTS // 10 if options.quick else SMALL_OBJECTS
    logs = small_objects(options, n)
    bare: list[float] = []
    loads: list[float] = []
    cpu: list[float] = []
    with _server(logs) as url:
        _get_all(url)  # What the server does once for each object is no part of any figure.
        for _ in range(3):
            bare.append(_get_all(url))
            cache = tempfile.mkdtemp(dir=options.data)
            usage = run_command(
                [
                    sys.executable, "-m", "ingest", "load", f"s3://{BUCKET}/", "--cache", cache,
                    "--endpoint-url", url,
                ],
                env=_KEYS,
            )  # fmt: skip
            shutil.rmtree(cache)
            loads.append(usage.wall_s)
            cpu.append(usage.cpu_s)
    bare_rate, rate = n / statistics.median(bare), n / statistics.median(loads)
    cpu_ms = statistics.median(cpu) / n * 1_000
    console.print(
        f"{n:,} objects from an S3 server on the same cores: {rate:,.0f} objects/s with all that "
        f"a load does, {bare_rate:,.0f} GET requests/s alone: {rate / bare_rate:.0%}; "
        f"{cpu_ms:.2f} ms of CPU an object"
    )
    return {
        "objects": n, "objects_per_s": rate, "bare_gets_per_s": bare_rate,
        "share": rate / bare_rate, "cpu_ms_an_object": cpu_ms,
    }  # fmt: skip


@contextmanager
def _server(logs: Path) -> Iterator[str]:
    """Serve a folder's files from another process; yield where."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "tests.bench.s3", "serve", str(logs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def _get_all(url: str) -> float:
    command = [sys.executable, "-m", "tests.bench.s3", "get", url]
    found = subprocess.run(  # noqa: S603 - our own module
        command, check=True, stdout=subprocess.PIPE, env={**os.environ, **_KEYS}
    )
    return float(found.stdout)


def _serve(folder: Path) -> None:
    server = S3Server()
    server.start()
    server.create_bucket(BUCKET)
    for path in sorted(folder.rglob("*.log.gz")):
        server.fill(BUCKET, [f"AWSLogs/{path.relative_to(folder)}"], path.read_bytes())
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    sys.stdin.read()  # Until the bench ends.


def _bare_loop(url: str) -> None:
    transfers = DEFAULT_MAX_TRANSFERS
    s3 = boto3.client("s3", endpoint_url=url, config=Config(max_pool_connections=transfers))
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    begun = time.monotonic()
    with ThreadPoolExecutor(transfers) as pool:
        list(pool.map(lambda key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read(), keys))
    sys.stdout.write(f"{time.monotonic() - begun}\n")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        _serve(Path(sys.argv[2]))
    else:
        _bare_loop(sys.argv[2])
