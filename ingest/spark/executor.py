"""What runs on a worker: a batch in, its finished parts and outcomes out.

A worker's Python keeps one parser process beside it, so an object that crashes, hangs or
grows costs itself here as it does on one machine.
"""

from __future__ import annotations

import itertools
import socket
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from ingest.errors import IngestError
from ingest.parser_pool import ParserLimits, ParserPool
from ingest.schema import SCHEMA_VERSION
from ingest.spark.messages import Order, Report, packed, unpacked

_pools: dict[ParserLimits, ParserPool] = {}
_numbers = itertools.count(1)


def parse_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Parse the batches of one Spark task, as `mapInArrow` asks for it."""
    for batch in batches:
        for order in unpacked(batch):
            yield from packed(parse(order)).to_batches()


def parse(order: Order) -> Report:
    """Parse one batch; trouble of the machine is reported, not raised: no retry cures it."""
    task, here = order.task, socket.gethostname()
    if order.schema_version != SCHEMA_VERSION:
        return Report(
            trouble=f"worker {here} writes schema version {SCHEMA_VERSION}, this program "
            f"{order.schema_version}. Install the same flow-atlas on both."
        )
    run_folder = Path(task.tmp).parent
    if not run_folder.is_dir():
        return Report(trouble=_not_shared(here, run_folder))
    if not any(Path(piece.path).is_file() for _, _, piece in task.objects):
        return Report(trouble=_not_shared(here, Path(task.objects[0][2].path)))
    # Spark may run a task twice, at the same time even: each try has a folder of its own.
    folder = Path(task.tmp) / uuid.uuid4().hex
    pool = _pools.get(order.limits)
    if pool is None:
        pool = _pools[order.limits] = ParserPool(1, lambda: next(_numbers), order.limits)
    try:
        results = []
        # The driver removes fetched copies, once no further try can need them.
        tmp = str(folder / "parts")
        pool.submit(replace(task, batch_id=next(_numbers), tmp=tmp))
        while not pool.is_idle:
            results += pool.wait()
    except IngestError as error:
        del _pools[order.limits]
        pool.__exit__(None, None, None)
        return Report(trouble=f"worker {here}: {error}")
    return Report(results)


def _not_shared(host: str, path: Path) -> str:
    return (
        f"{path}: worker {host} does not see it. Put cache and logs on a file system that this "
        "machine and all workers share under the same path."
    )
