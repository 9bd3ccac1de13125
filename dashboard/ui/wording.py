"""Numbers, times and network terms as the page writes them."""

from __future__ import annotations

from dashboard.analysis.enrich.services import protocol_name
from dashboard.ui.display import display

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")
_BINARY_PREFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
METRIC_NOUNS = {"flows": "flows", "bytes": "bytes", "packets": "packets"}


def whole(number: int) -> str:
    """Write every digit, in groups of three: `8,271`."""
    return f"{number:,}"


def short(number: float, unit: str = "") -> str:
    """Write three digits with a prefix: `8.27 k`, `3.50 GB`; bytes as the reader likes them."""
    is_binary = unit == "B" and display().units == "iec"
    base, prefixes = (1024, _BINARY_PREFIXES) if is_binary else (1000, _PREFIXES)
    size = abs(float(number))
    power = 0
    # 999.5 would be written as 1000, which is one digit more than the others have.
    while size >= 999.5 and power < len(prefixes) - 1:
        size, power = size / base, power + 1
    if power == 0:
        digits = f"{number:,.0f}"
    else:
        places = 2 if size < 9.995 else 1 if size < 99.95 else 0
        digits = f"{number / base**power:.{places}f}"
    return f"{digits} {prefixes[power]}{unit}".rstrip()


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
    """Write a time to the second; a dash where there is none."""
    return "–" if epoch_s is None else display().at(epoch_s).strftime("%Y-%m-%d %H:%M:%S")  # noqa: RUF001


def minute(epoch_s: int) -> str:
    """Write a time to the minute, as the time fields show it."""
    return display().at(epoch_s).strftime("%Y-%m-%d %H:%M")


def zone(epoch_s: int | None = None) -> str:
    """Name the zone that times are written in, as it is at a time: `UTC`, `CET`, `UTC+03`.

    Args:
        epoch_s: None: the zone as a whole, `Europe/Berlin`.
    """
    if display().is_utc or epoch_s is None:
        return display().zone
    name = display().at(epoch_s).tzname() or ""
    return f"UTC{name}" if name[:1] in ("+", "-") else name


def zone_note() -> str:
    """Name the zone under a table of times; `""` for UTC, which logs are in."""
    return "" if display().is_utc else f"; times of {zone()}"


def span(start: int, end: int) -> str:
    """Write a range of time, the day once where both ends share it."""
    same_day = display().at(start).date() == display().at(end).date()
    until = display().at(end).strftime("%H:%M") if same_day else minute(end)
    zones = zone(start), zone(end)
    # Clocks were changed in between: each end tells its own.
    begin = minute(start) if zones[0] == zones[1] else f"{minute(start)} {zones[0]}"
    return f"{begin} – {until} {zones[1]}"  # noqa: RUF001


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
