"""Raw flow records in the shape of the rollups, one row a record.

The rollups of ingest answer whole hours; the minutes at both ends of a range come from
here, and so does whatever the rollups do not hold. Both must therefore mean the same:

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
from ingest.store.layout import HOUR_S

Ranges = Sequence[tuple[int | None, int | None]]

_MINUTE_S = 60


def edge_records(ranges: Ranges, more: Sequence[str] = ()) -> ir.Table:
    """Return traffic records of some time ranges in the shape of `edges`.

    Args:
        ranges: `[start, end)` in epoch s; None: open.
        more: Further columns of `flows` to keep.

    Returns:
        The columns of `edges` with `time` (the record's own) for `hour_start`, and `more`.
    """
    facts = _traffic(ranges)
    is_src = facts.initiator_is_src
    returned = facts.counted & ~is_src.fill_null(True)

    def end(src: str, dst: str) -> tuple[ir.Value, ir.Value]:
        return (
            ibis.cases((is_src, facts[src]), (~is_src, facts[dst])),
            ibis.cases((is_src, facts[dst]), (~is_src, facts[src])),
        )

    ends: dict[str, ir.Value] = {}
    for name, src, dst in (
        ("", "src_end", "dst_end"),
        ("_vpc_id", "src_vpc_id", "dst_vpc_id"),
        ("_ip4", "src_ip4", "dst_ip4"),
        ("_ip6", "src_ip6", "dst_ip6"),
    ):
        ends[f"initiator{name}"], ends[f"responder{name}"] = end(src, dst)
    return facts.select(
        **ends,
        time=facts.seen_at,
        service_port=facts.service_port,
        protocol=facts.protocol,
        action=facts.action,
        records=facts.records,
        flows=facts.flows,
        packets=facts.packets_once,
        bytes=facts.bytes_once,
        return_packets=_where(returned, facts.packets_once),
        return_bytes=_where(returned, facts.bytes_once),
        first_seen=facts.seen_at,
        last_seen=facts.last_at,
        **{name: facts[name] for name in more},
    )


def talker_records(ranges: Ranges) -> ir.Table:
    """Return both ends of each addressed record, in the shape of `talkers`."""
    facts = _traffic(ranges)
    facts = facts.filter(facts.initiator_is_src.notnull())
    nothing = ibis.literal(0, "int64")

    def one_end(side: str, *, sends: bool) -> ir.Table:
        return facts.select(
            "action",
            "records",
            "flows",
            time=facts.seen_at,
            address=facts[f"{side}_end"],
            vpc_id=facts[f"{side}_vpc_id"],
            sent_packets=facts.packets_once if sends else nothing,
            sent_bytes=facts.bytes_once if sends else nothing,
            received_packets=nothing if sends else facts.packets_once,
            received_bytes=nothing if sends else facts.bytes_once,
        )

    return one_end("src", sends=True).union(one_end("dst", sends=False))


def port_records(ranges: Ranges) -> ir.Table:
    """Return traffic records in the shape of `ports`."""
    facts = _traffic(ranges)
    return facts.select(
        "service_port", "protocol", "action", "records", "flows",
        time=facts.seen_at, packets=facts.packets_once, bytes=facts.bytes_once,
    )  # fmt: skip


def series_records(ranges: Ranges) -> ir.Table:
    """Return traffic records in the shape of `series`: spread over the minutes they lasted."""
    facts = _traffic(ranges)
    return spread(
        facts.select(
            "seen_at", "last_at", "protocol", "action", "records", "flows",
            "logged_packets", "logged_bytes",
            packets=facts.packets_once, bytes=facts.bytes_once,
        )
    )  # fmt: skip


def spread(rows: ir.Table) -> ir.Table:
    """Spread packets and bytes of records over the minutes from `seen_at` to `last_at`.

    A share is what a record had carried at the minute's end less what it had at its
    start, were it even, in whole numbers: shares add up. `records` and `flows` stay in
    the first minute, where records that do not last, or last longer than an hour, lie whole.
    """
    lasts = rows.last_at - rows.seen_at
    is_spread = (lasts > 0) & (lasts <= HOUR_S)
    rows = rows.mutate(
        begins=rows.seen_at,
        lasts=ibis.ifelse(is_spread.fill_null(False), lasts, 1),
    )
    first = rows.begins // _MINUTE_S
    rows = rows.mutate(
        first_minute=first.cast("int64"),
        minutes=((rows.begins + rows.lasts - 1) // _MINUTE_S - first + 1)
        .fill_null(1)
        .cast("int64"),
    )
    rows = rows.mutate(step=ibis.range(ibis.literal(0, "int64"), rows.minutes).unnest())
    rows = rows.mutate(minute_start=(rows.first_minute + rows.step) * _MINUTE_S)
    rows = rows.mutate(
        low=ibis.greatest(rows.minute_start - rows.begins, 0),
        high=ibis.least(rows.minute_start + _MINUTE_S - rows.begins, rows.lasts),
    )

    def share(name: str) -> ir.Value:
        each, rest = _divided(rows[name], rows.lasts), rows[name] % rows.lasts
        until, since = (
            each * bound + _divided(rest * bound, rows.lasts) for bound in (rows.high, rows.low)
        )
        return ibis.ifelse(rows.begins.isnull(), rows[name], until - since).fill_null(0)

    volumes = ("packets", "bytes", "logged_packets", "logged_bytes")
    return rows.select(
        "protocol",
        "action",
        "minute_start",
        time=rows.begins,
        records=ibis.ifelse(rows.step == 0, rows.records, 0),
        flows=ibis.ifelse(rows.step == 0, rows.flows, 0),
        **{name: share(name) for name in volumes if name in rows.columns},
    )


def coverage_records(ranges: Ranges) -> ir.Table:
    """Return NODATA and SKIPDATA rows in the shape of `coverage`."""
    flows = in_ranges(cache_table("flows"), ranges)
    return flows.filter(flows.is_counted.isnull()).select(
        "account_id",
        "interface_id",
        time=flows.seen_at,
        # A format without `log_status` says it by leaving everything else out.
        log_status=flows.log_status.fill_null("NODATA"),
        records=ibis.literal(1, "int64"),
    )


def in_ranges(flows: ir.Table, ranges: Ranges) -> ir.Table:
    """Keep records whose time lies in a range; an open range keeps those without one too."""
    flows = flows.mutate(
        seen_at=ibis.coalesce(flows.start, flows.end), last_at=ibis.coalesce(flows.end, flows.start)
    )
    tests: list[ir.BooleanValue] = []
    for start, end in ranges:
        bounds = [] if start is None else [flows.seen_at >= start]
        bounds += [] if end is None else [flows.seen_at < end]
        if not bounds:
            return flows
        tests.append(ibis.and_(*bounds))
    return flows.filter(ibis.or_(*tests))


def _traffic(ranges: Ranges) -> ir.Table:
    flows = in_ranges(cache_table("flows"), ranges)
    flows = flows.filter(flows.is_counted.notnull())
    return flows.mutate(
        src_end=ibis.coalesce(flows.pkt_srcaddr, flows.srcaddr),
        dst_end=ibis.coalesce(flows.pkt_dstaddr, flows.dstaddr),
        counted=flows.is_counted,
        logged_packets=flows.packets,
        logged_bytes=flows.bytes,
        records=ibis.literal(1, "int64"),
        flows=flows.is_counted.cast("int64"),
        packets_once=_where(flows.is_counted, flows.packets),
        bytes_once=_where(flows.is_counted, flows.bytes),
    )


def _divided(number: ir.Value, by: ir.Value) -> ir.Value:
    # Without its remainder a number divides without a fraction, on every engine.
    return ((number - number % by) / by).cast("int64")


def _where(condition: ir.Value, value: ir.Value) -> ir.Value:
    return ibis.ifelse(condition, value.fill_null(0), 0)
