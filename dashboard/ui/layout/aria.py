"""ARIA attributes, which components take beside their properties."""

from __future__ import annotations

from typing import Any


def labelled(label: str) -> dict[str, Any]:
    """Name a part of the page for who cannot see it."""
    return {"aria-label": label}


def live() -> dict[str, Any]:
    """Have changes read out when the reader pauses."""
    return {"aria-live": "polite"}


def unread() -> dict[str, Any]:
    """Keep decoration from being read out."""
    return {"aria-hidden": "true"}


def opens_dialog() -> dict[str, Any]:
    """Say that a button opens a dialog."""
    return {"aria-haspopup": "dialog"}


def list_attributes(label: str) -> dict[str, Any]:
    """Name a field with a list and the list that opens, and keep it in its part of the page.

    Its list is as long as it needs: one that scrolls inside could not be reached by keyboard.
    """
    return {
        "attributes": {"input": {"aria-label": label}, "options": {"aria-label": label}},
        "comboboxProps": {"withinPortal": False},
        "maxDropdownHeight": 480,
    }
