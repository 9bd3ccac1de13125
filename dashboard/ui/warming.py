"""The first screen is worked out before somebody asks for it, and again after each commit."""

from __future__ import annotations

import logging
import threading
import time

from dashboard.analysis.graph.model import node_ids
from dashboard.errors import DashboardError
from dashboard.ui.callbacks.charts import FEW, MAX_BINS
from dashboard.ui.callbacks.shown import Source
from dashboard.ui.figures.rankings import KINDS, ranked

_log = logging.getLogger(__name__)

_LOOK_S = 5.0


def keep_ready(source: Source) -> None:
    """Start a thread that has the first screen's answers ready as the cache grows."""
    threading.Thread(target=_watch, args=(source,), name="first-screen", daemon=True).start()


def first_screen(source: Source) -> None:
    """Work out what a page without any choice shows; the answers are kept by who gave them.

    Raises:
        DashboardError: There is no cache yet, or a limit was reached.
    """
    shown = source.shown_search("")
    edges = shown.answers.edges(shown.query)
    shown.answers.totals(shown.query)
    shown.positions(node_ids(edges))
    ranked(shown.answers, shown.query, next(iter(KINDS)), FEW)
    shown.answers.coverage(shown.query)
    shown.answers.timeline(shown.query, MAX_BINS)


def _watch(source: Source) -> None:
    known = None
    while True:
        try:
            state = source.answers.state()
            if state != known:
                first_screen(source)
                known = state
        except DashboardError as error:
            # Whoever opens the page is told; until then there is nothing to prepare.
            _log.debug("first screen not prepared reason=%s", error)
        time.sleep(_LOOK_S)
