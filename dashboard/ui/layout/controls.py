"""The row of controls."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.analysis.flow_query import DEFAULT_THRESHOLD, DEFAULT_TOP_K, MAX_TOP_K
from dashboard.ui import ids
from dashboard.ui.layout.aria import labelled, list_attributes, unread
from dashboard.ui.layout.saved_views import saved_views
from dashboard.ui.layout.take_away import take_away
from dashboard.ui.view_state import ALL, SPANS

_DEBOUNCE_MS = 500
_ACTIONS = (("all", "All"), ("accept", "Accepted"), ("reject", "Rejected"))
_METRICS = (("flows", "Flows"), ("bytes", "Bytes"), ("packets", "Packets"))
_LEVELS = (
    ("name", "Name"), ("address", "Address"), ("subnet", "Subnet"), ("vpc", "VPC"),
    ("account", "Account"), ("az", "Zone"), ("region", "Region"),
    ("/28", "Network /28"), ("/24", "Network /24"), ("/16", "Network /16"), ("/8", "Network /8"),
)  # fmt: skip
_INTERNET = (
    ("auto", "as the level"), ("address", "addresses"), ("one", "one node"),
    ("service", "AWS services"), ("country", "countries"), ("asn", "networks (ASN)"),
)  # fmt: skip
_COMPARISONS = (
    ("", "nothing"), ("previous", "the time before"), ("day", "a day earlier"),
    ("week", "a week earlier"),
)  # fmt: skip


def controls() -> Any:
    """Return everything that changes the question."""
    spans = [*((span, span) for span in SPANS), (ALL, "All")]
    return html.Section(
        [
            _group("Range", _range(spans)),
            _group("From", _time_field(ids.CONTROLS_START, "Start of the range"), zoned=True),
            _group("To", _time_field(ids.CONTROLS_END, "End of the range"), zoned=True),
            _group("Action", _segmented(ids.CONTROLS_ACTION, _ACTIONS, "all", "Action")),
            _group("Measure", _segmented(ids.CONTROLS_METRIC, _METRICS, "flows", "Metric")),
            _group(
                "Threshold",
                _number(ids.CONTROLS_THRESHOLD, DEFAULT_THRESHOLD, 0, None, "Threshold of an edge"),
            ),
            _group(
                "Top",
                _number(ids.CONTROLS_TOP_K, DEFAULT_TOP_K, 1, MAX_TOP_K, "Edges shown at most"),
            ),
            _group("Nodes", _select(ids.CONTROLS_LEVEL, _LEVELS, "name", "Node level")),
            _group(
                "Internet",
                _select(ids.CONTROLS_INTERNET, _INTERNET, "auto", "How the internet is drawn"),
            ),
            _group(
                "Compare with",
                _select(
                    ids.CONTROLS_COMPARE, _COMPARISONS, "", "Range compared with", "select-wide"
                ),
            ),
        ],
        className="controls",
        **labelled("Filters"),
    )


def _group(label: str, control: Any, *, zoned: bool = False) -> Any:
    # assets/21-display.js writes the zone there.
    zone = [html.Span("(UTC)", className="zone-name")] if zoned else []
    return html.Div(
        [
            html.Span([label, *zone], className="control-label", **unread()),
            html.Div(control, className="control-field"),
        ],
        className="control",
    )


def _range(spans: list[tuple[str, str]]) -> list[Any]:
    def step(control_id: str, sign: str, label: str) -> Any:
        return html.Button(
            sign,
            id=control_id,
            className="button step",
            title=label,
            type="button",
            **labelled(label),
        )

    return [
        step(ids.CONTROLS_EARLIER, "‹", "Earlier by the length of the range"),  # noqa: RUF001
        _segmented(ids.CONTROLS_SPAN, spans, ALL, "Time range"),
        step(ids.CONTROLS_LATER, "›", "Later by the length of the range"),  # noqa: RUF001
        step(ids.CONTROLS_WIDER, "↔", "Twice the range: zoom out"),
    ]


def _segmented(
    control_id: str,
    choices: list[tuple[str, str]] | tuple[tuple[str, str], ...],
    value: str,
    label: str,
) -> Any:
    return dmc.SegmentedControl(
        id=control_id,
        data=[{"value": key, "label": text} for key, text in choices],
        value=value,
        size="xs",
        transitionDuration=0,
        attributes={"root": {"aria-label": label}},
    )


def _select(
    control_id: str,
    choices: tuple[tuple[str, str], ...],
    value: str,
    label: str,
    class_name: str = "",
) -> Any:
    return dmc.Select(
        id=control_id,
        data=[{"value": key, "label": text} for key, text in choices],
        value=value,
        size="xs",
        allowDeselect=False,
        checkIconPosition="right",
        className=f"select-field {class_name}".strip(),
        **list_attributes(label),
    )


def _time_field(control_id: str, label: str) -> Any:
    return dmc.TextInput(
        id=control_id,
        value="",
        size="xs",
        debounce=True,  # Sent on Enter and when the field is left.
        autoComplete="off",
        spellCheck=False,
        className="time-field",
        attributes={"input": {"aria-label": label}},
        rightSection=_picker(control_id, label),
        rightSectionWidth=24,
    )


def _picker(control_id: str, label: str) -> Any:
    """Return the button that opens the browser's own calendar; see assets/33-times.js."""
    data: dict[str, Any] = {"data-picks": control_id}
    button = html.Button(
        html.Span(className="icon icon-calendar", **unread()),
        className="time-pick",
        title="Pick a day and time",
        type="button",
        **labelled(f"{label}: calendar"),
        **data,
    )
    return html.Span(button, className="time-picker")


def _number(control_id: str, value: int, low: int, high: int | None, label: str) -> Any:
    limits = {} if high is None else {"max": high}
    return dmc.NumberInput(
        id=control_id,
        value=value,
        min=low,
        allowDecimal=False,
        allowNegative=False,
        thousandSeparator=",",
        hideControls=True,  # The steppers have no accessible name.
        size="xs",
        debounce=_DEBOUNCE_MS,
        className="number-field",
        attributes={"input": {"aria-label": label}},
        **limits,
    )


def actions() -> Any:
    """Return what is done with the answer: share, take away, link."""
    return html.Div(
        [
            saved_views(),
            dmc.Switch(
                id=ids.CONTROLS_SHARING,
                label="Sharing",
                size="xs",
                checked=False,
                attributes={
                    "root": {"title": "Show addresses without a name as pseudonyms, everywhere"}
                },
            ),
            take_away(),
            html.Button(
                "Copy link",
                id=ids.CONTROLS_COPY,
                className="button",
                title="Copy the address of exactly this view",
                type="button",
            ),
        ],
        className="actions",
    )
