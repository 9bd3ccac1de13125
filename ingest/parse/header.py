"""Which line names the fields, and which layout a file without such a line has."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from ingest.errors import BadObjectError, ConfigError
from ingest.parse.addresses import packed_address
from ingest.schema import COLUMN_BY_FIELD, DEFAULT_FIELDS, TGW_DEFAULT_FIELDS

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_BOM = b"\xef\xbb\xbf"
_TOLD = 80  # Characters of a foreign text that its message shows.
# What flow records hold and prose does not: ids, epochs, accounts, actions.
_TYPICAL = re.compile(
    r"(?:eni|vpc|subnet|i|tgw|tgw-attach)-[0-9a-f]{8,17}|[0-9]{10}|[0-9]{12}|ACCEPT|REJECT|NODATA|SKIPDATA"
)

_FRACTION = re.compile(r"[0-9]{10}\.[0-9]+")  # Times of other programs; AWS logs whole seconds.


@dataclass(frozen=True, slots=True)
class Layout:
    """Which fields records have, and how that was found out.

    Attributes:
        fields: AWS's names in record order.
        is_header: The line that told it is a header, not a record.
        remark: What the catalog keeps about it; None for the usual way.
    """

    fields: tuple[str, ...]
    is_header: bool
    remark: str | None = None


def layout_of(line: bytes, given: tuple[str, ...] | None) -> Layout | None:
    """Return the layout that a line tells: a header's, the given one, or a default format's."""
    named = header_fields(line)
    if named is not None:
        return Layout(named, True)
    if given is not None:
        return Layout(given, False, "read with the given format")
    default = default_layout(line)
    if default is not None:
        return Layout(default, False, "no header; recognised as AWS's default format")
    return None


def refusal(key: str, line: bytes, number: int) -> BadObjectError:
    """Say why a text whose first significant line tells no layout cannot be used."""
    flaw = _header_flaw(line)
    if flaw is not None:
        return BadObjectError(key, "bad-header", f"line {number}: {flaw}")
    if looks_like_a_record(line):
        detail = (
            f"line {number} is no header and no record of a default format; "
            "name its fields with --format"
        )
        return BadObjectError(key, "no-header", detail)
    told = line.strip()[:_TOLD].decode("utf-8", "backslashreplace")
    told = told[:_TOLD].encode("unicode_escape").decode("ascii")
    detail = f"line {number} is no header and no flow record; it reads '{told}'"
    return BadObjectError(key, "not-a-log", detail)


def looks_like_a_record(line: bytes) -> bool:
    """Tell whether a line could be a flow record in a layout that is not told."""
    if line.count(b",") > line.count(b" ") or line.lstrip().startswith((b"<", b"{", b"[")):
        return False
    tokens = line.removeprefix(_BOM).decode("utf-8", "replace").split()
    if any(_FRACTION.fullmatch(token) for token in tokens):
        return False
    return any(_TYPICAL.fullmatch(token) or packed_address(token) for token in tokens)


def _header_flaw(line: bytes) -> str | None:
    tokens = line.removeprefix(_BOM).decode("utf-8", "replace").split()
    fields = [token.lower().replace("_", "-") for token in tokens]
    known = sum(field in COLUMN_BY_FIELD for field in fields)
    if not all(_NAME.fullmatch(field) for field in fields) or 2 * known <= len(fields):
        return None
    twice = sorted({field for field in fields if fields.count(field) > 1})
    if twice:
        return f"the header names {', '.join(twice)} more than once"
    return "the header does not write the names as AWS does, in lower case with hyphens"


@functools.lru_cache(maxsize=64)  # The objects of a log have the same header.
def header_fields(line: bytes) -> tuple[str, ...] | None:
    """Read a header line: field names, hyphenated, in record order; None for any other line.

    A header holds nothing but names, and starts with a known one or knows most of them.
    Names that are not known are kept: a later flow log version may have brought them.
    """
    tokens = line.removeprefix(_BOM).decode("utf-8", "replace").split()
    if tokens and tokens[0].startswith("${"):  # The format as it was given to AWS.
        tokens = [token.removeprefix("${").removesuffix("}") for token in tokens]
    if not tokens or not all(_NAME.fullmatch(token) for token in tokens):
        return None
    fields = tuple(token.replace("_", "-") for token in tokens)
    if len(set(fields)) != len(fields):
        return None
    known = sum(field in COLUMN_BY_FIELD for field in fields)
    return fields if fields[0] in COLUMN_BY_FIELD or 2 * known > len(fields) else None


def default_layout(line: bytes) -> tuple[str, ...] | None:
    """Recognise a record in one of the two layouts that AWS documents as default.

    The VPC layout has 14 fields and starts with version 2; the transit gateway layout
    has `TransitGateway` as its second field (AWS Transit Gateway guide, "Transit
    Gateway Flow Logs").
    """
    tokens = line.removeprefix(_BOM).split()
    if len(tokens) > 1 and tokens[1] == b"TransitGateway":
        return TGW_DEFAULT_FIELDS if len(tokens) == len(TGW_DEFAULT_FIELDS) else None
    if len(tokens) == len(DEFAULT_FIELDS) and tokens[0].isdigit() and tokens[10].isdigit():
        return DEFAULT_FIELDS
    return None


def parse_format(text: str) -> tuple[str, ...]:
    """Read a format as given to AWS, `${srcaddr} ${dstaddr}`, or as a header line.

    Raises:
        ConfigError: It names no field, or one twice.
    """
    fields = tuple(re.sub(r"\$\{([^}]*)\}", r"\1", text).replace("_", "-").split())
    if not fields or not all(_NAME.fullmatch(name) for name in fields):
        msg = f"--format {text!r}: no list of field names. Example: '{' '.join(DEFAULT_FIELDS)}'."
        raise ConfigError(msg)
    if len(set(fields)) != len(fields):
        msg = f"--format {text!r}: names a field twice. Name each field once."
        raise ConfigError(msg)
    return fields
