"""What AWS's services say of the interfaces that they run: load balancers, databases, tasks."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ingest.inventory import listings
from ingest.inventory.asking import RegionAsker
from ingest.inventory.tags import NAME_TAG, Tags, first_name, tags_of

Resolve = Callable[[str], frozenset[str]]
_RESOLVED_AT_ONCE = 16
_STATIONS = re.compile(r"^(?:service|family):")


@dataclass(frozen=True, slots=True)
class Resource:
    """What stands behind an interface.

    Attributes:
        name: What people call it; None: its interface is called by its own name.
        kind: What it is.
        tags: Its tags.
    """

    name: str | None
    kind: str
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Database:
    """A database and where its interfaces may lie: AWS does not tell which are its own."""

    resource: Resource
    addresses: frozenset[str]
    vpc_id: str | None
    subnet_ids: frozenset[str]
    security_group_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Resources:
    """All that is known of one region.

    Attributes:
        by_id: By instance, NAT gateway, transit gateway attachment.
        by_interface: By interface id.
        by_path: Load balancers by `app/NAME/ID` as in their interfaces' descriptions.
        caches: By id of the cluster.
        functions: By name.
        databases: In the order of their names.
    """

    by_id: dict[str, Resource]
    by_interface: dict[str, Resource]
    by_path: dict[str, Resource]
    caches: dict[str, Resource]
    functions: dict[str, Resource]
    databases: tuple[Database, ...]


def resources_of(asker: RegionAsker, resolve: Resolve | None = None) -> Resources:
    """Ask every service of a region for its resources.

    Args:
        asker: The region.
        resolve: Gives the addresses behind a host name; None: DNS as seen from here.
    """
    tagged = {
        row["ResourceARN"]: tags_of(row)
        for row in asker.rows(
            listings.TAGGED,
            ResourceTypeFilters=["elasticloadbalancing", "elasticache", "lambda"],
        )
    }
    by_id = _instances(asker) | _attachments(asker)
    nat_gateways = asker.rows(listings.NAT_GATEWAYS)
    by_id |= {row["NatGatewayId"]: _nat_gateway(row) for row in nat_gateways}
    by_interface = {
        address["NetworkInterfaceId"]: _nat_gateway(row)
        for row in nat_gateways
        for address in row.get("NatGatewayAddresses", [])
        if "NetworkInterfaceId" in address
    }
    return Resources(
        by_id=by_id,
        by_interface=by_interface | _endpoints(asker) | _tasks(asker),
        by_path=_load_balancers(asker, tagged),
        caches=_caches(asker, tagged),
        functions={
            row["FunctionName"]: Resource(
                row["FunctionName"], "function", tagged.get(row["FunctionArn"], {})
            )
            for row in asker.rows(listings.FUNCTIONS)
        },
        databases=_databases(asker, resolve or _resolved),
    )


def _instances(asker: RegionAsker) -> dict[str, Resource]:
    found = {}
    for reservation in asker.rows(listings.INSTANCES):
        for row in reservation["Instances"]:
            tags = tags_of(row)
            found[row["InstanceId"]] = Resource(tags.get(NAME_TAG), "instance", tags)
    return found


def _attachments(asker: RegionAsker) -> dict[str, Resource]:
    found = {}
    for row in asker.rows(listings.ATTACHMENTS):
        tags = tags_of(row)
        name = first_name((tags.get(NAME_TAG), row.get("TransitGatewayId")))
        found[row["TransitGatewayAttachmentId"]] = Resource(name, "transit gateway", tags)
    return found


def _nat_gateway(row: Mapping[str, Any]) -> Resource:
    tags = tags_of(row)
    return Resource(first_name((tags.get(NAME_TAG), row["NatGatewayId"])), "nat gateway", tags)


def _endpoints(asker: RegionAsker) -> dict[str, Resource]:
    found = {}
    for row in asker.rows(listings.ENDPOINTS):
        tags = tags_of(row)
        name = first_name((tags.get(NAME_TAG), row.get("ServiceName"), row["VpcEndpointId"]))
        for interface_id in row.get("NetworkInterfaceIds", []):
            found[interface_id] = Resource(name, "vpc endpoint", tags)
    return found


def _load_balancers(asker: RegionAsker, tagged: Mapping[str, Tags]) -> dict[str, Resource]:
    return {
        row["LoadBalancerArn"].partition(":loadbalancer/")[2]: Resource(
            row["LoadBalancerName"], "load balancer", tagged.get(row["LoadBalancerArn"], {})
        )
        for row in asker.rows(listings.LOAD_BALANCERS)
    }


def _caches(asker: RegionAsker, tagged: Mapping[str, Tags]) -> dict[str, Resource]:
    return {
        row["CacheClusterId"]: Resource(
            row["CacheClusterId"], "cache", tagged.get(row.get("ARN", ""), {})
        )
        for row in asker.rows(listings.CACHES)
    }


def _tasks(asker: RegionAsker) -> dict[str, Resource]:
    found = {}
    for cluster in asker.rows(listings.CLUSTERS):
        arns = asker.rows(listings.TASKS, cluster=cluster)
        for task in asker.tasks(cluster, arns):
            name = _STATIONS.sub("", task.get("group", "")) or task["taskArn"].rpartition("/")[2]
            for attachment in task.get("attachments", []):
                for detail in attachment.get("details", []):
                    if detail.get("name") == "networkInterfaceId":
                        found[detail["value"]] = Resource(name, "task", tags_of(task))
    return found


def _databases(asker: RegionAsker, resolve: Resolve) -> tuple[Database, ...]:
    rows = sorted(asker.rows(listings.DATABASES), key=lambda row: str(row["DBInstanceIdentifier"]))
    hosts = [(row.get("Endpoint") or {}).get("Address", "") for row in rows]
    with ThreadPoolExecutor(_RESOLVED_AT_ONCE) as pool:
        addresses = list(pool.map(lambda host: resolve(host) if host else frozenset(), hosts))
    return tuple(
        Database(
            Resource(row["DBInstanceIdentifier"], "database", tags_of(row)),
            found,
            (row.get("DBSubnetGroup") or {}).get("VpcId"),
            _ids((row.get("DBSubnetGroup") or {}).get("Subnets", []), "SubnetIdentifier"),
            _ids(row.get("VpcSecurityGroups", []), "VpcSecurityGroupId"),
        )
        for row, found in zip(rows, addresses, strict=True)
    )


def _ids(rows: Iterable[Mapping[str, Any]], key: str) -> frozenset[str]:
    return frozenset(row[key] for row in rows if key in row)


def _resolved(host: str) -> frozenset[str]:
    try:
        return frozenset(str(found[4][0]) for found in socket.getaddrinfo(host, None))
    except OSError:
        return frozenset()
