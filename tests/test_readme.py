"""The README lists every command, option and setting that the code has, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

import dashboard.cli
import dashboard.config
import ingest.cli

README = Path(__file__).parents[1] / "README.md"
PROGRAMS = {"ingest": ingest.cli.app, "dashboard": dashboard.cli.app}


def commands(app: Any) -> dict[str, set[str]]:
    """Return the option names of each command, `--help` left out."""
    group: Any = typer.main.get_command(app)
    return {
        name: {opt for p in command.params for opt in p.opts if opt.startswith("--")} - {"--help"}
        for name, command in group.commands.items()
    }


def section(title: str) -> str:
    """Return the text below a heading of the README, up to the next of its level."""
    match = re.search(
        rf"^### `{re.escape(title)}.*?\n(.*?)(?=^##)", README.read_text(), re.M | re.S
    )
    assert match is not None, f"README.md has no heading for `{title}`"
    return match[1]


@pytest.mark.parametrize(
    ("program", "command"),
    [(program, command) for program, app in PROGRAMS.items() for command in commands(app)],
)
def test_readme_lists_the_options_of(program: str, command: str) -> None:
    """Each command has a heading, and below it exactly its options."""
    listed = set(
        re.findall(r"^\| `(--[a-z0-9-]+)", section(f"python -m {program} {command}"), re.M)
    )

    assert listed == commands(PROGRAMS[program])[command]


def test_readme_lists_every_environment_variable() -> None:
    """Each variable that sets something is named."""
    text = README.read_text()
    variables = set(dashboard.config._VARIABLES.values())

    assert not {name for name in variables if f"`{name}`" not in text}
