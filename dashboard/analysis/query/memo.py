"""Answers kept for the next one who asks the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

from dashboard.analysis.engines.stopping import QueryCancelledError, asking


class Memo:
    """A bounded, thread-safe store of answers; each is worked out once.

    Threads that ask for an answer in the making wait for it. An error reaches all who
    wait, and is not kept. Where somebody gave up the work, the next one takes it on.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, Future[Any]] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return the answer under a key, computed by the first who asks."""
        with self._lock:
            kept = self._answers.get(key)
            if kept is not None:
                self._answers.move_to_end(key)
            else:
                mine: Future[Any] = Future()
                self._answers[key] = mine
                while len(self._answers) > self._size:
                    self._answers.popitem(last=False)
        if kept is not None:
            try:
                return kept.result()
            except QueryCancelledError:
                mine_too = asking.get()
                if mine_too is not None and mine_too.is_cancelled:
                    raise
                return self.get(key, compute)
        try:
            answer = compute()
        except BaseException as error:
            with self._lock:
                if self._answers.get(key) is mine:
                    del self._answers[key]
            mine.set_exception(error)
            raise
        mine.set_result(answer)
        return answer

    def put(self, key: Hashable, answer: Any) -> None:
        """Keep an answer that came up beside another one."""
        self.get(key, lambda: answer)

    def peek(self, key: Hashable) -> Any | None:
        """Return a finished answer, or None."""
        with self._lock:
            kept = self._answers.get(key)
        return kept.result() if kept is not None and kept.done() and not kept.exception() else None
