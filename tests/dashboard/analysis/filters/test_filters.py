"""The filter language: what is typed is read, written back, completed and edited."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.analysis.filters.chips import added, chips, turned, with_addresses, without
from dashboard.analysis.filters.completion import suggestions
from dashboard.analysis.filters.expression import (
    AddressRange,
    And,
    Filter,
    Not,
    NumberRange,
    Or,
    Term,
)
from dashboard.analysis.filters.fields import FIELDS, Kind, Place
from dashboard.analysis.filters.parser import parse, to_text
from dashboard.analysis.filters.tokens import FilterError, quoted, tokens
from dashboard.analysis.filters.values import value_of

EXAMPLE = (
    'src in 10.0.0.0/8 and port in (443, 8000-8100) and not name ~ "nat*" '
    "and action = reject and bytes > 1MB"
)
NAMES = ["web-1", "web 2", 'say "hi"', "10-net"]

texts = st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable())
networks = st.builds(
    lambda number, bits: str(ipaddress.ip_network((number, bits), strict=False)),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@st.composite
def filter_terms(draw: st.DrawFn) -> str:
    """Draw one claim as somebody may type it."""
    field = draw(st.sampled_from(sorted(FIELDS.values(), key=lambda f: f.name)))
    name = f"tag.{draw(st.sampled_from(['team', 'a:b/c']))}" if field.name == "tag" else field.name
    if field.place is Place.END:
        name = draw(st.sampled_from(["", "src.", "dst."])) + name
    if field.kind is Kind.SIZE:
        size = draw(st.sampled_from(["7", "10k", "1.5MB", "2GiB"]))
        return f"{name} {draw(st.sampled_from(['>', '>=', '<', '<=', '=']))} {size}"
    if field.kind in (Kind.TEXT, Kind.ADDRESS) and draw(st.booleans()):
        return f"{name} {draw(st.sampled_from(['~', '!~']))} {quoted(draw(texts))}"
    one: Any = {
        Kind.ADDRESS: networks,
        Kind.TEXT: texts.map(quoted),
        Kind.NUMBER: st.integers(0, field.highest).map(str),
        Kind.PROTOCOL: st.sampled_from(["tcp", "17", "icmp", "200"]),
        Kind.CHOICE: st.sampled_from(field.choices or ("none",)),
    }[field.kind]
    values = draw(st.lists(one, min_size=1, max_size=3))
    if len(values) == 1:
        return f"{name} {draw(st.sampled_from(['=', '==', '!=', 'is', 'in']))} {values[0]}"
    return f"{name} {draw(st.sampled_from(['in', 'not in']))} ({', '.join(values)})"


filters = st.recursive(
    filter_terms(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(" and ".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
        inner.map(lambda part: f"not ({part})"),
    ),
    max_leaves=6,
)


def test_the_documented_example_is_read() -> None:
    """Each part says what it says."""
    assert parse(EXAMPLE) == And(
        (
            Term("ip", "src", "", "in", (AddressRange(4, 10 << 24, (11 << 24) - 1, "10.0.0.0/8"),)),
            Term(
                "port", "any", "", "in",
                (NumberRange(443, 443, "443"), NumberRange(8000, 8100, "8000-8100")),
            ),
            Not(Term("name", "any", "", "~", ("nat*",))),
            Term("action", "any", "", "in", ("reject",)),
            Term("bytes", "any", "", ">", (NumberRange(10**6, 10**6, "1MB"),)),
        )
    )  # fmt: skip


@settings(max_examples=300)
@given(filters)
def test_what_is_written_reads_back_as_the_same(text: str) -> None:
    """The URL, the chips and the field hold one filter in one text."""
    read = parse(text)

    assert parse(to_text(read)) == read
    assert to_text(parse(to_text(read))) == to_text(read)


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_an_error_that_points_into_it(text: str) -> None:
    """Nothing that is typed raises anything else."""
    error = trouble_with(text)

    if error is not None:
        assert 0 <= error.position <= len(text)
        assert str(error).startswith("filter: at character")
        assert error.wanted in str(error)


@pytest.mark.parametrize(
    ("text", "position", "wanted"),
    [
        ("port = 99999", 7, "for port a whole number or a range such as 8000-8100"),
        ("prot = 3", 0, "a field: did you mean proto?"),
        ("src in (192.0.2.4", 17, "a comma or a closing bracket"),
        ("name > 3", 5, "= or in: name has no order"),
        ("port = 1 port", 9, "and, or, or the end of the filter"),
        ("src = 192.0.2.300", 6, "for ip an address or a CIDR such as 10.0.0.0/8, or a name"),
        ("tag = 3", 0, "tag.KEY, such as tag.team"),
        ("src.port = 4", 0, "port without src or dst: it belongs to the flow"),
        ('name = "web', 7, "a quote at the end of the text, or a sign such as ="),
        ("action = drop", 9, "for action one of accept, reject, none"),
        ("bytes > 1.5", 8, "for bytes a size such as 500, 10k, 1MB or 2GiB"),
    ],
)
def test_an_error_points_at_the_character(text: str, position: int, wanted: str) -> None:
    """It says where, and what fits there."""
    with pytest.raises(FilterError) as caught:
        parse(text)

    assert (caught.value.position, caught.value.wanted) == (position, wanted)


def test_deep_and_long_texts_are_refused() -> None:
    """A crafted link does not end in a traceback."""
    with pytest.raises(FilterError, match="at most 40 levels of brackets"):
        parse("(" * 200 + "port = 1" + ")" * 200)
    with pytest.raises(FilterError, match="at most 4,000 characters"):
        parse("port = 1 or " * 400 + "port = 1")


@pytest.mark.parametrize(
    ("text", "number"),
    [("500", 500), ("10k", 10_000), ("1MB", 10**6), ("1.5mb", 1_500_000), ("2GiB", 2 * 1024**3)],
)
def test_sizes_have_decimal_and_binary_units(text: str, number: int) -> None:
    """1 MB is a million bytes; binary units say so."""
    value = value_of(FIELDS["bytes"], text)

    assert isinstance(value, NumberRange)
    assert (value.low, value.high) == (number, number)


@given(texts)
def test_a_quoted_text_is_one_value(text: str) -> None:
    """Names may hold anything."""
    assert [token.text for token in tokens(quoted(text))][:-1] == [text]


def test_brackets_and_words_bind_as_usual() -> None:
    """`and` before `or`, `not` before both."""
    read = parse("not port = 1 and port = 2 or port = 3")

    one, two, three = (
        Term("port", "any", "", "in", (NumberRange(n, n, str(n)),)) for n in (1, 2, 3)
    )
    assert read == Or((And((Not(one), two)), three))


def test_chips_are_what_must_all_hold() -> None:
    """They can be removed, turned round, and added once."""
    text = "port = 443 and (src = web-1 or dst = web-1) and action = reject"

    assert chips(text) == ["port = 443", "src = web-1 or dst = web-1", "action = reject"]
    assert without(text, 1) == "port = 443 and action = reject"
    assert turned(text, 2) == "port = 443 and (src = web-1 or dst = web-1) and action != reject"
    assert turned(turned(text, 1), 1) == text
    assert added(text, "port = 443") == (
        "(src = web-1 or dst = web-1) and action = reject and port = 443"
    )
    assert added("port = 443", "port = 443", "exclude") == "port != 443"
    assert added(text, "ip = web-2", "only") == "ip = web-2"
    assert added("", "port = 1 or port = 2", "exclude") == ("not (port = 1 or port = 2)")


def test_addresses_can_be_replaced_wherever_they_stand() -> None:
    """Sharing mode hides them in the filter, too."""
    text = 'src in (10.0.0.0/8, web-1) and not dst = 10.1.2.3 and port = 443 and name = "10.0.0.1"'

    hidden = with_addresses(text, lambda address: address.replace("10.", "11.", 1))

    assert hidden == (
        "src in (11.0.0.0/8, web-1) and dst != 11.1.2.3 and port = 443 and name = 10.0.0.1"
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", "src "),
        ("por", "port "),
        ("port ", "= "),
        ("port = 443 ", "and "),
        ("port = 443 and ", "src "),
        ("action = r", "reject "),
        ("name = we", "web-1 "),
        ('name = "we', "web-1 "),
        ("not src.na", "src.name "),
        ("proto = u", "udp "),
        ("(bytes ", "> "),
        ("name in (web-1, ", "web-1 "),
    ],
)
def test_completion_offers_what_fits_next(text: str, first: str) -> None:
    """Fields, signs, values of the data, joins: whatever the place asks for."""
    found = suggestions(text, lambda _, word: [n for n in NAMES if word in n])

    assert found[0].insert == first
    assert parse_or_more(text[: found[0].start] + found[0].insert)


def test_completion_quotes_values_and_stops_where_the_text_goes_wrong() -> None:
    """What is taken from the list always reads."""
    found = suggestions("name = ", lambda _, __: NAMES)

    assert [s.insert for s in found] == ["web-1 ", '"web 2" ', '"say \\"hi\\"" ', "10-net "]
    assert suggestions("port = = ", lambda _, __: NAMES) == []


def parse_or_more(text: str) -> bool:
    """Tell whether a text is a filter, or the beginning of one."""
    error = trouble_with(text)
    return error is None or error.position >= len(text.rstrip())


def trouble_with(text: str) -> FilterError | None:
    """Return what is wrong with a filter."""
    try:
        parse(text)
    except FilterError as error:
        return error
    return None


def test_every_field_can_be_asked_for() -> None:
    """A field that is listed is a field that is read."""
    example: dict[Kind, str] = {
        Kind.ADDRESS: "192.0.2.1", Kind.TEXT: "x", Kind.NUMBER: "1", Kind.PROTOCOL: "tcp",
        Kind.SIZE: "1",
    }  # fmt: skip
    for field in FIELDS.values():
        name = "tag.x" if field.name == "tag" else field.name
        value = example.get(field.kind) or field.choices[0]
        read: Filter | None = parse(f"{name} = {value}")
        assert isinstance(read, Term)
        assert read.field == field.name
