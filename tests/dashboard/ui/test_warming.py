"""The first screen is ready before somebody opens the page."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from dash import Dash

from dashboard.analysis.query.source import FlowSource
from dashboard.app import create_app
from dashboard.config import DashboardConfig
from dashboard.ui import ids
from dashboard.ui.figures import layouts
from tests.dashboard.ui.test_page import call, view

VIEWS = (
    f"{ids.NETWORK_GRAPH}.elements",
    f"{ids.TIMELINE_GRAPH}.figure",
    f"{ids.RANKINGS_LIST}.content",
)


def test_first_visitor_waits_for_no_query(
    logged: FlowSource, config: DashboardConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every view of a page without choices has its answer, and every node its place."""
    ready, laid_out = threading.Event(), layouts._drawn
    monkeypatch.setattr(logged, "timeline", _telling(logged.timeline, ready))
    app: Dash = create_app(logged, config, is_kept_ready=True)
    assert ready.wait(60)
    asked: list[object] = []
    monkeypatch.setattr(logged, "_run", lambda *work: asked.append(work))
    monkeypatch.setattr(layouts, "_drawn", lambda *work: asked.append(work) or laid_out(*work))

    answers = [call(app, prop, **view()) for prop in VIEWS]

    assert asked == []
    assert all(answers)


def _telling(answer: Any, told: threading.Event) -> Any:
    """Wrap what is answered last, so that a test knows when it was."""

    def telling(*arguments: Any) -> Any:
        result = answer(*arguments)
        told.set()
        return result

    return telling
