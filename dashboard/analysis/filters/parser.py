"""Reads and writes the text of a filter.

`src in 10.0.0.0/8 and port in (443, 8000-8100) and not name ~ "nat*" and bytes > 1MB`

    filter = all {"or" all}        all  = one {"and" one}
    one    = "not" one | "(" filter ")" | field operator value
"""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass
from typing import NoReturn

from dashboard.analysis.filters.expression import (
    AddressRange,
    And,
    Filter,
    Not,
    NumberRange,
    Operator,
    Or,
    Side,
    Term,
    Value,
)
from dashboard.analysis.filters.fields import ALIASES, FIELDS, FilterField, Kind, Place
from dashboard.analysis.filters.tokens import FilterError, Token, quoted, tokens
from dashboard.analysis.filters.values import value_of, wanted

MAX_DEPTH = 40

_OPERATORS: dict[str, tuple[Operator, bool]] = {
    "=": ("in", False), "==": ("in", False), "is": ("in", False), "in": ("in", False),
    "!=": ("in", True), "~": ("~", False), "!~": ("~", True),
    ">": (">", False), ">=": (">=", False), "<": ("<", False), "<=": ("<=", False),
}  # fmt: skip
_ORDERS = frozenset({">", ">=", "<", "<="})


@dataclass(frozen=True, slots=True)
class Missing:
    """What a text that ends too early would go on with.

    Attributes:
        what: `field`, `operator`, `value` or `join`.
        field: The field whose operator or value is missing.
        operator: The operator whose value is missing, as typed.
    """

    what: str
    field: FilterField | None = None
    operator: str = ""


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.place = 0
        self.depth = 0
        self.missing = Missing("field")

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.token
        self.place += token.kind != "end"
        return token

    def is_word(self, *texts: str) -> bool:
        return self.token.kind == "word" and self.token.text.lower() in texts

    def is_sign(self, *texts: str) -> bool:
        return self.token.kind == "sign" and self.token.text in texts

    def fail(self, wanted_here: str, token: Token | None = None) -> NoReturn:
        raise FilterError(self.text, (token or self.token).start, wanted_here)

    def whole(self) -> Filter:
        found = self.any_of()
        if self.token.kind != "end":
            self.fail("and, or, or the end of the filter")
        return found

    def any_of(self) -> Filter:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"at most {MAX_DEPTH} levels of brackets")
        parts = [self.all_of()]
        while self.is_word("or") or self.is_sign("||"):
            self.take()
            parts.append(self.all_of())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Or(_flat(parts, Or))

    def all_of(self) -> Filter:
        parts = [self.one()]
        while self.is_word("and") or self.is_sign("&&"):
            self.take()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else And(_flat(parts, And))

    def one(self) -> Filter:
        self.missing = Missing("field")
        negated = False
        while self.is_word("not") or self.is_sign("!"):
            self.take()
            negated = not negated
        if self.is_sign("("):
            self.take()
            found = self.any_of()
            if not self.is_sign(")"):
                self.fail("and, or, or a closing bracket")
            self.take()
        else:
            found = self.term()
        self.missing = Missing("join")
        return Not(found) if negated else found

    def term(self) -> Filter:
        name = self.token
        side, field, key = self.field()
        self.missing = Missing("operator", field)
        negated = False
        if self.is_word("not"):
            self.take()
            negated = True
            if not self.is_word("in"):
                self.fail("in, after not")
        sign = self.token
        known = _OPERATORS.get(sign.text.lower()) if sign.kind in ("sign", "word") else None
        if known is None:
            self.fail("one of = != in ~ !~" + (" < <= > >=" if _is_ordered(field) else ""))
        self.take()
        operator, opposite = known
        if operator in _ORDERS and not _is_ordered(field):
            self.fail(f"= or in: {name.text} has no order", sign)
        if operator == "~" and field.kind not in (Kind.TEXT, Kind.ADDRESS):
            self.fail(f"= or in: {name.text} is no text", sign)
        self.missing = Missing("value", field, sign.text.lower())
        values = self.values(field, operator)
        found: Filter = Term(field.name, side, key, operator, values)
        return Not(found) if negated != opposite else found

    def field(self) -> tuple[Side, FilterField, str]:
        token = self.token
        if token.kind != "word":
            self.fail("a field such as src, dst, port, name or action")
        self.take()
        parts = token.text.split(".", 2)
        side: Side = "any"
        if parts[0].lower() in ("src", "dst") and len(parts) > 1:
            side = "src" if parts[0].lower() == "src" else "dst"
            parts = token.text.split(".", 1)[1].split(".", 1)
        else:
            parts = token.text.split(".", 1)
        name = parts[0].lower()
        alias = ALIASES.get(name)
        if alias is not None:
            side, name = (
                ("src" if alias[0] == "src" else "dst" if alias[0] == "dst" else side),
                (alias[1]),
            )
        field = FIELDS.get(name)
        if field is None:
            known = difflib.get_close_matches(name, [*FIELDS, *ALIASES], 1)
            hint = f"a field: did you mean {known[0]}?" if known else "a field such as src or port"
            self.fail(hint, token)
        if (name == "tag") != (len(parts) > 1) or (name == "tag" and not parts[1]):
            self.fail("tag.KEY, such as tag.team" if name == "tag" else name, token)
        if side != "any" and field.place is not Place.END:
            self.fail(f"{name} without src or dst: it belongs to the flow", token)
        return side, field, parts[1] if name == "tag" else ""

    def values(self, field: FilterField, operator: Operator) -> tuple[Value, ...]:
        if not self.is_sign("("):
            return (self.value(field, operator),)
        if operator in _ORDERS:
            self.fail("a single value")
        self.take()
        found = [self.value(field, operator)]
        while self.is_sign(","):
            self.take()
            found.append(self.value(field, operator))
        if not self.is_sign(")"):
            self.fail("a comma or a closing bracket")
        self.take()
        return tuple(dict.fromkeys(found))

    def value(self, field: FilterField, operator: Operator) -> Value:
        token = self.token
        if token.kind not in ("word", "text"):
            self.fail(wanted(field))
        value = value_of(field, token.text, is_pattern=operator == "~")
        if value is None or (
            operator in _ORDERS and isinstance(value, NumberRange) and value.low != value.high
        ):
            self.fail(wanted(field))
        self.take()
        return value


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Filter | None:
    """Read a filter; None for an empty text.

    Raises:
        FilterError: Points at the character that does not fit, and says what would.
    """
    return _Parser(text).whole() if text.strip() else None


def missing_at_end(text: str) -> Missing | None:
    """Say what may follow a text; None where it goes wrong before its end."""
    if not text.strip():
        return Missing("field")
    try:
        parser = _Parser(text)
    except FilterError:
        return None
    try:
        parser.whole()
    except FilterError as error:
        return parser.missing if error.position >= len(text.rstrip()) else None
    return Missing("join")


def to_text(expression: Filter | None) -> str:
    """Write a filter so that `parse` reads the same one back; `""` for none."""
    if expression is None:
        return ""
    if isinstance(expression, Term):
        return _term_text(expression, negated=False)
    if isinstance(expression, Not):
        if isinstance(expression.inner, Term):
            return _term_text(expression.inner, negated=True)
        return f"not ({to_text(expression.inner)})"
    if isinstance(expression, And):
        return " and ".join(
            f"({to_text(part)})" if isinstance(part, Or) else to_text(part)
            for part in expression.parts
        )
    return " or ".join(to_text(part) for part in expression.parts)


def field_text(term: Term) -> str:
    """Write the field of a term: `src`, `dst.name`, `tag.team`."""
    if term.field == "ip" and term.side != "any":
        return term.side
    name = f"tag.{term.key}" if term.field == "tag" else term.field
    return name if term.side == "any" else f"{term.side}.{name}"


def value_text(value: Value) -> str:
    """Write one value, in quotes where it needs them."""
    return value.text if isinstance(value, AddressRange | NumberRange) else quoted(value)


def _term_text(term: Term, *, negated: bool) -> str:
    values = [value_text(value) for value in term.values]
    listed = values[0] if len(values) == 1 else f"({', '.join(values)})"
    if term.operator in _ORDERS:
        text = f"{field_text(term)} {term.operator} {listed}"
        return f"not {text}" if negated else text
    if term.operator == "~":
        return f"{field_text(term)} {'!~' if negated else '~'} {listed}"
    is_list = len(values) > 1 or (
        isinstance(term.values[0], AddressRange | NumberRange)
        and term.values[0].low != term.values[0].high
    )
    sign = ("not in" if negated else "in") if is_list else ("!=" if negated else "=")
    return f"{field_text(term)} {sign} {listed}"


def _flat(parts: list[Filter], kind: type[And] | type[Or]) -> tuple[Filter, ...]:
    flat: list[Filter] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else (part,))
    return tuple(flat)


def _is_ordered(field: FilterField) -> bool:
    return field.kind in (Kind.SIZE, Kind.NUMBER)
