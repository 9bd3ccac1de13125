"""Breakdown → Sankey diagram: one column a dimension, bands as wide as the metric."""

from __future__ import annotations

import itertools

import plotly.graph_objects as go

from dashboard.analysis.answers import Breakdown
from dashboard.analysis.flow_query import FlowQuery
from dashboard.ui import wording
from dashboard.ui.claims import both
from dashboard.ui.figures.empty import empty_figure, nothing_fits
from dashboard.ui.figures.flow_shares import DIMENSIONS, Value, amounts_of, plain, values_of
from dashboard.ui.theme import Palette, palette, plotly_template

_OPACITY = 0.4
_OTHER_OPACITY = 0.28

Band = tuple[Value, Value]


def sankey_figure(found: Breakdown, query: FlowQuery, scheme: object) -> go.Figure:
    """Draw what flows between the values of two or three dimensions.

    Bands take the color of what became of their flows where all were treated alike; "other"
    is grey. Values and bands carry the claim that a click makes as `customdata`.
    """
    amounts = amounts_of(found, query.metric)
    if not any(amounts):
        return empty_figure(nothing_fits(query), scheme)
    rows = values_of(found, query.level)
    rejected = [int(n) for n in found.rows["rejected"]]
    flows = [int(n) for n in found.rows["flows"]]
    bands: dict[Band, list[int]] = {}
    sizes: dict[Value, int] = {}
    for row, amount, n_rejected, n_flows in zip(rows, amounts, rejected, flows, strict=True):
        for value in row:
            sizes[value] = sizes.get(value, 0) + amount
        for band in itertools.pairwise(row):
            sums = bands.setdefault(band, [0, 0, 0])
            for place, more in enumerate((amount, n_rejected, n_flows)):
                sums[place] += more
    bands = {band: sums for band, sums in bands.items() if sums[0] > 0}
    # A value that nothing leads to in this metric would float above the diagram.
    values = [value for value in _ordered(sizes, found.dimensions) if sizes[value] > 0]
    figure = go.Figure(_diagram(values, sizes, bands, query.metric, palette(scheme)))
    figure.update_layout(
        template=plotly_template(scheme),
        margin={"l": 12, "r": 12, "t": 30, "b": 12},
        annotations=_headings(found.dimensions, palette(scheme)),
    )
    return figure


def _diagram(
    values: list[Value],
    sizes: dict[Value, int],
    bands: dict[Band, list[int]],
    metric: str,
    colors: Palette,
) -> go.Sankey:
    places = {value: place for place, value in enumerate(values)}
    total = sum(sizes[value] for value in values if value.dimension == values[0].dimension)
    return go.Sankey(
        arrangement="fixed",
        textfont={"color": colors.text, "size": 12},
        node={
            "label": [value.label for value in values],
            "color": [_node_color(value, colors) for value in values],
            "line": {"width": 0},
            "pad": 12,
            "thickness": 14,
            "customdata": [
                [value.claim, plain(value.name), _amount(sizes[value], total, metric)]
                for value in values
            ],
            "hovertemplate": "<b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>",
        },
        link={
            "source": [places[source] for source, _ in bands],
            "target": [places[target] for _, target in bands],
            "value": [sums[0] for sums in bands.values()],
            "color": [_band_color(band, sums, colors) for band, sums in bands.items()],
            "customdata": [
                [
                    both(source.claim, target.claim) if source.claim and target.claim else "",
                    plain(f"{source.name} → {target.name}"),
                    _amount(sums[0], total, metric),
                ]
                for (source, target), sums in bands.items()
            ],
            "hovertemplate": "<b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>",
        },
    )


def _ordered(sizes: dict[Value, int], dimensions: tuple[str, ...]) -> list[Value]:
    """Put values into the order of their columns, largest first, "other" last."""

    def place(value: Value) -> tuple[int, bool, int, str]:
        return dimensions.index(value.dimension), value.is_other, -sizes[value], value.text

    return sorted(sizes, key=place)


def _node_color(value: Value, colors: Palette) -> str:
    if value.is_other or not value.text:
        return colors.unlogged
    if value.dimension == "action":
        return {"REJECT": colors.rejected, "ACCEPT": colors.accepted}.get(
            value.text, colors.unlogged
        )
    return colors.internet if value.dimension in ("port", "protocol") else colors.internal


def _band_color(band: Band, sums: list[int], colors: Palette) -> str:
    _, rejected, flows = sums
    if any(value.is_other for value in band):
        return _faded(colors.unlogged, _OTHER_OPACITY)
    if rejected and rejected == flows:
        return _faded(colors.rejected, _OPACITY)
    return _faded(colors.mixed if rejected else colors.accepted, _OPACITY)


def _headings(dimensions: tuple[str, ...], colors: Palette) -> list[dict[str, object]]:
    last = len(dimensions) - 1
    return [
        {
            "text": DIMENSIONS[dimension],
            "x": place / last if last else 0,
            "y": 1,
            "yshift": 22,
            "xref": "paper",
            "yref": "paper",
            "xanchor": "left" if place == 0 else "right" if place == last else "center",
            "showarrow": False,
            "font": {"color": colors.muted, "size": 12},
        }
        for place, dimension in enumerate(dimensions)
    ]


def _amount(value: int, total: int, metric: str) -> str:
    return f"{wording.exact(value, metric)} · {wording.percent(value, total)}"


def _faded(color: str, opacity: float) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
