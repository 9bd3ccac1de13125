"""What an interface is called: the best that its service, its tags or its description tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ingest.inventory.resources import Database, Resource, Resources
from ingest.inventory.tags import NAME_TAG, Tags, first_name, tags_of

# Descriptions that AWS's services give to the interfaces that they make.
_LOAD_BALANCER = re.compile(r"^ELB ((?:app|net|gwy)/([^/]+)/\w+|[\w-]+)$")
_NAT_GATEWAY = re.compile(r"^Interface for NAT Gateway (nat-\w+)$")
_ENDPOINT = re.compile(r"^VPC Endpoint Interface (vpce-\w+)$")
_FUNCTION = re.compile(
    r"^AWS Lambda VPC ENI(?:[-: ]+)(.+?)(?:-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"
)
_CACHE = re.compile(r"^ElastiCache (?:Serverless )?([\w-]+)$")
_ATTACHMENT = re.compile(r"\b(tgw-attach-\w+)$")
_FILE_SYSTEM = re.compile(r"^EFS mount target for (fs-\w+)")
_KUBERNETES = re.compile(r"^Amazon EKS (.+)$")
_POD_INTERFACE = re.compile(r"^aws-K8S-(i-\w+)$")
_RESOLVER = re.compile(r"^Route 53 Resolver: (rslvr-[\w-]+)")
_DATABASE = "RDSNetworkInterface"

# Interface types of EC2's API that tell a kind where nothing better does.
_TYPES = {
    "nat_gateway": "nat gateway",
    "vpc_endpoint": "vpc endpoint",
    "gateway_load_balancer_endpoint": "vpc endpoint",
    "network_load_balancer": "load balancer",
    "gateway_load_balancer": "load balancer",
    "load_balancer": "load balancer",
    "lambda": "function",
    "transit_gateway": "transit gateway",
}


def resource_behind(interface: Mapping[str, Any], known: Resources) -> Resource:
    """Return what an interface belongs to: name, kind, and the tags of both.

    The service that runs it is asked first, then the instance it is attached to, then
    its own `Name` tag, its description, its id. A tag of the resource wins over the same
    tag of the interface.
    """
    tags = tags_of(interface)
    found = (
        known.by_interface.get(interface["NetworkInterfaceId"])
        or _by_description(interface, known)
        or _instance(interface, tags, known)
    )
    kind = found.kind if found else _TYPES.get(interface.get("InterfaceType", ""), "interface")
    name = first_name(
        (
            found.name if found else None,
            tags.get(NAME_TAG),
            _instance_id(interface),
            interface.get("Description"),
            interface["NetworkInterfaceId"],
        )
    )
    return Resource(name, kind, tags | (found.tags if found else {}))


def _by_description(interface: Mapping[str, Any], known: Resources) -> Resource | None:
    text = interface.get("Description", "").strip()
    if match := _LOAD_BALANCER.match(text):
        path = match[1]
        return known.by_path.get(path) or Resource(match[2] or path, "load balancer")
    if match := _NAT_GATEWAY.match(text):
        return known.by_id.get(match[1]) or Resource(match[1], "nat gateway")
    if match := _ENDPOINT.match(text):
        return Resource(match[1], "vpc endpoint")
    if match := _FUNCTION.match(text):
        return known.functions.get(match[1]) or Resource(match[1], "function")
    if match := _CACHE.match(text):
        return known.caches.get(match[1]) or Resource(match[1], "cache")
    if match := _ATTACHMENT.search(text):
        return known.by_id.get(match[1]) or Resource(match[1], "transit gateway")
    if match := _KUBERNETES.match(text):
        return Resource(match[1], "kubernetes")
    if match := _FILE_SYSTEM.match(text):
        return Resource(match[1], "file system")
    if match := _RESOLVER.match(text):
        return Resource(match[1], "dns resolver")
    return _database(interface, known) if text == _DATABASE else None


def _database(interface: Mapping[str, Any], known: Resources) -> Resource:
    """Find the database of an interface: by its endpoint's address, else the only one to fit."""
    own = {row["PrivateIpAddress"] for row in interface.get("PrivateIpAddresses", [])}
    resolved = [database for database in known.databases if own & database.addresses]
    fitting = resolved or [d for d in known.databases if _may_own(d, interface)]
    return fitting[0].resource if len(fitting) == 1 else Resource(None, "database")


def _may_own(database: Database, interface: Mapping[str, Any]) -> bool:
    groups = {group["GroupId"] for group in interface.get("Groups", [])}
    return (
        database.vpc_id == interface.get("VpcId")
        and interface.get("SubnetId") in database.subnet_ids
        and groups == database.security_group_ids
    )


def _instance(interface: Mapping[str, Any], tags: Tags, known: Resources) -> Resource | None:
    match = _POD_INTERFACE.match(interface.get("Description", ""))
    instance_id = (
        _instance_id(interface)
        or (match[1] if match else None)
        or tags.get("node.k8s.amazonaws.com/instance_id")
    )
    if instance_id is None:
        return None
    return known.by_id.get(instance_id) or Resource(None, "instance")


def _instance_id(interface: Mapping[str, Any]) -> str | None:
    instance_id: str | None = interface.get("Attachment", {}).get("InstanceId")
    return instance_id
