"""The look: palette and Plotly template; for light and for dark.

Text colors keep a contrast of 4.5:1 on `surface`, and lines and marks 3:1 (WCAG 2.2, AA).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import plotly.graph_objects as go

Scheme = Literal["light", "dark"]

FONT = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", '
    '"DejaVu Sans", sans-serif'
)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colors of one scheme.

    Attributes:
        page: Behind the panels.
        surface: Panels and drawings.
        raised: Fields and buttons on a panel.
        line: Borders and grid lines.
        text: Text and figures.
        muted: Labels beside them.
        accent: Focus, selection, links.
        accepted: Traffic that was let through.
        rejected: Traffic that was denied; also drawn dashed.
        mixed: Edges with both.
        unlogged: Traffic whose format names no action.
        internal: Nodes in private address space.
        internet: Nodes outside of it.
        warning: Text of a warning.
    """

    page: str
    surface: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    accepted: str
    rejected: str
    mixed: str
    unlogged: str
    internal: str
    internet: str
    warning: str


PALETTES: dict[Scheme, Palette] = {
    "light": Palette(
        page="#f4f5f7",
        surface="#ffffff",
        raised="#f7f8fa",
        line="#dfe3e8",
        text="#1b2330",
        muted="#586274",
        accent="#3558c9",
        accepted="#4f8a9b",
        rejected="#cf2f2f",
        mixed="#b8780b",
        unlogged="#8993a1",
        internal="#33566b",
        internet="#7a5ea8",
        warning="#8f5600",
    ),
    "dark": Palette(
        page="#0e1116",
        surface="#161a21",
        raised="#1d222b",
        line="#2a313c",
        text="#e7ebf0",
        muted="#9ba6b5",
        accent="#86a3ff",
        accepted="#5f9fb3",
        rejected="#ff6464",
        mixed="#e0a53a",
        unlogged="#7f8998",
        internal="#8fb8cc",
        internet="#b59be0",
        warning="#f0b849",
    ),
}


def palette(scheme: object) -> Palette:
    """Return the colors of a scheme; light for any other text."""
    return PALETTES["dark" if scheme == "dark" else "light"]


def css_variables() -> str:
    """Write both palettes as CSS custom properties, so that style sheets name no color."""
    rules = []
    for scheme, selector in (
        ("light", ":root"),
        ("dark", ':root[data-mantine-color-scheme="dark"]'),
    ):
        pairs = "".join(f"--{k}:{v};" for k, v in asdict(palette(scheme)).items())
        rules.append(f"{selector}{{{pairs}color-scheme:{scheme}}}")
    return f":root{{--font:{FONT}}}" + "".join(rules)


def mantine_theme() -> dict[str, Any]:
    """Return what the component library needs to follow the palette."""
    return {
        "fontFamily": FONT,
        "headings": {"fontFamily": FONT},
        "defaultRadius": 6,
        "primaryColor": "indigo",
        "fontSizes": {"xs": "12px", "sm": "13px", "md": "14px"},
    }


def plotly_template(scheme: object) -> go.layout.Template:
    """Return the template of every chart."""
    return go.layout.Template(plain_template(scheme))


def plain_template(scheme: object) -> dict[str, Any]:
    """Return the template as Plotly's script reads it."""
    colors = palette(scheme)
    axis = {
        "gridcolor": colors.line,
        "linecolor": colors.line,
        "zeroline": False,
        "tickfont": {"color": colors.muted, "size": 11},
        "ticks": "",
    }
    return {
        "layout": {
            "font": {"family": FONT, "size": 12, "color": colors.text},
            "paper_bgcolor": colors.surface,
            "plot_bgcolor": colors.surface,
            "margin": {"l": 8, "r": 8, "t": 4, "b": 4},
            "xaxis": axis,
            "yaxis": axis,
            "bargap": 0.18,
            "showlegend": False,
            "hoverlabel": {
                "bgcolor": colors.raised,
                "bordercolor": colors.line,
                "font": {"family": FONT, "size": 12, "color": colors.text},
                "align": "left",
            },
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": colors.muted},
        }
    }
