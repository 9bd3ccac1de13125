"""The page over made-up answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from dash import Dash

from dashboard.app import create_app
from dashboard.config import DashboardConfig
from tests.dashboard.ui.made_up import MadeUpAnswers


@pytest.fixture
def answers() -> MadeUpAnswers:
    """Six edges: one denied, one mixed, one below the default threshold."""
    return MadeUpAnswers()


@pytest.fixture
def config(tmp_path: Path) -> DashboardConfig:
    """A key of sharing mode that every run has."""
    return DashboardConfig(cache=tmp_path, share_key="07" * 32)


@pytest.fixture
def app(answers: MadeUpAnswers, config: DashboardConfig) -> Dash:
    return create_app(answers, config)
