"""Expected trouble becomes a sentence on the page; the rest goes to the log."""

from __future__ import annotations

import logging

from dash import set_props

from dashboard.analysis.engines.stopping import QueryCancelledError
from dashboard.errors import DashboardError
from dashboard.ui import ids

_log = logging.getLogger(__name__)

_UNEXPECTED = (
    "A view could not be worked out and shows its last picture; the server's log says why."
)


def explain(error: Exception) -> None:
    """Show what went wrong; the views keep their last picture."""
    if isinstance(error, QueryCancelledError):
        return  # The next question's answer is on its way to the same place.
    if isinstance(error, DashboardError):
        _log.info("answered with a sentence error=%s", type(error).__name__)
        set_props(ids.PAGE_NOTICE, {"children": str(error)})
    else:
        _log.error("callback failed", exc_info=error)
        set_props(ids.PAGE_NOTICE, {"children": _UNEXPECTED})
