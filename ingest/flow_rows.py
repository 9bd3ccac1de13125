"""Rows of the table `flows`: what AWS wrote, with the derived facts beside it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingest.conversation import REPORTERS, RULES, Derived
from ingest.parse.text import Narrow, ParsedText
from ingest.schema import ADDRESS_FIELDS, COLUMN_BY_NAME
from ingest.store.columns import AddressColumns, Codes, Column, Flags, Numbers, Pairs, Table, Texts


def flow_rows(
    parsed: ParsedText,
    derived: Derived,
    addresses: AddressColumns,
    hours: Narrow,
    object_ids: Narrow,
    lines: Narrow,
) -> Table:
    """Put the derived columns beside the parsed ones.

    Args:
        parsed: Typed rows of one layout.
        derived: Their facts.
        addresses: What columns make of the addresses' codes.
        hours: Each row's hour since 1970; -1 for none.
        object_ids: The catalog's number of each row's object.
        lines: Each row's line in its object, from 1.

    Returns:
        The columns of `ingest.schema.FLOW_TABLE` that the layout has, with `extra` where
        it has fields that are not known.
    """
    columns: dict[str, Column] = {}
    unknown: dict[str, Codes] = {}
    for name in parsed.names:
        if name in parsed.wide:
            columns[name] = Numbers(parsed.wide[name])
        elif name.replace("_", "-") in ADDRESS_FIELDS:
            columns[name] = addresses.text(parsed.narrow[name])
        elif name in parsed.texts:
            column = Codes(parsed.narrow[name], Texts.of(parsed.texts[name]))
            if name in COLUMN_BY_NAME:
                columns[name] = column
            else:
                unknown[name] = column
        else:
            columns[name] = Numbers(parsed.narrow[name])
    places = derived.places
    for side, codes in (("src", derived.src), ("dst", derived.dst)):
        ends = _as_parsed(parsed, side, places.addresses(codes))
        columns[f"{side}_ip4"] = addresses.ip4(ends)
        if parsed.addresses.has_ip6:
            columns[f"{side}_ip6"] = addresses.ip6(ends)
        if places.vpc is not None:
            columns[f"{side}_vpc_id"] = Codes(places.vpcs(codes), Texts.of(places.vpc_ids))
    columns |= {
        "initiator_is_src": _flags(derived.initiator_is_src, derived.rule > 0),
        "service_port": Numbers(derived.service_port),
        "initiator_rule": _choice(derived.rule, RULES, derived.rule > 0),
        "reporter": _choice(derived.reporter, REPORTERS, derived.reporter < len(REPORTERS) - 1),
        "is_counted": _flags(derived.is_counted, derived.is_traffic > 0),
        "object_id": Numbers(object_ids),
        "line": Numbers(lines, is_ascending=True),
    }
    if unknown:
        columns["extra"] = Pairs(unknown)
    return Table(columns, hours, record_times(parsed))


def _as_parsed(parsed: ParsedText, side: str, ends: Narrow) -> Narrow:
    """Return the parsed column that holds the same: columns of one array are encoded once."""
    for name in (f"pkt_{side}addr", f"{side}addr"):
        if name in parsed.narrow and np.array_equal(parsed.narrow[name], ends):
            return parsed.narrow[name]
    return ends


def record_times(parsed: ParsedText) -> npt.NDArray[np.int64]:
    """Return the time that a record belongs to: its `start`, else its `end`, else -1."""
    start = parsed.large("start")
    return start if start.min(initial=0) >= 0 else np.where(start < 0, parsed.large("end"), start)


def _flags(values: npt.NDArray[np.uint8], is_set: npt.NDArray[np.bool_]) -> Flags:
    return Flags(values, None if is_set.all() else is_set)


def _choice(
    codes: npt.NDArray[np.uint8], texts: tuple[str | None, ...], is_set: npt.NDArray[np.bool_]
) -> Codes:
    return Codes(np.where(is_set, codes.astype(np.int32), -1), Texts.of(texts))
