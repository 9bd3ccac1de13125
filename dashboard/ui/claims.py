"""What a click on a mark says: the text of a filter.

Every mark carries its claim, so that a click needs no answer of the server. A mark without
one (`""`) is nothing that a filter can say, such as "other". In sharing mode claims hold
pseudonyms, as the filter does.
"""

from __future__ import annotations

from dashboard.analysis.filters.tokens import quoted
from dashboard.analysis.graph.model import GraphEdge


def end_claim(side: str, node: str | None) -> str:
    """Claim that an end is a node.

    Args:
        side: `src`, `dst`, or `node` for either end.
        node: Its id; None: the records name no end.
    """
    return f"{side} = {quoted(node)}" if node else ""


def pair_claim(src: str | None, dst: str | None) -> str:
    """Claim both ends; nothing where the records lack one."""
    return f"{end_claim('src', src)} and {end_claim('dst', dst)}" if src and dst else ""


def service_claim(port: int | None, protocol: int | None) -> str:
    """Claim a service port and its protocol, as far as the records name them."""
    parts = [f"port = {port}"] if port is not None else []
    if protocol is not None:
        parts.append(f"protocol = {protocol}")
    return " and ".join(parts)


def value_claim(dimension: str, value: object) -> str:
    """Claim a value of a breakdown's dimension; None is nothing that a filter can say."""
    if value is None:
        return ""
    if dimension in ("src", "dst"):
        return end_claim(dimension, str(value))
    return f"{dimension} = {str(value).lower()}"


def edge_claim(edge: GraphEdge) -> str:
    """Claim that a flow belongs to an edge."""
    return both(pair_claim(edge.src, edge.dst), service_claim(edge.port, edge.protocol))


def both(*claims: str) -> str:
    """Claim all of them; one that cannot be made is left out."""
    return " and ".join(claim for claim in claims if claim)
