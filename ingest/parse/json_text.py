"""JSON values out of a text, one at a time: documents in lines, joined, or in one array.

Delivery streams write one document a line, or one after the other with nothing between;
the AWS command line writes one document whose first list holds all events. That list is
read element by element, so only a single value must fit in memory.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest.errors import BadObjectError

MAX_DOCUMENT_CHARS = 256 << 20
_LISTS = ("events", "logEvents", "results", "records", "Records")
_BLANK = re.compile(r"[ \t\r\n\x1e\ufeff]*")
_OPENS_LIST = re.compile(rf'(?:\{{\s*"(?:{"|".join(_LISTS)})"\s*:\s*)?\[')
_NEXT_DOCUMENT = re.compile(r"\n|(?<=\})\s*(?=\{)")
_HALF_TOKEN = re.compile(r"""["\w+.-]*\s*\Z|"[^"]*\Z""")
_LOOKAHEAD = 256
_NEAR_END = 32  # An error so close to the end of what was read may be a value cut there.
_PIECE = 64 << 10
_TOLD = 1_000  # Characters kept of what is no JSON.
_SKIPPED = 1 << 20
# Numbers stay text: their digits matter, and int() refuses the very long ones.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=lambda _: None)


@dataclass(frozen=True, slots=True)
class NotJson:
    """A piece of text that is no JSON value: its beginning."""

    text: str


class _CutError(Exception):
    """The text ends inside a value."""


def parse_json(text: str) -> Any:
    """Parse one JSON text, numbers as text.

    Raises:
        ValueError: It is none.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        msg = "nested too deeply"
        raise ValueError(msg) from error


def json_values(key: str, blocks: Iterator[bytes]) -> Iterator[Any]:
    """Yield every document, or every element of a document that is a list of events.

    What is no JSON comes as `NotJson`, and reading goes on behind it.

    Raises:
        BadObjectError: `corrupt`: the list of events is damaged or cut; `too-large`: a
            single value is longer than `MAX_DOCUMENT_CHARS`.
    """
    text = _Text(key, blocks)
    while text.peek():
        opening = text.match(_OPENS_LIST)
        if opening is None:
            yield text.document()
            continue
        # Text in brackets is a list of events only if one follows.
        reason = "not-a-log" if opening == "[" else "corrupt"
        try:
            for element in text.elements():
                reason = "corrupt"
                yield element
            if opening != "[":
                text.skip_members()
        except _CutError as error:
            raise BadObjectError(key, reason, "the JSON text ends early") from error
        except ValueError as error:
            raise BadObjectError(key, reason, f"the JSON text is damaged: {error}") from error


class _Text:
    """Text of which only the unread part is held."""

    def __init__(self, key: str, blocks: Iterator[bytes]) -> None:
        self.key = key
        self.pieces = (
            block[begin : begin + _PIECE]
            for block in blocks
            for begin in range(0, len(block), _PIECE)
        )
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.buffer = ""
        self.position = 0
        self.at_end = False

    def _read_more(self, wanted: int = _PIECE) -> None:
        # Small steps: the parser's error messages count all lines of the buffer before them.
        parts = [self.buffer[self.position :]]
        while wanted > 0 and not self.at_end:
            piece = next(self.pieces, None)
            self.at_end = piece is None
            parts.append(self.decoder.decode(piece or b"", final=self.at_end))
            wanted -= len(parts[-1])
        self.buffer = "".join(parts)
        self.position = 0

    def peek(self, wanted: int = 1) -> str:
        """Pass over white space and return the next characters; fewer at the end."""
        while True:
            blank = _BLANK.match(self.buffer, self.position)
            self.position = blank.end() if blank else self.position
            if self.at_end or len(self.buffer) - self.position >= wanted:
                return self.buffer[self.position : self.position + wanted]
            self._read_more()

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """Take what a pattern matches here, if it does."""
        self.peek(_LOOKAHEAD)
        found = pattern.match(self.buffer, self.position)
        if found is None:
            return None
        self.position = found.end()
        return found[0]

    def take(self, expected: str) -> None:
        """Take one character that must be there."""
        found = self.peek()
        if not found:
            raise _CutError
        if found != expected:
            msg = f"{found!r} where {expected!r} is due"
            raise ValueError(msg)
        self.position += 1

    def value(self) -> Any:
        """Parse the value here.

        Raises:
            ValueError: There is none.
            _CutError: It is not complete.
        """
        if not self.peek():
            raise _CutError
        while True:
            held = len(self.buffer) - self.position
            try:
                value, end = _DECODER.raw_decode(self.buffer, self.position)
            except RecursionError as error:
                msg = "nested too deeply"
                raise ValueError(msg) from error
            except json.JSONDecodeError as error:
                is_cut = (
                    error.msg.startswith("Unterminated string")
                    or error.pos >= len(self.buffer) - _NEAR_END
                )
                if not is_cut or (self.at_end and not _HALF_TOKEN.match(self.buffer, error.pos)):
                    raise
                if self.at_end:
                    raise _CutError from error
            else:
                if end < len(self.buffer) or self.at_end:
                    self.position = end
                    return value
                # A number that touches the end may go on.
            if held > MAX_DOCUMENT_CHARS:
                detail = (
                    f"a single JSON value is longer than {MAX_DOCUMENT_CHARS:,} characters; "
                    "write one event a line, for instance with jq -c '.events[]'"
                )
                raise BadObjectError(self.key, "too-large", detail)
            # Twice as much, or time goes squared.
            self._read_more(min(max(held, _PIECE), MAX_DOCUMENT_CHARS - held + _PIECE))

    def document(self) -> Any:
        """Parse the document here, or pass over what is none."""
        try:
            return self.value()
        except _CutError:
            begin, self.position = self.position, len(self.buffer)
            return NotJson(self.buffer[begin : begin + _TOLD])
        except ValueError:
            begin = self.position
            while True:
                found = _NEXT_DOCUMENT.search(self.buffer, begin + 1)
                if found is not None or self.at_end:
                    break
                if len(self.buffer) - begin > _SKIPPED:
                    self.position = len(self.buffer) - 2
                    return NotJson(self.buffer[begin : begin + _TOLD])
                self._read_more()
                begin = self.position
            self.position = found.end() if found is not None else len(self.buffer)
            return NotJson(self.buffer[begin : min(self.position, begin + _TOLD)])

    def elements(self) -> Iterator[Any]:
        """Yield the elements of a list whose bracket was taken."""
        if self.peek() == "]":
            self.position += 1
            return
        while True:
            value = self.value()
            follows = self.peek()
            if follows != "]":
                self.take(",")
            yield value
            if follows == "]":
                self.position += 1
                return

    def skip_members(self) -> None:
        """Pass over what follows in the object that held the list."""
        while self.peek() != "}":
            self.take(",")
            self.value()
            self.take(":")
            self.value()
        self.position += 1
