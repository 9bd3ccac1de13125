"""Every format that a question's answer can leave in: page and commands write the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.analysis.answers import FlowAnswers
from dashboard.analysis.export.graph_json import write_json
from dashboard.analysis.export.graph_markup import write_dot, write_graphml
from dashboard.analysis.export.graph_svg import Places, write_svg
from dashboard.analysis.export.picture import Picture, picture_of
from dashboard.analysis.export.pseudonyms import Pseudonyms
from dashboard.analysis.export.report import write_report
from dashboard.analysis.export.tables import csv_text, edge_table, parquet_bytes
from dashboard.analysis.flow_query import FlowQuery

# From the picture's nodes, by their real ids, to where they stand.
Placing = Callable[[tuple[str, ...]], Places]


@dataclass(frozen=True, slots=True)
class Leaving:
    """One answer on its way out.

    Attributes:
        picture: The graph, under the names that may leave.
        answers: Real answers, or those of sharing mode: asked for what the graph lacks.
        query: What they are asked.
        placing: Tells where nodes stand; asked by drawings alone.
    """

    picture: Picture
    answers: FlowAnswers
    query: FlowQuery
    placing: Placing

    @property
    def places(self) -> Places:
        """Place of each node of the picture, under the id shown."""
        originals = self.picture.originals
        found = self.placing(tuple(originals.values()))
        return {shown: found[node] for shown, node in originals.items()}


@dataclass(frozen=True, slots=True)
class GraphFormat:
    """A format of the graph.

    Attributes:
        suffix: Of the file, with its dot.
        media_type: As HTTP names it.
        stem: How the file's name begins.
        write: Writes it.
    """

    suffix: str
    media_type: str
    stem: str
    write: Callable[[Leaving], bytes]

    def file_name(self, now: datetime | None = None) -> str:
        """Return a name with the time in UTC: `graph_20260302T100500Z.json`."""
        return timed_name(self.stem, self.suffix, now)


GRAPH_FORMATS: dict[str, GraphFormat] = {
    form.suffix: form
    for form in (
        GraphFormat(".json", "application/json", "graph", lambda out: write_json(out.picture)),
        GraphFormat(
            ".graphml", "application/graphml+xml", "graph", lambda out: write_graphml(out.picture)
        ),
        GraphFormat(".dot", "text/vnd.graphviz", "graph", lambda out: write_dot(out.picture)),
        GraphFormat(
            ".svg", "image/svg+xml", "graph", lambda out: write_svg(out.picture, out.places)
        ),
        GraphFormat(
            ".csv", "text/csv; charset=utf-8", "edges",
            lambda out: csv_text(edge_table(out.picture)),
        ),
        GraphFormat(
            ".parquet", "application/vnd.apache.parquet", "edges",
            lambda out: parquet_bytes(edge_table(out.picture)),
        ),
        GraphFormat(
            ".html", "text/html; charset=utf-8", "report",
            lambda out: write_report(out.picture, out.answers, out.query, out.places),
        ),
    )
}  # fmt: skip

RECORD_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".ndjson": "application/x-ndjson",
}


def leaving(
    real: FlowAnswers,
    shown: FlowAnswers,
    query: FlowQuery,
    pseudonyms: Pseudonyms | None,
    placing: Placing,
) -> Leaving:
    """Ask for what is taken away.

    Args:
        real: The real answers.
        shown: Those, or the ones of sharing mode.
        query: The question, with real addresses.
        pseudonyms: Under the key of sharing mode; None: it is off.
        placing: Tells where nodes stand, by their real ids.
    """
    return Leaving(picture_of(real, query, pseudonyms), shown, query, placing)


def timed_name(stem: str, suffix: str, now: datetime | None = None) -> str:
    """Return a file's name with the time in UTC."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{stem}_{moment:%Y%m%dT%H%M%SZ}{suffix}"
