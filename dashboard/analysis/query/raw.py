"""Raw flow records in the shape of the rollups, one row a record.

The rollups of ingest answer whole hours; the minutes at both ends of a range come from
here. Both must therefore mean the same:

* a traffic record has `is_counted` (true or false); NODATA and SKIPDATA rows have none,
* its time is `start`, or `end` where a format has no `start`,
* an end is the packet's own address (`pkt_srcaddr`) where logged, else the interface's,
* a record that names no two ends has no initiator and no responder,
* `flows`, `packets` and `bytes` are of counted records, `records` and `logged_*` of all.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from dashboard.analysis.query.tables import cache_table


def edge_records(ranges: Sequence[tuple[int, int]]) -> ir.Table:
    """Return traffic records of some time ranges in the shape of `edges`."""
    facts = _traffic(ranges)
    returned = facts.counted & ~facts.initiator_is_src.fill_null(True)
    return facts.select(
        "initiator",
        "responder",
        "service_port",
        "protocol",
        "action",
        "records",
        "flows",
        "packets",
        "bytes",
        return_packets=_where(returned, facts.packets),
        return_bytes=_where(returned, facts.bytes),
        first_seen=facts.seen_at,
        last_seen=facts.last_at,
    )


def talker_records(ranges: Sequence[tuple[int, int]]) -> ir.Table:
    """Return both ends of each addressed record, in the shape of `talkers`."""
    facts = _traffic(ranges)
    facts = facts.filter(facts.initiator_is_src.notnull())
    nothing = ibis.literal(0, "int64")

    def one_end(address: ir.Value, *, sends: bool) -> ir.Table:
        return facts.select(
            "action",
            "records",
            "flows",
            address=address,
            sent_packets=facts.packets if sends else nothing,
            sent_bytes=facts.bytes if sends else nothing,
            received_packets=nothing if sends else facts.packets,
            received_bytes=nothing if sends else facts.bytes,
        )

    return one_end(facts.src_end, sends=True).union(one_end(facts.dst_end, sends=False))


def port_records(ranges: Sequence[tuple[int, int]]) -> ir.Table:
    """Return traffic records in the shape of `ports`."""
    return _traffic(ranges).select(
        "service_port", "protocol", "action", "records", "flows", "packets", "bytes"
    )


def coverage_records(ranges: Sequence[tuple[int, int]]) -> ir.Table:
    """Return NODATA and SKIPDATA rows in the shape of `coverage`."""
    flows = _in_ranges(ranges)
    return flows.filter(flows.is_counted.isnull()).select(
        # A format without `log_status` says it by leaving everything else out.
        log_status=flows.log_status.fill_null("NODATA"),
        records=ibis.literal(1, "int64"),
    )


def _traffic(ranges: Sequence[tuple[int, int]]) -> ir.Table:
    flows = _in_ranges(ranges)
    flows = flows.filter(flows.is_counted.notnull())
    src_end = ibis.coalesce(flows.pkt_srcaddr, flows.srcaddr)
    dst_end = ibis.coalesce(flows.pkt_dstaddr, flows.dstaddr)
    is_src = flows.initiator_is_src
    return flows.select(
        "seen_at",
        "last_at",
        "initiator_is_src",
        "service_port",
        "protocol",
        "action",
        src_end=src_end,
        dst_end=dst_end,
        initiator=ibis.cases((is_src, src_end), (~is_src, dst_end)),
        responder=ibis.cases((is_src, dst_end), (~is_src, src_end)),
        counted=flows.is_counted,
        records=ibis.literal(1, "int64"),
        flows=flows.is_counted.cast("int64"),
        packets=_where(flows.is_counted, flows.packets),
        bytes=_where(flows.is_counted, flows.bytes),
    )


def _in_ranges(ranges: Sequence[tuple[int, int]]) -> ir.Table:
    flows = cache_table("flows")
    flows = flows.mutate(
        seen_at=ibis.coalesce(flows.start, flows.end), last_at=ibis.coalesce(flows.end, flows.start)
    )
    return flows.filter(
        ibis.or_(*((flows.seen_at >= start) & (flows.seen_at < end) for start, end in ranges))
    )


def _where(condition: ir.Value, value: ir.Value) -> ir.Value:
    return ibis.ifelse(condition, value.fill_null(0), 0)
