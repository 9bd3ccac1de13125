"""What may be typed next in a filter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dashboard.analysis.filters.fields import ALIASES, FIELDS, PROTOCOLS, FilterField, Kind, Place
from dashboard.analysis.filters.parser import missing_at_end
from dashboard.analysis.filters.tokens import quoted

MAX_SUGGESTIONS = 12

_LAST_WORD = re.compile(r"""[^\s=~<>(),!&|"']*$|"(?:[^"\\]|\\.)*$""")
_JOINS = (("and", "both must hold"), ("or", "one must hold"))
_SIGNS = {
    "=": "is", "!=": "is not", "in": "one of a list or a range", "~": "matches, with * and ?",
    ">": "more than", "<": "less than",
}  # fmt: skip

KnownValues = Callable[[str, str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to go on.

    Attributes:
        insert: What takes the place of the text from `start` on.
        start: Index in the text.
        label: What the list shows.
        help: One line about it.
    """

    insert: str
    start: int
    label: str
    help: str


def suggestions(text: str, known_values: KnownValues) -> list[Suggestion]:
    """Return ways to go on at the end of a text, the likeliest first.

    Args:
        text: The filter up to the cursor.
        known_values: Called with a field's name and the beginning of a value; returns
            values of the data that begin so or hold it.

    Returns:
        At most MAX_SUGGESTIONS; none where the text goes wrong before its end.
    """
    match = _LAST_WORD.search(text)
    begun = match[0] if match else ""
    start = len(text) - len(begun)
    missing = missing_at_end(text[:start])
    if missing is None:
        return []
    word = begun.removeprefix('"').lower()
    if missing.what == "field":
        choices = _fields(word)
    elif missing.what == "operator" and missing.field is not None:
        choices = _signs(missing.field)
    elif missing.what == "value" and missing.field is not None:
        choices = _values(missing.field, word, known_values)
    else:
        choices = list(_JOINS)
    fitting = [c for c in choices if word in c[0].lower().strip('"')]
    fitting.sort(key=lambda choice: not choice[0].lower().strip('"').startswith(word))
    return [
        Suggestion(f"{insert} ", start, insert, note) for insert, note in fitting[:MAX_SUGGESTIONS]
    ]


def _fields(word: str) -> list[tuple[str, str]]:
    short = [(alias, FIELDS[name].help) for alias, (_, name) in ALIASES.items()]
    plain = [(field.name, field.help) for field in FIELDS.values() if field.name != "tag"]
    sided = [
        (f"{side}.{field.name}", f"{field.help}, of the {end}")
        for side, end in (("src", "initiator"), ("dst", "responder"))
        for field in FIELDS.values()
        if field.place is Place.END and field.name not in ("ip", "tag")
    ]
    first = [
        ("src", "address or name of the initiator"),
        ("dst", "address or name of the responder"),
    ]
    tag = [("tag.", FIELDS["tag"].help)]
    ordered = [*first, *plain, *tag, *(sided if word else []), *short, ("not", "the opposite")]
    return _once(ordered)


def _once(choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    seen: dict[str, str] = {}
    for insert, note in choices:
        seen.setdefault(insert, note)
    return list(seen.items())


def _signs(field: FilterField) -> list[tuple[str, str]]:
    texts: tuple[str, ...] = (
        ("=", "!=", "in", "~") if field.kind in (Kind.TEXT, Kind.ADDRESS) else ("=", "!=", "in")
    )
    if field.kind is Kind.SIZE:
        texts = (">", "<", "=")
    elif field.kind is Kind.NUMBER:
        texts = ("=", "!=", "in", ">", "<")
    return [(sign, _SIGNS[sign]) for sign in texts]


def _values(field: FilterField, word: str, known_values: KnownValues) -> list[tuple[str, str]]:
    if field.kind is Kind.CHOICE:
        return [(choice, field.help) for choice in field.choices]
    if field.kind is Kind.PROTOCOL:
        return [(name, f"protocol {number}") for name, number in PROTOCOLS.items()]
    if field.kind is Kind.SIZE:
        return [(size, field.help) for size in ("1MB", "100MB", "1GB")]
    return [(quoted(value), field.help) for value in known_values(field.name, word)]
