"""FLOW_COLUMNS: the one list of fields, and the tables that the cache holds.

Names, order and versions follow the AWS VPC User Guide, "Flow log records", and the AWS
Transit Gateway guide, "Transit Gateway Flow Logs". Integers are signed in the cache: Spark
and Athena have no unsigned SQL types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SCHEMA_VERSION = 2

StoredType = Literal["string", "int16", "int32", "int64", "bool", "map"]


@dataclass(frozen=True, slots=True)
class FlowColumn:
    """One field of a flow record.

    Attributes:
        field: AWS's name in text logs, hyphenated.
        name: The same with underscores: the name in Parquet and in the cache.
        stored: Type in the cache.
        since: Flow log version that brought the field; 6 is transit gateway only.
        highest: Largest value that the field can hold; None for text.
    """

    field: str
    stored: StoredType
    since: int
    highest: int | None = None

    @property
    def name(self) -> str:
        """The field's name with `_` for `-`."""
        return self.field.replace("-", "_")


_INT64_MAX = 2**63 - 1


def _text(since: int, *names: str) -> tuple[FlowColumn, ...]:
    return tuple(FlowColumn(name, "string", since) for name in names)


FLOW_COLUMNS: tuple[FlowColumn, ...] = (
    FlowColumn("version", "int16", 2, 255),
    *_text(2, "account-id", "interface-id", "srcaddr", "dstaddr"),
    FlowColumn("srcport", "int32", 2, 65_535),
    FlowColumn("dstport", "int32", 2, 65_535),
    FlowColumn("protocol", "int16", 2, 255),
    FlowColumn("packets", "int64", 2, _INT64_MAX),
    FlowColumn("bytes", "int64", 2, _INT64_MAX),
    FlowColumn("start", "int64", 2, _INT64_MAX),
    FlowColumn("end", "int64", 2, _INT64_MAX),
    *_text(2, "action", "log-status"),
    *_text(3, "vpc-id", "subnet-id", "instance-id"),
    FlowColumn("tcp-flags", "int16", 3, 255),
    *_text(3, "type", "pkt-srcaddr", "pkt-dstaddr"),
    *_text(4, "region", "az-id", "sublocation-type", "sublocation-id"),
    *_text(5, "pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction"),
    FlowColumn("traffic-path", "int16", 5, 255),
    *_text(
        7,
        "ecs-cluster-arn",
        "ecs-cluster-name",
        "ecs-container-instance-arn",
        "ecs-container-instance-id",
        "ecs-container-id",
        "ecs-second-container-id",
        "ecs-service-name",
        "ecs-task-definition-arn",
        "ecs-task-arn",
        "ecs-task-id",
    ),
    *_text(8, "reject-reason"),
    *_text(9, "resource-id"),
    FlowColumn("encryption-status", "int16", 10, 255),
    *_text(
        11,
        "instance-tag",
        "instance-tag-2",
        "interface-tag",
        "interface-tag-2",
        "asg-tag",
        "asg-tag-2",
        "interface-type",
        "next-hop-interface-id",
        "next-hop-subnet-id",
        "next-hop-az-id",
        "next-hop-vpc-id",
        "next-hop-interface-type",
    ),
    *_text(
        6,
        "resource-type",
        "tgw-id",
        "tgw-attachment-id",
        "tgw-src-vpc-account-id",
        "tgw-dst-vpc-account-id",
        "tgw-src-vpc-id",
        "tgw-dst-vpc-id",
        "tgw-src-subnet-id",
        "tgw-dst-subnet-id",
        "tgw-src-eni",
        "tgw-dst-eni",
        "tgw-src-az-id",
        "tgw-dst-az-id",
        "tgw-pair-attachment-id",
    ),
    FlowColumn("packets-lost-no-route", "int64", 6, _INT64_MAX),
    FlowColumn("packets-lost-blackhole", "int64", 6, _INT64_MAX),
    FlowColumn("packets-lost-mtu-exceeded", "int64", 6, _INT64_MAX),
    FlowColumn("packets-lost-ttl-expired", "int64", 6, _INT64_MAX),
)

COLUMN_BY_FIELD: dict[str, FlowColumn] = {column.field: column for column in FLOW_COLUMNS}
COLUMN_BY_NAME: dict[str, FlowColumn] = {column.name: column for column in FLOW_COLUMNS}

DEFAULT_FIELDS: tuple[str, ...] = tuple(c.field for c in FLOW_COLUMNS if c.since == 2)

# The order of AWS's default transit gateway format (Transit Gateway guide).
TGW_DEFAULT_FIELDS: tuple[str, ...] = (
    "version",
    "resource-type",
    "account-id",
    *(c.field for c in FLOW_COLUMNS if c.field.startswith("tgw-")),
    *DEFAULT_FIELDS[3:12],
    "log-status",
    "type",
    *(c.field for c in FLOW_COLUMNS if c.field.startswith("packets-lost-")),
    "tcp-flags",
    "region",
    "flow-direction",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
)

ADDRESS_FIELDS: tuple[str, ...] = ("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr")
ACTIONS: tuple[str, ...] = ("ACCEPT", "REJECT")
LOG_STATUSES: tuple[str, ...] = ("OK", "NODATA", "SKIPDATA")

# Facts derived once at ingest and kept beside each record.
DERIVED_COLUMNS: dict[str, StoredType] = {
    "src_ip4": "int64",  # IPv4 of the source end as a number; the end is pkt-srcaddr where logged.
    "src_ip6": "string",  # IPv6 of the source end as 32 lower-case hex characters.
    "dst_ip4": "int64",
    "dst_ip6": "string",
    "src_vpc_id": "string",  # The VPC that the source end lies in; null: not known.
    "dst_vpc_id": "string",
    "initiator_is_src": "bool",  # Null where the record names no two ends.
    "service_port": "int32",  # Null for protocols without ports.
    "initiator_rule": "string",
    "reporter": "string",  # 'src' or 'dst': which end's interface logged it; null: cannot tell.
    "is_counted": "bool",  # False for the second report of a flow that counts once.
    "extra": "map",  # Fields that FLOW_COLUMNS does not know, as text.
    "object_id": "int32",  # The catalog's number of the object that held the line.
    "line": "int32",  # 1 is the object's first line, header lines included.
}

# All times are epoch seconds UTC; `hour` and `minute` are the first second of each.
# `flows` are records counted once, `records` are log records as they came.
EDGE_COLUMNS: dict[str, StoredType] = {
    "hour_start": "int64",
    "initiator": "string",
    "responder": "string",
    "initiator_vpc_id": "string",  # Null: the internet, a VPC that logs nothing, or ambiguous.
    "responder_vpc_id": "string",
    "initiator_ip4": "int64",
    "initiator_ip6": "string",
    "responder_ip4": "int64",
    "responder_ip6": "string",
    "service_port": "int32",
    "protocol": "int16",
    "action": "string",
    "records": "int64",
    "flows": "int64",
    "packets": "int64",  # Both directions added.
    "bytes": "int64",
    "return_packets": "int64",  # Of these, responder to initiator.
    "return_bytes": "int64",
    "first_seen": "int64",
    "last_seen": "int64",
}
# What a record carried is spread over the minutes from its start to its end; it is itself
# counted in the first of them.
SERIES_COLUMNS: dict[str, StoredType] = {
    "hour_start": "int64",  # The hour that the record belongs to, as in edges.
    "minute_start": "int64",
    "protocol": "int16",
    "action": "string",
    "records": "int64",
    "flows": "int64",
    "packets": "int64",
    "bytes": "int64",
    "logged_packets": "int64",  # As logged, a flow seen at two interfaces twice.
    "logged_bytes": "int64",
}
TALKER_COLUMNS: dict[str, StoredType] = {
    "hour_start": "int64",
    "address": "string",
    "vpc_id": "string",
    "ip4": "int64",
    "ip6": "string",
    "action": "string",
    "records": "int64",
    "flows": "int64",
    "initiated_flows": "int64",  # Of these, as initiator.
    "sent_packets": "int64",
    "sent_bytes": "int64",
    "received_packets": "int64",
    "received_bytes": "int64",
}
PORT_COLUMNS: dict[str, StoredType] = {
    "hour_start": "int64",
    "service_port": "int32",
    "protocol": "int16",
    "action": "string",
    "records": "int64",
    "flows": "int64",
    "packets": "int64",
    "bytes": "int64",
}
COVERAGE_COLUMNS: dict[str, StoredType] = {
    "hour_start": "int64",
    "account_id": "string",
    "interface_id": "string",
    "log_status": "string",  # NODATA and SKIPDATA rows are facts about coverage, never traffic.
    "records": "int64",
}
# The own end of each interface, as its traffic records name it: what an address belongs to.
ENDS_COLUMNS: dict[str, StoredType] = {
    "day_start": "int64",
    "address": "string",
    "ip4": "int64",
    "ip6": "string",
    "account_id": "string",
    "vpc_id": "string",
    "subnet_id": "string",
    "interface_id": "string",
    "instance_id": "string",
    "az_id": "string",
    "region": "string",
    "records": "int64",
    "first_seen": "int64",
    "last_seen": "int64",
}

FLOW_TABLE: dict[str, StoredType] = {c.name: c.stored for c in FLOW_COLUMNS} | DERIVED_COLUMNS
TABLES: dict[str, dict[str, StoredType]] = {
    "flows": FLOW_TABLE,
    "edges": EDGE_COLUMNS,
    "series": SERIES_COLUMNS,
    "talkers": TALKER_COLUMNS,
    "ports": PORT_COLUMNS,
    "coverage": COVERAGE_COLUMNS,
    "ends": ENDS_COLUMNS,
}

# What compaction adds for readers that group by numbers rather than texts. It says nothing
# that the tables above do not say: a cache without it gives the same answers, later.
PLACE_COLUMNS: dict[str, StoredType] = {
    "place_id": "int32",  # From 1; a place keeps its number as long as any part names it.
    "address": "string",
    "vpc_id": "string",
    "ip4": "int64",
    "ip6": "string",
}
# Columns of numbered parts beside those of their table: the number of each end's place.
NUMBER_COLUMNS: dict[str, dict[str, StoredType]] = {
    "edges": {"initiator_place": "int32", "responder_place": "int32"},
    "talkers": {"place": "int32"},
}
PLACES = "places"
_TEXT_ENDS = frozenset(
    {"address", "vpc_id", "ip4", "ip6"}
    | {
        f"{end}{what}"
        for end in ("initiator", "responder")
        for what in ("", "_vpc_id", "_ip4", "_ip6")
    }
)
# Numbered rows of a whole closed day or week as one part, and the table that it sums up.
SPAN_TABLES: dict[str, str] = {"edge_spans": "edges", "talker_spans": "talkers"}
_NUMBERED_COLUMNS: dict[str, dict[str, StoredType]] = {
    kind: {n: t for n, t in (TABLES[kind] | numbers).items() if n not in _TEXT_ENDS}
    for kind, numbers in NUMBER_COLUMNS.items()
}


def _span_columns(kind: str) -> dict[str, StoredType]:
    columns: dict[str, StoredType] = {"span_start": "int64"}
    return columns | {n: t for n, t in _NUMBERED_COLUMNS[kind].items() if n != "hour_start"}


STORED_TABLES: dict[str, dict[str, StoredType]] = {
    **{kind: columns | NUMBER_COLUMNS.get(kind, {}) for kind, columns in TABLES.items()},
    PLACES: PLACE_COLUMNS,
    **{name: _span_columns(kind) for name, kind in SPAN_TABLES.items()},
}
# Numbered parts under names of their own, with numbers in the place of their ends' texts. A
# question that compares reads those of the range before under names that begin so.
BASE = "base_"
NUMBERED: dict[str, str] = {f"numbered_{kind}": kind for kind in NUMBER_COLUMNS}
# Every table that a query may name.
READ_TABLES: dict[str, dict[str, StoredType]] = {
    **TABLES,
    PLACES: PLACE_COLUMNS,
    **{name: _NUMBERED_COLUMNS[kind] for name, kind in NUMBERED.items()},
    **{name: STORED_TABLES[name] for name in SPAN_TABLES},
    f"{BASE}numbered_edges": _NUMBERED_COLUMNS["edges"],
    f"{BASE}edge_spans": STORED_TABLES["edge_spans"],
}
