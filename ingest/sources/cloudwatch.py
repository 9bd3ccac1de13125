"""Flow logs in a log group of CloudWatch Logs, read live.

A log group has no objects. Here it is cut into windows of time, and a window into spans
of ingestion time: what had arrived when it was first read, and what came late. Each is an
object of its own, `cloudwatch:GROUP/WINDOW/MINUTES/CUT`, that never changes.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from ingest.config import AwsSettings
from ingest.errors import ConfigError, SourceError
from ingest.schema import DEFAULT_FIELDS
from ingest.sources import LogObject, UnchangedError
from ingest.sources.s3_access import Access
from ingest.sources.s3_errors import Asked, explain
from ingest.sources.s3_retry import ANSWERS, Requests

_log = logging.getLogger(__name__)
T = TypeVar("T")

DEFAULT_AGE = timedelta(days=1)
_HOUR_S, _SHORT_S = 3_600, 300
_CLOSED_AFTER_S = 600  # Delivery to CloudWatch Logs takes about five minutes.
_VISIBLE_AFTER_S = 60  # Events can be found a little after their ingestion time.
_LATE_S = 48 * 3_600  # For so long, a window is looked at again.
_LATE_IN_POLLS_S = 3_600
_TRANSFERS = 4  # FilterLogEvents allows five requests a second in most regions.


@dataclass(frozen=True, slots=True)
class _Window:
    start: int
    seconds: int

    @property
    def end(self) -> int:
        return self.start + self.seconds

    def __str__(self) -> str:
        return f"{datetime.fromtimestamp(self.start, UTC):%Y-%m-%dT%H:%MZ}/{self.seconds // 60}m"


class CloudWatchSource:
    """The flow logs of one log group.

    Attributes:
        skipped: Always empty.
        retries: Repeated requests, by cause.
    """

    def __init__(
        self,
        group: str,
        *,
        settings: AwsSettings | None = None,
        fields: tuple[str, ...] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        earlier: Callable[[str], Iterable[tuple[str, str]]] = lambda _: (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Read a group.

        Args:
            group: Its name.
            settings: How AWS is reached.
            fields: Layout of its records; None: that of the flow log that writes there.
            since: Start of the record times wanted; None: a day ago.
            until: End of the record times wanted; None: now.
            earlier: Gives key and ETag of the objects in the cache below a prefix.
            clock: Epoch s.
        """
        settings = settings or AwsSettings()
        self.name = f"cloudwatch:{group}"
        self.max_transfers = min(_TRANSFERS, settings.max_transfers)
        self.skipped: Counter[str] = Counter()
        self._group, self._since, self._until = group, since, until
        self._earlier, self._clock = earlier, clock
        self._access = Access(settings)
        self._logs = Requests(self._access, settings, lambda: self._access.client("logs"))
        self._ec2 = Requests(self._access, settings, lambda: self._access.client("ec2"))
        self.retries = self._logs.retries
        self._fields = fields
        self._is_format_known = fields is not None

    def objects(self, made_after: datetime | None = None) -> Iterator[LogObject]:
        """List windows in order of time: those not read yet, and those that may have grown.

        Raises:
            ConfigError: Flow logs of several formats write to the group.
        """
        self._find_format()
        now = self._clock()
        cut = int((now - _VISIBLE_AFTER_S) * 1_000)
        late_s = _LATE_S if made_after is None else _LATE_IN_POLLS_S
        read = self._read_before()
        for window in self._windows(now, read):
            before = read.get(window)
            if before is not None and window.end < now - late_s:
                yield before
                continue
            seen = int(before.key.rpartition("/")[2]) if before else 0
            yield LogObject(f"{self.name}/{window}/{cut}", f"{seen}-{cut}", 0)

    def object_now(self, key: str) -> LogObject | None:  # noqa: ARG002 - the protocol's
        """Return None: windows are never replaced."""
        return None

    def local_path(self, log_object: LogObject) -> Path | None:  # noqa: ARG002 - the protocol's
        """Return None: every window is fetched."""
        return None

    def fetch(self, log_object: LogObject, file: BinaryIO) -> None:
        """Write the records of a window, in the order of each stream, below a header.

        Raises:
            UnchangedError: Nothing has come since the window was read last.
            ConfigError: The format is not known.
            PermissionDeniedError, SourceError: The group cannot be read.
        """
        window = _parse_window(log_object.key.removeprefix(f"{self.name}/"))
        first, _, end = log_object.etag.partition("-")
        n_events = self._write(window, int(first), int(end), file)
        if not n_events and window.end > self._clock() - _LATE_S:
            msg = f"{self.name}/{window}: nothing has come since it was read last."
            raise UnchangedError(msg)

    def _write(self, window: _Window, first: int, end: int, file: BinaryIO) -> int:
        """Write the events ingested in `[first, end)`, epoch ms; return how many."""
        n_events = 0
        token: dict[str, str] = {}
        while True:
            page = self._page(window, token)
            for event in page.get("events", []):
                if not first <= event.get("ingestionTime", first) < end:
                    continue
                message = event["message"].strip()
                if not n_events:
                    file.write(self._header(message))
                file.write(message.encode() + b"\n")
                n_events += 1
            if "nextToken" not in page:
                return n_events
            token = {"nextToken": page["nextToken"]}

    def _page(self, window: _Window, token: Mapping[str, str]) -> Any:
        def ask(logs: Any) -> Any:
            return logs.filter_log_events(
                logGroupName=self._group,
                startTime=window.start * 1_000,
                endTime=window.end * 1_000 - 1,
                **token,
            )

        return self._ask(self._logs, ask, Asked(self.name, "logs:FilterLogEvents", "CloudWatch"))

    def _header(self, message: str) -> bytes:
        if self._fields is None:
            words = message.split()
            if len(words) != len(DEFAULT_FIELDS) and "TransitGateway" not in words[1:2]:
                msg = (
                    f"{self.name}: the records have {len(words)} fields, the default format has "
                    f"{len(DEFAULT_FIELDS)}. Name them with --format, or allow "
                    "ec2:DescribeFlowLogs."
                )
                raise ConfigError(msg)
            return b""
        return " ".join(self._fields).encode() + b"\n"

    def _windows(self, now: float, read: Mapping[_Window, LogObject]) -> Iterator[_Window]:
        """Cut the time wanted: hours, and five minutes in hours that were begun so."""
        since = self._since or datetime.fromtimestamp(now, UTC) - DEFAULT_AGE
        closed = now - _CLOSED_AFTER_S
        end = min(closed, self._until.timestamp()) if self._until else closed
        begun = {w.start // _HOUR_S for w in read if w.seconds == _SHORT_S}
        for hour in range(int(since.timestamp()) // _HOUR_S, int(end) // _HOUR_S + 1):
            whole = _Window(hour * _HOUR_S, _HOUR_S)
            if hour not in begun and (whole in read or whole.end <= closed):
                yield whole
                continue
            for start in range(whole.start, whole.end, _SHORT_S):
                window = _Window(start, _SHORT_S)
                if window.end <= closed and start < end and window.end > since.timestamp():
                    yield window

    def _read_before(self) -> dict[_Window, LogObject]:
        """Return the last object of each window that the cache holds."""
        read: dict[_Window, LogObject] = {}
        for key, etag in self._earlier(f"{self.name}/"):
            window = _parse_window(key.removeprefix(f"{self.name}/"))
            if window not in read or read[window].key < key:
                read[window] = LogObject(key, etag, 0)
        return read

    def _find_format(self) -> None:
        """Look up the format of the flow log that writes to the group, where that is allowed."""
        if self._is_format_known:
            return
        asked = Asked(self.name, "ec2:DescribeFlowLogs", "EC2")
        filters = [{"Name": "log-group-name", "Values": [self._group]}]
        try:
            answer = self._ask(
                self._ec2, lambda ec2: ec2.describe_flow_logs(Filters=filters), asked
            )
        except SourceError as error:
            _log.info("format of the flow log not found: %s", error)
            answer = {}
        formats = {log["LogFormat"] for log in answer.get("FlowLogs", []) if log.get("LogFormat")}
        if len(formats) > 1:
            msg = (
                f"{self.name}: flow logs of {len(formats)} formats write here. Name the one "
                "to read with --format; records of others are rejected."
            )
            raise ConfigError(msg)
        for text in formats:
            self._fields = tuple(text.replace("${", "").replace("}", "").split())
        self._is_format_known = True

    def _ask(self, requests: Requests, ask: Callable[[Any], T], asked: Asked) -> T:
        try:
            return requests.run(ask)
        except ANSWERS as error:
            raise explain(error, asked, self._access) from error


def _parse_window(text: str) -> _Window:
    start, minutes, _ = text.split("/")
    moment = datetime.strptime(start, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    return _Window(int(moment.timestamp()), int(minutes.removesuffix("m")) * 60)
