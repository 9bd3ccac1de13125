"""Flow records inside JSON: CloudWatch events, subscriptions, Firehose, other collectors.

A record is a text under one of a few names, or an object whose keys are its fields. What
wraps it may nest: a subscription payload inside a Kinesis event, a record inside a message.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from ingest.errors import BadObjectError
from ingest.parse.chunks import ColumnRecord, Item, TextRecord, encoded
from ingest.parse.columns import (
    REMARK_ACCOUNT,
    BadTextError,
    cell,
    field_of,
    is_flow_log,
    is_lost_account,
)
from ingest.parse.decompress import GZIP_MAGIC, text_blocks
from ingest.parse.header import looks_like_a_record
from ingest.parse.json_text import NotJson, json_values, parse_json
from ingest.parse.lines import Reject, reject_line

BASE64_GZIP = "H4sI"  # How every gzip member begins in base64.
MAX_PAYLOAD_BYTES = 64 << 20  # A subscription payload is at most 1 MB compressed.

_LISTS = ("logEvents", "events", "Records", "records", "results", "hits")
# By preference: what AWS and collectors call the text as it came.
_TEXTS = (
    "message", "@message", "raw", "original", "_raw", "raw_data", "event", "log", "data", "body",
)  # fmt: skip
_MAX_DEPTH = 8
_SEARCHED_DEPTH = 3
_TOLD = 200

_Found = str | dict[str, Any] | None  # Text, columns, or something that holds no record.


class JsonRecords:
    """The records of JSON values, numbered from 1 in the order of the object."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.lost_accounts = False

    def remark(self) -> str:
        """Say how the object was read."""
        return "read as JSON" + (f"; {REMARK_ACCOUNT}" if self.lost_accounts else "")

    def items(self, values: Iterable[Any]) -> Iterator[Item]:
        """Yield the records of documents or events; what holds none is a reject."""
        number = 1
        for value in values:
            if isinstance(value, NotJson):
                yield _reject(number, "not-json", value.text)
                number += 1
                continue
            for found in _records(self.key, value, 0):
                if isinstance(found, str):
                    for line in found.strip().split("\n"):
                        yield TextRecord(number, encoded(line.strip()))
                        number += 1
                    continue
                if found is None:
                    yield _reject(number, "no-record", _told(value))
                else:
                    yield self._columns(number, found)
                number += 1

    def _columns(self, number: int, found: dict[str, Any]) -> Item:
        values: dict[str, str] = {}
        for name, value in found.items():
            field = field_of(name)
            if field is None or isinstance(value, dict | list):
                continue
            text = "" if value is None else str(value)
            if field in values:
                return _reject(number, "bad-text", f"{field} twice", field)
            try:
                values[field] = cell(field, text)
            except BadTextError:
                return _reject(number, "bad-text", text, field)
            if values[field] == "-" and is_lost_account(field, text):
                self.lost_accounts = True
        return ColumnRecord(number, values)


def payload_values(key: str, blocks: Iterable[bytes]) -> Iterator[Any]:
    """Yield the documents in lines of base64, each gzip of JSON: exported subscription data.

    Raises:
        BadObjectError: `corrupt`: one of them is damaged.
    """
    payload = b""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            if line.startswith(BASE64_GZIP.encode()) and payload:
                yield from _payload(key, payload.decode("ascii", "replace"))
                payload = b""
            payload += line.strip()
            if len(payload) > MAX_PAYLOAD_BYTES:
                raise BadObjectError(key, "too-large", "a base64 payload of more than 64 MiB")
    yield from _payload(key, (payload + rest.strip()).decode("ascii", "replace"))


def _payload(key: str, text: str) -> Iterator[Any]:
    """Decode base64 of gzip of JSON."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadObjectError(key, "corrupt", f"the base64 text is damaged: {error}") from error
    yield from json_values(key, _bounded(key, content))


def _bounded(key: str, content: bytes) -> Iterator[bytes]:
    size = 0
    for block in text_blocks(key, content):
        size += len(block)
        if size > MAX_PAYLOAD_BYTES:
            raise BadObjectError(key, "too-large", "a payload expands to more than 64 MiB")
        yield block


def _records(key: str, value: Any, depth: int) -> Iterator[_Found]:
    """Find the records in a value; None stands for an entry without one."""
    if depth > _MAX_DEPTH:
        yield None
    elif isinstance(value, str):
        yield from _records_of_text(key, value.strip(), depth)
    elif isinstance(value, list):
        if value and all(isinstance(v, dict) and {"field", "value"} <= v.keys() for v in value):
            value = [{str(pair["field"]): pair["value"] for pair in value}]  # Logs Insights.
        for element in value:
            yield from _records(key, element, depth + 1)
    elif not isinstance(value, dict):
        yield None
    elif value.get("messageType") != "CONTROL_MESSAGE":
        yield from _records_of_object(key, value, depth)


def _records_of_text(key: str, text: str, depth: int) -> Iterator[_Found]:
    if text.startswith(("{", "[")):
        try:
            parsed = parse_json(text)
        except ValueError:
            yield None
        else:
            yield from _records(key, parsed, depth + 1)
    elif text.startswith(BASE64_GZIP):
        for document in _payload(key, text):
            yield from _records(key, document, depth + 1)
    else:
        yield text if depth or looks_like_a_record(text.encode("utf-8", "replace")) else None


def _records_of_object(key: str, value: dict[str, Any], depth: int) -> Iterator[_Found]:
    # An object with nothing but a list is a list.
    for name in value if len(value) == 1 else _LISTS:
        held = value.get(name)
        if isinstance(held, list) or (isinstance(held, dict) and name == "hits"):
            yield from _records(key, held, depth + 1)
            return
    for name in _TEXTS:
        held = value.get(name)
        if isinstance(held, dict) and is_flow_log(tuple(held)):
            yield held
            return
    is_record = is_flow_log(tuple(value))
    text = _text_of(value)
    if text is None or (is_record and not looks_like_a_record(text.encode("utf-8", "replace"))):
        yield value if is_record else None
    else:
        yield from _records(key, _decoded(text), depth + 1)


def _text_of(value: dict[str, Any]) -> str | None:
    """Find the text that came from AWS, in the object or in what it holds, nearest first."""
    level = [value]
    for _ in range(_SEARCHED_DEPTH):
        for held in level:
            for name in _TEXTS:
                text = held.get(name)
                if isinstance(text, str) and text.strip():
                    return text
        level = [v for held in level for v in held.values() if isinstance(v, dict)]
    return None


def _decoded(text: str) -> str:
    """Decode base64 of plain text, as Kinesis and Firehose hand it to functions."""
    if " " in text or text.startswith((BASE64_GZIP, "{", "[")):
        return text
    try:
        content = base64.b64decode(text, validate=True)
        return content.decode("utf-8") if not content.startswith(GZIP_MAGIC) else text
    except (binascii.Error, ValueError):
        return text


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return f"an object with {', '.join(list(value)[:20])}"
    return f"a list of {len(value)}" if isinstance(value, list) else str(value)


def _reject(number: int, reason: str, text: str, field: str | None = None) -> Reject:
    return reject_line(number, reason, field, encoded(text[:_TOLD]))
