"""What commands print: notes on stderr, tables and files on stdout."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.text import Text

_FILE_WIDTH = 240
_notes = Console(stderr=True, highlight=False, soft_wrap=True)


def note(text: str) -> None:
    """Print one line on stderr; markup in it is text."""
    _notes.print(text, markup=False)


def show(table: Any) -> None:
    """Print a table on stdout; a file or a pipe has no width to keep to."""
    width = None if sys.stdout.isatty() else _FILE_WIDTH
    Console(highlight=False, width=width).print(table)


def pour(content: bytes) -> None:
    """Write a file to stdout as it is."""
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def plain(value: object) -> Text:
    """Return a cell that shows names as they are, whatever they hold."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)))
