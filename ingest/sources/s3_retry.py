"""Ask AWS again when that can help, and with fewer transfers when it asks for less."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from ingest.config import AwsSettings
from ingest.sources.s3_access import Access

_log = logging.getLogger(__name__)
T = TypeVar("T")

# As in botocore's standard retry mode.
_THROTTLED = {
    "SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded",
    "RequestThrottled", "RequestThrottledException", "TooManyRequestsException",
    "BandwidthLimitExceeded", "PriorRequestNotComplete", "EC2ThrottledException", "429",
}  # fmt: skip
_SERVER = {
    "InternalError", "ServiceUnavailable", "ServiceUnavailableException", "InternalFailure",
    "500", "502", "503", "504",
}  # fmt: skip
_TIMEOUT = {"RequestTimeout", "RequestTimeoutException"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_MAX_BACKOFF_S = 20.0

ANSWERS = (BotoCoreError, ClientError, ResponseParserError)
"""What a request may raise: refusals, broken connections, answers that are no XML."""


class DeadlineError(Exception):
    """An object takes longer than it may."""


def retry_cause(error: Exception) -> str | None:
    """Return why asking again can help: a metric's label; None where it cannot."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _THROTTLED or status == 429:
            return "throttled"
        if code in _TIMEOUT:
            return "timeout"
        return "server" if code in _SERVER or status in {500, 502, 503, 504} else None
    if isinstance(error, boto.ConnectTimeoutError | boto.ReadTimeoutError):
        return "timeout"
    if isinstance(error, boto.SSLError) and "CERTIFICATE" in str(error):
        return None
    broken = (
        ResponseParserError,
        boto.ConnectionError,
        boto.HTTPClientError,
        boto.IncompleteReadError,
        boto.ResponseStreamingError,
    )
    return "connection" if isinstance(error, broken) else None


class TransferGate:
    """Lets a number of transfers through at once: halved by throttling, regained by success.

    Attributes:
        limit: How many may run now.
    """

    def __init__(self, most: int, pause_s: float) -> None:
        self.limit = self._most = most
        self._pause_s = pause_s
        self._active = self._done = 0
        self._cut_at = float("-inf")
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._active < self.limit)
            self._active += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._active -= 1
            self._done += kind is None
            if self._done >= self.limit and self.limit < self._most:
                self.limit, self._done = self.limit + 1, 0
            self._changed.notify_all()

    def throttled(self) -> None:
        """Halve the limit; answers to one burst count once."""
        with self._changed:
            now = time.monotonic()
            if now - self._cut_at >= self._pause_s:
                self.limit, self._done, self._cut_at = max(1, self.limit // 2), 0, now
                _log.info("throttled by S3, transfers at once: %d", self.limit)


class Requests:
    """Runs requests until they are answered, or asking again cannot help.

    Attributes:
        gate: Transfers pass it; throttling of any request narrows it.
        retries: How often a request was repeated, by cause.
    """

    def __init__(
        self, access: Access, settings: AwsSettings, client: Callable[[], Any] | None = None
    ) -> None:
        """Ask S3, or what `client` returns the client for."""
        self._client = client or (lambda: access.s3)
        self.gate = TransferGate(settings.max_transfers, settings.backoff_s)
        self.retries: Counter[str] = Counter()
        self._access, self._settings = access, settings
        self._lock = threading.Lock()

    def run(self, ask: Callable[[Any], T], deadline: float | None = None) -> T:
        """Return what `ask` returns.

        Credentials that have expired are renewed once.

        Args:
            ask: Makes the request, and reads its answer, with the client that it gets.
            deadline: On the monotonic clock; no retry starts that would end behind it.

        Raises:
            ANSWERS: The last answer.
            DeadlineError: Time is over.
        """
        renewed = False
        attempt = 0
        while True:
            client = self._client()
            try:
                return ask(client)
            except ANSWERS as error:
                if _is_expired(error) and not renewed:
                    renewed = True
                    self.count("expired", error)
                    self._access.renew(client)
                    continue
                cause = retry_cause(error)
                attempt += 1
                if cause == "throttled":
                    self.gate.throttled()
                if cause is None or attempt >= self._settings.attempts:
                    raise
                self.count(cause, error)
                self._back_off(attempt, deadline, error)

    def count(self, cause: str, error: Exception) -> None:
        """Note that a request is repeated."""
        with self._lock:
            self.retries[cause] += 1
        _log.debug("request repeated, cause %s: %s", cause, type(error).__name__)

    def _back_off(self, attempt: int, deadline: float | None, error: Exception) -> None:
        # Full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog).
        longest = min(_MAX_BACKOFF_S, self._settings.backoff_s * 2 ** (attempt - 1))
        wait_s = random.uniform(0, longest)  # noqa: S311 - no secret hangs on it
        if deadline is not None and time.monotonic() + wait_s >= deadline:
            raise DeadlineError from error
        time.sleep(wait_s)


def _is_expired(error: Exception) -> bool:
    return (
        isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in _EXPIRED
    )
