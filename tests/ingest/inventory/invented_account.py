"""An AWS account on the loopback server, with one interface of every kind that moto knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends

from tests.s3_server import ACCOUNT, S3Server

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class InventedAccount:
    """Ids of what was made, and ways to make more.

    Attributes:
        server: Where it lives.
        vpc_id: Its VPC, 10.7.0.0/16, named `shop`.
        public, private: Its subnets, 10.7.1.0/24 with a route to the internet, 10.7.2.0/24.
    """

    server: S3Server
    vpc_id: str
    public: str
    private: str

    @property
    def ec2(self) -> Any:
        """The client that may do everything."""
        return self.server.client("ec2")

    def interface(self, address: str, description: str = "", **more: Any) -> str:
        """Make an interface at an address of the private subnet; return its id."""
        made: str = self.ec2.create_network_interface(
            SubnetId=self.private, PrivateIpAddress=address, Description=description, **more
        )["NetworkInterface"]["NetworkInterfaceId"]
        return made

    def instance(self, address: str, *, subnet: str | None = None, **tags: str) -> str:
        """Start an instance at an address; return its id."""
        made: str = self.ec2.run_instances(
            ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet or self.private,
            PrivateIpAddress=address, TagSpecifications=_tagged("instance", tags),
        )["Instances"][0]["InstanceId"]  # fmt: skip
        return made


def invent_account(server: S3Server) -> InventedAccount:
    """Make a VPC with a public and a private subnet, after removing what was there."""
    ec2_backends[ACCOUNT][REGION].reset()
    ec2 = server.client("ec2")
    vpc_id = ec2.create_vpc(
        CidrBlock="10.7.0.0/16", TagSpecifications=_tagged("vpc", {"Name": "shop"})
    )["Vpc"]["VpcId"]
    # Moto's tasks want names for their interfaces.
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    public, private = (
        ec2.create_subnet(
            VpcId=vpc_id, CidrBlock=cidr, TagSpecifications=_tagged("subnet", {"Name": name})
        )["Subnet"]["SubnetId"]
        for cidr, name in (("10.7.1.0/24", "shop-public"), ("10.7.2.0/24", "shop-private"))
    )
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=public)
    return InventedAccount(server, vpc_id, public, private)


def _tagged(kind: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{"ResourceType": kind, "Tags": listed}] if listed else []
