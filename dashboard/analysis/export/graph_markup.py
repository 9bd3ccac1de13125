"""The graph as GraphML for Gephi, yEd and networkx, and as DOT for Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.analysis.answers import VOLUME_COLUMNS, NodeFacts
from dashboard.analysis.enrich.services import protocol_name
from dashboard.analysis.export.markup import dot_quoted, escaped
from dashboard.analysis.export.picture import Picture, iso_time
from dashboard.analysis.graph.model import GraphEdge

Values = dict[str, object]

_NODE_TYPES = {
    "label": "string", "is_named": "boolean", "kind": "string", "owner": "string",
    "scope": "string", "addresses": "string", "n_addresses": "int",
}  # fmt: skip
_EDGE_TYPES = {
    "label": "string", "port": "int", "protocol": "int", "state": "string", "weight": "long",
    **dict.fromkeys(VOLUME_COLUMNS, "long"), "first_seen": "string", "last_seen": "string",
}  # fmt: skip
_COLORS = {
    "accepted": "#4f8a9b", "rejected": "#cf2f2f", "mixed": "#b8780b", "unlogged": "#8993a1",
}  # fmt: skip


def write_graphml(picture: Picture) -> bytes:
    """Write GraphML; nodes are `n0`, `n1`, … with their names as `label`.

    `weight` is the question's metric. What is not known has no element.
    """
    return "".join(f"{line}\n" for line in _graphml_lines(picture)).encode()


def write_dot(picture: Picture) -> bytes:
    """Write a digraph; ids are names, in quotes."""
    return "".join(f"{line}\n" for line in _dot_lines(picture)).encode()


def _graphml_lines(picture: Picture) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for domain, types in (("node", _NODE_TYPES), ("edge", _EDGE_TYPES)):
        for name, kind in types.items():
            key = f'id="{domain}_{name}" for="{domain}"'
            yield f'  <key {key} attr.name="{name}" attr.type="{kind}"/>'
    yield '  <graph id="flows" edgedefault="directed">'
    numbers = {node: f"n{number}" for number, node in enumerate(picture.nodes)}
    for node, facts in picture.nodes.items():
        yield f'    <node id="{numbers[node]}">{_data("node", _node_values(node, facts))}</node>'
    for number, edge in enumerate(picture.edges):
        values = _edge_values(edge, picture.query.metric)
        yield (
            f'    <edge id="e{number}" source="{numbers[edge.src]}" target="{numbers[edge.dst]}">'
            f"{_data('edge', values)}</edge>"
        )
    yield "  </graph>"
    yield "</graphml>"


def _data(domain: str, values: Values) -> str:
    return "".join(
        f'<data key="{domain}_{name}">{escaped(_written(value))}</data>'
        for name, value in values.items()
        if value is not None
    )


def _written(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _node_values(node: str, facts: NodeFacts) -> Values:
    return {
        "label": node,
        "is_named": facts.is_named,
        "kind": facts.kind,
        "owner": facts.owner,
        "scope": facts.scope,
        "addresses": " ".join(facts.addresses),
        "n_addresses": facts.n_addresses,
    }


def _edge_values(edge: GraphEdge, metric: str) -> Values:
    return {
        "label": service_text(edge),
        "port": edge.port,
        "protocol": edge.protocol,
        "state": edge.state,
        "weight": getattr(edge.volume, metric),
        **{name: getattr(edge.volume, name) for name in VOLUME_COLUMNS},
        "first_seen": iso_time(edge.first_seen),
        "last_seen": iso_time(edge.last_seen),
    }


def _dot_lines(picture: Picture) -> Iterator[str]:
    yield "digraph flows {"
    yield '  node [shape=ellipse, fontname="sans-serif"];'
    yield '  edge [fontname="sans-serif", fontsize=10];'
    for node, facts in picture.nodes.items():
        shape = "diamond" if facts.scope == "internet" else "ellipse"
        yield f"  {dot_quoted(node)} [label={dot_quoted(node)}, shape={shape}];"
    for edge in picture.edges:
        style = "dashed" if edge.state == "rejected" else "solid"
        amount = getattr(edge.volume, picture.query.metric)
        yield (
            f"  {dot_quoted(edge.src)} -> {dot_quoted(edge.dst)} "
            f"[label={dot_quoted(service_text(edge))}, "
            f'color="{_COLORS[edge.state]}", style={style}, '
            f'tooltip="{amount} {picture.query.metric}"];'
        )
    yield "}"


def service_text(edge: GraphEdge) -> str:
    """Name the service of an edge: `TCP 443`, or the protocol alone where it has no ports."""
    name = protocol_name(edge.protocol) or "any"
    return name if edge.port is None else f"{name} {edge.port}"
