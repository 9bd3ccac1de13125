"""Imports run one way: the arrows of the packages, read from every module."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Module prefix, and the prefixes that it may import of this project; the longest fits.
ALLOWED: dict[str, tuple[str, ...]] = {
    "ingest": ("ingest",),
    "dashboard.errors": (),
    "dashboard.analysis.filters": ("dashboard.errors", "dashboard.analysis.filters"),
    "dashboard.analysis.flow_query": ("dashboard.errors", "dashboard.analysis.filters"),
    "dashboard.analysis.answers": ("dashboard.analysis.flow_query", "ingest.store.read"),
    "dashboard.analysis.questions": (
        "dashboard.analysis.flow_query",
        "dashboard.analysis.answers",
    ),
    "dashboard.analysis.engines": (
        "dashboard.errors",
        "dashboard.analysis.engines",
        "ingest.schema",
        "ingest.store.layout",
    ),
    "dashboard.analysis.query": (
        "dashboard.errors",
        "dashboard.analysis.filters",
        "dashboard.analysis.flow_query",
        "dashboard.analysis.answers",
        "dashboard.analysis.engines",
        "dashboard.analysis.query",
        "ingest.schema",
        "ingest.errors",
        "ingest.store.read",
        "ingest.store.layout",
    ),
    "dashboard.analysis.enrich": (
        "dashboard.errors",
        "dashboard.analysis.enrich",
        "ingest.errors",
        "ingest.store.read",
    ),
    "dashboard.analysis.graph": (
        "dashboard.errors",
        "dashboard.analysis.flow_query",
        "dashboard.analysis.answers",
        "dashboard.analysis.enrich",
        "dashboard.analysis.graph",
    ),
    "dashboard.analysis.export": (
        "dashboard.errors",
        "dashboard.analysis.flow_query",
        "dashboard.analysis.answers",
        "dashboard.analysis.enrich",
        "dashboard.analysis.graph",
        "dashboard.analysis.export",
        "ingest.store.read",
    ),
    "dashboard.analysis.alerts": ("dashboard.errors", "dashboard.analysis"),
    "dashboard.config": (
        "dashboard.errors",
        "dashboard.analysis.engines.choice",
        "dashboard.analysis.query.source",
    ),
    "dashboard.serving": ("dashboard.errors",),
    "dashboard.saved_views": ("dashboard.errors",),
    "dashboard.ui": (
        "dashboard.errors",
        "dashboard.saved_views",
        "dashboard.analysis",
        "dashboard.ui",
        "ingest.store.read",
    ),
    "dashboard.ui.ids": (),
    "dashboard.app": (
        "dashboard.config",
        "dashboard.ui",
        "dashboard.analysis",
        "dashboard.saved_views",
        "dashboard.errors",
    ),
    "dashboard.cli": (
        "dashboard.cli",
        "dashboard.app",
        "dashboard.config",
        "dashboard.errors",
        "dashboard.serving",
        "dashboard.analysis",
        # What the page and the commands share, without Dash.
        "dashboard.ui.figures.layouts",
        "dashboard.ui.sharing",
        "dashboard.ui.view_state",
        "ingest.errors",
    ),
    "dashboard.__main__": ("dashboard.cli",),
    "dashboard": (),
}
NEVER = {
    "dashboard.analysis": ("dash", "plotly", "dash_cytoscape", "flask"),
    "ingest": ("dash", "plotly", "dashboard", "flask", "ibis"),
    "dashboard.ui.figures": ("flask", "duckdb", "ibis"),
}


def _modules() -> dict[str, Path]:
    files = [path for package in ("ingest", "dashboard") for path in (ROOT / package).rglob("*.py")]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in files
    }


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            # `from package import module` imports the module.
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


MODULES = _modules()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_run_one_way(module: str) -> None:
    """A module imports only what lies behind it."""
    rule = max((prefix for prefix in ALLOWED if _under(module, prefix)), key=len)
    ours = {
        name for name in _imports(MODULES[module]) if name.split(".")[0] in ("ingest", "dashboard")
    }

    wrong = {n for n in ours if not any(_under(n, allowed) for allowed in ALLOWED[rule])}

    assert not wrong, f"{module} imports {sorted(wrong)}; it may import {ALLOWED[rule]}"


@pytest.mark.parametrize("prefix", sorted(NEVER))
def test_halves_stay_apart(prefix: str) -> None:
    """What is true of the traffic knows nothing of how it is shown."""
    wrong = {
        (module, name)
        for module, path in MODULES.items()
        if _under(module, prefix)
        for name in _imports(path)
        if any(_under(name, banned) for banned in NEVER[prefix])
    }

    assert not wrong


def test_only_the_command_lines_read_the_environment() -> None:
    """Settings come in as values."""
    readers = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }

    # The parsers' nursery sets variables for its own process.
    assert readers <= {
        "ingest.cli",
        "ingest.inventory.cli",
        "ingest.store.cli",
        "dashboard.cli",
        "dashboard.cli.options",
        "ingest.nursery",
    }
