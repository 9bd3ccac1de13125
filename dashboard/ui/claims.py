"""What a click on a mark says: the text of a filter.

Every mark carries its claim, so that a click needs no answer of the server. A mark without
one (`""`) is nothing that a filter can say, such as "other". In sharing mode claims hold
pseudonyms, as the filter does.
"""

from __future__ import annotations

import ipaddress

from dashboard.analysis.filters.tokens import quoted

# Levels whose node ids are their own in a filter; the others are compared as drawn.
PLAIN_LEVELS = ("name", "address")


def node_claim(node: str, level: str, side: str = "") -> str:
    """Write the claim that an end is a node, as it is drawn at a level.

    Args:
        node: Its id.
        level: The question's level.
        side: `src` or `dst`; empty: either.
    """
    try:
        network = ipaddress.ip_network(node, strict=False)
    except ValueError:
        if level in PLAIN_LEVELS and " (" not in node:
            return f"{side or 'ip'} = {quoted(node)}"
        return f"{side}.node = {quoted(node)}" if side else f"node = {quoted(node)}"
    sign = "=" if network.num_addresses == 1 else "in"
    return f"{side or 'ip'} {sign} {node}"


def end_claim(side: str, node: str | None, level: str) -> str:
    """Claim that an end is a node; nothing where the records name no end."""
    return node_claim(node, level, side) if node else ""


def pair_claim(src: str | None, dst: str | None, level: str) -> str:
    """Claim both ends; nothing where the records lack one."""
    if not src or not dst:
        return ""
    return both(node_claim(src, level, "src"), node_claim(dst, level, "dst"))


def service_claim(port: int | None, protocol: int | None) -> str:
    """Claim a service port and its protocol, as far as the records name them."""
    parts = [f"port = {port}"] if port is not None else []
    if protocol is not None:
        parts.append(f"protocol = {protocol}")
    return " and ".join(parts)


def value_claim(dimension: str, value: object, level: str) -> str:
    """Claim a value of a breakdown's dimension; None is nothing that a filter can say."""
    if value is None:
        return ""
    if dimension in ("src", "dst"):
        return end_claim(dimension, str(value), level)
    return f"{dimension} = {str(value).lower()}"


def edge_claim(
    src: str | None, dst: str | None, port: int | None, protocol: int | None, level: str
) -> str:
    """Claim that a flow belongs to an edge."""
    return both(pair_claim(src, dst, level), service_claim(port, protocol))


def both(*claims: str) -> str:
    """Claim all of them; one that cannot be made is left out."""
    return " and ".join(claim for claim in claims if claim)
