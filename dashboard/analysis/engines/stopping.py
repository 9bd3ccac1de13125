"""What ends a query early: its time is over, or nobody waits for its answer any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Self

from dashboard.errors import DashboardError

_AGAIN_S = 0.5


class QueryTimeoutError(DashboardError):
    """A query ran longer than the limit."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        super().__init__(
            f"The question took longer than {limit_s:g} s and was stopped. Choose a shorter time "
            "range, or start the dashboard with a larger --time-limit."
        )


class QueryCancelledError(DashboardError):
    """Whoever asked does not wait for the answer any more."""

    def __init__(self) -> None:
        super().__init__("The question was cancelled before its answer came. Ask it again.")


class Cancellation:
    """Stops queries from another thread; a query that begins later is stopped too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_cancelled = False
        self._wakers: list[Callable[[], None]] = []

    @property
    def is_cancelled(self) -> bool:
        """Somebody has called `cancel`."""
        return self._is_cancelled

    def cancel(self) -> None:
        """Stop the queries that run under this, and all that follow."""
        with self._lock:
            self._is_cancelled = True
            wakers = list(self._wakers)
        for wake in wakers:
            wake()

    def add(self, wake: Callable[[], None]) -> None:
        """Call something on `cancel`; at once where that has been."""
        with self._lock:
            self._wakers.append(wake)
            wake_now = self._is_cancelled
        if wake_now:
            wake()

    def remove(self, wake: Callable[[], None]) -> None:
        """Do not call it any more."""
        with self._lock:
            self._wakers.remove(wake)


# Who asks now; queries of this thread run under it.
asking: ContextVar[Cancellation | None] = ContextVar("asking", default=None)


class Watch:
    """Calls `stop` when a query should end, again and again until it does.

    A context manager around the query. One call is not enough: the query may be between
    two steps, where an engine finds nothing to interrupt.

    Args:
        limit_s: Seconds that the query may take.
        cancel: Stops it before.
        stop: Interrupts the query; called in another thread, must not raise.
    """

    def __init__(
        self, limit_s: float, cancel: Cancellation | None, stop: Callable[[], None]
    ) -> None:
        self._limit_s, self._cancel, self._stop = limit_s, cancel, stop
        self._wake, self._over = threading.Event(), threading.Event()
        self._is_late = False

    def __enter__(self) -> Self:
        if self._cancel is not None:
            self._cancel.add(self._wake.set)
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._wake.set()
        if self._cancel is not None:
            self._cancel.remove(self._wake.set)

    @property
    def verdict(self) -> DashboardError | None:
        """Why the query was stopped; None: it was not."""
        if self._cancel is not None and self._cancel.is_cancelled:
            return QueryCancelledError()
        return QueryTimeoutError(self._limit_s) if self._is_late else None

    def check(self) -> None:
        """Raise the verdict, if there is one."""
        verdict = self.verdict
        if verdict is not None:
            raise verdict

    def _run(self) -> None:
        self._is_late = not self._wake.wait(self._limit_s)
        while not self._over.is_set():
            self._stop()
            self._over.wait(_AGAIN_S)
