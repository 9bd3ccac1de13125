"""Expected trouble becomes a sentence on the page; the rest goes to the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from dash import Patch, ctx, set_props
from flask import g

from dashboard.analysis.engines.stopping import QueryCancelledError
from dashboard.analysis.query.source import UnusableCacheError
from dashboard.errors import DashboardError, EmptyCacheError
from dashboard.ui import ids

_log = logging.getLogger(__name__)

PLAIN, WHOLE = "notice", "notice whole"
_UNEXPECTED = "A part of the page could not be worked out; the server's log says why."


def explain(error: Exception) -> None:
    """Say what went wrong, and take away what the answer should have replaced."""
    if isinstance(error, QueryCancelledError):
        return  # The next question's answer is on its way to the same place.
    if isinstance(error, DashboardError):
        _log.info("answered with a sentence error=%s", type(error).__name__)
        sentence = str(error)
    else:
        _log.error("callback failed", exc_info=error)
        sentence = _UNEXPECTED
    # Without a cache no control on the page leads anywhere: the sentence is the page.
    is_all = isinstance(error, (EmptyCacheError, UnusableCacheError))
    set_props(ids.PAGE_NOTICE, {"children": sentence, "className": WHOLE if is_all else PLAIN})
    # Under a new question the old picture would be a wrong one; see assets/34-stale.js.
    # Added to what others said: answers that fail together are seen as one change of the store.
    failed: Any = Patch()
    for part in _parts(ctx.outputs_grouping):
        failed[part] = g.get("turn")
    set_props(ids.PAGE_STALE, {"data": failed})


def _parts(outputs: Any) -> Iterator[str]:
    """Yield the ids of what a callback sets."""
    if isinstance(outputs, dict) and isinstance(outputs.get("id"), str):
        yield outputs["id"]
    elif isinstance(outputs, (list, dict)):
        for output in outputs.values() if isinstance(outputs, dict) else outputs:
            yield from _parts(output)
