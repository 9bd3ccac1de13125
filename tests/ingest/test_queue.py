"""Notifications of new objects: read, acknowledged after the commit, never trusted alone."""

from __future__ import annotations

import json

import pytest

from ingest.errors import SourceError
from ingest.sources.queue import NotificationQueue, NotUnderstoodError, read_message
from ingest.sources.s3 import S3Source
from tests.conftest import log_text, make_flows
from tests.fault_proxy import FOR_EVER
from tests.ingest.following import following
from tests.ingest.loading import cached_rows

KEY = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/a b+c.log"
NEVER_S = 3_600.0


def s3_event(key: str = "k", name: str = "ObjectCreated:Put", **told) -> dict:
    s3 = {"bucket": {"name": "logs"}, "object": {"key": key, "size": 5, "eTag": "e1", **told}}
    return {"Records": [{"eventName": name, "s3": s3}]}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (s3_event("a%3Db/c+d%2Be.log.gz"), [("logs", "a=b/c d+e.log.gz", 5, "e1")]),
        (s3_event(name="s3:ObjectCreated:Copy"), [("logs", "k", 5, "e1")]),
        (s3_event(name="ObjectRemoved:Delete"), []),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "logs"}, []),
        ({"Type": "Notification", "Message": json.dumps(s3_event())}, [("logs", "k", 5, "e1")]),
        ({"Type": "Notification", "Message": json.dumps({"Event": "s3:TestEvent"})}, []),
        (
            {
                "detail-type": "Object Created",
                "detail": {"bucket": {"name": "logs"}, "object": {"key": "a+b", "size": 1}},
            },
            [("logs", "a+b", 1, None)],
        ),
        ({"detail-type": "Object Deleted", "detail": {}}, []),
    ],
)
def test_messages_are_read_in_all_their_wrappings(message, expected):
    """S3 straight, through SNS, and by EventBridge, whose keys are not encoded."""
    events = read_message(json.dumps(message))

    assert [(e.bucket, e.key, e.size, e.etag) for e in events] == expected


@pytest.mark.parametrize("body", ["", "hello", "[]", "7", "{}", '{"Records": 1}'])
def test_other_messages_are_not_understood(body):
    """They are told apart from notifications without objects."""
    with pytest.raises(NotUnderstoodError):
        read_message(body)


@pytest.fixture
def sqs(s3_server):
    """The client of the queues' owner."""
    return s3_server.client("sqs")


@pytest.fixture
def queue_url(s3_server, sqs, bucket):
    """A queue that the bucket tells of new objects."""
    url = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    configuration = {"QueueArn": told["Attributes"]["QueueArn"], "Events": ["s3:ObjectCreated:*"]}
    s3_server.client().put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [configuration]}
    )
    return url


def put(s3_server, bucket: str, key: str, srcport: int = 1) -> None:
    body = log_text(make_flows(srcport=srcport))
    s3_server.client().put_object(Bucket=bucket, Key=key, Body=body)


def left(sqs, url: str) -> int:
    """Count the messages in a queue, hidden ones included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(told[name]) for name in names)


@pytest.mark.s3
def test_notified_objects_are_loaded_and_acknowledged(
    s3_server, bucket, sqs, queue_url, aws, tmp_path
):
    """Keys with spaces and equal signs; the test event goes; listing is hours away."""
    source = S3Source(bucket, settings=aws())
    queue = NotificationQueue(queue_url, source, aws())

    with following(source, tmp_path / "cache", poll_s=NEVER_S, queue=queue) as at_work:
        put(s3_server, bucket, KEY, 5)
        report = at_work.next_round()

    assert (report.objects_listed, report.objects_new, report.rows_stored) == (1, 1, 1)
    assert [row["srcport"] for row in cached_rows(tmp_path / "cache")] == [5]
    assert left(sqs, queue_url) == 0
    assert queue.counts == {"nothing-new": 1, "objects": 1}


@pytest.mark.s3
def test_a_message_delivered_twice_adds_nothing(s3_server, bucket, sqs, queue_url, aws, tmp_path):
    """O1: the second is acknowledged as well; the object is known by key and ETag."""
    source = S3Source(bucket, settings=aws())
    queue = NotificationQueue(queue_url, source, aws())
    put(s3_server, bucket, KEY)
    body = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    (event,) = [m["Body"] for m in body["Messages"] if "Records" in m["Body"]]

    with following(source, tmp_path / "cache", poll_s=NEVER_S, queue=queue) as at_work:
        at_work.next_round()
        sqs.send_message(QueueUrl=queue_url, MessageBody=event)
        put(s3_server, bucket, "b.log", 2)
        report = at_work.next_round()
        if not report.objects_known:  # The two came in rounds of their own.
            assert report.objects_new == 1

    assert len(cached_rows(tmp_path / "cache")) == 2


@pytest.mark.s3
def test_an_object_that_cannot_be_read_keeps_its_message(
    s3_server, bucket, sqs, queue_url, proxy, aws, tmp_path
):
    """It comes back after the visibility timeout, and then the object is read."""
    settings = aws(proxy.url, attempts=1)
    source = S3Source(bucket, settings=settings)
    queue = NotificationQueue(queue_url, source, settings, visibility_s=1)
    proxy.fail("500", 1, where="GET /" + bucket + "/b.log")

    with following(source, tmp_path / "cache", poll_s=NEVER_S, queue=queue) as at_work:
        put(s3_server, bucket, "b.log")
        first = at_work.next_round()
        assert (first.objects_new, first.objects_pending) == (0, 1)
        assert at_work.next_round().objects_new == 1

    assert left(sqs, queue_url) == 0


@pytest.mark.s3
def test_a_message_that_is_none_is_counted_and_left(
    s3_server, bucket, sqs, queue_url, aws, tmp_path
):
    """The queue's own rules move it to its dead-letter queue; others go on."""
    source = S3Source(bucket, settings=aws())
    queue = NotificationQueue(queue_url, source, aws())
    sqs.send_message(QueueUrl=queue_url, MessageBody="poison")

    with following(source, tmp_path / "cache", poll_s=NEVER_S, queue=queue) as at_work:
        put(s3_server, bucket, "b.log")
        at_work.next_round()

    assert queue.counts["not-understood"] == 1
    assert left(sqs, queue_url) == 1


@pytest.mark.s3
def test_objects_that_are_not_asked_for_are_acknowledged(s3_server, bucket, sqs, queue_url, aws):
    """Another prefix, another bucket, another account."""
    source = S3Source(bucket, "team", settings=aws(), accounts=("999999999999",))
    queue = NotificationQueue(queue_url, source, aws())
    sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(s3_event()))
    for key in ("other/a.log", f"team/{KEY}.exe"):
        put(s3_server, bucket, key)

    while left(sqs, queue_url):
        assert queue.receive() == []

    assert queue.counts == {"nothing-new": 4}


@pytest.mark.s3
def test_work_that_takes_long_keeps_messages_hidden(s3_server, bucket, sqs, queue_url, aws, proxy):
    """Visibility is extended again and again meanwhile, with seconds to spare."""
    source = S3Source(bucket, settings=aws())
    queue = NotificationQueue(queue_url, source, aws(proxy.url), visibility_s=5)
    put(s3_server, bucket, "b.log")
    notices = queue.receive(1)

    with queue.kept_hidden(notices):
        while sum("ChangeMessageVisibilityBatch" in head for head in proxy.heads) < 4:
            assert queue.receive() == []
    queue.acknowledge(notices)

    assert left(sqs, queue_url) == 0


@pytest.mark.s3
def test_listing_finds_what_the_queue_lost(s3_server, bucket, sqs, queue_url, aws, tmp_path):
    """A notification that never came costs a poll, no record."""
    source = S3Source(bucket, settings=aws())
    queue = NotificationQueue(queue_url, source, aws())
    sqs.purge_queue(QueueUrl=queue_url)
    s3_server.fill(bucket, ["silent.log"], log_text(make_flows()))

    with following(source, tmp_path / "cache", poll_s=0.1, queue=queue) as at_work:
        assert at_work.next_round().objects_new == 1


@pytest.mark.s3
def test_trouble_with_the_queue_is_told(bucket, aws, proxy, s3_server):
    """A queue that is missing, one that is denied, one that does not answer."""
    source = S3Source(bucket, settings=aws())
    missing = f"{s3_server.url}/123456789012/missing"
    with pytest.raises(SourceError, match=r"missing: this queue does not exist"):
        NotificationQueue(missing, source, aws()).receive()
    proxy.fail("403", FOR_EVER, where="POST /")
    with pytest.raises(SourceError, match=r"Allow sqs:ReceiveMessage on http") as caught:
        NotificationQueue(missing, source, aws(proxy.url)).receive()

    assert caught.value.exit_code == 77
