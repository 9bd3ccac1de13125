"""What people see beside the answer, on standard error: lines, and bars on a terminal.

rich is imported where there is a terminal: that takes as long as parsing 30,000 records.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Step(Protocol):
    """Moves a bar."""

    def __call__(self, done: int, total: int | None, text: str | None = None) -> None:
        """Say how many of how many are done, and what is being done where that changes."""


def tell(text: str) -> None:
    """Write a line; a bar stays below it."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def is_terminal() -> bool:
    """Somebody may be looking."""
    return sys.stderr.isatty()


@contextmanager
def bar(text: str, unit: str, *, quiet: bool = False) -> Iterator[Step]:
    """Show a bar on a terminal unless told to be quiet, and nothing elsewhere.

    Args:
        text: What is being done.
        unit: What is counted.
        quiet: Show nothing.
    """
    if quiet or not is_terminal():
        yield _no_step
        return
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False, soft_wrap=True),
        transient=True,
    ) as shown:
        task = shown.add_task(text, total=None)

        def step(done: int, total: int | None, text: str | None = None) -> None:
            shown.update(task, completed=done, total=total, description=text)

        yield step


def _no_step(done: int, total: int | None, text: str | None = None) -> None:
    del done, total, text
