"""Temporary views of a Spark session: what a list of files, or a table from memory, is called."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_KEPT = 128


@dataclass(slots=True)
class _View:
    name: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0
    is_made: bool = False


class Views:
    """Views of one session, by what they show; safe to use from many threads.

    Spark lists the files of a view when the view is made, so one that is asked again
    saves a look at every file. Names are never used twice. The views that were not used for
    longest are dropped, those in use stay.

    Args:
        drop: Drops a view by name; must not raise.
        kept: How many views stay.
    """

    def __init__(self, drop: Callable[[str], Any], kept: int = _KEPT) -> None:
        self._drop, self._kept = drop, kept
        self._lock = threading.Lock()
        self._views: OrderedDict[Hashable, _View] = OrderedDict()
        self._numbers = itertools.count(1)

    @contextmanager
    def held(self, wanted: Mapping[Hashable, Callable[[str], None]]) -> Iterator[list[str]]:
        """Give the names of some views, in order; they are not dropped meanwhile.

        Args:
            wanted: What each view shows, and what makes it under a name.
        """
        with self._lock:
            views = [self._taken(key) for key in wanted]
        try:
            for view, make in zip(views, wanted.values(), strict=True):
                with view.lock:
                    if not view.is_made:
                        make(view.name)
                        view.is_made = True
            yield [view.name for view in views]
        finally:
            with self._lock:
                for view in views:
                    view.users -= 1
                old = self._unneeded()
            for name in old:
                self._drop(name)

    def _taken(self, key: Hashable) -> _View:
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = _View(f"flow_atlas_{next(self._numbers)}")
        view.users += 1
        self._views.move_to_end(key)
        return view

    def _unneeded(self) -> list[str]:
        """Forget the views beyond those kept; return the names of those that exist."""
        free = [key for key, view in self._views.items() if not view.users]
        beyond = max(0, len(self._views) - self._kept)
        # One that could not be made is not kept: the next query tries again.
        gone = {key for key in free if not self._views[key].is_made} | set(free[:beyond])
        dropped = [self._views.pop(key) for key in gone]
        return [view.name for view in dropped if view.is_made]
