"""What a filter says of ends, worked out once for each address."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.analysis.filters.fields import WIDE_SCOPES
from dashboard.analysis.query.filtering import Claim, glob_pattern

# The columns that a field is compared with; any of them may fit.
COLUMNS: dict[str, tuple[str, ...]] = {
    "ip": ("name",),
    "name": ("name",),
    "kind": ("kind",),
    "owner": ("owner",),
    "subnet": ("subnet_id", "subnet_name"),
    "vpc": ("vpc_id", "vpc_name"),
    "account": ("account_id", "account_name"),
    "region": ("region",),
    "az": ("az_id",),
    "interface": ("interface_id",),
    "instance": ("instance_id",),
    "security_group": ("security_groups",),
    "scope": ("scope",),
    "service": ("aws_service",),
    "cloud": ("cloud",),
    "country": ("country",),
    "asn": ("asn",),
}
_IN_PARTS = frozenset({"security_group", "asn"})  # A part of the text may fit.
_BY_NODE = frozenset({"ip", "node"})  # These are compared with the node's id, too.


def holds(
    claim: Claim, frame: pd.DataFrame, nodes: npt.NDArray[np.object_]
) -> npt.NDArray[np.bool_]:
    """Tell of which rows a claim is true; it is false of what is not known.

    Args:
        claim: What is claimed. Texts are compared in any case.
        frame: What is known of addresses, as `query.naming.Places` has it.
        nodes: Their node ids at the question's level.
    """
    values = claim.values
    if claim.field == "scope":
        values = tuple(narrow for v in values for narrow in WIDE_SCOPES.get(v, (v,)))
    fits = _test(claim.operator, values)
    found = np.zeros(len(frame), np.bool_)
    if claim.field == "tag":
        return _mapped(frame["tags"], lambda text: fits(_tag(text, claim.key)))
    whole: list[Iterable[object]] = [nodes] if claim.field in _BY_NODE else []
    whole += [frame["address"]] if claim.field == "ip" else []
    for column in COLUMNS.get(claim.field, ()):
        if claim.field in _IN_PARTS:
            found |= _mapped(frame[column], lambda text: any(map(fits, _parts(claim.field, text))))
        else:
            whole.append(frame[column])
    for texts in whole:
        found |= _listed(texts, values) if claim.operator == "in" else _mapped(texts, fits)
    return found


def _listed(texts: Iterable[object], wanted: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Tell which texts are any of these, in any case; as `_test` does, without a loop."""
    array = pa.array(np.asarray(texts, object), pa.string())
    folded = pa.array(sorted({value.casefold() for value in wanted}), pa.string())
    found = pc.is_in(pc.ascii_lower(array), folded).to_numpy(zero_copy_only=False).copy()
    # Beyond ASCII, to fold is more than to write small: a sharp s is two letters.
    other = np.flatnonzero(pc.invert(pc.string_is_ascii(array)).fill_null(False))
    if len(other):
        found[other] = _mapped(array.take(pa.array(other)).to_pylist(), _test("in", tuple(wanted)))
    result: npt.NDArray[np.bool_] = found
    return result


def _mapped(values: Iterable[object], test: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
    kept: dict[object, bool] = {None: False}
    answers: list[bool] = []
    for value in values:
        known = kept.get(value)
        if known is None:
            known = kept[value] = test(str(value))
        answers.append(known)
    return np.array(answers, np.bool_)


def _test(operator: str, values: tuple[str, ...]) -> Callable[[str | None], bool]:
    if operator == "~":
        patterns = [re.compile(glob_pattern(value)) for value in values]
        return lambda text: text is not None and any(p.search(text) for p in patterns)
    wanted = {value.casefold() for value in values}
    return lambda text: text is not None and text.casefold() in wanted


def _parts(field: str, text: str) -> Iterable[str]:
    if field == "security_group":
        return [part.strip() for part in text.split(",")]
    # "AS16509 Amazon": the number, the name, or both.
    return [text, *text.split(" ", 1)] if field == "asn" else [text]


@functools.lru_cache(maxsize=4_096)
def _tags(text: str) -> dict[str, str]:
    read = json.loads(text)
    return {str(k).casefold(): str(v) for k, v in read.items()} if isinstance(read, dict) else {}


def _tag(text: str, key: str) -> str | None:
    return _tags(text).get(key.casefold())
