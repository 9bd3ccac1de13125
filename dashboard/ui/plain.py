"""Markup that the browser draws as one component.

Dash keeps a record of every component of the page and asks each, at every change of any of
them, whether it has to be drawn again; what is new tells all the others besides. Most of the
markup is text and frames that no callback names. Here it is one component, which
assets/02-plain.js draws.
"""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component

CONTENT = "content"  # The property that holds what is inside.


class Plain(Component):
    """An element whose inside is `content`: components of `dash.html`, texts, lists of them.

    Nothing inside has an id that a callback names, and no click there is counted.
    """

    _children_props: list[str] = []  # noqa: RUF012 - as Dash's own components have it.
    _base_nodes = ["children", CONTENT]  # noqa: RUF012
    _namespace = "flow_atlas"
    _type = "Plain"
    _prop_names = ["id", "host", CONTENT]  # noqa: RUF012
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012
    available_properties = _prop_names
    available_wildcard_properties: list[str] = []  # noqa: RUF012


def plain(element: Component) -> Plain:
    """Return an element of `dash.html` with all that is in it as one component.

    A callback that sets its inside names CONTENT.
    """
    untyped: Any = element  # Dash's own classes have no types.
    properties: dict[str, Any] = untyped.to_plotly_json()["props"]
    rest = {name: value for name, value in properties.items() if name not in ("id", "children")}
    named = {"id": properties["id"]} if "id" in properties else {}
    host = {"type": element._type, "props": rest}
    make: Any = Plain
    drawn: Plain = make(host=host, content=properties.get("children"), **named)
    return drawn
