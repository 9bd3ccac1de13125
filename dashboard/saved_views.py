"""Saved views: named URLs that a team shares, in one file beside the cache."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.errors import DashboardError

FILE_NAME = "views.json"
MAX_VIEWS = 500
MAX_NAME, MAX_SEARCH = 80, 8_000


class SavedViewsError(DashboardError):
    """The file of saved views cannot be read or written, or a view cannot be kept."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """One view.

    Attributes:
        name: As somebody called it; unique.
        search: The page's URL search string.
        saved_at: Epoch s.
    """

    name: str
    search: str
    saved_at: int


class SavedViews:
    """The saved views of one cache; several processes may change them at once.

    Args:
        path: The file; it appears with the first view.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> list[SavedView]:
        """Return every view, by name.

        Raises:
            SavedViewsError: The file is not one of these.
        """
        try:
            content = json.loads(self.path.read_bytes())
            views = [
                SavedView(str(v["name"]), str(v["search"]), int(v["saved_at"]))
                for v in content["views"]
            ]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            msg = f"{self.path}: the saved views cannot be read ({error}). Mend or remove the file."
            raise SavedViewsError(msg) from error
        return sorted(views, key=lambda view: view.name.casefold())

    def save(self, name: str, search: str, now: int) -> None:
        """Keep a view; one of the same name is replaced.

        Raises:
            SavedViewsError: The name or the view is not usable, or the disk refuses.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
            msg = f"view: {name!r} is no usable name. Give 1 to {MAX_NAME} characters."
            raise SavedViewsError(msg)
        if len(search) > MAX_SEARCH:
            msg = f"view: its address has {len(search):,} characters. Use a shorter filter."
            raise SavedViewsError(msg)

        def change(views: list[SavedView]) -> list[SavedView]:
            kept = [view for view in views if view.name.casefold() != name.casefold()]
            if len(kept) >= MAX_VIEWS:
                msg = f"{self.path}: holds {MAX_VIEWS} views. Remove one first."
                raise SavedViewsError(msg)
            return [*kept, SavedView(name, search, now)]

        self._change(change)

    def remove(self, name: str) -> None:
        """Forget a view; nothing happens where there is none of that name."""
        self._change(lambda views: [view for view in views if view.name != name])

    def _change(self, change: Callable[[list[SavedView]], list[SavedView]]) -> None:
        try:
            with self._locked():
                self._write(change(self.all()))
        except OSError as error:
            msg = (
                f"{self.path}: the saved views cannot be written ({error.strerror}). "
                "Make the folder writable for the dashboard, or give another --views-file."
            )
            raise SavedViewsError(msg) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.path.with_name(f".{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, views: list[SavedView]) -> None:
        content: dict[str, Any] = {
            "views": [{"name": v.name, "search": v.search, "saved_at": v.saved_at} for v in views]
        }
        # Readers see the old file or the new one, never a part.
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self.path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
