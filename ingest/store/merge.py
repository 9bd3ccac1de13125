"""Rollups by DuckDB: partial rows summed up, and all of them made again from `flows`.

Made again, they are equal to what `ingest.rollup` made of the same records.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from ingest.kernels.groups import LONGEST_S
from ingest.schema import STORED_TABLES, TABLES
from ingest.store.layout import HOUR_S

_DAY_S, _MINUTE_S = 86_400, 60
_LOWEST, _HIGHEST = "first_seen", "last_seen"
_SUMS = frozenset(
    {
        "records", "flows", "packets", "bytes", "return_packets", "return_bytes",
        "logged_packets", "logged_bytes", "initiated_flows", "sent_packets", "sent_bytes",
        "received_packets", "received_bytes",
    }
)  # fmt: skip
# A counter may hold any 63 bits; a sum that has no room is cut to the largest number.
_LARGEST = 2**63 - 1

_ENDS = """
    CASE WHEN initiator_is_src THEN {src} WHEN NOT initiator_is_src THEN {dst} END"""
_TRAFFIC = f"""
    coalesce("start", "end") AS seen_at,
    coalesce("end", "start") AS last_at,
    seen_at // {HOUR_S} * {HOUR_S} AS hour_start,
    CASE WHEN "end" - "start" BETWEEN 1 AND {LONGEST_S} THEN "end" - "start" ELSE 1 END AS lasts,
    coalesce(seen_at % {_MINUTE_S}, 0) AS second,
    coalesce(pkt_srcaddr, srcaddr) AS src,
    coalesce(pkt_dstaddr, dstaddr) AS dst,
    src_ip4, src_ip6, dst_ip4, dst_ip6, initiator_is_src,
    {_ENDS.format(src="src", dst="dst")} AS initiator,
    {_ENDS.format(src="dst", dst="src")} AS responder,
    {_ENDS.format(src="src_vpc_id", dst="dst_vpc_id")} AS initiator_vpc_id,
    {_ENDS.format(src="dst_vpc_id", dst="src_vpc_id")} AS responder_vpc_id,
    {_ENDS.format(src="src_ip4", dst="dst_ip4")} AS initiator_ip4,
    {_ENDS.format(src="src_ip6", dst="dst_ip6")} AS initiator_ip6,
    {_ENDS.format(src="dst_ip4", dst="src_ip4")} AS responder_ip4,
    {_ENDS.format(src="dst_ip6", dst="src_ip6")} AS responder_ip6,
    service_port, protocol, action,
    1 AS records,
    CAST(is_counted AS BIGINT) AS flows,
    coalesce(packets, 0) AS logged_packets,
    coalesce("bytes", 0) AS logged_bytes,
    CASE WHEN is_counted THEN logged_packets ELSE 0 END AS packets,
    CASE WHEN is_counted THEN logged_bytes ELSE 0 END AS "bytes",
    CASE WHEN is_counted AND NOT initiator_is_src THEN logged_packets ELSE 0 END AS return_packets,
    CASE WHEN is_counted AND NOT initiator_is_src THEN logged_bytes ELSE 0 END AS return_bytes,
    seen_at AS first_seen,
    last_at AS last_seen"""
_TALKERS = """
    hour_start, {end} AS address, {end}_vpc_id AS vpc_id, {end}_ip4 AS ip4, {end}_ip6 AS ip6,
    action, records, flows,
    {initiated} AS initiated_flows,
    {request}_packets AS sent_packets, {request}_bytes AS sent_bytes,
    {answer}_packets AS received_packets, {answer}_bytes AS received_bytes"""
# One row per minute that a record lasts, with its share, as `ingest.kernels.groups` spreads it.
_UPTO = (
    f"least({_MINUTE_S} * (step + 1) - second, lasts)",
    f"greatest({_MINUTE_S} * step - second, 0)",
)
_SHARE = "{n} // lasts * ({0} - {1}) + {n} % lasts * {0} // lasts - {n} % lasts * {1} // lasts"
_VOLUMES = ("packets", '"bytes"', "logged_packets", "logged_bytes")
_MINUTES = f"""
    hour_start, (seen_at // {_MINUTE_S} + step) * {_MINUTE_S} AS minute_start, protocol, action,
    CASE WHEN step = 0 THEN records ELSE 0 END AS records,
    CASE WHEN step = 0 THEN flows ELSE 0 END AS flows,
    {", ".join(_SHARE.format(*_UPTO, n=name) + f" AS {name}" for name in _VOLUMES)}"""
# An address that a middle box translated is not the one that the number columns hold.
_OWN = """CASE reporter WHEN 'src' THEN {src} ELSE {dst} END"""
_BELONGS = f"""
    coalesce("start", "end") AS first_seen,
    coalesce("end", "start") AS last_seen,
    first_seen // {_DAY_S} * {_DAY_S} AS day_start,
    {_OWN.format(src="srcaddr", dst="dstaddr")} AS address,
    address = {
    _OWN.format(src="coalesce(pkt_srcaddr, srcaddr)", dst="coalesce(pkt_dstaddr, dstaddr)")
} AS is_end,
    CASE WHEN is_end THEN {_OWN.format(src="src_ip4", dst="dst_ip4")}
         ELSE ip4_number(address) END AS ip4,
    CASE WHEN is_end THEN {_OWN.format(src="src_ip6", dst="dst_ip6")}
         ELSE ip6_hex(address) END AS ip6,
    account_id, vpc_id, subnet_id, interface_id, instance_id, az_id, region,
    1 AS records"""
# Traffic of interfaces; a transit gateway's records have no end of their own.
HAS_OWN_END = f"""
    is_counted IS NOT NULL AND reporter IS NOT NULL
    AND tgw_id IS NULL AND tgw_attachment_id IS NULL
    AND {_OWN.format(src="srcaddr", dst="dstaddr")} IS NOT NULL"""
# A record without a status: what ingest takes it for.
_COVERAGE = f"""
    coalesce("start", "end") // {HOUR_S} * {HOUR_S} AS hour_start,
    account_id, interface_id,
    coalesce(log_status, CASE WHEN is_counted IS NULL THEN 'NODATA' ELSE 'OK' END) AS log_status,
    1 AS records"""


def summed(
    kind: str, rows: duckdb.DuckDBPyRelation, *, cut: bool = False
) -> duckdb.DuckDBPyRelation:
    """Sum up rows of a rollup by their key.

    Args:
        kind: The rollup.
        rows: Its columns, as in `ingest.schema.TABLES`.
        cut: Cut a sum that does not fit its type, where it would raise otherwise.
    """
    keys, sums = summed_columns(kind, cut=cut, columns=TABLES.get(kind))
    return rows.aggregate(", ".join(keys + sums), ", ".join(keys))


def summed_columns(
    kind: str, *, cut: bool = False, columns: Iterable[str] | None = None
) -> tuple[list[str], list[str]]:
    """Return the keys of a rollup, and how its other columns sum up, as SQL."""
    names = list(STORED_TABLES[kind] if columns is None else columns)
    keys = [f'"{name}"' for name in names if name not in _SUMS | {_LOWEST, _HIGHEST}]
    return keys, [_merged(name, cut=cut) for name in names if f'"{name}"' not in keys]


def from_flows(kind: str, flows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Make a rollup of flow rows, which have all columns of the table."""
    if kind == "coverage":
        return summed(kind, flows.project(_COVERAGE))
    if kind == "ends":
        return summed(kind, flows.filter(HAS_OWN_END).project(_BELONGS))
    traffic = flows.filter("is_counted IS NOT NULL").project(_TRAFFIC)
    if kind == "talkers":
        return summed(kind, _talkers(traffic), cut=True)
    if kind == "series":
        steps = f"*, unnest(range((second + lasts - 1) // {_MINUTE_S} + 1)) AS step"
        return summed(kind, traffic.project(steps).project(_MINUTES), cut=True)
    columns = ", ".join(f'"{name}"' for name in TABLES[kind])
    return summed(kind, traffic.project(columns), cut=True)


def _merged(name: str, *, cut: bool) -> str:
    if name == _LOWEST:
        return f"min({name}) AS {name}"
    if name == _HIGHEST:
        return f"max({name}) AS {name}"
    total = f'sum("{name}")'
    return f'CAST({f"least({total}, {_LARGEST})" if cut else total} AS BIGINT) AS "{name}"'


def _talkers(traffic: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Count every record at both of its ends."""
    ends = traffic.filter("initiator_is_src IS NOT NULL").project(
        '*, packets - return_packets AS request_packets, "bytes" - return_bytes AS request_bytes'
    )
    sides = (("initiator", "flows", "request", "return"), ("responder", "0", "return", "request"))
    first, second = (
        ends.project(_TALKERS.format(end=end, initiated=initiated, request=request, answer=answer))
        for end, initiated, request, answer in sides
    )
    return first.union(second)
