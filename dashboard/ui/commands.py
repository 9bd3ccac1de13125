"""What a click anywhere on the page makes of the question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.analysis.filters.chips import added, turned, without
from dashboard.errors import BadQueryError
from dashboard.ui import selection
from dashboard.ui.claims import PLAIN_LEVELS, edge_claim, node_claim

Raw = dict[str, Any]

_SETTABLE = frozenset(
    {
        "range", "start", "end", "action", "metric", "threshold", "top", "level", "filter",
        "internet", "expand", "compare", "tab",
    }
)  # fmt: skip


def after_command(raw: Raw, command: object) -> Raw:
    """Return the URL parameters after a command of `page-command`.

    Args:
        raw: The parameters as they are.
        command: `{"how": "include" | "exclude" | "only", "claim": TEXT}`,
            `{"set": {NAME: VALUE}}`, or a chip's `{"do": ..., "chip": POSITION}`.

    Raises:
        BadQueryError: It is none of these, or its claim cannot be read.
    """
    if not isinstance(command, Mapping):
        raise _no_command(command)
    now = str(raw.get("filter") or "")
    if "claim" in command:
        how = command.get("how", "include")
        if how not in ("include", "exclude", "only"):
            raise _no_command(command)
        return raw | {"filter": added(now, str(command["claim"]), how)}
    if isinstance(command.get("set"), Mapping):
        changes = {str(k): v for k, v in command["set"].items() if k in _SETTABLE}
        if ("start" in changes or "end" in changes) and "range" not in changes:
            changes["range"] = ""
        return raw | changes
    return _after_chip(raw, now, command)


def _after_chip(raw: Raw, now: str, command: Mapping[str, Any]) -> Raw:
    does, position = command.get("do"), command.get("chip")
    place = position if isinstance(position, int) else -1
    if does in ("remove", "edit"):
        return raw | {"filter": without(now, place)}
    if does == "turn":
        return raw | {"filter": turned(now, place)}
    if does in ("clear", "edit-all"):
        return raw | {"filter": ""}
    if does == "collapse":
        expanded = list(raw.get("expand") or [])
        return raw | {"expand": expanded[:place] + expanded[place + 1 :]}
    raise _no_command(command)


def after_network(raw: Raw, data: object) -> Raw:
    """Return the URL parameters after an entry of the network's menu.

    Args:
        raw: The parameters as they are.
        data: As `ui.selection` describes it. Entries that do not filter change nothing.
    """
    chosen = selection.command(data)
    if chosen is None or chosen.action not in _HOW:
        return raw
    level, part = str(raw.get("level") or "name"), chosen.part
    edge = part.edge
    if edge:
        claim = edge_claim(edge.src, edge.dst, edge.port, edge.protocol, level)
    else:
        claim = node_claim(part.node, level)
    return after_command(raw, {"how": _HOW[chosen.action], "claim": claim})


def after_expansion(raw: Raw, data: object) -> Raw:
    """Return the URL parameters after a node was opened; at plain levels nothing changes."""
    node = selection.expanded_node(data)
    if node is None or str(raw.get("level") or "name") in PLAIN_LEVELS:
        return raw
    expanded = [known for known in (raw.get("expand") or []) if known != node]
    return raw | {"expand": [*expanded, node]}


_HOW: dict[str, str] = {"only": "only", "exclude": "exclude", "peers": "include"}


def _no_command(command: object) -> BadQueryError:
    return BadQueryError(
        field="command", value=command, expected="a claim, parameters to set, or a chip's button"
    )
