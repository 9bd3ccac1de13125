"""One region of one account as rows of names: every address of every interface."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ingest.inventory import listings
from ingest.inventory.asking import RegionAsker
from ingest.inventory.naming import resource_behind
from ingest.inventory.networks import group_rows, network_rows
from ingest.inventory.resources import Resolve, resources_of
from ingest.inventory.tags import OWNER_TAGS, owner_of, tags_text
from ingest.store.names import Snapshot


def take_snapshot(
    asker: RegionAsker,
    account_name: str | None = None,
    *,
    owner_tags: Sequence[str] = OWNER_TAGS,
    resolve: Resolve | None = None,
) -> Snapshot | None:
    """Return what a region holds now; None where it does not tell its interfaces.

    Every private, public and IPv6 address of an interface is an address of what the
    interface belongs to. Services that refuse are noted by `asker`; what they would have
    named is called by its interface.

    Raises:
        IngestError: Who asks is not known to AWS.
    """
    interfaces = asker.try_rows(listings.INTERFACES)
    if interfaces is None:
        return None
    known = resources_of(asker, resolve)
    place = {
        "account_id": asker.account_id,
        "account_name": account_name,
        "region": asker.region,
    }
    networks = network_rows(
        asker.rows(listings.VPCS),
        asker.rows(listings.SUBNETS),
        asker.try_rows(listings.ROUTE_TABLES),
        place,
        owner_tags,
    )
    by_id = {row["id"]: row for row in networks}
    rows: list[dict[str, str | None]] = []
    attached: dict[str, int] = {}
    for interface in sorted(interfaces, key=lambda row: str(row["NetworkInterfaceId"])):
        behind = resource_behind(interface, known)
        subnet = by_id.get(interface.get("SubnetId"), {})
        vpc = by_id.get(interface.get("VpcId"), {})
        groups = sorted(
            interface.get("Groups", []), key=lambda group: str(group.get("GroupName", ""))
        )
        row = {
            **place,
            "name": behind.name,
            "kind": behind.kind,
            "owner": owner_of(behind.tags, owner_tags),
            "vpc_id": interface.get("VpcId"),
            "vpc_name": vpc.get("name"),
            "subnet_id": interface.get("SubnetId"),
            "subnet_name": subnet.get("name"),
            "az": interface.get("AvailabilityZone"),
            "az_id": subnet.get("az_id") or interface.get("AvailabilityZoneId"),
            "interface_id": interface["NetworkInterfaceId"],
            "instance_id": interface.get("Attachment", {}).get("InstanceId"),
            "security_groups": ",".join(map(_group_name, groups)) or None,
            "security_group_ids": ",".join(group["GroupId"] for group in groups) or None,
            "tags": tags_text(behind.tags),
        }
        rows += [row | {"address": address} for address in _addresses(interface)]
        since = interface.get("Attachment", {}).get("AttachTime")
        if isinstance(since, datetime):
            attached[interface["NetworkInterfaceId"]] = int(since.timestamp())
    tables = {
        "addresses": rows,
        "networks": networks,
        "security_groups": group_rows(asker.rows(listings.SECURITY_GROUPS), place, owner_tags),
    }
    return Snapshot(asker.account_id, asker.region, tables, attached)


def _addresses(interface: Mapping[str, Any]) -> Iterator[str]:
    found: dict[str | None, None] = {interface.get("PrivateIpAddress"): None}
    publics = [interface.get("Association", {})]
    for row in interface.get("PrivateIpAddresses", []):
        found[row.get("PrivateIpAddress")] = None
        publics.append(row.get("Association", {}))
    for association in publics:
        for key in ("PublicIp", "CarrierIp", "CustomerOwnedIp"):
            found[association.get(key)] = None
    for row in interface.get("Ipv6Addresses", []):
        found[row.get("Ipv6Address")] = None
        found[row.get("PublicIpv6Address")] = None
    # An EKS node hands the addresses of its prefixes to pods. An IPv6 prefix is too long to list.
    for row in interface.get("Ipv4Prefixes", []):
        found |= dict.fromkeys(map(str, ipaddress.ip_network(row["Ipv4Prefix"])))
    for address in found:
        if address:
            yield str(ipaddress.ip_address(address))


def _group_name(group: Mapping[str, Any]) -> str:
    # A comma, which names may have, would make two groups of one.
    return str(group.get("GroupName") or group["GroupId"]).replace(",", ";")
