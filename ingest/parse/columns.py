"""Records whose container names the fields: column names to fields, values to text.

Whoever takes flow logs through a database, a data frame or a spreadsheet changes names
and values on the way. What can be told is put right here; what is lost becomes `-`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from ingest.schema import COLUMN_BY_FIELD, FLOW_COLUMNS

MISSING = frozenset({"", "-", "None", "nan", "NaN", "null", "NULL", "<NA>", "NaT"})
ACCOUNT_FIELDS = frozenset(c.field for c in FLOW_COLUMNS if c.field.endswith("account-id"))
TIME_FIELDS = ("start", "end")
REMARK_ACCOUNT = "account ids were lost in a spreadsheet and are stored as unknown"

# For whole values; in the dialect that Python and RE2 share.
DIGITS = r"[0-9]+"
WHOLE_NUMBER = r"([0-9]+)\.0*"
SCIENTIFIC = r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+"
ODD = r"[\x00-\x20]"

# Names that other logs have as well: alone they do not make a flow log.
_GENERIC = frozenset(
    ("version", "account-id", "vpc-id", "subnet-id", "instance-id", "srcport", "dstport",
     "protocol", "packets", "bytes", "start", "end", "action", "type", "region", "tcp-flags",
     "resource-type")
)  # fmt: skip
_MEASURES = frozenset(("srcport", "dstport", "packets", "bytes", "start", "end"))
# The names of the first table that AWS's Athena guide declared.
_OLD_NAMES = {
    "account": "account-id",
    "sourceaddress": "srcaddr",
    "destinationaddress": "dstaddr",
    "sourceport": "srcport",
    "destinationport": "dstport",
    "numpackets": "packets",
    "numbytes": "bytes",
    "starttime": "start",
    "endtime": "end",
}
_FIELD_BY_LETTERS = _OLD_NAMES | {c.field.replace("-", ""): c.field for c in FLOW_COLUMNS}
# What CloudWatch and pandas write beside a record.
_BESIDES = frozenset(("ingestiontime", "logstreamname", "logstream", "loggroup", "eventid", "ptr"))
_DIGITS = re.compile(DIGITS)
_WHOLE_NUMBER = re.compile(WHOLE_NUMBER)
_SCIENTIFIC = re.compile(SCIENTIFIC)
_BLANK = " \t\n\r\v\f"
_ODD = re.compile(ODD)


class BadTextError(Exception):
    """A value that a line of text cannot hold; the field is the message."""


@lru_cache(maxsize=4096)
def known_field(name: str) -> str | None:
    """Return AWS's name of a field that is written with `_`, in camel case, or otherwise."""
    return _FIELD_BY_LETTERS.get(re.sub(r"[^a-z0-9]", "", name.lower()))


@lru_cache(maxsize=4096)
def field_of(name: str) -> str | None:
    """Return the field that a column holds; None for what is no part of the record.

    A name that is not known becomes one that a header could hold.
    """
    known = known_field(name)
    if known is not None:
        return known
    letters = re.sub(r"[^a-z0-9]", "", name.lower())
    if not letters or name.startswith(("@", "__index_level")) or letters in _BESIDES:
        return None
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    own = re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-")
    return own if own[0].isalpha() else f"x-{own}"


@lru_cache(maxsize=4096)
def is_flow_log(columns: tuple[str, ...]) -> bool:
    """Tell whether columns are those of a flow log and not of some other table."""
    names = [name for name in columns if field_of(name) is not None]
    known = {field for name in names if (field := known_field(name)) is not None}
    return bool(known - _GENERIC) or (2 * len(known) > len(names) and bool(known & _MEASURES))


def cell(field: str, value: str) -> str:
    """Write a value as a line holds it; `-` where it is missing.

    A whole number may carry `.0`, times may be ISO 8601 (UTC where no zone is said),
    account ids may have lost their leading zeros. Unknown fields keep spaces as `%20`.

    Raises:
        BadTextError: White space, a control character or a comment sign would break the line.
    """
    if value.isascii() and value.isdecimal() and field not in ACCOUNT_FIELDS:
        return value
    return _cell(field, value.strip(_BLANK))


@lru_cache(maxsize=1 << 16)
def _cell(field: str, value: str) -> str:
    if value in MISSING:
        return "-"
    column = COLUMN_BY_FIELD.get(field)
    is_account = field in ACCOUNT_FIELDS
    if is_account or (column is not None and column.highest is not None):
        whole = _WHOLE_NUMBER.fullmatch(value)
        if whole:
            value = whole[1]
    if is_account:
        if is_lost_account(field, value):
            return "-"
        if _DIGITS.fullmatch(value):
            return value.zfill(12)
    elif field in TIME_FIELDS and not _DIGITS.fullmatch(value):
        value = _epoch(value)
    if column is None:
        value = value.replace(" ", "%20")
    if value.startswith("#") or _ODD.search(value):
        raise BadTextError(field)
    return value


def is_lost_account(field: str, value: str) -> bool:
    """Tell whether an account id was rounded by a spreadsheet, as in `6.02485E+11`."""
    return field in ACCOUNT_FIELDS and _SCIENTIFIC.fullmatch(value.strip(_BLANK)) is not None


def _epoch(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return str(int(moment.timestamp()))
    except (ValueError, OverflowError):
        return value  # Not a time; the line reader rejects it by name.
