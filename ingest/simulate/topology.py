"""The simulated network: one VPC of a mobile app's back end and the hosts around it.

Every address is one number here, its row in `AddressBook`; text is made only
when records are written. Addresses outside the VPC come from the ranges that
RFC 5737, RFC 2544 and RFC 3849 set aside, so no real host is ever named.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv6Address

import numpy as np
import numpy.typing as npt
import polars as pl

VPC_CIDR = "10.0.0.0/16"
VPC_CIDR_V6 = "2001:db8:10::/56"

NO_ENI = -1
SERVICES = ("-", "S3", "DYNAMODB")
PATH_SAME_VPC, PATH_ENDPOINT, PATH_INTERNET = 1, 7, 8

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Subnet:
    """A subnet of the VPC.

    Attributes:
        name: Its purpose and zone, as in `app-a`.
        prefix: The first three octets of its /24.
        prefix_v6: Its /64, without the `::`.
        zone: Number of the availability zone, 1 or 2.
    """

    name: str
    prefix: str
    prefix_v6: str
    zone: int


SUBNETS = (
    Subnet("public-a", "10.0.0", "2001:db8:10:0", 1),
    Subnet("public-b", "10.0.1", "2001:db8:10:1", 2),
    Subnet("app-a", "10.0.10", "2001:db8:10:a", 1),
    Subnet("app-b", "10.0.11", "2001:db8:10:b", 2),
    Subnet("data-a", "10.0.20", "2001:db8:10:14", 1),
    Subnet("data-b", "10.0.21", "2001:db8:10:15", 2),
)


@dataclass(frozen=True)
class Host:
    """A machine in the VPC, with one ENI.

    Attributes:
        name: As in `data/sample/known_ips.csv`.
        subnet: Name of its subnet.
        suffix: Last octet of its IPv4 address.
        is_managed: AWS runs it (load balancer, NAT gateway): it has no instance id.
        has_ipv6: It has an IPv6 address too, on the same ENI.
    """

    name: str
    subnet: str
    suffix: int
    is_managed: bool = False
    has_ipv6: bool = False

    def address(self) -> str:
        """Return the IPv4 address."""
        return f"{_subnet(self.subnet).prefix}.{self.suffix}"

    def address_v6(self) -> str:
        """Return the IPv6 address, compressed; it is in use only if `has_ipv6`."""
        return str(IPv6Address(f"{_subnet(self.subnet).prefix_v6}::{self.suffix:x}"))


HOSTS = (
    Host("alb-a", "public-a", 10, is_managed=True, has_ipv6=True),
    Host("alb-b", "public-b", 10, is_managed=True, has_ipv6=True),
    Host("nat-a", "public-a", 20, is_managed=True),
    Host("bastion", "public-a", 30),
    Host("app-1", "app-a", 11, has_ipv6=True),
    Host("app-2", "app-b", 12, has_ipv6=True),
    Host("app-3", "app-a", 13, has_ipv6=True),
    Host("app-4", "app-b", 14, has_ipv6=True),
    Host("app-5", "app-a", 15, has_ipv6=True),
    Host("app-6", "app-b", 16, has_ipv6=True),
    Host("dns-resolver", "app-a", 53),
    Host("monitor", "app-b", 60),
    Host("redis-primary", "data-a", 21),
    Host("redis-replica", "data-b", 21),
    Host("postgres-primary", "data-a", 31),
    Host("postgres-standby", "data-b", 31),
    Host("batch-1", "app-a", 70),
    Host("batch-2", "app-b", 70),
)
IDLE_HOSTS = ("batch-1", "batch-2")
"""Machines without base traffic: they give the NODATA rows."""

NEWCOMER = Host("search-1", "data-a", 92)
"""Appears with the incident `new-service` only, and is in no list of known addresses."""

# Offsets into 203.0.113.0/24. The service ranges are /27, the others single addresses.
S3_OFFSETS = range(32)
DYNAMODB_OFFSETS = range(32, 64)
THIRD_PARTY_OFFSETS = (65, 66, 70, 75, 80)
OFFICE_OFFSETS = range(9, 15)  # of 198.51.100.0/24
_USERS = 2 * 65_536  # all of 198.18.0.0/15
_USERS_V6 = 8_192


@dataclass(frozen=True)
class Interface:
    """An ENI: what it adds to each record that it logs."""

    host: str
    interface_id: str
    instance_id: str
    subnet_id: str
    zone: int


@dataclass(frozen=True)
class AddressBook:
    """All addresses of the simulation, as columns; a row number stands for an address.

    Attributes:
        text: The address as logs print it.
        eni: Position in `interfaces`, or `NO_ENI` outside the VPC.
        service: Position in `SERVICES`.
        egress_path: `traffic-path` of a packet that leaves the VPC's host for this address.
        is_v6: Whether it is IPv6.
        interfaces: The ENIs of the VPC.
        pools: Named sets of addresses; each host's name is a pool of one.
    """

    text: pl.Series
    eni: npt.NDArray[np.int16]
    service: npt.NDArray[np.uint8]
    egress_path: npt.NDArray[np.uint8]
    is_v6: npt.NDArray[np.bool_]
    interfaces: tuple[Interface, ...]
    pools: dict[str, IntArray] = field(repr=False)

    def number(self, pool: str) -> int:
        """Return the first address of a pool; for a host's name, its IPv4 address."""
        return int(self.pools[pool][0])

    def numbers(self, pools: Iterable[str]) -> IntArray:
        """Return the addresses of several pools, in order."""
        return np.concatenate([self.pools[pool] for pool in pools])


def aws_id(prefix: str, name: str) -> str:
    """Return an AWS-like identifier with 17 hex digits, the same for the same name."""
    return f"{prefix}-{hashlib.blake2b(name.encode(), digest_size=9).hexdigest()[:17]}"


def zone_id(region: str, zone: int) -> str:
    """Return an `az-id` in AWS's short form: `eu-central-1` and 2 give `euc1-az2`."""
    first, *middle, last = region.split("-")
    compass = {"southeast": "se", "northeast": "ne", "southwest": "sw", "northwest": "nw"}
    return f"{first}{''.join(compass.get(word, word[:1]) for word in middle)}{last}-az{zone}"


@cache
def address_book() -> AddressBook:
    """Return the book of all addresses, in an order that never depends on the arguments."""
    hosts = (*HOSTS, NEWCOMER)
    texts: list[str] = []
    pools: dict[str, IntArray] = {}

    def add(pool: str, addresses: Iterable[str]) -> None:
        first = len(texts)
        texts.extend(addresses)
        pools[pool] = np.arange(first, len(texts), dtype=np.int64)

    for host in hosts:
        add(host.name, [host.address()])
    for host in hosts:
        if host.has_ipv6:
            add(f"{host.name}/v6", [host.address_v6()])
    n_inside = len(texts)
    eni_of = {host.name: position for position, host in enumerate(hosts)}
    add("users", (f"198.{18 + (n >> 16)}.{n >> 8 & 255}.{n & 255}" for n in range(_USERS)))
    add("users/v6", (_user_v6(n) for n in range(_USERS_V6)))
    add("push-gateway/v6", ["2001:db8:ffff::5228"])
    _add_reserved_blocks(add, pools)

    eni = np.full(len(texts), NO_ENI, dtype=np.int16)
    for name, numbers in list(pools.items()):
        if numbers[0] < n_inside:
            eni[numbers] = eni_of[name.removesuffix("/v6")]
    service = np.zeros(len(texts), dtype=np.uint8)
    service[pools["s3"]] = SERVICES.index("S3")
    service[pools["dynamodb"]] = SERVICES.index("DYNAMODB")
    egress_path = np.full(len(texts), PATH_INTERNET, dtype=np.uint8)
    egress_path[:n_inside] = PATH_SAME_VPC
    egress_path[pools["s3"]] = PATH_ENDPOINT
    return AddressBook(
        text=pl.Series(texts, dtype=pl.String),
        eni=eni,
        service=service,
        egress_path=egress_path,
        is_v6=np.array([":" in text for text in texts]),
        interfaces=tuple(_interface(host) for host in hosts),
        pools=pools,
    )


def _add_reserved_blocks(
    add: Callable[[str, Iterable[str]], None], pools: dict[str, IntArray]
) -> None:
    """Divide the three documentation blocks of RFC 5737 among the hosts outside."""
    add("block-1", (f"192.0.2.{n}" for n in range(256)))
    add("block-2", (f"198.51.100.{n}" for n in range(256)))
    add("block-3", (f"203.0.113.{n}" for n in range(256)))
    block_1, block_2, block_3 = (pools.pop(f"block-{n}") for n in (1, 2, 3))
    pools["scanners"] = np.concatenate([block_1[1:180], block_2[128:250]])
    pools["attackers"] = block_1[200:206]
    pools["beacon-host"] = block_1[250:251]
    pools["office"] = block_2[OFFICE_OFFSETS.start : OFFICE_OFFSETS.stop]
    pools["drop-host"] = block_2[77:78]
    pools["s3"] = block_3[S3_OFFSETS.start : S3_OFFSETS.stop]
    pools["dynamodb"] = block_3[DYNAMODB_OFFSETS.start : DYNAMODB_OFFSETS.stop]
    pools["third-party"] = block_3[list(THIRD_PARTY_OFFSETS)]
    pools["mail-relay"] = block_3[90:91]
    pools["brute-force-host"] = block_3[200:201]
    pools["port-scan-host"] = block_3[210:211]


def _user_v6(n: int) -> str:
    """Return a user's address: a /48 per household under 2001:db8:a000::/35."""
    return str(IPv6Address(f"2001:db8:{0xA000 + n:x}:1:{n * 40503 & 0xFFFF:x}::{n + 2 & 0xFFF:x}"))


def _interface(host: Host) -> Interface:
    return Interface(
        host=host.name,
        interface_id=aws_id("eni", host.name),
        instance_id="-" if host.is_managed else aws_id("i", host.name),
        subnet_id=aws_id("subnet", host.subnet),
        zone=_subnet(host.subnet).zone,
    )


def _subnet(name: str) -> Subnet:
    return next(subnet for subnet in SUBNETS if subnet.name == name)
