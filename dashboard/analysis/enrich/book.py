"""Everything that is known of an address beside the logs, from all sources at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.analysis.enrich.geography import Geography, is_geography, read_geography
from dashboard.analysis.enrich.inventory import EVER, NEVER, Inventory, Numbers, read_inventory
from dashboard.analysis.enrich.ip_ranges import (
    AWS,
    AwsRanges,
    Ranges,
    read_aws_ranges,
    read_providers,
)
from dashboard.analysis.enrich.kept_file import KeptFile
from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.enrich.scope import PUBLIC, scope_details, scope_of
from dashboard.analysis.enrich.stretches import NOWHERE, Packed, packed_addresses
from ingest.store.read import names_stamp

# Columns that the interface of an address tells, else the subnet, else the VPC around it.
_PLACED = ("account_id", "account_name", "region")
_OF_INTERFACE = ("interface_id", "instance_id", "security_groups", "security_group_ids", "tags")
_NETWORK_COLUMNS = (
    "id", "name", "kind", "vpc_id", "account_id", "cidr", "valid_from", "valid_to",
)  # fmt: skip


class AddressBook:
    """What is known of addresses; every source is read again when it changes.

    Args:
        known_ips: The user's own list; None, or a file that is missing: none.
        cache: The cache whose dated names of AWS count; None: none.
        ip_ranges: AWS's `ip-ranges.json`.
        geo: Databases of countries and networks in MaxMind's format, and lists of other
            clouds' networks; told apart by their content. Of several that tell the same
            the first wins.
    """

    def __init__(
        self,
        known_ips: Path | None,
        cache: Path | None,
        ip_ranges: Path | None = None,
        geo: Sequence[Path] = (),
    ) -> None:
        self._known = KnownNames(known_ips)
        self._inventory = KeptFile(cache, read_inventory, names_stamp) if cache else None
        self._aws = KeptFile(ip_ranges, read_aws_ranges) if ip_ranges else None
        self._geo = [KeptFile(path, _read_geo) for path in geo]

    def stamp(self) -> Hashable:
        """Return what changes when anything that is known may have changed; cheap."""
        kept = [file for file in (self._inventory, self._aws) if file is not None]
        return (self._known.stamp(), *(file.stamp() for file in (*kept, *self._geo)))

    def attributes(self, ends: pa.Table) -> pa.Table:
        """Tell everything that is known of ends, in their order.

        The user's own list wins for name, kind and owner, the interface that held the
        address fills the rest, the subnet around it what is left. Where the end's VPC is
        known, only an interface of that VPC counts.

        Args:
            ends: Distinct `address` and `vpc_id` (null: not known).

        Returns:
            For each end rows that together cover all time, several only where something
            changed: `address`, `vpc_id` as asked; `valid_from`, `valid_to` (epoch s, null:
            open), `name`, `kind`, `owner`, `subnet_id`, `subnet_name`, `inventory_vpc_id`,
            `vpc_name`, `account_id`, `account_name`, `region`, `az_id`, `interface_id`,
            `instance_id`, `security_groups` (names, comma-separated), `security_group_ids`,
            `tags` (a JSON object), `aws_service`, `cloud`, `country`, `asn`, `scope`. Null
            where nothing is known.

        Raises:
            DashboardError: A source cannot be used; names the file.
        """
        addresses = _array(ends.column("address"))
        vpc_ids = _array(ends.column("vpc_id"))
        packed = packed_addresses(addresses.to_pylist())
        inventory = self._inventory.content() if self._inventory else _NO_INVENTORY
        spans = inventory.spans(addresses, vpc_ids)
        facts = self._lasting(addresses, packed).take(pa.array(spans.ends))
        held = inventory.addresses.take(_positions(spans.rows))
        subnets, vpcs = inventory.places(packed, vpc_ids)
        is_held = spans.rows != NOWHERE
        subnet = inventory.networks.take(
            _positions(np.where(is_held, NOWHERE, subnets[spans.ends]))
        )
        vpc = inventory.networks.take(_positions(np.where(is_held, NOWHERE, vpcs[spans.ends])))
        columns: dict[str, Any] = {
            "address": addresses.take(pa.array(spans.ends)),
            "vpc_id": vpc_ids.take(pa.array(spans.ends)),
            "valid_from": pa.array(spans.begins, mask=spans.begins == EVER),
            "valid_to": pa.array(spans.finishes, mask=spans.finishes == NEVER),
            **{c: pc.coalesce(facts.column(c), held.column(c)) for c in ("name", "kind", "owner")},
            "subnet_id": pc.coalesce(held.column("subnet_id"), subnet.column("id")),
            "subnet_name": pc.coalesce(held.column("subnet_name"), subnet.column("name")),
            "inventory_vpc_id": _first(held, subnet, vpc, column="vpc_id"),
            "vpc_name": _first(held, vpc, column="vpc_name"),
            **{c: _first(held, subnet, vpc, column=c) for c in _PLACED},
            "az_id": _first(held, subnet, column="az_id"),
            **{c: held.column(c) for c in _OF_INTERFACE},
            **{c: facts.column(c) for c in ("aws_service", "cloud", "country", "asn", "scope")},
        }
        return pa.table(columns)

    def named(self, addresses: pa.Array) -> pa.Table:
        """Return `address`, `node`, `kind`, `owner` of those that have a name: the newest."""
        unknown = pa.nulls(len(addresses), pa.string())
        told = self.attributes(pa.table({"address": addresses, "vpc_id": unknown}))
        told = told.filter(told.column("name").is_valid())
        names = _array(told.column("address")).dictionary_encode().indices.to_numpy()
        is_newest = np.diff(names, append=NOWHERE) != 0
        newest = told.filter(pa.array(is_newest)).select(["address", "name", "kind", "owner"])
        return newest.rename_columns(["address", "node", "kind", "owner"])

    def scope(self, address: str) -> str:
        """Return `internal`, `internet` or `multicast`."""
        return scope_of(address)

    def networks(self) -> pa.Table:
        """Return subnets and VPCs, a row for each CIDR and stretch of time.

        Returns:
            `id`, `name`, `kind` (`vpc`, `public subnet`, `private subnet`, or `subnet` where
            its routes are not known), `vpc_id`, `account_id`, `cidr`, `valid_from`,
            `valid_to` (epoch s, null: open).

        Raises:
            DashboardError: The cache's names are damaged.
        """
        inventory = self._inventory.content() if self._inventory else _NO_INVENTORY
        return inventory.history.select(list(_NETWORK_COLUMNS))

    def _lasting(self, addresses: pa.Array, packed: Packed) -> pa.Table:
        """Tell what has no time: the user's list, scope, clouds, countries, networks."""
        told = self._known.known_ips().told(packed)
        scopes = scope_details(packed)
        aws = (self._aws.content() if self._aws else AwsRanges.none()).told(packed)
        sources = [file.content() for file in self._geo]
        lists = [source.told(packed) for source in sources if isinstance(source, Ranges)]
        clouds = pc.if_else(aws.is_valid(), AWS, pa.scalar(None, pa.string()))
        countries = networks = pa.nulls(len(addresses), pa.string())
        outside = pc.equal(scopes, PUBLIC)
        for source in sources:
            if isinstance(source, Geography):
                found = _spread(source.told(addresses.filter(outside).to_pylist()), outside)
                countries = pc.coalesce(countries, found[0])
                networks = pc.coalesce(networks, found[1])
        for name, column in (
            ("aws_service", aws),
            ("cloud", pc.coalesce(clouds, *lists)),
            ("country", countries),
            ("asn", networks),
            ("scope", scopes),
        ):
            told = told.append_column(name, column)
        return told


_NO_INVENTORY = Inventory.none()


def _read_geo(path: Path) -> Geography | Ranges:
    return read_geography(path) if is_geography(path) else read_providers(path)


def _spread(answers: list[tuple[str | None, str | None]], asked: pa.Array) -> list[pa.Array]:
    """Lay the answers of those that were asked beside all, as two columns."""
    positions = np.cumsum(asked.to_numpy(zero_copy_only=False)) - 1
    rows = pa.array(positions, mask=~asked.to_numpy(zero_copy_only=False))
    columns = zip(*answers, strict=True) if answers else ((), ())
    return [pa.array(list(column), pa.string()).take(rows) for column in columns]


def _first(*tables: pa.Table, column: str) -> pa.ChunkedArray:
    return pc.coalesce(*(table.column(column) for table in tables))


def _positions(rows: Numbers) -> pa.Array:
    return pa.array(rows, mask=rows == NOWHERE)


def _array(column: Any) -> pa.Array:
    """Return a column in one piece, as text whatever its maker took it for."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole.cast(pa.string())
