"""What views read: rows that fit a question, under fixed names and types.

A view is compiled once, whatever the range and the filter; what fits is a relation of its
own, compiled once for all views (`query.fitting`), and both are put together as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import ibis
import ibis.expr.types as ir

NODES = ("src", "dst", "node")  # Columns that hold a node.
VOLUMES = ("records", "flows", "packets", "bytes")
_SUMS = dict.fromkeys(VOLUMES, "int64")
_FACTS = {"service_port": "int32", "protocol": "int16", "action": "string"}
EDGE_ROWS: Mapping[str, str] = {
    "time": "int64",
    "src": "string",
    "dst": "string",
    "src_named": "boolean",
    "dst_named": "boolean",
    **_FACTS,
    **_SUMS,
    "return_packets": "int64",
    "return_bytes": "int64",
    "first_seen": "int64",
    "last_seen": "int64",
}
TALKER_ROWS: Mapping[str, str] = {
    "time": "int64",
    "address": "string",
    "vpc_id": "string",
    "node": "string",
    "action": "string",
    "records": "int64",
    "flows": "int64",
    "sent_packets": "int64",
    "sent_bytes": "int64",
    "received_packets": "int64",
    "received_bytes": "int64",
}
PORT_ROWS: Mapping[str, str] = {**_FACTS, **_SUMS}
SERIES_ROWS: Mapping[str, str] = {
    "minute_start": "int64",
    "protocol": "int16",
    "action": "string",
    **_SUMS,
    "logged_packets": "int64",
    "logged_bytes": "int64",
}
GAP_ROWS: Mapping[str, str] = {"log_status": "string", "records": "int64"}
RECORD_ROWS: Mapping[str, str] = {
    **dict.fromkeys(
        ("account_id", "interface_id", "srcaddr", "dstaddr", "log_status", "vpc_id",
         "subnet_id", "instance_id", "type", "pkt_srcaddr", "pkt_dstaddr", "region", "az_id",
         "pkt_src_aws_service", "pkt_dst_aws_service", "flow_direction", "reject_reason",
         "initiator_rule", "reporter"),
        "string",
    ),
    **dict.fromkeys(("srcport", "dstport", "object_id", "line"), "int32"),
    **dict.fromkeys(("tcp_flags", "traffic_path"), "int16"),
    **dict.fromkeys(("logged_packets", "logged_bytes", "start", "end"), "int64"),
    "is_counted": "boolean",
}  # fmt: skip

SCHEMAS: Mapping[str, Mapping[str, str]] = {
    "fitting_edges": EDGE_ROWS,
    "compared_edges": {**EDGE_ROWS, "is_now": "boolean"},
    "fitting_talkers": TALKER_ROWS,
    "fitting_ports": PORT_ROWS,
    "fitting_series": SERIES_ROWS,
    "fitting_gaps": GAP_ROWS,
    "fitting_records": {**EDGE_ROWS, **RECORD_ROWS},
}

TimelineFrom = Literal["series", "spread", "hours"]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that fit a question; a part of a view's shape.

    Attributes:
        is_filtered: There is a filter, so talkers come from edges.
        has_port_rollup: The rollup of ports knows all that the filter asks.
        timeline_from: `series`: the rollup of minutes knows all that the filter asks.
            `spread`: raw records, spread over the minutes they lasted. `hours`: edges.
        end: First second after the range; None: open.
        codes: Nodes are numbers, in the order of their ids' texts.
    """

    is_filtered: bool = False
    has_port_rollup: bool = True
    timeline_from: TimelineFrom = "series"
    end: int | None = None
    codes: bool = False

    def table(self, name: str) -> ir.Table:
        """Return a relation of SCHEMAS, unbound."""
        schema = dict(SCHEMAS[name])
        if self.codes:
            schema |= {node: "int32" for node in NODES if node in schema}
        return ibis.table(schema, name=name)

    @property
    def edges(self) -> ir.Table:
        """Rows of conversations by node, not aggregated."""
        return self.table("fitting_edges")

    @property
    def ports(self) -> ir.Table:
        """Rows by service port and protocol."""
        return self.table("fitting_ports") if self.has_port_rollup else self.edges

    @property
    def talkers(self) -> ir.Table:
        """One row for each end: `node`, `action`, `records`, `flows`, what it sent and received.

        A filter is about conversations, so under one both ends of each edge are taken.
        """
        if not self.is_filtered:
            return self.table("fitting_talkers")
        edges = self.edges.filter(self.edges.src.notnull())

        def one_end(side: str, *, opens: bool) -> ir.Table:
            asked = edges.packets - edges.return_packets, edges.bytes - edges.return_bytes
            answered = edges.return_packets, edges.return_bytes
            sent, received = (asked, answered) if opens else (answered, asked)
            return edges.select(
                "action",
                "records",
                "flows",
                node=edges[side],
                sent_packets=sent[0],
                sent_bytes=sent[1],
                received_packets=received[0],
                received_bytes=received[1],
            )

        return one_end("src", opens=True).union(one_end("dst", opens=False))


def volume_sums(rows: ir.Table) -> dict[str, ir.Value]:
    """Sum up VOLUMES and split the flows by action; nothing is zero, never null."""
    return {name: rows[name].sum().fill_null(0) for name in VOLUMES} | {
        "accepted": rows.flows.sum(where=rows.action == "ACCEPT").fill_null(0),
        "rejected": rows.flows.sum(where=rows.action == "REJECT").fill_null(0),
    }
