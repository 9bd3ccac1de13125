"""ViewState: the question plus what only the eye needs, to and from the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlencode

from dashboard.analysis.flow_query import FlowQuery, parameters, parse_time
from dashboard.errors import BadQueryError

SPANS: dict[str, int] = {"1h": 3_600, "6h": 21_600, "24h": 86_400, "7d": 604_800}
_LAST_DAY = "24h"
ALL = "all"
CUSTOM = ""  # A range of its own: no preset is lit.
TABS = ("network", "table", "sankey", "matrix", "changes", "quality")
LISTS = ("talkers", "src", "dst", "pair", "denied", "ports")
COMPARISONS: dict[str, int | None] = {"previous": None, "day": 86_400, "week": 604_800}
_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class ViewState:
    """What the page shows; equal states are equal pages.

    Attributes:
        query: The question, with the range already worked out.
        span: Preset that the range follows as records arrive: a key of SPANS, ALL,
            or CUSTOM for a range that stays where it is.
        tab: Which of TABS lies on top.
        top_list: Which of LISTS is shown.
        sharing: Addresses without a name are shown as pseudonyms, in the filter too.
        compare: What the range is compared with: a key of COMPARISONS (the range of equal
            length before it, or the same range a day or a week earlier), or `""`: nothing.
    """

    query: FlowQuery = field(default_factory=FlowQuery)
    span: str = ALL
    tab: str = TABS[0]
    top_list: str = LISTS[0]
    sharing: bool = False
    compare: str = ""

    def base(self, first: int | None, last: int | None) -> FlowQuery | None:
        """Return the question over the range compared with; None: there is none.

        Args:
            first: Oldest time in the cache, epoch s: where an open range begins.
            last: Newest time in the cache: where it ends.
        """
        start = self.query.start if self.query.start is not None else first
        end = self.query.end if self.query.end is not None else last
        if not self.compare or start is None or end is None:
            return None
        start, end = start - start % _MINUTE_S, -(-end // _MINUTE_S) * _MINUTE_S
        if start >= end:
            # An open range beyond all records; nothing is to be compared with nothing.
            start, end = (start, start + _MINUTE_S) if self.query.end is None else (0, end)
        back = COMPARISONS[self.compare] or max(end - start, _MINUTE_S)
        return self.query.replace(start=max(0, start - back), end=max(_MINUTE_S, end - back))

    def last_day(self, first: int | None, last: int | None) -> Self:
        """Return the state over the last day of its range, where that is longer than a day.

        Args:
            first: Oldest time in the cache, as for `base`.
            last: Newest time in the cache.
        """
        query = self.query
        start = query.start if query.start is not None else first
        end = query.end if query.end is not None else last
        day = SPANS[_LAST_DAY]
        if start is None or end is None or end - start <= day:
            return self
        if query.end is None:
            recent = query.replace(start=_preset_start(_LAST_DAY, last))
            return self.replace(span=_LAST_DAY, query=recent)
        return self.replace(span=CUSTOM, query=query.replace(start=end - day))

    def to_search(self) -> str:
        """Write the page's own URL: a preset stays a preset."""
        own: list[tuple[str, str]] = []
        query = self.query
        if self.span in SPANS:
            own.append(("range", self.span))
            query = query.replace(start=None, end=None)
        if self.tab != TABS[0]:
            own.append(("tab", self.tab))
        if self.top_list != LISTS[0]:
            own.append(("list", self.top_list))
        return _joined(query.to_search(), own + self._more())

    def to_fixed_search(self) -> str:
        """Write what views and downloads read: the range as times, and neither tab nor list."""
        return _joined(self.query.to_search(), self._more())

    def _more(self) -> list[tuple[str, str]]:
        compare = [("compare", self.compare)] if self.compare else []
        return compare + ([("sharing", "on")] if self.sharing else [])

    @classmethod
    def from_search(cls, search: str | None, newest: int | None = None) -> Self:
        """Read a URL search string.

        Args:
            search: With or without the question mark; unknown names are left alone.
            newest: Newest time in the cache, epoch s: presets end there.

        Raises:
            BadQueryError: A value cannot be used.
        """
        return cls.from_mapping(parameters(search), newest)

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any], newest: int | None = None) -> Self:
        """Read raw values under their URL names; None and `""` mean the default.

        Raises:
            BadQueryError: A value cannot be used.
        """
        query = FlowQuery.from_mapping(raw)
        span = _choice("range", raw.get("range"), (*SPANS, ALL), default="")
        if span in SPANS:
            query = query.replace(start=_preset_start(span, newest), end=None)
        elif span == ALL:
            query = query.replace(start=None, end=None)
        else:
            span = ALL if query.start is None and query.end is None else CUSTOM
        return cls(
            query=query,
            span=span,
            tab=_choice("tab", raw.get("tab"), TABS, default=TABS[0]),
            top_list=_choice("list", raw.get("list"), LISTS, default=LISTS[0]),
            sharing=_choice("sharing", raw.get("sharing"), ("on", "off"), default="off") == "on",
            compare=_choice("compare", raw.get("compare"), (*COMPARISONS, ""), default=""),
        )

    def replace(self, **changes: Any) -> Self:
        """Return the same state with some fields changed."""
        return replace(self, **changes)


def forgiving(search: str | None, newest: int | None) -> tuple[ViewState, list[str]]:
    """Read a URL and take the default for each value that cannot be used.

    Returns:
        The state, and one sentence for each value left out.
    """
    raw = parameters(search)
    problems: list[str] = []
    while True:
        try:
            return ViewState.from_mapping(raw, newest), problems
        except BadQueryError as error:
            problems.append(str(error))
            # A range the wrong way round has no single culprit.
            culprits = ("start", "end") if error.field in ("start", "end") else (error.field,)
            left = {name: value for name, value in raw.items() if name not in culprits}
            if left == raw:
                raise
            raw = left


def brushed_range(relayout: object) -> tuple[int, int] | None:
    """Read the range out of the time chart's zoom event.

    Returns:
        Whole minutes that hold the range, epoch s; None for any other event.

    Raises:
        BadQueryError: The event holds a range that is no time.
    """
    if not isinstance(relayout, Mapping):
        return None
    edges = relayout.get("xaxis.range[0]"), relayout.get("xaxis.range[1]")
    if None in edges:
        return None
    start, end = (parse_time("range", edge) for edge in edges)
    return start, max(end, start) + _MINUTE_S


def _preset_start(span: str, newest: int | None) -> int | None:
    if newest is None:
        return None
    # Up to the next whole minute, so that the newest record lies inside.
    return -(-newest // _MINUTE_S) * _MINUTE_S - SPANS[span]


def _choice(name: str, value: object, choices: tuple[str, ...], default: str) -> str:
    if value is None or value == "":
        return default
    if value not in choices:
        raise BadQueryError(name, value, "one of " + ", ".join(choices))
    return str(value)


def _joined(search: str, pairs: list[tuple[str, str]]) -> str:
    more = urlencode(pairs)
    if not search or not more:
        return search or (f"?{more}" if more else "")
    return f"{search}&{more}"
