"""Where nodes stand in each layout: the same place whatever is filtered.

The largest edges of the whole cache are laid out once; a filter changes which nodes are
drawn, never where. All layouts go to the browser together, so that a switch needs no server.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from dashboard.analysis.answers import FlowAnswers
from dashboard.analysis.flow_query import MAX_TOP_K, FlowQuery, Level
from dashboard.ui.figures.places import Link, Place, force_places, ring_around
from dashboard.ui.figures.rings import ring_places
from dashboard.ui.figures.tiers import Served, node_tiers, tier_places

Layout = Literal["force", "concentric", "hierarchical"]
LAYOUTS: tuple[Layout, ...] = ("force", "concentric", "hierarchical")
Places = dict[Layout, Place]


Finder = Callable[[FlowAnswers, Iterable[str], Level], dict[str, Places]]

_KEPT = 8


def node_places(answers: FlowAnswers, nodes: Iterable[str], level: Level) -> dict[str, Places]:
    """Return x and y of nodes in pixels at zoom 1, y downwards, around the origin.

    Args:
        answers: Asked for the largest edges of the whole cache, without any filter.
        nodes: Which nodes are wanted; those that no large edge reaches stand on a ring
            around all others.
        level: What a node is.
    """
    query = _largest(level)
    return _drawn(answers, answers.edges(query).rows, query).of(nodes)


class PlaceBook:
    """The same places, worked out once for each state of the cache; safe to use from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By level, with the rows that they were made of: equal states answer the same rows.
        self._kept: dict[Level, tuple[pd.DataFrame, _Drawn]] = {}

    def __call__(
        self, answers: FlowAnswers, nodes: Iterable[str], level: Level
    ) -> dict[str, Places]:
        """Return what `node_places` does."""
        query = _largest(level)
        rows = answers.edges(query).rows
        with self._lock:
            known = self._kept.pop(level, None)
            if known is None or known[0] is not rows:
                known = rows, _drawn(answers, rows, query)
            self._kept[level] = known
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
        return known[1].of(nodes)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Every layout of the largest edges, and where nodes stand that these do not reach."""

    placed: Mapping[Layout, Mapping[str, Place]]
    around: Mapping[Layout, Callable[[str], Place]]

    def of(self, nodes: Iterable[str]) -> dict[str, Places]:
        return {
            node: {
                layout: places.get(node) or self.around[layout](node)
                for layout, places in self.placed.items()
            }
            for node in nodes
        }


def _largest(level: Level) -> FlowQuery:
    return FlowQuery(threshold=0, top_k=MAX_TOP_K, level=level)


def _drawn(answers: FlowAnswers, rows: pd.DataFrame, query: FlowQuery) -> _Drawn:
    links: list[Link] = list(zip(rows["src"].tolist(), rows["dst"].tolist(), strict=True))
    flows = rows["flows"].tolist()
    ports = rows["port"].to_numpy(dtype=float, na_value=math.nan).tolist()
    allowed = (rows["flows"] - rows["rejected"]).tolist()
    served = (
        Served(*link, port, accepted)
        for link, port, accepted in zip(links, ports, allowed, strict=True)
    )
    # In the order of the largest edges, so that the nodes of the top few stand together.
    order = list(dict.fromkeys(end for link in links for end in link))
    tiers = node_tiers(served, answers.nodes(tuple(order), query))
    sums: dict[str, int] = defaultdict(int)
    for link, n_flows in zip(links, flows, strict=True):
        for end in set(link):
            sums[end] += n_flows
    force = force_places(tuple(links))
    placed: dict[Layout, Mapping[str, Place]] = {
        "force": force,
        "concentric": ring_places(sorted(sums, key=lambda node: (-sums[node], node)), force),
        "hierarchical": tier_places(order, links, tiers, force),
    }
    return _Drawn(placed, {name: ring_around(places.values()) for name, places in placed.items()})
