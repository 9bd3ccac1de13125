"""What the reader has selected in the network, as the browser writes it.

Three stores carry it to the server. A node is named by its id, an edge by its key:

- `network-selection`: `{"kind": "node", "id": "app-1"}` or
  `{"kind": "edge", "id": {"src": …, "dst": …, "port": …, "protocol": …}}`; None: nothing.
- `network-expand`: `{"node": "app-1", "time": …}` for a node that was clicked twice.
- `network-command`: `{"action": …, "kind": …, "key": …, "time": …}` for an entry of the
  menu; `key` is what `id` is above, `action` is one of ACTIONS.

`time` is in epoch ms and tells the same command given twice from one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["node", "edge"]
Action = Literal["only", "exclude", "peers", "hide", "pin", "details"]
ACTIONS: tuple[Action, ...] = ("only", "exclude", "peers", "hide", "pin", "details")


@dataclass(frozen=True, slots=True)
class EdgeKey:
    """What tells an edge from all others.

    Attributes:
        src: Node id of the initiator.
        dst: Node id of the responder.
        port: Service port; None: has none.
        protocol: IANA number; None where the format lacks it.
    """

    src: str
    dst: str
    port: int | None
    protocol: int | None


@dataclass(frozen=True, slots=True)
class Selected:
    """One part of the network.

    Attributes:
        kind: What it is.
        node: Id of the node; `""` for an edge.
        edge: Key of the edge; None for a node.
    """

    kind: Kind
    node: str = ""
    edge: EdgeKey | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """An entry of the menu that was chosen, and for which part."""

    action: Action
    part: Selected


def selected_part(data: Any) -> Selected | None:
    """Read the store of the selection; None for nothing, or for what no page writes."""
    return _part(data.get("kind"), data.get("id")) if isinstance(data, Mapping) else None


def expanded_node(data: Any) -> str | None:
    """Read the store of the node that was clicked twice; None for what no page writes."""
    node = data.get("node") if isinstance(data, Mapping) else None
    return node if isinstance(node, str) and node else None


def command(data: Any) -> Command | None:
    """Read the store of the menu; None for nothing, or for what no page writes."""
    if not isinstance(data, Mapping):
        return None
    part = _part(data.get("kind"), data.get("key"))
    action = next((action for action in ACTIONS if action == data.get("action")), None)
    return Command(action, part) if action and part else None


def _part(kind: Any, key: Any) -> Selected | None:
    if kind == "node" and isinstance(key, str) and key:
        return Selected("node", node=key)
    if kind != "edge" or not isinstance(key, Mapping):
        return None
    src, dst, port, protocol = (key.get(name) for name in ("src", "dst", "port", "protocol"))
    if not isinstance(src, str) or not isinstance(dst, str):
        return None
    if not _is_number(port) or not _is_number(protocol):
        return None
    return Selected("edge", edge=EdgeKey(src, dst, port, protocol))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))
