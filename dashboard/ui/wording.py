"""Numbers, times and network terms as the page writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from dashboard.analysis.enrich.services import protocol_name

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")
METRIC_NOUNS = {"flows": "flows", "bytes": "bytes", "packets": "packets"}


def whole(number: int) -> str:
    """Write every digit, in groups of three: `8,271`."""
    return f"{number:,}"


def short(number: float, unit: str = "") -> str:
    """Write three digits with a decimal prefix: `8.27 k`, `3.50 GB`."""
    size = abs(float(number))
    power = 0
    # 999.5 would be written as 1000.
    while size >= 999.5 and power < len(_PREFIXES) - 1:
        size, power = size / 1000, power + 1
    if power == 0:
        digits = f"{number:,.0f}"
    else:
        places = 2 if size < 9.995 else 1 if size < 99.95 else 0
        digits = f"{number / 1000**power:.{places}f}"
    return f"{digits} {_PREFIXES[power]}{unit}".rstrip()


def volume(number: int, metric: str) -> str:
    """Write an amount of a metric: `3.50 GB`, `8.27 k flows`."""
    return short(number, "B") if metric == "bytes" else f"{short(number)} {METRIC_NOUNS[metric]}"


def exact(number: int, metric: str) -> str:
    """Write an amount of a metric with every digit."""
    return f"{whole(number)} {METRIC_NOUNS[metric]}"


def percent(part: int, of: int) -> str:
    """Write a share; never `0 %` for some, nor `100 %` for not all."""
    if of <= 0 or part <= 0:
        return "0 %"
    share = 100 * part / of
    if part < of and share > 99.9:
        return "> 99.9 %"
    if share < 0.1:
        return "< 0.1 %"
    is_round = share == int(share) or 10 <= share < 99.5
    return f"{share:.0f} %" if is_round else f"{share:.1f} %"


def moment(epoch_s: int | None) -> str:
    """Write a time in UTC to the second; a dash where there is none."""
    return "–" if epoch_s is None else _utc(epoch_s).strftime("%Y-%m-%d %H:%M:%S")  # noqa: RUF001


def minute(epoch_s: int) -> str:
    """Write a time in UTC to the minute, as the time fields show it."""
    return _utc(epoch_s).strftime("%Y-%m-%d %H:%M")


def span(start: int, end: int) -> str:
    """Write a range of time, the day once where both ends share it."""
    same_day = _utc(start).date() == _utc(end).date()
    until = _utc(end).strftime("%H:%M") if same_day else minute(end)
    return f"{minute(start)} – {until} UTC"  # noqa: RUF001


def duration(seconds: int) -> str:
    """Write a length of time in its largest unit: `5 min`, `3 days`."""
    for size, one, many in ((86_400, "day", "days"), (3_600, "h", "h"), (60, "min", "min")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {one if count == 1 else many}"
    return f"{max(seconds, 0)} s"


def protocol(number: int | None) -> str:
    """Name an IP protocol; its number where it is a rare one, `any` where the log lacks it."""
    return protocol_name(number) or "any"


def service(port: int | None, protocol_number: int | None) -> str:
    """Name a service: `TCP 443`, or the protocol alone where it has no ports."""
    name = protocol(protocol_number)
    return name if port is None else f"{name} {port}"


def _utc(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
