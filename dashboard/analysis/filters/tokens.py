"""Filter text to words and signs, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dashboard.errors import BadQueryError

MAX_LENGTH = 4_000

TokenKind = Literal["word", "text", "sign", "end"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<sign>==|!=|!~|>=|<=|&&|\|\||[=~<>(),!])
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<word>[^\s=~<>(),!&|"']+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class FilterError(BadQueryError):
    """A filter's text cannot be read; points at the character.

    Attributes:
        text: The whole filter.
        position: Index of the first character that does not fit; its length at the end.
        wanted: What would fit there.
    """

    def __init__(self, text: str, position: int, wanted: str) -> None:
        self.text, self.position, self.wanted = text, position, wanted
        super().__init__("filter", text, wanted)
        found = text[position : position + 20]
        what = f"{found!r} does not fit" if found.strip() else "the text ends too early"
        self.args = (f"filter: at character {position + 1}, {what}. Give {wanted}.",)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a quoted text, a sign, or the end.

    Attributes:
        kind: Which of these.
        text: Its text, without quotes and escapes.
        start: Index of its first character.
        end: Index after its last character.
    """

    kind: TokenKind
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Split a filter's text; the last token is always `end`.

    Raises:
        FilterError: A quote that does not end, or a text longer than MAX_LENGTH.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(text, MAX_LENGTH, f"at most {MAX_LENGTH:,} characters")
    found: list[Token] = []
    place = 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            raise FilterError(text, start, "a quote at the end of the text, or a sign such as =")
        kind = match.lastgroup
        raw = match[kind] if kind else ""
        start = match.end() - len(raw)
        if kind == "quoted":
            found.append(Token("text", _ESCAPE.sub(r"\1", raw[1:-1]), start, match.end()))
        else:
            found.append(Token("sign" if kind == "sign" else "word", raw, start, match.end()))
        place = match.end()
    found.append(Token("end", "", len(text), len(text)))
    return found


def quoted(text: str) -> str:
    """Write a value so that `tokens` reads it back as one."""
    if _BARE.fullmatch(text) and text.lower() not in KEYWORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


KEYWORDS = frozenset({"and", "or", "not", "in", "is"})
_BARE = re.compile(r"""[^\s=~<>(),!&|"'\\]+""")
