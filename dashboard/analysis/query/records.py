"""Raw flow records behind a number, with the object and line that each came from."""

from __future__ import annotations

import ibis.expr.types as ir

from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.rows import Rows

# What a record says, in the order of AWS's default format, then what ingest derived.
RECORD_COLUMNS = (
    "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "logged_protocol",
    "logged_packets", "logged_bytes", "start", "end", "logged_action", "log_status", "vpc_id",
    "subnet_id", "instance_id", "tcp_flags", "type", "pkt_srcaddr", "pkt_dstaddr", "region",
    "az_id", "pkt_src_aws_service", "pkt_dst_aws_service", "flow_direction", "traffic_path",
    "reject_reason", "initiator_rule", "reporter", "is_counted", "object_id", "line",
)  # fmt: skip
_RENAMED = {"logged_protocol": "protocol", "logged_action": "action"}


def first_records(rows: Rows, _query: FlowQuery, *, limit: int) -> ir.Table:
    """Return traffic records that fit, one row each, second reports included.

    Args:
        rows: What fits; threshold and top-K do not apply.
        limit: How many rows at most. There is no offset: what Ibis writes for Spark in its
            place numbers the rows after they have lost their order.

    Returns:
        `src`, `dst` (node ids) and `service_port`, then RECORD_COLUMNS under AWS's names;
        `object_id` is the catalog's number of the object. In the order of time, object, line.
    """
    records = rows.table("fitting_records")
    page = records.order_by("time", "object_id", "line").limit(limit)
    columns = {
        name.removeprefix("logged_"): page[_RENAMED.get(name, name)] for name in RECORD_COLUMNS
    }
    return page.select("src", "dst", "service_port", **columns)
