"""Address ranges of clouds: AWS's services from its `ip-ranges.json`, others from a list."""

from __future__ import annotations

import csv
import io
import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.analysis.enrich.stretches import NOWHERE, Packed, Stretches, bounds_of_cidr
from dashboard.errors import DashboardError

AWS = "AWS"
AWS_FILE = "https://ip-ranges.amazonaws.com/ip-ranges.json"
_EVERYTHING, _GLOBAL = "AMAZON", "GLOBAL"
# Of equal prefixes the service that says more wins: AMAZON names all of AWS's, and EC2
# also lists what S3 and others run in.
_VAGUE = (_EVERYTHING, "EC2")


class RangesError(DashboardError):
    """A file of address ranges cannot be used."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(
            f"{path}: {problem}. Give AWS's file ({AWS_FILE}), or CSV or JSON of cidr,provider."
        )


@dataclass(frozen=True, slots=True)
class Ranges:
    """Networks and what each is called; the most specific wins.

    Attributes:
        stretches: The networks.
        names: What each is called.
    """

    stretches: Stretches
    names: pa.Array

    @classmethod
    def of(cls, named: Iterable[tuple[tuple[int, int], str]]) -> Ranges:
        """Take bounds and names; of equal networks the last wins."""
        named = list(named)
        names = pa.array([name for _, name in named], pa.string())
        return cls(Stretches.of([bounds for bounds, _ in named]), names)

    def told(self, packed: Packed) -> pa.Array:
        """Return the name of each address's network, null where it has none."""
        positions = self.stretches.positions(packed)
        return self.names.take(pa.array(positions, mask=positions == NOWHERE))


@dataclass(frozen=True, slots=True)
class AwsRanges:
    """AWS's ranges: services, and what is AWS's beside them."""

    services: Ranges
    everything: Ranges

    @classmethod
    def none(cls) -> AwsRanges:
        """Know nothing."""
        return cls(Ranges.of(()), Ranges.of(()))

    def told(self, packed: Packed) -> pa.Array:
        """Return service and region such as `S3 eu-west-1`, null where it is not AWS's.

        `AMAZON` stands where no service is told, whatever the lengths of the prefixes.
        """
        return pc.coalesce(self.services.told(packed), self.everything.told(packed))


def read_aws_ranges(path: Path) -> AwsRanges:
    """Read AWS's `ip-ranges.json` ("AWS IP address ranges", Amazon VPC User Guide).

    Raises:
        RangesError: The file cannot be read, or is none of AWS's.
    """
    told = _json(path, _text(path))
    try:
        rows = [
            (bounds_of_cidr(row[key]), row["service"], row["region"])
            for group, key in (("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix"))
            for row in told[group]
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RangesError(path, f"is not AWS's ip-ranges.json ({error!r})") from error
    rows.sort(key=lambda row: (row[1] not in _VAGUE, row[1] != _EVERYTHING, row[1], row[2]))
    named = [
        (bounds, service if region == _GLOBAL else f"{service} {region}", service)
        for bounds, service, region in rows
    ]
    return AwsRanges(
        Ranges.of((b, name) for b, name, service in named if service != _EVERYTHING),
        Ranges.of((b, name) for b, name, service in named if service == _EVERYTHING),
    )


def read_providers(path: Path) -> Ranges:
    """Read a list of networks and whose they are.

    CSV of `cidr,provider`; JSON of objects with `cidr` and `provider`, or one object
    `{cidr: provider}`; or Google's `cloud.json` and Azure's service tags as published.

    Raises:
        RangesError: The file cannot be read, or has another form; names the first line,
            or the text, that cannot be used.
    """
    text = _text(path)
    if text.lstrip()[:1] in ("{", "["):
        pairs: Iterable[tuple[str, str]] = _json_pairs(path, _json(path, text))
    else:
        pairs = _csv_pairs(path, text)
    named = []
    for cidr, provider in pairs:
        try:
            named.append((bounds_of_cidr(cidr), provider))
        except ValueError as error:
            raise RangesError(path, f"{cidr!r} is no CIDR ({error})") from error
    return Ranges.of(named)


def _csv_pairs(path: Path, text: str) -> Iterator[tuple[str, str]]:
    rows = csv.reader(io.StringIO(text, newline=""))
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#") or cells[:1] == ["cidr"]:
            continue
        if len(cells) < 2 or not cells[1]:
            raise RangesError(path, f"line {rows.line_num} names no provider")
        try:
            ipaddress.ip_network(cells[0])
        except ValueError as error:
            raise RangesError(path, f"line {rows.line_num}: {error}") from error
        yield cells[0], cells[1]


def _json_pairs(path: Path, told: Any) -> Iterator[tuple[str, str]]:
    try:
        if isinstance(told, Sequence):
            yield from ((row["cidr"], row["provider"]) for row in told)
        elif "prefixes" in told:  # Google's.
            for row in told["prefixes"]:
                yield row.get("ipv4Prefix") or row["ipv6Prefix"], row.get("service", "Google Cloud")
        elif "values" in told:  # Azure's.
            for row in told["values"]:
                yield from ((cidr, "Azure") for cidr in row["properties"]["addressPrefixes"])
        else:
            yield from _texts(told)
    except (KeyError, TypeError, AttributeError) as error:
        raise RangesError(path, f"has another form than any that is known ({error!r})") from error


def _texts(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for cidr, provider in told.items():
        if not isinstance(provider, str):
            raise TypeError(cidr)
        yield cidr, provider


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RangesError(path, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise RangesError(path, "is not UTF-8 text") from error


def _json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise RangesError(path, f"is no JSON ({error})") from error
