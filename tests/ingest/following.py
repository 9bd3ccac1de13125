"""Run `follow` in a thread, and wait for what it reports."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingest.follow import FollowSettings, follow
from ingest.pipeline import Loader
from ingest.report import IngestReport
from ingest.sources import Source

PATIENCE_S = 30


class Following:
    """A follower at work.

    Attributes:
        loader: Its loader.
    """

    def __init__(self, loader: Loader, settings: FollowSettings, **options: Any) -> None:
        self.loader = loader
        self._rounds: queue.Queue[IngestReport] = queue.Queue()
        self._troubles: queue.Queue[str] = queue.Queue()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(settings,), kwargs=options)

    def _run(self, settings: FollowSettings, **options: Any) -> None:
        try:
            follow(
                self.loader,
                settings,
                on_round=self._rounds.put,
                on_trouble=self._troubles.put,
                **options,
            )
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    def next_round(self) -> IngestReport:
        """Return the next report; each round that found something gives one."""
        return self._rounds.get(timeout=PATIENCE_S)

    def next_trouble(self) -> str:
        """Return the next sentence about something to be tried again."""
        return self._troubles.get(timeout=PATIENCE_S)

    def is_quiet(self) -> bool:
        """No round has found anything since."""
        return self._rounds.empty()

    def join(self) -> None:
        """Wait for its own end."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@contextmanager
def following(source: Source, cache: Path, *, poll_s: float = 0.05, **options: Any) -> Iterator:
    """Follow a source into a cache meanwhile."""
    settings = FollowSettings(poll_s=poll_s, **options.pop("settings", {}))
    at_work = Following(Loader(source, cache, jobs=1), settings, **options)
    at_work._thread.start()
    try:
        yield at_work
    finally:
        at_work.loader.stop.set()
        at_work.join()
