"""Which line names the fields, and which layout a file without such a line has."""

from __future__ import annotations

import re

from ingest.errors import ConfigError
from ingest.schema import COLUMN_BY_FIELD, DEFAULT_FIELDS, TGW_DEFAULT_FIELDS

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_BOM = b"\xef\xbb\xbf"


def header_fields(line: bytes) -> tuple[str, ...] | None:
    """Read a header line: field names, hyphenated, in record order; None for any other line.

    A header holds nothing but names, and starts with a known one or knows most of them.
    Names that are not known are kept: a later flow log version may have brought them.
    """
    tokens = line.removeprefix(_BOM).decode("utf-8", "replace").split()
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
