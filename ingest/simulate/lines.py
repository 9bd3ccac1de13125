"""Log lines: columns of numbers to columns of text.

Neighboring fields that depend on a few values only (the ENI, the action, the
flags) are looked up together in one table of ready-made strings. That is most
of the simulation's speed, and the table is made once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.schema import FLOW_COLUMNS
from ingest.simulate.topology import SERVICES, AddressBook, aws_id, zone_id
from ingest.simulate.windows import Array

OK, NODATA, SKIPDATA = 0, 1, 2
LOG_STATUS = ("OK", "NODATA", "SKIPDATA")
# Codes that are printed as "-", for rows without traffic.
NO_FLAGS, NO_FAMILY, UNSET = 32, 2, 2

_SINCE = {column.field: column.since for column in FLOW_COLUMNS}
_LARGEST_TABLE = 20_000


@dataclass(frozen=True)
class _Field:
    """A field with few values: which column of codes it reads, and the text of each code."""

    column: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class _Table:
    """The joined texts of neighboring fields, for every combination of their codes."""

    sizes: dict[str, int]
    texts: pl.Series


class LineFormat:
    """A choice of fields, ready to print rows.

    Args:
        book: Gives addresses and ENIs their text.
        fields: In the order to print; the highest version among them is the rows' version.
        account: As printed.
        region: As printed; also gives the zone ids.
    """

    def __init__(self, book: AddressBook, fields: Sequence[str], account: str, region: str) -> None:
        self._book = book
        self._steps: list[str | _Table] = []
        small = _small_fields(book, fields, account, region)
        run: list[_Field] = []
        for name in fields:
            field = small.get(name)
            if run and (field is None or _n_combinations([*run, field]) > _LARGEST_TABLE):
                self._steps.append(_joined(run))
                run = []
            if field is None:
                self._steps.append(name)
            else:
                run.append(field)
        if run:
            self._steps.append(_joined(run))

    def columns(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the columns to print, from left to right; null stands for `-`.

        Args:
            rows: As `LogWriter` keeps them: codes, address numbers and amounts.
        """
        columns = []
        codes: dict[str, Array] = {}
        for position, step in enumerate(self._steps):
            if isinstance(step, _Table):
                column = self._look_up(rows, step, codes)
            elif step.endswith("addr"):
                column = self._book.text.gather(rows[step])
            else:
                column = rows[step]
            columns.append(column.alias(str(position)))
        return pl.DataFrame(columns)

    def _look_up(self, rows: pl.DataFrame, table: _Table, codes: dict[str, Array]) -> pl.Series:
        for column in table.sizes:
            if column not in codes:
                codes[column] = self._codes(rows, column)
        # The first column varies fastest, as in `_joined`.
        first, *others = reversed(table.sizes)
        code = codes[first]
        for column in others:
            code = code * table.sizes[column] + codes[column]
        return table.texts.gather(pl.Series(code))

    def _codes(self, rows: pl.DataFrame, column: str) -> Array:
        if column in {"pkt-src-aws-service", "pkt-dst-aws-service"}:
            address = rows["pkt-srcaddr" if "src" in column else "pkt-dstaddr"]
            # Row 0 is a host of the VPC, which no AWS service owns.
            return np.asarray(self._book.service[address.fill_null(0).to_numpy()], dtype=np.int32)
        return np.asarray(rows[column].to_numpy(), dtype=np.int32)


def _small_fields(
    book: AddressBook, fields: Sequence[str], account: str, region: str
) -> dict[str, _Field]:
    """Return the fields that take few values, with the text of each."""
    enis = book.interfaces
    version = str(max(_SINCE[name] for name in fields))
    constant = {
        "version": version, "account-id": account, "region": region,
        "vpc-id": aws_id("vpc", "flow-atlas"), "sublocation-type": "-", "sublocation-id": "-",
    }  # fmt: skip
    small = {name: _Field("eni", (text,) * len(enis)) for name, text in constant.items()}
    small["interface-id"] = _Field("eni", tuple(eni.interface_id for eni in enis))
    small["instance-id"] = _Field("eni", tuple(eni.instance_id for eni in enis))
    small["subnet-id"] = _Field("eni", tuple(eni.subnet_id for eni in enis))
    small["az-id"] = _Field("eni", tuple(zone_id(region, eni.zone) for eni in enis))
    small["action"] = _Field("action", ("ACCEPT", "REJECT", "-"))
    small["log-status"] = _Field("status", LOG_STATUS)
    small["tcp-flags"] = _Field("flags", (*(str(n) for n in range(32)), "-"))
    small["type"] = _Field("family", ("IPv4", "IPv6", "-"))
    small["flow-direction"] = _Field("direction", ("ingress", "egress", "-"))
    small["traffic-path"] = _Field("path", ("-", *(str(n) for n in range(1, 9))))
    small["pkt-src-aws-service"] = _Field("pkt-src-aws-service", SERVICES)
    small["pkt-dst-aws-service"] = _Field("pkt-dst-aws-service", SERVICES)
    return small


def _n_combinations(run: Sequence[_Field]) -> int:
    sizes = {field.column: len(field.texts) for field in run}
    return int(np.prod(list(sizes.values())))


def _joined(run: Sequence[_Field]) -> _Table:
    """Return the texts of neighboring fields, joined by spaces, for all combinations."""
    sizes = {field.column: len(field.texts) for field in run}
    texts = []
    for number in range(_n_combinations(run)):
        digits, rest = {}, number
        for column, size in sizes.items():
            digits[column], rest = rest % size, rest // size
        texts.append(" ".join(field.texts[digits[field.column]] for field in run))
    return _Table(sizes, pl.Series(texts, dtype=pl.String))
