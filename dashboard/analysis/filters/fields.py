"""The fields that a filter knows: what each means, and which values it takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Place(Enum):
    """Where a field's value comes from, cheapest first."""

    FLOW = "flow"  # The rollups hold it.
    MEASURE = "measure"  # A sum over the conversation.
    PAIR = "pair"  # Of both ends together.
    END = "end"  # Of the initiator, of the responder, or of either.
    RECORD = "record"  # Raw records alone hold it.


class Kind(Enum):
    """What values look like."""

    ADDRESS = "an address or a CIDR such as 10.0.0.0/8, or a name"
    TEXT = "a text; quote it where it holds spaces"
    NUMBER = "a whole number or a range such as 8000-8100"
    PROTOCOL = "a protocol such as tcp, udp, icmp or 6"
    CHOICE = "a choice"
    SIZE = "a size such as 500, 10k, 1MB or 2GiB"


@dataclass(frozen=True, slots=True)
class FilterField:
    """A field that can be typed in a filter.

    Attributes:
        name: As it is typed.
        place: Where its value comes from.
        kind: What its values look like.
        help: One line for the list of completions.
        choices: Every value of a CHOICE field.
        highest: Largest number of a NUMBER field.
    """

    name: str
    place: Place
    kind: Kind
    help: str
    choices: tuple[str, ...] = ()
    highest: int = 65_535


SCOPES = (
    "private", "shared", "link-local", "loopback", "unique-local", "public", "multicast",
    "documentation", "reserved",
)  # fmt: skip

# What stands for several scopes; documentation networks are used as if they were public.
WIDE_SCOPES = MappingProxyType(
    {
        "internal": ("private", "shared", "link-local", "loopback", "unique-local"),
        "internet": ("public", "documentation"),
    }
)

_END = (
    FilterField("ip", Place.END, Kind.ADDRESS, "address or CIDR of either end"),
    FilterField("name", Place.END, Kind.TEXT, "known name"),
    FilterField("node", Place.END, Kind.TEXT, "node as it is drawn at this level"),
    FilterField("kind", Place.END, Kind.TEXT, "what it is: instance, load balancer, database"),
    FilterField("owner", Place.END, Kind.TEXT, "who answers for it"),
    FilterField("subnet", Place.END, Kind.TEXT, "subnet id or name"),
    FilterField("vpc", Place.END, Kind.TEXT, "VPC id or name"),
    FilterField("account", Place.END, Kind.TEXT, "AWS account id or name"),
    FilterField("region", Place.END, Kind.TEXT, "AWS region"),
    FilterField("az", Place.END, Kind.TEXT, "availability zone id"),
    FilterField("interface", Place.END, Kind.TEXT, "interface id of the end's own ENI"),
    FilterField("instance", Place.END, Kind.TEXT, "EC2 instance id"),
    FilterField("security_group", Place.END, Kind.TEXT, "security group id or name"),
    FilterField("tag", Place.END, Kind.TEXT, "AWS tag, such as tag.team = payments"),
    FilterField(
        "scope", Place.END, Kind.CHOICE, "kind of address space", choices=(*WIDE_SCOPES, *SCOPES)
    ),
    FilterField("service", Place.END, Kind.TEXT, "AWS service of a public address, such as S3"),
    FilterField("cloud", Place.END, Kind.TEXT, "cloud that owns a public address"),
    FilterField("country", Place.END, Kind.TEXT, "country of a public address, such as DE"),
    FilterField("asn", Place.END, Kind.TEXT, "network of a public address, such as AS16509"),
)
CROSSABLE = ("subnet", "vpc", "account", "az", "region")
_FLOW = (
    FilterField(
        "crosses", Place.PAIR, Kind.CHOICE, "both ends are known and lie in different ones",
        choices=CROSSABLE,
    ),
    FilterField("port", Place.FLOW, Kind.NUMBER, "service port, at the responder"),
    FilterField("protocol", Place.FLOW, Kind.PROTOCOL, "IP protocol"),
    FilterField(
        "action", Place.FLOW, Kind.CHOICE, "as logged", choices=("accept", "reject", "none")
    ),
    FilterField("bytes", Place.MEASURE, Kind.SIZE, "bytes of the conversation in the time range"),
    FilterField("packets", Place.MEASURE, Kind.SIZE, "packets of the conversation"),
    FilterField("flows", Place.MEASURE, Kind.SIZE, "flow records of the conversation"),
    FilterField(
        "direction", Place.RECORD, Kind.CHOICE, "as seen from the interface that logged it",
        choices=("ingress", "egress", "none"),
    ),
    FilterField("srcport", Place.RECORD, Kind.NUMBER, "source port as logged"),
    FilterField("dstport", Place.RECORD, Kind.NUMBER, "destination port as logged"),
    FilterField("tcp_flags", Place.RECORD, Kind.NUMBER, "ORed TCP flags as logged", highest=255),
    FilterField("traffic_path", Place.RECORD, Kind.NUMBER, "egress path as logged", highest=255),
    FilterField("logged_interface", Place.RECORD, Kind.TEXT, "interface that logged the record"),
    FilterField("logged_service", Place.RECORD, Kind.TEXT, "AWS service that the record names"),
    FilterField("reject_reason", Place.RECORD, Kind.TEXT, "why it was rejected, such as BPA"),
    FilterField("rule", Place.RECORD, Kind.TEXT, "rule that named the initiator"),
)  # fmt: skip

FIELDS = MappingProxyType({field.name: field for field in (*_END, *_FLOW)})
# Short forms. The ends alone stand for their address, or for their name.
ALIASES = MappingProxyType(
    {
        "src": ("src", "ip"), "dst": ("dst", "ip"), "initiator": ("src", "ip"),
        "responder": ("dst", "ip"), "address": ("any", "ip"), "addr": ("any", "ip"),
        "proto": ("any", "protocol"), "eni": ("any", "interface"), "sg": ("any", "security_group"),
        "aws_service": ("any", "service"), "zone": ("any", "az"),
    }
)  # fmt: skip
PROTOCOLS = MappingProxyType(
    {
        "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "udp": 17, "dccp": 33, "ipv6": 41, "gre": 47,
        "esp": 50, "ah": 51, "icmpv6": 58, "ospf": 89, "sctp": 132, "udplite": 136,
    }
)  # fmt: skip
