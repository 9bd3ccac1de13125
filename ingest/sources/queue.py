"""Notifications of new objects, from an SQS queue."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote_plus

from botocore.exceptions import BotoCoreError, ClientError

from ingest.config import AwsSettings
from ingest.errors import SourceError
from ingest.sources import LogObject
from ingest.sources.s3 import S3Source
from ingest.sources.s3_access import Access
from ingest.sources.s3_errors import Asked, explain
from ingest.sources.s3_retry import ANSWERS, Requests

_log = logging.getLogger(__name__)
T = TypeVar("T")

_REGION = re.compile(r"https://(?:sqs\.)?([a-z0-9-]+)\.(?:queue\.)?amazonaws\.com")
_AT_ONCE = 10  # Messages of one request, SQS's own limit.


class NotUnderstoodError(Exception):
    """A message is no notification of S3."""


@dataclass(frozen=True, slots=True)
class Event:
    """One new object, as S3 tells of it; `etag` may be missing."""

    bucket: str
    key: str
    size: int
    etag: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """One message, and those of its objects that are asked for."""

    handle: str
    objects: tuple[LogObject, ...]


def read_message(body: str) -> list[Event]:
    """Read a message of S3, sent straight, through SNS, or by EventBridge.

    Test events, and events that make no object, give an empty list.

    Raises:
        NotUnderstoodError: It is something else.
    """
    try:
        message = json.loads(body)
        if isinstance(message, dict) and message.get("Type") == "Notification":
            message = json.loads(message["Message"])
        if message.get("Event") == "s3:TestEvent":
            return []
        if "detail-type" in message:
            return _of_event_bridge(message)
        return [
            Event(
                record["s3"]["bucket"]["name"],
                # `=` and spaces of keys come encoded as in a form.
                unquote_plus(record["s3"]["object"]["key"]),
                int(record["s3"]["object"].get("size", 0)),
                record["s3"]["object"].get("eTag"),
            )
            for record in message["Records"]
            if record["eventName"].removeprefix("s3:").startswith("ObjectCreated:")
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotUnderstoodError(str(error)) from error


def _of_event_bridge(message: dict[str, Any]) -> list[Event]:
    if message["detail-type"] != "Object Created":
        return []
    told = message["detail"]["object"]
    etag = told.get("etag")
    return [Event(message["detail"]["bucket"]["name"], told["key"], int(told["size"]), etag)]


class NotificationQueue:
    """An SQS queue that S3 tells of new objects.

    Messages stay in the queue until `acknowledge`: whatever goes wrong before brings
    them back. Those that are not understood are left, for the queue's own rules (a
    dead-letter queue).

    Attributes:
        counts: Messages received, by kind: `objects`, `nothing-new` (test events,
            deletions, objects not asked for), `not-understood`.
    """

    def __init__(
        self, url: str, source: S3Source, settings: AwsSettings, *, visibility_s: int = 300
    ) -> None:
        self.url = url
        self.counts: Counter[str] = Counter()
        self._source, self._visibility_s = source, visibility_s
        self._access = Access(settings)
        region = _REGION.match(url)
        self._requests = Requests(
            self._access,
            settings,
            lambda: self._access.client("sqs", region[1] if region else None),
        )

    def receive(self, wait_s: int = 0) -> list[Notice]:
        """Return up to ten notices; wait for the first, at most 20 s.

        Raises:
            PermissionDeniedError, SourceError: The queue cannot be read, or an object
                not be looked up.
        """
        answer = self._ask(
            "sqs:ReceiveMessage",
            lambda sqs: sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=_AT_ONCE,
                WaitTimeSeconds=min(20, wait_s),
                VisibilityTimeout=self._visibility_s,
            ),
        )
        notices, done = [], []
        for message in answer.get("Messages", []):
            handle = message["ReceiptHandle"]
            try:
                objects = self._objects(read_message(message["Body"]))
            except NotUnderstoodError as error:
                self.counts["not-understood"] += 1
                _log.warning("message %s not understood: %s", message.get("MessageId"), error)
                continue
            if objects:
                self.counts["objects"] += 1
                notices.append(Notice(handle, objects))
            else:
                self.counts["nothing-new"] += 1
                done.append(Notice(handle, ()))
        self.acknowledge(done)
        return notices

    def acknowledge(self, notices: Sequence[Notice]) -> None:
        """Delete messages: what they tell of is committed.

        Raises:
            PermissionDeniedError, SourceError: The queue refuses.
        """
        for start in range(0, len(notices), _AT_ONCE):
            entries = [
                {"Id": str(n), "ReceiptHandle": notice.handle}
                for n, notice in enumerate(notices[start : start + _AT_ONCE])
            ]
            answer = self._ask_many("sqs:DeleteMessage", "delete_message_batch", entries)
            for failure in answer.get("Failed", []):  # It comes back, and is known then.
                _log.warning("message not deleted: %s", failure.get("Code"))

    @contextmanager
    def kept_hidden(self, notices: Sequence[Notice]) -> Iterator[None]:
        """Keep messages from being delivered again while they are worked on."""
        over = threading.Event()

        def keep() -> None:
            while not over.wait(self._visibility_s / 3):
                try:
                    self._extend(notices)
                except (BotoCoreError, ClientError, SourceError) as error:
                    # Worst, a message comes twice: its objects are known then.
                    _log.warning("visibility not extended: %s", error)

        keeper = threading.Thread(target=keep, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            over.set()
            keeper.join(1.0)

    def _extend(self, notices: Sequence[Notice]) -> None:
        for start in range(0, len(notices), _AT_ONCE):
            entries = [
                {
                    "Id": str(n),
                    "ReceiptHandle": notice.handle,
                    "VisibilityTimeout": self._visibility_s,
                }
                for n, notice in enumerate(notices[start : start + _AT_ONCE])
            ]
            self._ask_many(
                "sqs:ChangeMessageVisibility", "change_message_visibility_batch", entries
            )

    def _ask_many(self, action: str, operation: str, entries: list[dict[str, Any]]) -> Any:
        def ask(sqs: Any) -> Any:
            return getattr(sqs, operation)(QueueUrl=self.url, Entries=entries)

        return self._ask(action, ask)

    def _objects(self, events: Sequence[Event]) -> tuple[LogObject, ...]:
        found = (self._source.noticed(e.bucket, e.key, e.size, e.etag) for e in events)
        return tuple(log_object for log_object in found if log_object is not None)

    def _ask(self, action: str, ask: Callable[[Any], T]) -> T:
        try:
            return self._requests.run(ask)
        except ANSWERS as error:
            raise explain(error, Asked(self.url, action, "SQS"), self._access) from error
