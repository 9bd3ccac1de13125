"""The page over made-up answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from dash import Dash

from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.query.source import FlowSource
from dashboard.app import create_app
from dashboard.config import DashboardConfig
from tests.dashboard.ui.made_up import MadeUpAnswers
from tests.dashboard.ui.small_log import small_cache


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


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> FlowSource:
    """Answers over a cache that ingest has made of a small log."""
    folder = tmp_path_factory.mktemp("logged")
    return FlowSource(small_cache(folder), KnownNames(folder / "known_ips.csv"))


@pytest.fixture
def logged_app(logged: FlowSource, config: DashboardConfig) -> Dash:
    return create_app(logged, config)
