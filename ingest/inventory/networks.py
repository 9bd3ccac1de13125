"""Subnets, VPCs and security groups as rows of names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ingest.inventory.tags import NAME_TAG, first_name, owner_of, tags_of, tags_text

Rows = list[dict[str, str | None]]


def network_rows(
    vpcs: Iterable[Mapping[str, Any]],
    subnets: Iterable[Mapping[str, Any]],
    route_tables: Sequence[Mapping[str, Any]] | None,
    place: Mapping[str, str | None],
    owner_tags: Sequence[str],
) -> Rows:
    """Return a row for each CIDR of each VPC and subnet.

    A subnet is a `public subnet` where its route table, or its VPC's main one, leads to
    an internet gateway.

    Args:
        vpcs: As EC2 describes them.
        subnets: The same.
        route_tables: None where they are not known: a subnet is a `subnet` then.
        place: Columns that tell account and region.
        owner_tags: Tags that name an owner, best first.
    """
    vpcs = list(vpcs)
    names = {vpc["VpcId"]: first_name((tags_of(vpc).get(NAME_TAG),)) for vpc in vpcs}
    public = None if route_tables is None else _public(route_tables)
    rows: Rows = []
    for vpc in vpcs:
        row = _described(vpc, vpc["VpcId"], "vpc", place, owner_tags)
        cidrs = [a["CidrBlock"] for a in _live(vpc, "CidrBlockAssociationSet", "CidrBlockState")]
        cidrs += [
            a["Ipv6CidrBlock"]
            for a in _live(vpc, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlockState")
        ]
        cidrs += [vpc["CidrBlock"]] if vpc.get("CidrBlock") else []
        rows += [row | {"cidr": cidr} for cidr in dict.fromkeys(cidrs)]
    for subnet in subnets:
        row = _described(subnet, subnet["SubnetId"], _kind(subnet, public), place, owner_tags)
        row |= {
            "vpc_name": names.get(subnet["VpcId"]),
            "az": subnet.get("AvailabilityZone"),
            "az_id": subnet.get("AvailabilityZoneId"),
        }
        cidrs = [
            a["Ipv6CidrBlock"]
            for a in _live(subnet, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlockState")
        ]
        cidrs += [subnet["CidrBlock"]] if subnet.get("CidrBlock") else []
        rows += [row | {"cidr": cidr} for cidr in dict.fromkeys(cidrs)]
    return rows


def group_rows(
    groups: Iterable[Mapping[str, Any]],
    place: Mapping[str, str | None],
    owner_tags: Sequence[str],
) -> Rows:
    """Return a row for each security group."""
    return [
        _described(group, group["GroupId"], "security group", place, owner_tags)
        | {"name": first_name((group.get("GroupName"),)), "description": group.get("Description")}
        for group in groups
    ]


def _described(
    resource: Mapping[str, Any],
    resource_id: str,
    kind: str,
    place: Mapping[str, str | None],
    owner_tags: Sequence[str],
) -> dict[str, str | None]:
    tags = tags_of(resource)
    name = first_name((tags.get(NAME_TAG),))
    # A shared subnet is described in every account that may use it; it belongs to one.
    account_id = resource.get("OwnerId") or place["account_id"]
    is_own = account_id == place["account_id"]
    return {
        **place,
        "account_id": account_id,
        "account_name": place.get("account_name") if is_own else None,
        "id": resource_id,
        "name": name,
        "kind": kind,
        "vpc_id": resource.get("VpcId"),
        "vpc_name": name if kind == "vpc" else None,
        "owner": owner_of(tags, owner_tags),
        "tags": tags_text(tags),
    }


def _kind(subnet: Mapping[str, Any], public: tuple[set[str], set[str], set[str]] | None) -> str:
    if public is None:
        return "subnet"
    routed, open_subnets, open_vpcs = public
    subnet_id = subnet["SubnetId"]
    is_public = subnet_id in open_subnets or (
        subnet_id not in routed and subnet["VpcId"] in open_vpcs
    )
    return "public subnet" if is_public else "private subnet"


def _public(route_tables: Sequence[Mapping[str, Any]]) -> tuple[set[str], set[str], set[str]]:
    """Return subnets with a table of their own, those of them that are open, and open VPCs."""
    routed: set[str] = set()
    subnets: set[str] = set()
    vpcs: set[str] = set()
    for table in route_tables:
        is_open = any(
            str(route.get("GatewayId", "")).startswith("igw-") and route.get("State") != "blackhole"
            for route in table.get("Routes", [])
        )
        for association in table.get("Associations", []):
            if "SubnetId" in association:
                routed.add(association["SubnetId"])
                subnets |= {association["SubnetId"]} if is_open else set()
            elif association.get("Main") and is_open:
                vpcs.add(table["VpcId"])
    return routed, subnets, vpcs


def _live(resource: Mapping[str, Any], key: str, state: str) -> list[Mapping[str, Any]]:
    """Return the CIDR associations that stand."""
    return [
        association
        for association in resource.get(key, [])
        if association.get(state, {}).get("State", "associated") == "associated"
    ]
