"""The look of the network: one Cytoscape stylesheet for light, one for dark.

What is true of the traffic comes in an element's data. Classes are set by the scripts in
assets/ alone: the component drops those that a server sends.
"""

from __future__ import annotations

from typing import Any

from dashboard.ui.theme import FONT, Palette, palette

# Above it, edges are drawn straight and lose their labels.
CHEAP_ABOVE_EDGES = 400

Style = dict[str, Any]


def style_name(scheme: object, *, cheap: bool = False) -> str:
    """Name the style that `cytoscape_stylesheet` returns for the same arguments."""
    return f"{'dark' if scheme == 'dark' else 'light'}{' cheap' if cheap else ''}"


def cytoscape_stylesheet(scheme: object, *, cheap: bool = False) -> list[Style]:
    """Return the network's style.

    Args:
        scheme: `light` or `dark`.
        cheap: For many edges: straight lines, no edge labels.
    """
    colors = palette(scheme)
    return [
        *_node_styles(colors),
        *_edge_styles(colors, cheap=cheap),
        *_change_styles(colors),
        *_label_styles(colors, cheap=cheap),
        *_marked_styles(colors),
    ]


def _node_styles(colors: Palette) -> list[Style]:
    plain = {
        "shape": "ellipse",
        "width": "data(size)",
        "height": "data(size)",
        "background-color": colors.internal,
        "border-width": 1.5,
        "border-color": colors.surface,
        "overlay-opacity": 0,
    }
    shapes = {
        "internet": {"shape": "diamond", "background-color": colors.internet},
        "multicast": {"shape": "hexagon", "background-color": colors.unlogged},
        "mixed": {"shape": "round-rectangle", "background-color": colors.internal},
        "other": {
            "shape": "round-rectangle",
            "background-color": colors.raised,
            "border-color": colors.unlogged,
            "border-style": "dashed",
        },
    }
    return [
        {"selector": "node", "style": plain},
        *(
            {"selector": f'node[scope = "{scope}"]', "style": style}
            for scope, style in shapes.items()
        ),
    ]


def _edge_styles(colors: Palette, *, cheap: bool) -> list[Style]:
    plain = {
        "width": "data(width)",
        "curve-style": "straight" if cheap else "bezier",
        "control-point-step-size": 22,
        "target-arrow-shape": "triangle",
        "arrow-scale": 0.85,
        "opacity": 0.8,
        "line-dash-pattern": [7, 4],
        "overlay-opacity": 0,
    }
    states = {
        "accepted": (colors.accepted, "solid"),
        "rejected": (colors.rejected, "dashed"),
        "mixed": (colors.mixed, "solid"),
        "unlogged": (colors.unlogged, "solid"),
    }
    return [
        {"selector": "edge", "style": plain},
        *(
            {
                "selector": f'edge[state = "{state}"]',
                "style": {
                    "line-color": color,
                    "target-arrow-color": color,
                    "color": color,
                    "line-style": line,
                },
            }
            for state, (color, line) in states.items()
        ),
    ]


def _change_styles(colors: Palette) -> list[Style]:
    """Color edges by what became of them; they carry it only while a range is compared."""
    changes = {
        "added": (colors.accent, 1.0),
        "grew": (colors.mixed, 1.0),
        "shrank": (colors.accepted, 0.8),
        "same": (colors.unlogged, 0.45),
    }
    return [
        {
            "selector": f'edge[change = "{change}"]',
            "style": {
                "line-color": color,
                "target-arrow-color": color,
                "color": color,
                "opacity": opacity,
            },
        }
        for change, (color, opacity) in changes.items()
    ]


def _label_styles(colors: Palette, *, cheap: bool) -> list[Style]:
    """Style the labels that assets/12-network-labels.js has found room for."""
    text = {"font-family": FONT, "font-size": "data(font)"}
    node = {
        **text,
        "color": colors.text,
        "text-outline-color": colors.surface,
        "text-outline-width": "data(outline)",
        "text-halign": "center",
        "text-valign": "bottom",
        "text-margin-y": "data(gap)",
        "text-wrap": "ellipsis",
        "text-max-width": "data(room)",
    }
    edge = {
        **text,
        "label": "data(label)",
        "text-rotation": "autorotate",
        "text-background-color": colors.surface,
        "text-background-opacity": 0.9,
        "text-background-padding": "2px",
    }
    sides = {
        "top": {"text-valign": "top", "text-margin-y": "data(gap_back)"},
        "right": {
            "text-halign": "right",
            "text-valign": "center",
            "text-margin-x": "data(gap)",
            "text-margin-y": 0,
        },
        "left": {
            "text-halign": "left",
            "text-valign": "center",
            "text-margin-x": "data(gap_back)",
            "text-margin-y": 0,
        },
    }
    named = ("labeled", "hovered", "match", "cursor")
    return [
        # Only what a script has prepared carries the data that a label needs.
        {"selector": "node[font]", "style": node},
        *({"selector": f"node[font].side-{side}", "style": style} for side, style in sides.items()),
        {
            "selector": ", ".join(
                [*(f"node[font].{mark}" for mark in named), "node[font]:selected"]
            ),
            "style": {"label": "data(name)"},
        },
        *([] if cheap else [{"selector": "edge[font].labeled", "style": edge}]),
    ]


def _marked_styles(colors: Palette) -> list[Style]:
    ring = {"border-width": 3, "border-color": colors.accent, "z-index": 20, "opacity": 1}
    lit = {
        "opacity": 1,
        "z-index": 10,
        "underlay-color": colors.accent,
        "underlay-opacity": 0.35,
        "underlay-padding": 4,
    }
    return [
        {"selector": "node.pinned", "style": {"border-width": 3, "border-color": colors.muted}},
        {"selector": ".dimmed", "style": {"opacity": 0.14}},
        {"selector": ".unfocused", "style": {"opacity": 0.07}},
        {"selector": "node.hovered, node:selected", "style": ring},
        {"selector": "edge.hovered, edge:selected", "style": lit},
        {"selector": "node.match", "style": {**ring, "border-width": 5}},
        {
            "selector": ".cursor",
            "style": {
                "opacity": 1,
                "z-index": 30,
                "overlay-color": colors.accent,
                "overlay-opacity": 0.3,
                "overlay-padding": 6,
            },
        },
        {"selector": ".away", "style": {"display": "none"}},
    ]
