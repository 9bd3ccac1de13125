"""A loaded graph.json → a drawing and tables."""

from __future__ import annotations

import base64
from typing import Any

from dash import html

from dashboard.analysis.export.graph_svg import write_svg
from dashboard.analysis.export.loaded import LoadedAnswers
from dashboard.analysis.export.picture import Picture, picture_of
from dashboard.analysis.flow_query import MAX_TOP_K, FlowQuery
from dashboard.analysis.graph.model import GraphEdge
from dashboard.ui import wording
from dashboard.ui.figures.places import Place, force_places, ring_around

_ALL = FlowQuery(threshold=0, top_k=MAX_TOP_K)
_LISTED = 200
_TEXTS, _AMOUNTS = ("Initiator", "Responder", "Service"), ("Flows", "Rejected", "Bytes")


def loaded_view(answers: LoadedAnswers) -> list[Any]:
    """Draw what a file holds, and list its largest edges."""
    picture = picture_of(answers, _ALL)
    drawing = base64.b64encode(write_svg(picture, _places(picture))).decode()
    return [
        # An image runs nothing, whatever a name in the file tries.
        html.Img(
            src=f"data:image/svg+xml;base64,{drawing}",
            alt=f"Network of {len(picture.nodes):,} nodes and {len(picture.edges):,} edges",
            className="loaded-drawing",
        ),
        html.Div(_edge_table(picture.edges[:_LISTED]), className="loaded-table"),
    ]


def loaded_summary(answers: LoadedAnswers) -> str:
    """Say what is looked at."""
    file, totals = answers.file, answers.totals(_ALL)
    asked = file.meta.get("query")
    typed = asked.get("filter") if isinstance(asked, dict) else None
    told = [
        f"{file.name}, version {file.version}",
        f"{len(file.nodes):,} nodes, {len(file.rows):,} of {totals.edges:,} edges",
        wording.volume(totals.volume.flows, "flows"),
    ]
    if totals.first is not None and totals.last is not None:
        told.append(
            f"{wording.moment(totals.first)} – {wording.moment(totals.last)} "  # noqa: RUF001
            f"{wording.zone(totals.last)}"
        )
    if isinstance(typed, str) and typed:
        told.append(f"filter: {typed[:200]}")
    if file.meta.get("share_key_id"):
        told.append("addresses are pseudonyms")
    return " · ".join(told)


def _places(picture: Picture) -> dict[str, Place]:
    placed = force_places([(edge.src, edge.dst) for edge in picture.edges])
    around = ring_around(placed.values())
    return {node: placed.get(node) or around(node) for node in picture.nodes}


def _edge_table(edges: tuple[GraphEdge, ...]) -> Any:
    return html.Table(
        [
            html.Caption(f"The largest edges, at most {_LISTED}"),
            html.Thead(html.Tr([*_heads(_TEXTS, ""), *_heads(_AMOUNTS, "amount")])),
            html.Tbody([html.Tr(_cells(edge)) for edge in edges]),
        ]
    )


def _heads(titles: tuple[str, ...], class_name: str) -> list[Any]:
    return [html.Th(title, scope="col", className=class_name) for title in titles]


def _cells(edge: GraphEdge) -> list[Any]:
    volume = edge.volume
    texts = (edge.src, edge.dst, wording.service(edge.port, edge.protocol))
    amounts = (volume.flows, volume.rejected, volume.bytes)
    return [
        *(
            html.Td(text, className=name)
            for text, name in zip(texts, ("", "", "service"), strict=True)
        ),
        *(html.Td(wording.whole(amount), className="amount") for amount in amounts),
    ]
