"""`graph`: the graph of a question as a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from dashboard.analysis.export.files import is_folder, write_file, write_run
from dashboard.analysis.export.formats import GRAPH_FORMATS, leaving
from dashboard.analysis.export.graph_json import write_json
from dashboard.cli.options import Access, Cut, Question, Sharing, opened, with_options
from dashboard.cli.printing import note, pour
from dashboard.errors import BadQueryError


@with_options
def graph(
    question: Question,
    cut: Cut,
    sharing: Sharing,
    access: Access,
    version: Annotated[int, typer.Option(help="Shape of graph.json: 1 or 2.")] = 2,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="File ("
            + ", ".join(GRAPH_FORMATS)
            + "), folder (keeps each run), or - for stdout.",
        ),
    ] = "-",
) -> None:
    """Write the graph, the bytes that the page downloads for the same question."""
    if version not in (1, 2):
        raise BadQueryError(field="version", value=version, expected="1 or 2")
    path = Path(output)
    to_folder = output != "-" and is_folder(output)
    suffix = ".json" if output == "-" or to_folder else path.suffix.lower()
    if suffix not in GRAPH_FORMATS:
        expected = "a file that ends in " + ", ".join(GRAPH_FORMATS)
        raise BadQueryError(field="output", value=output, expected=expected)
    at = opened(access, sharing)
    query = question.query(at.real, metric=cut.metric, threshold=cut.threshold, top=cut.top)

    def placing(nodes: tuple[str, ...]) -> Mapping[str, tuple[float, float]]:
        # Only a drawing needs the layout, which takes long to import.
        from dashboard.ui.figures.layouts import node_places

        placed = node_places(at.real, nodes, query.level)
        return {node: places["force"] for node, places in placed.items()}

    out = leaving(at.real, at.answers, query, at.pseudonyms, placing)
    content = (
        write_json(out.picture, 1)
        if suffix == ".json" and version == 1
        else GRAPH_FORMATS[suffix].write(out)
    )
    if output == "-":
        pour(content)
        return
    written = write_run(path, content) if to_folder else write_file(path, content)
    note(f"{written}: {len(content):,} bytes")
