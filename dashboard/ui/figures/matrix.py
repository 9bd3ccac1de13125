"""Breakdown → adjacency matrix: a cell for each pair of values, darker for more."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from dashboard.analysis.answers import Breakdown
from dashboard.analysis.flow_query import FlowQuery
from dashboard.ui import wording
from dashboard.ui.claims import both
from dashboard.ui.figures.empty import empty_figure, nothing_fits
from dashboard.ui.figures.flow_shares import Value, amounts_of, plain, values_of
from dashboard.ui.theme import Palette, palette, plotly_template

Cells = dict[tuple[Value, Value], int]


def matrix_figure(found: Breakdown, query: FlowQuery, scheme: object) -> go.Figure:
    """Draw the first of two dimensions as rows and the second as columns.

    Shades follow the logarithm: traffic differs by powers of ten. Cells of "other" are
    grey. Every cell carries the claim that a click makes as `customdata`.
    """
    amounts = amounts_of(found, query.metric)
    if not any(amounts):
        return empty_figure(nothing_fits(query), scheme)
    cells: Cells = {}
    for (row, column), amount in zip(values_of(found, query.level), amounts, strict=True):
        if amount > 0:
            cells[row, column] = cells.get((row, column), 0) + amount
    total = sum(cells.values())
    rows = _ordered(cells, 0)
    columns = _ordered(cells, 1)
    colors = palette(scheme)
    figure = go.Figure()
    for is_other, scale in ((False, _scale(colors)), (True, _grey(colors))):
        part = {k: v for k, v in cells.items() if (k[0].is_other or k[1].is_other) is is_other}
        if part:
            figure.add_trace(_shades(part, rows, columns, scale, total, query.metric))
    figure.update_layout(
        template=plotly_template(scheme),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        xaxis=_axis(columns, colors) | {"side": "top", "tickangle": -40},
        yaxis=_axis(rows, colors) | {"range": [len(rows) - 0.5, -0.5]},
    )
    return figure


def _shades(
    part: Cells,
    rows: list[Value],
    columns: list[Value],
    scale: list[tuple[float, str]],
    total: int,
    metric: str,
) -> go.Heatmap:
    shades: list[list[float | None]] = []
    claims: list[list[str]] = []
    texts: list[list[str]] = []
    for row in rows:
        values = [part.get((row, column), 0) for column in columns]
        shades.append([math.log10(value) if value else None for value in values])
        claims.append([_claim(row, c) if (row, c) in part else "" for c in columns])
        texts.append(
            [
                plain(f"{row.name} → {column.name}")
                + f"<br><b>{wording.exact(value, metric)}</b> · {wording.percent(value, total)}"
                for column, value in zip(columns, values, strict=True)
            ]
        )
    most = math.log10(max(part.values()))
    return go.Heatmap(
        x=list(range(len(columns))),
        y=list(range(len(rows))),
        z=shades,
        zmin=0,
        # One flow is the lightest shade, also where nothing has more.
        zmax=max(most, 1.0),
        colorscale=scale,
        showscale=False,
        xgap=1,
        ygap=1,
        customdata=claims,
        text=texts,
        hovertemplate="%{text}<extra></extra>",
        hoverongaps=False,
    )


def _claim(row: Value, column: Value) -> str:
    return both(row.claim, column.claim) if row.claim and column.claim else ""


def _ordered(cells: Cells, place: int) -> list[Value]:
    """Return the values of rows or columns, largest first, "other" last."""
    sizes: dict[Value, int] = {}
    for pair, amount in cells.items():
        sizes[pair[place]] = sizes.get(pair[place], 0) + amount
    return sorted(sizes, key=lambda value: (value.is_other, -sizes[value], value.text))


def _axis(values: list[Value], colors: Palette) -> dict[str, object]:
    return {
        "tickvals": list(range(len(values))),
        "ticktext": [value.label for value in values],
        "tickfont": {"color": colors.text, "size": 11},
        "showgrid": False,
        "fixedrange": True,
        "automargin": True,
        "range": [-0.5, len(values) - 0.5],
    }


def _scale(colors: Palette) -> list[tuple[float, str]]:
    return [(0.0, colors.line), (1.0, colors.accent)]


def _grey(colors: Palette) -> list[tuple[float, str]]:
    return [(0.0, colors.line), (1.0, colors.unlogged)]
