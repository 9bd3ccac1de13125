"""The driver's side: batches go to the workers of a cluster instead of parser processes."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ingest.batch import BatchResult, BatchTask
from ingest.errors import CacheError, ConfigError, ExitCode, IngestError
from ingest.parser_pool import TICK_S, ParserLimits
from ingest.spark.executor import parse_batches
from ingest.spark.messages import SPARK_SCHEMA, Order, Report, packed, unpacked

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

_RETRIES = 4  # Within about five seconds; the client's own default goes on for ten minutes.
_ROWS_TO_SPREAD = 100_000
_DETAILS = re.compile(r'details = "(.*)"')


class SparkError(IngestError):
    """The cluster cannot be reached, or gave up on a batch."""

    exit_code = ExitCode.SOURCE_UNAVAILABLE


@dataclass(frozen=True, slots=True)
class SparkPools:
    """Makes the pool of one run; what `Loader` calls.

    Attributes:
        url: Of the Connect server, `sc://host:port`.
    """

    url: str

    def __call__(
        self, size: int | None, next_batch_id: Callable[[], int], limits: ParserLimits | None
    ) -> SparkPool:
        """Return a pool; `size` None: as many batches at once as the cluster has cores."""
        return SparkPool(self.url, size, next_batch_id, limits)


class SparkPool:
    """Runs batches on a cluster; a context manager that leaves no job behind.

    Each batch is a job of one task, so the cluster's scheduler shares them out, repeats
    those of a worker that is lost, and a batch is committed as soon as it is done.

    Attributes:
        size: How many batches run at once.
    """

    def __init__(
        self,
        url: str,
        size: int | None,
        next_batch_id: Callable[[], int],
        limits: ParserLimits | None = None,
    ) -> None:
        self.url, self.size = url, size or 0
        self._next_batch_id = next_batch_id
        self._limits = limits or ParserLimits()
        self._tag = f"flow-atlas-load-{uuid.uuid4().hex}"
        self._jobs: dict[Future[Report], BatchTask] = {}
        self._bell, self._waker = socket.socketpair()

    def __enter__(self) -> Self:
        self._spark = _session(self.url)
        if not self.size:
            with _explained(self.url):
                self.size = _cores(self._spark)
        self._threads = ThreadPoolExecutor(self.size, "batch")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        from pyspark.errors import PySparkException  # noqa: PLC0415

        self._threads.shutdown(wait=False, cancel_futures=True)
        running = [job for job in self._jobs if not job.done()]
        while running:
            # A job that is between two steps does not hear the first call.
            with contextlib.suppress(PySparkException):
                self._spark.interruptTag(self._tag)
            running = list(wait(running, 1, FIRST_COMPLETED).not_done)
        self._spark.stop()
        self._waker.close()
        self._bell.close()

    @property
    def has_room(self) -> bool:
        """Another batch is welcome: one waits, so that no worker does."""
        return len(self._jobs) < self.size + 1

    @property
    def is_idle(self) -> bool:
        """Nothing runs, waits, or is left to be taken."""
        return not self._jobs

    def prepare(self) -> None:
        """Know that a batch is on its way; the workers are up already."""

    def submit(self, task: BatchTask) -> None:
        """Take a batch."""
        job = self._threads.submit(self._run, task)
        self._jobs[job] = task
        job.add_done_callback(self._ring)

    def dismiss(self) -> None:
        """Know that no batch comes any more; the workers are not ours to end."""

    def wait(
        self, wakers: Sequence[socket.socket] = (), seconds: float = TICK_S
    ) -> list[BatchResult]:
        """Wait so long, or until a batch is finished or a socket of the caller can be read.

        Raises:
            CacheError: A disk refuses, or is not the one that the workers write to.
            SparkError: The cluster gave up on a batch.
        """
        if self._bell in wait_for_any([self._bell, *wakers], seconds):
            self._bell.recv(4_096)
        finished: list[BatchResult] = []
        for job in [job for job in self._jobs if job.done()]:
            task = self._jobs.pop(job)
            with _explained(self.url):
                report = job.result()
            if report.trouble:
                raise CacheError(report.trouble)
            finished += self._numbered(task, report.results)
        return finished

    def _run(self, task: BatchTask) -> Report:
        self._spark.addTag(self._tag)
        order = self._spark.createDataFrame(packed(Order(task, self._limits)))
        answer = order.mapInArrow(parse_batches, SPARK_SCHEMA).toArrow()
        report: Report = unpacked(answer)[0]
        return report

    def _numbered(self, task: BatchTask, results: list[BatchResult]) -> list[BatchResult]:
        """Give a worker's results numbers of the catalog, and see that their parts are here."""
        for result in results:
            for part in result.parts:
                if not Path(part.tmp).is_file():
                    msg = (
                        f"{part.tmp}: a worker wrote this part, and it is not here. Put the cache "
                        "on a file system that this machine and all workers share."
                    )
                    raise CacheError(msg)
        first = [replace(result, batch_id=task.batch_id) for result in results[:1]]
        return first + [replace(r, batch_id=self._next_batch_id()) for r in results[1:]]

    def _ring(self, _: Future[Report]) -> None:
        with contextlib.suppress(OSError):  # The run is over.
            self._waker.send(b"!")


def _session(url: str) -> SparkSession:
    try:
        with warnings.catch_warnings():
            # What it says of pandas concerns pandas frames; here all rows are Arrow's.
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
            from pyspark.logger import PySparkLogger  # noqa: PLC0415
            from pyspark.sql.connect.client.retries import DefaultPolicy  # noqa: PLC0415
            from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415
    except ImportError as error:
        msg = (
            "--engine spark: its client is not installed. "
            "Install it with: pip install 'flow-atlas[spark]'"
        )
        raise ConfigError(msg) from error
    # Both say at length what one sentence of ours says.
    PySparkLogger.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]")
    spark = SparkSession.builder.remote(url).create()
    spark.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
    return spark


def _cores(spark: SparkSession) -> int:
    """Return how many tasks the cluster runs at once: into so many it cuts a range."""
    numbers = f"SELECT DISTINCT spark_partition_id() AS number FROM range({_ROWS_TO_SPREAD})"  # noqa: S608
    sql = f"SELECT count(*) AS n FROM ({numbers})"  # noqa: S608
    return int(spark.sql(sql).toArrow().column("n")[0].as_py())


@contextlib.contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turn an error of the cluster into one sentence."""
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        yield
    except PySparkException as error:
        raise SparkError(_sentence(url, error)) from error


def _sentence(url: str, error: Any) -> str:
    text = str(error).strip()
    if "No module named" in text:
        missing = re.search(r"No module named '?([\w.]+)", text)
        return (
            f"{url}: the workers' Python lacks {missing[1] if missing else 'a module'}. Install "
            "flow-atlas there, in this version, and point PYSPARK_PYTHON to it."
        )
    details = _DETAILS.search(text)  # Of an error by gRPC itself.
    first = (details[1] if details else text.partition("\n")[0])[:300]
    return (
        f"{url}: the cluster did not parse a batch ({first}). What was committed before is safe; "
        "look into Spark's log, then run the same command again."
    )
