"""What an interface is called, from descriptions as AWS's services write them."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.inventory.naming import resource_behind
from ingest.inventory.resources import Database, Resource, Resources
from ingest.inventory.snapshot import _addresses
from ingest.inventory.tags import first_name, owner_of

ENI = "eni-0a1b2c3d4e5f60718"


def known(**more: Any) -> Resources:
    empty: dict[str, Any] = {
        "by_id": {}, "by_interface": {}, "by_path": {}, "caches": {}, "functions": {},
        "databases": (),
    }  # fmt: skip
    return Resources(**{**empty, **more})


def interface(description: str = "", **more: Any) -> dict[str, Any]:
    return {"NetworkInterfaceId": ENI, "Description": description, **more}


@pytest.mark.parametrize(
    ("description", "name", "kind"),
    [
        ("ELB app/front/0123456789abcdef", "front", "load balancer"),
        ("ELB net/front/0123456789abcdef", "front", "load balancer"),
        ("ELB classic-1", "classic-1", "load balancer"),
        ("Interface for NAT Gateway nat-0a1b", "nat-0a1b", "nat gateway"),
        ("VPC Endpoint Interface vpce-0a1b", "vpce-0a1b", "vpc endpoint"),
        ("AWS Lambda VPC ENI-resize-images-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
         "resize-images", "function"),
        ("AWS Lambda VPC ENI: resize", "resize", "function"),
        ("ElastiCache sessions-001", "sessions-001", "cache"),
        ("Network Interface for Transit Gateway Attachment tgw-attach-0a1b",
         "tgw-attach-0a1b", "transit gateway"),
        ("Amazon EKS prod", "prod", "kubernetes"),
        ("EFS mount target for fs-0a1b (fsmt-0c2d)", "fs-0a1b", "file system"),
        ("Route 53 Resolver: rslvr-in-0a1b:rni-0c2d", "rslvr-in-0a1b", "dns resolver"),
        ("RDSNetworkInterface", "RDSNetworkInterface", "database"),
        ("by hand", "by hand", "interface"),
        ("", ENI, "interface"),
    ],
)  # fmt: skip
def test_a_description_names_the_service(description: str, name: str, kind: str) -> None:
    """Without any other right than to see interfaces."""
    found = resource_behind(interface(description), known())

    assert (found.name, found.kind) == (name, kind)


def test_what_a_service_tells_wins_over_its_description() -> None:
    """Name and tags of the resource; tags of the interface stay beside."""
    resources = known(
        by_path={"app/front/0a1b": Resource("front", "load balancer", {"owner": "web"})},
        by_interface={ENI: Resource("orders", "task", {"owner": "shop"})},
    )

    balancer = resource_behind(
        interface("ELB app/front/0a1b", TagSet=[{"Key": "owner", "Value": "x"},
                                                {"Key": "stage", "Value": "live"}]),
        known(by_path=resources.by_path),
    )  # fmt: skip
    task = resource_behind(interface("ELB app/front/0a1b"), resources)

    assert balancer.tags == {"owner": "web", "stage": "live"}
    assert (task.name, task.kind) == ("orders", "task")


def test_an_instance_names_its_interfaces() -> None:
    """By its tag; else the interface's own tag; else the id of the instance."""
    tagged = known(by_id={"i-1": Resource("web-1", "instance", {"Name": "web-1"})})
    untagged = known(by_id={"i-1": Resource(None, "instance")})
    own_tag = [{"Key": "Name", "Value": "mine"}]
    attached = interface("Primary network interface", Attachment={"InstanceId": "i-1"})

    assert resource_behind(attached, tagged).name == "web-1"
    assert resource_behind({**attached, "TagSet": own_tag}, tagged).name == "web-1"
    assert resource_behind({**attached, "TagSet": own_tag}, untagged).name == "mine"
    assert resource_behind(attached, untagged).name == "i-1"
    assert resource_behind(interface("aws-K8S-i-1"), tagged).name == "web-1"


def test_a_database_is_found_by_address_or_as_the_only_one_that_fits() -> None:
    """Two that fit alike are not guessed between."""
    where = {"VpcId": "vpc-1", "SubnetId": "subnet-1", "Groups": [{"GroupId": "sg-1"}]}
    address = {"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.5"}]}

    def database(name: str, *addresses: str, vpc: str = "vpc-1") -> Database:
        return Database(
            Resource(name, "database"), frozenset(addresses), vpc, frozenset({"subnet-1"}),
            frozenset({"sg-1"}),
        )  # fmt: skip

    def name_with(*databases: Database) -> str | None:
        asked = interface("RDSNetworkInterface", **where, **address)
        return resource_behind(asked, known(databases=databases)).name

    assert name_with(database("a"), database("b", "10.0.0.5")) == "b"
    assert name_with(database("a"), database("b", vpc="vpc-2")) == "a"
    assert name_with(database("a"), database("b")) == "RDSNetworkInterface"


@pytest.mark.parametrize(
    ("candidates", "name"),
    [
        ((None, "", "  ", "third"), "third"),
        (("203.0.113.9", "10.0.0.0/8", "2001:db8::1", "real"), "real"),
        (("two\nlines\x00 and\ta tab",), "two lines and a tab"),
        (("x" * 1_000,), "x" * 256),
        (("<script>alert(1)</script>",), "<script>alert(1)</script>"),
        ((None,), None),
    ],
)
def test_a_name_cannot_stand_for_another_machine(
    candidates: tuple[str | None, ...], name: str | None
) -> None:
    """Whoever may tag a resource writes anything: addresses and control characters go."""
    assert first_name(candidates) == name


def test_the_owner_is_the_first_tag_that_is_set() -> None:
    """In any case of letters."""
    assert owner_of({"TEAM": "b", "Owner": "a"}) == "a"
    assert owner_of({"team": "b", "Owner": ""}) == "b"
    assert owner_of({"Name": "x"}) is None


def test_the_addresses_of_a_prefix_are_its_nodes_own() -> None:
    """An EKS node hands them to pods."""
    listed = list(
        _addresses(
            interface(PrivateIpAddress="10.0.0.5", Ipv4Prefixes=[{"Ipv4Prefix": "10.0.1.16/28"}])
        )
    )

    assert len(listed) == 17
    assert {"10.0.0.5", "10.0.1.16", "10.0.1.31"} < set(listed)
