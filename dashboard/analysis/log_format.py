"""What each field of a flow log makes possible, and the format to ask AWS for.

Field names and versions follow the AWS VPC User Guide, "Flow log records".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unlock:
    """Something that a format with certain fields makes possible.

    Attributes:
        fields: AWS's names; a format needs all of them.
        gives: What they are good for.
        without: What happens where they are absent.
    """

    fields: tuple[str, ...]
    gives: str
    without: str


# Most useful first.
UNLOCKS: tuple[Unlock, ...] = (
    Unlock(
        ("action",),
        "accepted and rejected traffic are told apart",
        "all traffic counts as neither, and no view can show what was denied",
    ),
    Unlock(
        ("log-status",),
        "interfaces without traffic are told from lost records",
        "rows without values are taken for silence, so losses stay unseen",
    ),
    Unlock(
        ("start", "end"),
        "traffic is placed in time, to the second",
        "records have no time and are in no chart and no range",
    ),
    Unlock(
        ("tcp-flags",),
        "the initiator of a TCP connection is certain",
        "the initiator is concluded from ports, which errs for unusual ones",
    ),
    Unlock(
        ("flow-direction",),
        "a flow that two interfaces logged is counted once for certain",
        "second reports are concluded from the interface's own address",
    ),
    Unlock(
        ("pkt-srcaddr", "pkt-dstaddr"),
        "the real ends behind NAT gateways, load balancers and EKS nodes",
        "the middle box stands for whoever is behind it, and pods are one with their node",
    ),
    Unlock(
        ("vpc-id",),
        "the level VPC, and equal private addresses of several VPCs kept apart",
        "equal private addresses in two VPCs are one node",
    ),
    Unlock(
        ("subnet-id",),
        "the level subnet without asking AWS for names",
        "subnets are known only after: python -m ingest names",
    ),
    Unlock(
        ("instance-id",),
        "which EC2 instance an address belonged to",
        "instances are known only after: python -m ingest names",
    ),
    Unlock(
        ("az-id",),
        "the level zone, and traffic that crosses zones and is paid for",
        "zones are known only after: python -m ingest names",
    ),
    Unlock(
        ("region",),
        "the level region, and traffic between regions",
        "regions are known only after: python -m ingest names",
    ),
    Unlock(
        ("pkt-src-aws-service", "pkt-dst-aws-service"),
        "the AWS service behind a public address, as AWS knew it then",
        "services come from AWS's published ranges, where such a file was given",
    ),
    Unlock(
        ("traffic-path",),
        "which way traffic left: internet gateway, endpoint, peering, VPN",
        "the way out is not known, nor which traffic an endpoint would take off a NAT gateway",
    ),
    Unlock(
        ("reject-reason",),
        "why traffic was rejected, such as VPC block public access",
        "rules of the VPC look like security groups and network ACLs",
    ),
    Unlock(
        ("type",),
        "IPv4, IPv6 and EFA are told apart as logged",
        "the family is that of the addresses, and EFA is not seen",
    ),
    Unlock(
        ("resource-id",),
        "traffic of a regional NAT gateway, which has no interface",
        "such records name neither interface nor gateway",
    ),
    Unlock(
        ("ecs-cluster-name", "ecs-service-name", "ecs-task-id"),
        "ECS cluster, service and task are kept with each record",
        "a task is an address among others",
    ),
    Unlock(
        ("encryption-status",),
        "whether Nitro or the application encrypted the traffic is kept with each record",
        "nothing tells encrypted from clear traffic",
    ),
)

# Versions 2 to 5 and the reason of a rejection. Each field makes every line longer and AWS
# bills by volume, so those that few can use (sublocations, ECS, tags) are left out.
RECOMMENDED_FIELDS: tuple[str, ...] = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport",
    "protocol", "packets", "bytes", "start", "end", "action", "log-status", "vpc-id", "subnet-id",
    "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr", "region", "az-id",
    "pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction", "traffic-path",
    "reject-reason",
)  # fmt: skip


def lacking(fields: tuple[str, ...]) -> list[Unlock]:
    """Return what a format cannot do, most useful first."""
    present = set(fields)
    # A transit gateway logs no interface and no action: other fields would not help it.
    if "tgw-id" in present:
        return []
    return [unlock for unlock in UNLOCKS if not present.issuperset(unlock.fields)]


def log_format(fields: tuple[str, ...] = RECOMMENDED_FIELDS) -> str:
    """Write a format as AWS takes it: `${version} ${account-id} …`."""
    return " ".join(f"${{{field}}}" for field in fields)


def create_command(fields: tuple[str, ...] = RECOMMENDED_FIELDS) -> str:
    """Write the AWS CLI's command for a flow log of a VPC into a bucket.

    The format stands in single quotes: a shell would take `${…}` for its own variables.
    """
    return (
        "aws ec2 create-flow-logs --resource-type VPC --resource-ids VPC_ID --traffic-type ALL "
        "--log-destination-type s3 --log-destination arn:aws:s3:::BUCKET/PREFIX/ "
        f"--max-aggregation-interval 60 --log-format '{log_format(fields)}'"
    )
