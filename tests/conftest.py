"""Flow records and log files for all tests: a test states only what matters to it."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from ingest.schema import DEFAULT_FIELDS

if TYPE_CHECKING:
    from tests.spark.cluster import SparkCluster

# Equal code gives equal verdicts, on a busy machine too.
settings.register_profile("flow-atlas", deadline=None, derandomize=True, database=None)
settings.load_profile("flow-atlas")

Flow = dict[str, Any]

START = 1_772_445_600  # 2026-03-02 10:00:00 UTC, a full hour.
ACCOUNT = "123456789012"
CLIENT, SERVER = "192.0.2.10", "198.51.100.20"
CLIENT_ENI, SERVER_ENI = "eni-0c11e000000000001", "eni-05e12e00000000001"

DEFAULTS: Flow = {
    "version": 2,
    "account_id": ACCOUNT,
    "interface_id": SERVER_ENI,
    "srcaddr": CLIENT,
    "dstaddr": SERVER,
    "srcport": 49_152,
    "dstport": 443,
    "protocol": 6,
    "packets": 10,
    "bytes": 1_000,
    "start": START,
    "end": START + 59,
    "action": "ACCEPT",
    "log_status": "OK",
}
QUIET = dict.fromkeys(
    ("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "action")
)


@pytest.hookimpl(tryfirst=True)  # The plugin that runs them side by side reads the marks next.
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a cluster, or a server and a browser, in one process."""
    for item in items:
        place = item.path.relative_to(Path(__file__).parent)
        folder = "spark" if item.get_closest_marker("spark") else place.parts[0]
        is_shared = folder in ("browser", "spark")
        item.add_marker(pytest.mark.xdist_group(folder if is_shared else str(place)))


def make_flows(*changes: Mapping[str, Any], **common: Any) -> list[Flow]:
    """Return one record per argument, or one: defaults, then `common`, then its own changes.

    Keys are AWS's names with `_`; None is written as `-`.
    """
    return [DEFAULTS | common | dict(own) for own in changes or ({},)]


def no_data(status: str = "NODATA", **changes: Any) -> Flow:
    """Return a row that says: nothing to record in this interval."""
    return make_flows(QUIET | {"log_status": status} | changes)[0]


def answer(flow: Flow, **changes: Any) -> Flow:
    """Return the other direction of a record, as the same interface logs it."""
    swapped = dict(flow)
    for ours, theirs in (
        ("srcaddr", "dstaddr"),
        ("srcport", "dstport"),
        ("pkt_srcaddr", "pkt_dstaddr"),
    ):
        if ours in flow or theirs in flow:
            swapped[ours], swapped[theirs] = flow.get(theirs), flow.get(ours)
    return swapped | changes


def log_line(flow: Mapping[str, Any], fields: Sequence[str] = DEFAULT_FIELDS) -> str:
    """Write one record as AWS does; a field that the record lacks is `-`."""
    values = (flow.get(field.replace("-", "_")) for field in fields)
    return " ".join("-" if value is None else str(value) for value in values)


def log_text(
    flows: Iterable[Mapping[str, Any]],
    fields: Sequence[str] = DEFAULT_FIELDS,
    *,
    header: bool = True,
) -> bytes:
    """Write records as the text of one log object."""
    lines = [" ".join(fields)] if header else []
    lines += [log_line(flow, fields) for flow in flows]
    return "".join(f"{line}\n" for line in lines).encode()


def write_log(
    path: Path,
    flows: Iterable[Mapping[str, Any]],
    fields: Sequence[str] = DEFAULT_FIELDS,
    *,
    header: bool = True,
) -> Path:
    """Write records as a log object; gzip where the name ends in `.gz`."""
    text = log_text(flows, fields, header=header)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    return path


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    """One Spark cluster for all: master, two workers and a Connect server."""
    from tests.spark.cluster import SparkCluster  # noqa: PLC0415 - few tests need the package

    with SparkCluster(tmp_path_factory.mktemp("spark")) as cluster:
        yield cluster
