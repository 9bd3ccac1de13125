"""Which addresses of a cache have names, and what stands behind a node."""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from dashboard.analysis.answers import NodeFacts
from dashboard.analysis.query.tables import NAMES

MAX_LISTED = 20


class NameBook(Protocol):
    """Names for addresses; `enrich.known_ips.KnownNames` is one."""

    def stamp(self) -> Hashable:
        """Return a value that changes when the names do; cheap, asked on every call."""

    def named(self, addresses: pa.Array) -> pa.Table:
        """Return `address`, `node`, `kind`, `owner` of those addresses that have a name."""

    def scope(self, address: str) -> str:
        """Return `internal`, `internet` or `multicast`."""


@dataclass(frozen=True, slots=True)
class _Member:
    kind: str | None
    owner: str | None
    addresses: list[str]


@dataclass(frozen=True, slots=True)
class NamedNodes:
    """The named addresses of one state of a cache.

    Attributes:
        table: `address`, `node`: what queries join.
        scopes: Where the scope of an address comes from.
    """

    table: pa.Table
    scopes: NameBook
    _by_node: dict[str, _Member] = field(repr=False)
    _by_address: dict[str, _Member] = field(repr=False)

    @classmethod
    def of(cls, book: NameBook, addresses: pa.Array) -> NamedNodes:
        """Look up the distinct addresses of a cache."""
        named = book.named(addresses)
        by_node: dict[str, _Member] = {}
        by_address: dict[str, _Member] = {}
        columns = (named.column(name).to_pylist() for name in ("address", "node", "kind", "owner"))
        for address, node, kind, owner in zip(*columns, strict=True):
            by_node.setdefault(node, _Member(kind, owner, [])).addresses.append(address)
            by_address[address] = _Member(kind, owner, [address])
        return cls(named.select(["address", "node"]), book, by_node, by_address)

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The tables that a query with names reads."""
        return {NAMES: self.table}

    def facts_of(self, nodes: Iterable[str], *, by_name: bool) -> dict[str, NodeFacts]:
        """Return what is known of these node ids; by name or, at address level, by address."""
        return {node: self._facts(node, by_name=by_name) for node in nodes}

    def _facts(self, node: str, *, by_name: bool) -> NodeFacts:
        member = self._by_node.get(node) if by_name else None
        if member is None:
            known = self._by_address.get(node)
            kind, owner = (known.kind, known.owner) if known else (None, None)
            return NodeFacts(node, False, kind, owner, self._scope((node,)), (node,), 1)
        addresses = sorted(member.addresses, key=_numeric)
        return NodeFacts(
            node=node,
            is_named=True,
            kind=member.kind,
            owner=member.owner,
            scope=self._scope(addresses),
            addresses=tuple(addresses[:MAX_LISTED]),
            n_addresses=len(addresses),
        )

    def _scope(self, addresses: Iterable[str]) -> str:
        scopes = {self.scopes.scope(address) for address in addresses}
        return scopes.pop() if len(scopes) == 1 else "mixed"


def _numeric(address: str) -> tuple[int, int]:
    number = ipaddress.ip_address(address)
    return number.version, int(number)
