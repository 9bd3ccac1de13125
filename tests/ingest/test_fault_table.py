"""The table of faults in README.md names tests that exist, and every row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = (HERE / "README.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TABLE)))


def test_every_row_of_the_table_is_there():
    """Network, data, order, process."""
    rows = re.findall(r"^\| ([NDOP]\d) \|", TABLE, re.MULTILINE)

    assert rows == [
        *(f"N{n}" for n in range(1, 9)), *(f"D{n}" for n in range(1, 8)),
        *(f"O{n}" for n in range(1, 5)), *(f"P{n}" for n in range(1, 6)),
    ]  # fmt: skip


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_table_names_exists(file, name):
    """A renamed test shows here."""
    assert f"\ndef {name}(" in (HERE / file).read_text(encoding="utf-8")
