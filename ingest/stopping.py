"""Stop on SIGTERM and SIGINT: soon, and with what is parsed committed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_WITHIN_S = 9.0  # A request to S3 may hang; service managers wait ten seconds and more.
_FORCED = 128 + signal.SIGTERM


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Yield an event that the first signal sets; a second one ends the program at once.

    Where the program does not come to its end in time, it ends with exit code 143: a
    cache that is killed at any moment stays whole.
    """
    stop = threading.Event()
    over = threading.Timer(STOP_WITHIN_S, os._exit, [_FORCED])
    over.daemon = True
    signals = (signal.SIGTERM, signal.SIGINT)

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's own form
        stop.set()
        over.start()
        for name in signals:
            signal.signal(name, before[name])

    before = {name: signal.signal(name, on_signal) for name in signals}
    try:
        yield stop
    finally:
        over.cancel()
        for name, handler in before.items():
            signal.signal(name, handler)
