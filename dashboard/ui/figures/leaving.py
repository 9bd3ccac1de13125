"""What leaves with a file, said before it does."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.analysis.export.picture import Picture
from dashboard.ui import wording

_EXAMPLES = 4
# File, what it is called, what it is for.
FILES = (
    ("Graph", (
        ("graph.json", "graph.json", "everything, for programs (version 2)"),
        ("graph.json?version=1", "graph.json, version 1", "nodes, edges and counts alone"),
        ("graph.graphml", "GraphML", "for Gephi, yEd, networkx"),
        ("graph.dot", "DOT", "for Graphviz"),
        ("graph.svg", "SVG", "the whole drawing"),
        ("report.html", "Report", "one page to send or print"),
    )),
    ("Edges", (
        ("edges.csv", "CSV", "for a spreadsheet"),
        ("edges.parquet", "Parquet", "for pandas, DuckDB, Spark"),
    )),
    ("Flow records", (
        ("flows.csv", "CSV", "every record that fits"),
        ("flows.parquet", "Parquet", "the same, small"),
        ("flows.ndjson", "NDJSON", "one record a line"),
    )),
)  # fmt: skip


def leaving_notice(picture: Picture, prefix: str, search: str) -> list[Any]:
    """Say what will leave, and offer the files.

    Args:
        picture: The graph under the names that will leave.
        prefix: Where the page lies.
        search: The view, as a URL search string.
    """
    return [html.Div(_preview(picture), className="take-preview"), *_links(prefix, search)]


def _preview(picture: Picture) -> list[Any]:
    names = [node for node, facts in picture.nodes.items() if facts.is_named]
    plain = [node for node, facts in picture.nodes.items() if not facts.is_named]
    head = (
        f"This view holds {_counted(len(picture.nodes), 'node')}, "
        f"{_counted(len(picture.edges), 'edge')} and "
        f"{_counted(picture.totals.volume.records, 'flow record')}."
    )
    if picture.share_key_id is None:
        return [
            html.P(head),
            html.P(
                f"Sharing is off: {_counted(len(plain), 'address')} in the graph and all of those "
                "in the records leave as they are.",
                className="trouble" if plain else "muted",
            ),
        ]
    return [
        html.P(head),
        html.P(f"Names stay: {len(names):,}{_examples(names)}."),
        html.P(
            f"Addresses become pseudonyms: {picture.n_hidden:,}{_examples(plain)}; so do those "
            "behind names, in the filter and in the records."
        ),
        html.P(
            "Records leave without interface, instance, object and line. Times, ports, volumes, "
            "account, VPC and subnet ids stay.",
            className="muted",
        ),
    ]


def _counted(number: int, noun: str) -> str:
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{wording.whole(number)} {noun if number == 1 else plural}"


def _examples(texts: list[str]) -> str:
    if not texts:
        return ""
    more = ", …" if len(texts) > _EXAMPLES else ""
    return f" ({', '.join(texts[:_EXAMPLES])}{more})"


def _links(prefix: str, search: str) -> list[Any]:
    return [
        html.Section(
            [
                html.H3(title),
                html.Ul(
                    [
                        html.Li(
                            [
                                html.A(name, href=_href(prefix, path, search), className="button"),
                                html.Span(purpose, className="muted"),
                            ]
                        )
                        for path, name, purpose in files
                    ],
                    className="take-list",
                ),
            ],
            className="take-part",
        )
        for title, files in FILES
    ]


def _href(prefix: str, path: str, search: str) -> str:
    joined = "&" + search.removeprefix("?") if "?" in path and search else search
    return f"{prefix}{path}{joined}"
