"""FlowQuery: the question that every view, export and command answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal, Self, cast
from urllib.parse import parse_qsl, urlencode

from dashboard.analysis.filters.expression import Filter
from dashboard.analysis.filters.parser import parse, to_text
from dashboard.errors import BadQueryError

Action = Literal["all", "accept", "reject"]
Metric = Literal["flows", "bytes", "packets"]
Level = str  # One of LEVELS, or a mask such as `/24`.

ACTIONS: tuple[Action, ...] = ("all", "accept", "reject")
METRICS: tuple[Metric, ...] = ("flows", "bytes", "packets")
LEVELS: tuple[str, ...] = ("name", "address", "subnet", "vpc", "account", "az", "region")
INTERNET: tuple[str, ...] = ("auto", "address", "one", "service", "country", "asn")

DEFAULT_THRESHOLD = 10
DEFAULT_TOP_K = 50
MAX_TOP_K = 3_000  # A drawn graph is not usable beyond it.
MAX_EXPANDED = 50
_MINUTE_S = 60
_MASK = re.compile(r"/([0-9]|[12][0-9]|3[0-2])")


@dataclass(frozen=True, slots=True)
class FlowQuery:
    """One question about the traffic; equal questions are equal values.

    Attributes:
        start: First second of the range, epoch UTC, a whole minute; None: from the first record.
        end: First second after the range, a whole minute; None: to the last record.
        action: `all`, or only records that were accepted or rejected.
        metric: What threshold, order and shares are measured in. `flows` are flow
            records counted once; `bytes` and `packets` are both directions added.
        threshold: Smallest metric that an edge needs to be shown.
        top_k: How many edges are shown at most. Both cuts go to "other".
        level: What a node is: one of LEVELS, or a mask such as `/24`. `name` is a known
            name where there is one, else the address.
        filter: What a flow must be, as text of `analysis.filters`; empty: anything. Kept
            in the one way that `to_text` writes it.
        internet: How public addresses without a name are drawn, one of INTERNET: each, as
            one node, or by AWS service, country or network. `auto`: each at the levels
            name, address and mask, one node at the others.
        expand: Nodes of the level that are shown with the names inside them.
    """

    start: int | None = None
    end: int | None = None
    action: Action = "all"
    metric: Metric = "flows"
    threshold: int = DEFAULT_THRESHOLD
    top_k: int = DEFAULT_TOP_K
    level: Level = "name"
    filter: str = ""
    internet: str = "auto"
    expand: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_choice("action", self.action, ACTIONS)
        _check_choice("metric", self.metric, METRICS)
        if not _MASK.fullmatch(self.level):
            _check_choice("level", self.level, LEVELS, more=", or a mask such as /24")
        _check_choice("internet", self.internet, INTERNET)
        if len(self.expand) > MAX_EXPANDED:
            raise BadQueryError(
                field="expand", value=len(self.expand), expected=f"at most {MAX_EXPANDED} nodes"
            )
        object.__setattr__(self, "filter", to_text(parse(self.filter)))
        _check_whole("threshold", self.threshold, 0, 2**62)
        _check_whole("top", self.top_k, 1, MAX_TOP_K)
        for name in ("start", "end"):
            moment = getattr(self, name)
            if moment is not None and moment % _MINUTE_S:
                raise BadQueryError(name, moment, "a time on a whole minute")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise BadQueryError(
                field="end", value=time_text(self.end), expected="a time after the start"
            )

    @property
    def expression(self) -> Filter | None:
        """What `filter` says; None: anything."""
        return parse(self.filter)

    @property
    def mask(self) -> int | None:
        """Prefix length of a mask level; None for the others."""
        return int(self.level[1:]) if self.level.startswith("/") else None

    @property
    def splits_internet(self) -> str:
        """`internet` with `auto` worked out."""
        if self.internet != "auto":
            return self.internet
        return "address" if self.level in ("name", "address") or self.mask is not None else "one"

    def replace(self, **changes: Any) -> Self:
        """Return the same question with some fields changed."""
        return replace(self, **changes)

    def to_search(self) -> str:
        """Write the question as a URL search string, defaults left out; `""` for the default."""
        default = FlowQuery()
        pairs: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "expand":
                pairs += [(_URL_NAMES["expand"], node) for node in value]
            elif value != getattr(default, field.name):
                is_time = field.name in ("start", "end")
                pairs.append((_URL_NAMES[field.name], time_text(value) if is_time else str(value)))
        return f"?{urlencode(pairs, safe=':')}" if pairs else ""

    @classmethod
    def from_search(cls, search: str | None) -> Self:
        """Read a URL search string; names it does not know are left alone.

        Raises:
            BadQueryError: A value cannot be used; names the parameter and what it takes.
        """
        return cls.from_mapping(parameters(search))

    @classmethod
    def from_mapping(cls, raw: Mapping[str, object]) -> Self:
        """Read raw controls or parameters under their URL names; None and `""` mean the default.

        Raises:
            BadQueryError: A value cannot be used; names the parameter and what it takes.
        """
        values: dict[str, Any] = {}
        for name, url_name in _URL_NAMES.items():
            value = raw.get(url_name)
            if value is None or value == "":
                continue
            if name in ("start", "end"):
                values[name] = parse_time(url_name, value)
            elif name in ("threshold", "top_k"):
                values[name] = _whole(url_name, value)
            elif name == "expand":
                nodes = [value] if isinstance(value, str) else list(cast(Iterable[Any], value))
                values[name] = tuple(dict.fromkeys(str(node) for node in nodes if node))
            else:
                values[name] = str(value)
        return cls(**values)


_URL_NAMES = {
    "start": "start",
    "end": "end",
    "action": "action",
    "metric": "metric",
    "threshold": "threshold",
    "top_k": "top",
    "level": "level",
    "filter": "filter",
    "internet": "internet",
    "expand": "expand",
}


def parameters(search: str | None) -> dict[str, Any]:
    """Split a URL search string; `expand` may come many times and is a list."""
    pairs = parse_qsl((search or "").removeprefix("?"))
    found: dict[str, Any] = dict(pairs)
    if "expand" in found:
        found["expand"] = [value for name, value in pairs if name == "expand"]
    return found


def time_text(epoch_s: int) -> str:
    """Write an epoch second as `2026-03-02T10:05Z`, with seconds only where there are any."""
    moment = datetime.fromtimestamp(epoch_s, UTC)
    return moment.strftime("%Y-%m-%dT%H:%MZ" if moment.second == 0 else "%Y-%m-%dT%H:%M:%SZ")


def parse_time(name: str, value: object) -> int:
    """Read an ISO 8601 time (UTC where it names no zone) or epoch seconds.

    Returns:
        Epoch seconds, cut to the whole minute.

    Raises:
        BadQueryError: The text is neither.
    """
    text = str(value).strip()
    try:
        if text.lstrip("-").isdigit():
            epoch_s = int(text)
            datetime.fromtimestamp(epoch_s, UTC)
        else:
            moment = datetime.fromisoformat(text)
            epoch_s = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError, OSError) as error:
        expected = "an ISO time in UTC such as 2026-03-02T10:05Z"
        raise BadQueryError(name, value, expected) from error
    return epoch_s - epoch_s % _MINUTE_S


def _check_choice(name: str, value: object, choices: tuple[str, ...], more: str = "") -> None:
    if value not in choices:
        raise BadQueryError(name, value, "one of " + ", ".join(choices) + more)


def _check_whole(name: str, value: object, lowest: int, highest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise BadQueryError(name, value, f"a whole number from {lowest:,} to {highest:,}")


def _whole(name: str, value: object) -> int:
    try:
        number = float(str(value))
        if number != int(number):
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise BadQueryError(name, value, "a whole number") from error
    return int(number)
