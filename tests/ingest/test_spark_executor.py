"""What a Spark worker does with a batch, without Spark."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.batch import BatchTask
from ingest.errors import ExitCode, UsageError
from ingest.opening import open_pools
from ingest.parser_pool import ParserLimits, local_pool
from ingest.schema import SCHEMA_VERSION
from ingest.sources import LogObject
from ingest.spark.executor import parse, parse_batches
from ingest.spark.messages import Order, Report, packed, unpacked
from ingest.spool import Piece
from tests.conftest import make_flows, write_log


def order(tmp_path: Path, *paths: Path) -> Order:
    """Return a batch of these objects, as a driver sends it."""
    (tmp_path / "run").mkdir()
    objects = [
        (n, LogObject(str(path), "etag", 1), Piece(str(path))) for n, path in enumerate(paths, 1)
    ]
    return Order(BatchTask(7, objects, str(tmp_path / "run" / "parts-7")), ParserLimits())


def test_a_batch_comes_back_with_finished_parts(tmp_path: Path) -> None:
    """Its parts lie below the folder of the run; the objects stay."""
    log = write_log(tmp_path / "a.log", make_flows({}, {}))
    sent = packed(order(tmp_path, log)).to_batches()

    (report,) = [r for answer in parse_batches(iter(sent)) for r in unpacked(answer)]

    assert isinstance(report, Report)
    (result,) = report.results
    assert [(o.object_id, o.status, o.rows_stored) for o in result.outcomes] == [(1, "ok", 2)]
    assert {part.kind for part in result.parts} >= {"flows", "edges"}
    for part in result.parts:
        assert Path(part.tmp).is_relative_to(tmp_path / "run" / "parts-7")
        assert Path(part.tmp).is_file()
    assert log.is_file()


def test_two_tries_of_a_batch_do_not_meet(tmp_path: Path) -> None:
    """Spark may repeat a task whose worker it believes lost."""
    given = order(tmp_path, write_log(tmp_path / "a.log", make_flows({})))

    tries = [{part.tmp for part in parse(given).results[0].parts} for _ in range(2)]

    assert tries[0].isdisjoint(tries[1])


def test_an_object_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    """The others of its batch are stored."""
    good = write_log(tmp_path / "good.log", make_flows({}))

    (result,) = parse(order(tmp_path, good, tmp_path / "gone.log")).results

    assert [outcome.status for outcome in result.outcomes] == ["ok", "unreadable"]


def test_a_worker_of_another_version_writes_nothing(tmp_path: Path) -> None:
    """Its rows would not be this program's."""
    given = order(tmp_path, write_log(tmp_path / "a.log", make_flows({})))
    other = Order(given.task, given.limits, schema_version=SCHEMA_VERSION + 1)

    report = parse(other)

    assert report.results == []
    assert "Install the same flow-atlas on both." in report.trouble
    assert not Path(given.task.tmp).exists()


def test_a_cache_that_is_not_shared_is_told(tmp_path: Path) -> None:
    """The driver's folder is not on the worker's disk."""
    given = order(tmp_path, write_log(tmp_path / "a.log", make_flows({})))
    (tmp_path / "run").rmdir()

    assert "does not see it. Put cache and logs on a file system" in parse(given).trouble


@pytest.mark.parametrize(
    ("engine", "url", "sentence"),
    [
        ("local", "sc://h", "--engine-url sc://h: is for --engine spark."),
        ("spark", None, "--engine-url is missing: --engine spark needs"),
        ("spark", "spark://h:7077", "--engine-url spark://h:7077: --engine spark needs"),
        ("flink", None, "--engine flink: is unknown. Give local or spark."),
    ],
)
def test_engine_and_url_fit_together(engine: str, url: str | None, sentence: str) -> None:
    """A usage error otherwise."""
    with pytest.raises(UsageError, match=sentence) as error:
        open_pools(engine, url)

    assert error.value.exit_code == ExitCode.USAGE
    assert open_pools("local", None) is local_pool
