"""What a click anywhere on the page makes of the question."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from dashboard.analysis.filters.chips import added, turned, without
from dashboard.analysis.filters.tokens import quoted
from dashboard.errors import BadQueryError

Raw = dict[str, Any]

# Levels whose node ids are their own in a filter; the others are compared as drawn.
_PLAIN_LEVELS = ("name", "address")
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


def after_network(raw: Raw, command: object) -> Raw:
    """Return the URL parameters after an entry of the network's menu.

    Args:
        raw: The parameters as they are.
        command: `action` (only, exclude, peers), `kind` (node, edge) and `key`: a node id, or
            an edge's `src`, `dst`, `port` and `protocol`. Other actions change nothing.
    """
    if not isinstance(command, Mapping) or command.get("action") not in _HOW:
        return raw
    level, key = str(raw.get("level") or "name"), command.get("key")
    if command.get("kind") == "edge" and isinstance(key, Mapping):
        claim = edge_claim(key, level)
    else:
        claim = node_claim(str(key), level)
    return after_command(raw, {"how": _HOW[command["action"]], "claim": claim})


def after_expansion(raw: Raw, command: object) -> Raw:
    """Return the URL parameters after a node was opened; at plain levels nothing changes."""
    node = command.get("node") if isinstance(command, Mapping) else None
    level = str(raw.get("level") or "name")
    if not isinstance(node, str) or level in _PLAIN_LEVELS:
        return raw
    expanded = [known for known in (raw.get("expand") or []) if known != node]
    return raw | {"expand": [*expanded, node]}


def node_claim(node: str, level: str, side: str = "") -> str:
    """Write the claim that an end is a node, as it is drawn at a level.

    Args:
        node: Its id.
        level: The question's level.
        side: `src` or `dst`; empty: either.
    """
    try:
        network = ipaddress.ip_network(node, strict=False)
    except ValueError:
        if level in _PLAIN_LEVELS and " (" not in node:
            return f"{side or 'ip'} = {quoted(node)}"
        return f"{side}.node = {quoted(node)}" if side else f"node = {quoted(node)}"
    sign = "=" if network.num_addresses == 1 else "in"
    return f"{side or 'ip'} {sign} {node}"


def edge_claim(key: Mapping[str, Any], level: str) -> str:
    """Write the claim that a flow belongs to an edge."""
    parts = [node_claim(str(key.get(side)), level, side) for side in ("src", "dst")]
    parts += [
        f"{name} = {int(key[name])}" for name in ("port", "protocol") if key.get(name) is not None
    ]
    return " and ".join(parts)


_HOW = {"only": "only", "exclude": "exclude", "peers": "include", "include": "include"}


def _no_command(command: object) -> BadQueryError:
    return BadQueryError(
        field="command", value=command, expected="a claim, parameters to set, or a chip's button"
    )
