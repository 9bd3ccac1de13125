"""Turns: a browser tab that asks its next question no longer waits for the one before.

The next request may reach another worker, so the newest turn of each tab is a small file in
a folder that all workers see.
"""

from __future__ import annotations

import re
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from dashboard.analysis.engines.stopping import Cancellation

_ASKER = re.compile(r"[0-9a-f-]{8,40}")
_LOOK_S = 0.15
_FORGET_S = 3_600


class Turns:
    """The newest turn of every tab, and the work that waits for older ones.

    Args:
        folder: Shared by the workers of one server; it is made where it is missing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.mkdtemp(prefix="flow-atlas-turns-"))
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, int, Cancellation]] = []
        self._looker: threading.Thread | None = None

    def announce(self, asker: object, turn: object) -> None:
        """Say that a tab asks something new; what it asked before is cancelled everywhere."""
        if not _is_turn(asker, turn):
            return
        # A turn that cannot be told only leaves old work running.
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / str(asker)).write_text(str(turn), encoding="ascii")

    def begin(self, asker: object, turn: object) -> Cancellation | None:
        """Return what cancels work for a turn; None where nobody says whose it is."""
        if not _is_turn(asker, turn):
            return None
        cancellation = Cancellation()
        with self._lock:
            self._waiting.append((str(asker), int(str(turn)), cancellation))
            if self._looker is None:
                self._looker = threading.Thread(target=self._look, daemon=True)
                self._looker.start()
        return cancellation

    def end(self, cancellation: Cancellation) -> None:
        """Say that the work is done."""
        with self._lock:
            self._waiting = [entry for entry in self._waiting if entry[2] is not cancellation]

    def _look(self) -> None:
        """Look for newer turns while anything waits."""
        while True:
            time.sleep(_LOOK_S)
            with self._lock:
                waiting = list(self._waiting)
                if not waiting:
                    self._looker = None
                    break
            for asker, turn, cancellation in waiting:
                if self._newest(asker) > turn:
                    cancellation.cancel()
        self._sweep()

    def _newest(self, asker: str) -> int:
        try:
            return int((self._folder / asker).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def _sweep(self) -> None:
        """Forget tabs that asked nothing for an hour."""
        limit = time.time() - _FORGET_S
        with suppress(OSError):
            for path in self._folder.iterdir():
                if path.stat().st_mtime < limit:
                    path.unlink(missing_ok=True)


def _is_turn(asker: object, turn: object) -> bool:
    return (
        isinstance(asker, str)
        and _ASKER.fullmatch(asker) is not None
        and isinstance(turn, int)
        and not isinstance(turn, bool)
    )
