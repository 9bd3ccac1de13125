"""Every test of this folder runs on the cluster of `tests/conftest.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them: they need Java, and half a minute for the cluster to start."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.spark)
