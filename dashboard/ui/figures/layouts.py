"""Where nodes stand in each layout: the same place whatever is filtered.

The largest edges of the whole cache are laid out once; a filter changes which nodes are
drawn, never where. All layouts go to the browser together, so that a switch needs no server.
"""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

from dashboard.analysis.answers import FlowAnswers
from dashboard.analysis.flow_query import MAX_TOP_K, FlowQuery, Level
from dashboard.ui.figures.places import Link, Place, around_all, force_places
from dashboard.ui.figures.rings import ring_places
from dashboard.ui.figures.tiers import Served, Tier, node_tiers, tier_places

Layout = Literal["force", "concentric", "hierarchical"]
LAYOUTS: tuple[Layout, ...] = ("force", "concentric", "hierarchical")
Places = dict[Layout, Place]


def node_places(answers: FlowAnswers, nodes: Iterable[str], level: Level) -> dict[str, Places]:
    """Return x and y of nodes in pixels at zoom 1, y downwards, around the origin.

    Args:
        answers: Asked for the largest edges of the whole cache, without any filter.
        nodes: Which nodes are wanted; those that no large edge reaches stand on a ring
            around all others.
        level: What a node is.
    """
    query = FlowQuery(threshold=0, top_k=MAX_TOP_K, level=level)
    rows = answers.edges(query).rows
    columns = (rows[name].tolist() for name in ("src", "dst", "flows"))
    weighted = tuple(zip(*columns, strict=True))
    known = tuple(sorted({end for src, dst, _ in weighted for end in (src, dst)}))
    facts = answers.nodes(known, query)
    ports = rows["port"].to_numpy(dtype=float, na_value=math.nan).tolist()
    allowed = (rows["flows"] - rows["rejected"]).tolist()
    served = (
        Served(src, dst, port, accepted)
        for (src, dst, _), port, accepted in zip(weighted, ports, allowed, strict=True)
    )
    tiers = tuple(node_tiers(served, facts).items())
    placed = {layout: _placed(layout, weighted, tiers) for layout in LAYOUTS}
    every = {layout: list(places.values()) for layout, places in placed.items()}
    return {
        node: {
            layout: places.get(node) or around_all(node, every[layout])
            for layout, places in placed.items()
        }
        for node in nodes
    }


@functools.lru_cache(maxsize=16)
def _placed(
    layout: Layout,
    weighted: tuple[tuple[str, str, int], ...],
    tiers: tuple[tuple[str, Tier], ...],
) -> dict[str, Place]:
    """Work out one layout; kept by the edges and tiers themselves."""
    links: tuple[Link, ...] = tuple((src, dst) for src, dst, _ in weighted)
    force = force_places(links)
    if layout == "force":
        return force
    if layout == "hierarchical":
        # In the order of the largest edges, so that the nodes of the top few stand together.
        order = list(dict.fromkeys(end for link in links for end in link))
        return tier_places(order, links, dict(tiers), force)
    sums: dict[str, int] = defaultdict(int)
    for src, dst, flows in weighted:
        for end in {src, dst}:
            sums[end] += flows
    return ring_places(sorted(sums, key=lambda node: (-sums[node], node)), force)
