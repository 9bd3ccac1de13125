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
_NODE = "node id"  # Not the column `node`, which is the id at address level.


class Folded:
    """A column of texts that is compared again and again, in any case.

    Args:
        texts: What it holds; None: not known.
    """

    def __init__(self, texts: npt.NDArray[np.object_]) -> None:
        self.texts = texts
        array = pa.array(texts, pa.string())
        self._small = pc.ascii_lower(array)
        # Beyond ASCII, to fold is more than to write small: a sharp s is two letters.
        self._other = np.flatnonzero(pc.invert(pc.string_is_ascii(array)).fill_null(False))

    def is_any_of(self, wanted: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Tell which texts are any of these."""
        folded = pa.array(sorted({value.casefold() for value in wanted}), pa.string())
        found: npt.NDArray[np.bool_] = pc.is_in(self._small, folded).to_numpy(zero_copy_only=False)
        if len(self._other):
            found = found.copy()
            test = _test("in", tuple(wanted))
            found[self._other] = _mapped(self.texts[self._other].tolist(), test)
        return found


class Known:
    """What claims are about, column by column.

    Args:
        frame: What is known of addresses, as `query.naming.Places` has it.
        nodes: Their node ids at the question's level.
    """

    def __init__(self, frame: pd.DataFrame, nodes: npt.NDArray[np.object_]) -> None:
        self._frame, self._nodes = frame, nodes
        self._folded: dict[str, Folded] = {}

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._frame)

    def column(self, name: str) -> npt.NDArray[np.object_]:
        """Return a column of the frame."""
        found: npt.NDArray[np.object_] = self._frame[name].to_numpy(object)
        return found

    def folded(self, name: str) -> Folded:
        """Return a column to compare with, or the node ids; made once."""
        found = self._folded.get(name)
        if found is None:
            texts = self._nodes if name == _NODE else self.column(name)
            found = self._folded[name] = Folded(texts)
        return found


def holds(claim: Claim, known: Known) -> npt.NDArray[np.bool_]:
    """Tell of which rows a claim is true; it is false of what is not known.

    Args:
        claim: What is claimed. Texts are compared in any case.
        known: The rows.
    """
    values = claim.values
    if claim.field == "scope":
        values = tuple(narrow for v in values for narrow in WIDE_SCOPES.get(v, (v,)))
    fits = _test(claim.operator, values)
    found = np.zeros(len(known), np.bool_)
    if claim.field == "tag":
        return _mapped(known.column("tags"), lambda text: fits(_tag(text, claim.key)))
    whole = [_NODE] if claim.field in _BY_NODE else []
    whole += ["address"] if claim.field == "ip" else []
    for name in COLUMNS.get(claim.field, ()):
        if claim.field in _IN_PARTS:
            texts = known.column(name)
            found |= _mapped(texts, lambda text: any(map(fits, _parts(claim.field, text))))
        else:
            whole.append(name)
    for name in whole:
        column = known.folded(name)
        found |= column.is_any_of(values) if claim.operator == "in" else _mapped(column.texts, fits)
    return found


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
