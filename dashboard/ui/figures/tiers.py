"""The hierarchical layout: internet → public → private → data, from left to right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from dashboard.analysis.answers import NodeFacts
from dashboard.ui.figures.places import Link, Place

Tier = Literal["internet", "public", "private", "data"]
TIERS: tuple[Tier, ...] = ("internet", "public", "private", "data")

_COLUMN_PX, _ROW_PX = 125.0, 60.0
_BETWEEN_TIERS_PX = 125.0
_LEAST_ROWS = 9  # Of a tier's first column; each further one has a row more.
_SWEEPS = 4

# Words in a node's kind, and ports as IANA registers them or as products document them.
_PUBLIC_WORDS = ("load balancer", "nat", "gateway", "bastion", "vpn", "proxy", "edge")
_DATA_WORDS = ("database", "postgres", "mysql", "rds", "cache", "redis", "storage", "warehouse")
_DATA_PORTS = frozenset(
    (1433, 1521, 2049, 3306, 5432, 5439, 6379, 7000, 9042, 9092, 9200, 9300, 11211, 27017)
)


class Served(NamedTuple):
    """One edge, as far as it tells the tiers of its ends.

    Attributes:
        src: Initiator.
        dst: Responder.
        port: Service port; NaN: has none.
        accepted: Accepted flows, or all where the format has no action.
    """

    src: str
    dst: str
    port: float
    accepted: int


def node_tiers(edges: Iterable[Served], facts: Mapping[str, NodeFacts]) -> dict[str, Tier]:
    """Tell the tier of each node that the edges touch.

    A node outside of private address space is `internet`. Inside, its kind decides; where
    that says nothing, who answers mostly on ports of databases, caches and file systems is
    `data`, who answers the internet is `public`, and all others are `private`.
    """
    answered: dict[str, int] = defaultdict(int)
    as_data: dict[str, int] = defaultdict(int)
    to_internet: set[str] = set()
    nodes: dict[str, None] = {}
    for edge in edges:
        nodes |= {edge.src: None, edge.dst: None}
        answered[edge.dst] += edge.accepted
        if edge.port in _DATA_PORTS:
            as_data[edge.dst] += edge.accepted
        if edge.accepted and _scope(edge.src, facts) == "internet":
            to_internet.add(edge.dst)
    return {
        node: _tier(node, facts, 2 * as_data[node] > answered[node], node in to_internet)
        for node in nodes
    }


def _scope(node: str, facts: Mapping[str, NodeFacts]) -> str:
    known = facts.get(node)
    return known.scope if known else "internal"


def _tier(node: str, facts: Mapping[str, NodeFacts], is_data: bool, is_public: bool) -> Tier:
    if _scope(node, facts) == "internet":
        return "internet"
    known = facts.get(node)
    kind = (known.kind or "").lower() if known else ""
    if any(word in kind for word in _DATA_WORDS):
        return "data"
    if any(word in kind for word in _PUBLIC_WORDS):
        return "public"
    if is_data:
        return "data"
    return "public" if is_public else "private"


def tier_places(
    order: Sequence[str],
    links: Sequence[Link],
    tiers: Mapping[str, Tier],
    near: Mapping[str, Place],
) -> dict[str, Place]:
    """Stand the nodes in columns, tier by tier; few lines cross.

    Args:
        order: Nodes, the one on the largest edge first. It stands in its tier's first
            column, so that the picture of few nodes is compact; the internet's first
            column is its last, beside the public tier.
        links: Both ends of each edge.
        tiers: Tier of each node.
        near: Places of another layout, to start from.
    """
    columns: list[list[str]] = []
    lefts: list[float] = []
    left = 0.0
    for tier in TIERS:
        members = [node for node in order if tiers[node] == tier]
        if not members:
            continue
        pieces = list(_pieces(members))
        if tier == "internet":
            pieces.reverse()
        for piece in pieces:
            columns.append(sorted(piece, key=lambda node: (near.get(node, (0, 0))[1], node)))
            lefts.append(left)
            left += _COLUMN_PX
        left += _BETWEEN_TIERS_PX
    heights = _untangled(columns, links)
    middle = (lefts[0] + lefts[-1]) / 2 if lefts else 0.0
    return {
        node: (round(x - middle, 1), round(heights[node], 1))
        for x, column in zip(lefts, columns, strict=True)
        for node in column
    }


def _pieces(members: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a tier into columns: few nodes stand in few short ones, many in a wide block."""
    taken, rows = 0, _LEAST_ROWS
    while taken < len(members):
        yield members[taken : taken + rows]
        taken, rows = taken + rows, rows + 1


def _untangled(columns: list[list[str]], links: Sequence[Link]) -> dict[str, float]:
    """Sort each column by the mean height of its nodes' peers, a few times over."""
    peers: dict[str, list[str]] = defaultdict(list)
    for src, dst in links:
        peers[src].append(dst)
        peers[dst].append(src)
    heights: dict[str, float] = {}

    def stand(column: list[str]) -> None:
        for row, node in enumerate(column):
            heights[node] = (row - (len(column) - 1) / 2) * _ROW_PX

    def pull(node: str) -> tuple[float, float, str]:
        known = [heights[peer] for peer in peers[node]]
        mean = sum(known) / len(known) if known else heights[node]
        return mean, heights[node], node

    for column in columns:
        stand(column)
    for _ in range(_SWEEPS):
        for column in columns:
            column.sort(key=pull)
            stand(column)
    return heights
