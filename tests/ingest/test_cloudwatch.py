"""A log group, read live: every event once, late ones included."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from functools import partial

import pytest
from moto.logs.models import logs_backends

from ingest.errors import ConfigError, PermissionDeniedError, SourceError
from ingest.known import objects_below
from ingest.pipeline import load
from ingest.sources.cloudwatch import CloudWatchSource
from tests.conftest import log_line, make_flows
from tests.fault_proxy import FOR_EVER
from tests.ingest.loading import cached_rows, run_ingest

pytestmark = pytest.mark.s3

HOUR_S = 3_600
NOW = time.time()
THIS_HOUR = int(NOW) // HOUR_S * HOUR_S
# Hours that are closed for a clock that is ahead by three.
AHEAD_S = 3 * HOUR_S
SINCE = datetime.fromtimestamp(THIS_HOUR - HOUR_S, UTC)
MAY = {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Statement": [MAY]}
_numbers = itertools.count(1)


@pytest.fixture
def logs(s3_server):
    """The client of the group's owner."""
    return s3_server.client("logs")


@pytest.fixture
def group(logs):
    """A log group of this test alone, with two streams."""
    name = f"/vpc/flow-{next(_numbers)}"
    logs.create_log_group(logGroupName=name)
    for stream in ("eni-1-all", "eni-2-all"):
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
    return name


@pytest.fixture
def source(group, aws, tmp_path):
    """The group as it looks `ahead_s` later to a cache."""

    def opened(ahead_s: float = AHEAD_S, endpoint: str | None = None, **options):
        return CloudWatchSource(
            group,
            settings=aws(endpoint, attempts=2) if endpoint else aws(),
            since=options.pop("since", SINCE),
            earlier=partial(objects_below, tmp_path / "cache"),
            clock=lambda: time.time() + ahead_s,
            **options,
        )

    return opened


def put(logs, group: str, *flows, stream: str = "eni-1-all", fields=None) -> None:
    """Write records as AWS does: their start is the event's time."""
    flows = [{**flow, "end": flow["start"] + 9} for flow in flows]
    events = [
        {
            "timestamp": flow["start"] * 1_000,
            "message": log_line(flow, fields) if fields else log_line(flow),
        }
        for flow in flows
    ]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def ports(cache) -> list[int]:
    return sorted(row["srcport"] for row in cached_rows(cache))


def test_every_event_comes_once(logs, group, source, tmp_path):
    """Two streams and two windows; a second load brings nothing anew."""
    put(logs, group, *make_flows({"srcport": 1}, {"srcport": 2}, start=THIS_HOUR - 60))
    put(logs, group, *make_flows(srcport=3, start=THIS_HOUR + 1), stream="eni-2-all")

    first = load(source(), tmp_path / "cache", jobs=1)
    second = load(source(), tmp_path / "cache", jobs=1)

    assert (first.objects_new, first.rows_stored) == (2, 3)
    assert (second.objects_new, second.rows_read, second.objects_pending) == (0, 0, 0)
    assert second.objects_listed == second.objects_known
    assert ports(tmp_path / "cache") == [1, 2, 3]


def test_late_events_come_without_the_others(logs, group, source, tmp_path):
    """An event that was ingested after its window was read is an object of its own."""
    put(logs, group, *make_flows(srcport=1, start=THIS_HOUR))
    load(source(), tmp_path / "cache", jobs=1)
    # The first look ended at its clock; what comes has to be ingested behind that.
    put(logs, group, *make_flows(srcport=2, start=THIS_HOUR))
    ingested_later(group, 2, AHEAD_S)

    report = load(source(2 * AHEAD_S), tmp_path / "cache", jobs=1)

    assert (report.objects_new, report.rows_stored) == (1, 1)
    assert ports(tmp_path / "cache") == [1, 2]


def ingested_later(group: str, srcport: int, seconds: float) -> None:
    """Move the ingestion of one record in time."""
    streams = logs_backends["123456789012"]["us-east-1"].groups[group].streams
    for stream in streams.values():
        for event in stream.events:
            if f" {srcport} 443 " in event.message:
                event.ingestion_time += int(seconds * 1_000)


def test_a_window_that_is_open_is_not_read(logs, group, source, tmp_path):
    """Its records are still on their way; closed five minutes of the same hour are read."""
    put(logs, group, *make_flows(srcport=1, start=THIS_HOUR + 1))
    put(logs, group, *make_flows(srcport=2, start=THIS_HOUR + 1_801))
    for srcport in (1, 2):
        ingested_later(group, srcport, -HOUR_S)
    at = THIS_HOUR + 1_800 - time.time()

    first = load(source(at), tmp_path / "cache", jobs=1)
    later = load(source(AHEAD_S), tmp_path / "cache", jobs=1)

    assert (first.rows_stored, later.rows_stored) == (1, 1)
    assert ports(tmp_path / "cache") == [1, 2]


def test_pages_are_read_to_the_end(logs, group, source, tmp_path):
    """More events than one answer holds."""
    for start in range(0, 12_000, 6_000):
        flows = make_flows(*({"srcport": n} for n in range(start, start + 6_000)), start=THIS_HOUR)
        put(logs, group, *flows)

    report = load(source(), tmp_path / "cache", jobs=1)

    assert (report.rows_stored, report.rows_rejected) == (12_000, 0)
    assert ports(tmp_path / "cache") == list(range(12_000))


def test_the_format_is_that_of_the_flow_log(s3_server, logs, group, source, tmp_path):
    """Where describing flow logs is allowed, nobody has to name the fields."""
    ec2 = s3_server.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName=group,
        LogFormat="${srcaddr} ${srcport} ${start} ${end} ${log-status}",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
    )  # fmt: skip
    fields = ("srcaddr", "srcport", "start", "end", "log-status")
    put(logs, group, *make_flows(srcport=9, start=THIS_HOUR), fields=fields)

    report = load(source(), tmp_path / "cache", jobs=1)

    assert report.troubles == []
    assert ports(tmp_path / "cache") == [9]


def test_a_format_that_nobody_knows_is_asked_for(logs, group, source, tmp_path):
    """Nothing is stored that a later load with --format could not mend."""
    fields = ("srcaddr", "srcport", "start", "end", "log-status")
    put(logs, group, *make_flows(srcport=9, start=THIS_HOUR), fields=fields)

    with pytest.raises(ConfigError, match=r"the records have 5 fields.*Name them with --format"):
        load(source(), tmp_path / "cache", jobs=1)
    load(source(fields=fields), tmp_path / "cache", jobs=1)

    assert ports(tmp_path / "cache") == [9]


def test_throttling_is_outlived(logs, group, source, proxy, tmp_path):
    """N3: asked again; for ever leaves the windows pending."""
    put(logs, group, *make_flows(srcport=1, start=THIS_HOUR))
    proxy.fail("429", 1, where="POST /")
    report = load(source(endpoint=proxy.url), tmp_path / "cache", jobs=1)
    assert report.rows_stored == 1

    proxy.fail("429", FOR_EVER, where="POST /")
    report = load(source(endpoint=proxy.url), tmp_path / "cache", jobs=1)
    assert report.objects_pending == report.objects_listed
    assert report.outage
    assert "CloudWatch kept answering" in report.outage


def test_trouble_is_told(group, aws, s3_server, tmp_path):
    """A group that does not exist, and one that may not be read."""
    with pytest.raises(SourceError, match="cloudwatch:/none: this log group does not exist"):
        load(CloudWatchSource("/none", settings=aws()), tmp_path / "cache")
    user = s3_server.create_user(f"nobody{group}".replace("/", "-"), POLICY)
    with s3_server.enforced_iam():
        report = load(
            CloudWatchSource(group, settings=aws(**user), clock=lambda: NOW), tmp_path / "cache"
        )

    assert report.refusal
    assert "Allow logs:FilterLogEvents on" in report.refusal
    assert PermissionDeniedError.exit_code == 77


def test_the_command_reads_a_group(logs, group, s3_server, tmp_path):
    """`cloudwatch:GROUP` with a time, as a user writes it."""
    put(logs, group, *make_flows(srcport=1, start=int(NOW) - 2 * HOUR_S))
    ingested_later(group, 1, -HOUR_S)
    env = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "NO_PROXY": "127.0.0.1"}

    result = run_ingest(
        "load", f"cloudwatch:{group}", "--since", "4h", "--cache", tmp_path / "cache",
        "--endpoint-url", s3_server.url, env=env,
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    assert ports(tmp_path / "cache") == [1]
