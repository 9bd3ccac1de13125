"""What a Sankey diagram and a matrix have in common: values of dimensions and their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.analysis.answers import Breakdown
from dashboard.analysis.enrich.services import service_name
from dashboard.ui import wording
from dashboard.ui.claims import value_claim

DIMENSIONS: Mapping[str, str] = {
    "src": "Initiator",
    "dst": "Responder",
    "port": "Port",
    "protocol": "Protocol",
    "action": "Action",
}
_ACTIONS = {"ACCEPT": "accepted", "REJECT": "rejected", "NONE": "no action"}
_LABEL_CHARACTERS = 26


@dataclass(frozen=True, slots=True, order=True)
class Value:
    """A value of a dimension, or the sum of all that were cut.

    Attributes:
        dimension: One of DIMENSIONS.
        is_other: It stands for all that were cut.
        text: The value as text; `""`: the records have none.
        level: The question's, which decides how a node is claimed.
    """

    dimension: str
    is_other: bool
    text: str
    level: str = "name"

    @property
    def name(self) -> str:
        """How it is written in full."""
        if self.is_other:
            return "Other"
        if not self.text:
            return "none" if self.dimension in ("port", "protocol") else "no address"
        if self.dimension == "port":
            service = service_name(int(self.text), None)
            return f"{self.text} {service}" if service else self.text
        if self.dimension == "protocol":
            return wording.protocol(int(self.text))
        return _ACTIONS.get(self.text, self.text) if self.dimension == "action" else self.text

    @property
    def label(self) -> str:
        """The name as Plotly takes it: short, and nothing that it reads as a tag."""
        name = self.name
        cut = _LABEL_CHARACTERS - 1
        return plain(name if len(name) <= _LABEL_CHARACTERS else f"{name[:cut]}…")

    @property
    def claim(self) -> str:
        """What a click says; `""`: a filter cannot say it."""
        if self.is_other or not self.text:
            return ""
        return value_claim(self.dimension, self.text, self.level)


def values_of(found: Breakdown, level: str) -> list[tuple[Value, ...]]:
    """Return the values of each row, in the order of its dimensions.

    Args:
        found: The answer.
        level: The question's.
    """
    columns = []
    for dimension in found.dimensions:
        texts = ["" if pd.isna(value) else str(value) for value in found.rows[dimension]]
        others = found.rows[f"{dimension}_other"]
        columns.append(
            [
                Value(dimension, bool(other), "" if other else text, level)
                for text, other in zip(texts, others, strict=True)
            ]
        )
    return list(zip(*columns, strict=True))


def amounts_of(found: Breakdown, metric: str) -> list[int]:
    """Return the metric of each row."""
    return [int(value) for value in found.rows[metric]]


def chosen(*dimensions: Any) -> tuple[str, ...]:
    """Read what is chosen: known dimensions, each once, in their order."""
    return tuple(dict.fromkeys(d for d in dimensions if d in DIMENSIONS))


def plain(text: str) -> str:
    """Keep Plotly from reading a name as its small set of HTML tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
