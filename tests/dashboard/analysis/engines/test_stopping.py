"""What ends a query early, without an engine."""

from __future__ import annotations

import threading

import pytest

from dashboard.analysis.engines.stopping import (
    Cancellation,
    QueryCancelledError,
    QueryTimeoutError,
    Watch,
)


def test_stop_is_called_until_the_query_ends() -> None:
    """One call may find nothing to interrupt."""
    calls: list[int] = []
    enough = threading.Event()

    def stop() -> None:
        calls.append(1)
        if len(calls) == 2:
            enough.set()

    with Watch(0.01, None, stop) as watch:
        assert enough.wait(30)

    with pytest.raises(QueryTimeoutError, match=r"longer than 0\.01 s"):
        watch.check()


def test_a_query_in_time_is_not_stopped() -> None:
    """There is no verdict, and nothing was interrupted."""
    calls: list[int] = []
    cancellation = Cancellation()

    with Watch(60, cancellation, lambda: calls.append(1)) as watch:
        watch.check()

    assert watch.verdict is None
    assert calls == []


@pytest.mark.parametrize("is_before", [True, False])
def test_a_cancellation_stops_what_runs_and_what_follows(is_before: bool) -> None:
    """It may come before the query, too."""
    cancellation, stopped = Cancellation(), threading.Event()
    if is_before:
        cancellation.cancel()

    with Watch(60, cancellation, stopped.set) as watch:
        cancellation.cancel()
        assert stopped.wait(30)

    with pytest.raises(QueryCancelledError):
        watch.check()
