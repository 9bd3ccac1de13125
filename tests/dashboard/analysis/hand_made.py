"""A cache written by hand: any mix of derived facts, without the rules of ingest."""

from __future__ import annotations

import ipaddress
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.schema import NUMBER_COLUMNS, SCHEMA_VERSION, TABLES
from ingest.store.layout import (
    HOUR_S,
    HOURLY_TABLES,
    UNDATED,
    open_catalog,
    part_path,
    partition_of,
)
from ingest.store.merge import summed
from ingest.store.numbering import Numbering
from ingest.store.plan import SEVERAL_BATCHES, Plan
from ingest.store.spans import sum_up, week_of
from ingest.store.write import CacheWriter

Record = dict[str, Any]

TYPES = {
    "string": pa.string(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
    "map": pa.map_(pa.string(), pa.string()),
}
COMMITTED_AT = 1_767_700_000


def make_flow(**facts: Any) -> Record:
    """Return a record with its derived facts; a test names what matters to it."""
    record: Record = {
        "srcaddr": "192.0.2.1",
        "dstaddr": "198.51.100.2",
        "protocol": 6,
        "packets": 1,
        "bytes": 40,
        "start": 1_767_600_000,
        "end": 1_767_600_059,
        "action": "ACCEPT",
        "log_status": "OK",
        "initiator_is_src": True,
        "service_port": 443,
        "is_counted": True,
    }
    return record | facts


def seen_at(record: Mapping[str, Any]) -> int | None:
    """Return the time that a record belongs to."""
    start, end = record.get("start"), record.get("end")
    return start if start is not None else end


def last_at(record: Mapping[str, Any]) -> int | None:
    """Return the last second of a record."""
    start, end = record.get("start"), record.get("end")
    return end if end is not None else start


def ends(record: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return initiator and responder."""
    src = record.get("pkt_srcaddr") or record.get("srcaddr")
    dst = record.get("pkt_dstaddr") or record.get("dstaddr")
    if record["initiator_is_src"] is None:
        return None, None
    return (src, dst) if record["initiator_is_src"] else (dst, src)


def sums_of(record: Mapping[str, Any]) -> dict[str, int]:
    """Return what one traffic record adds to each sum."""
    counted = bool(record["is_counted"])
    packets, n_bytes = record.get("packets") or 0, record.get("bytes") or 0
    returns = counted and record["initiator_is_src"] is False
    return {
        "records": 1,
        "flows": int(counted),
        "packets": packets * counted,
        "bytes": n_bytes * counted,
        "return_packets": packets * returns,
        "return_bytes": n_bytes * returns,
        "logged_packets": packets,
        "logged_bytes": n_bytes,
    }


def spread(record: Mapping[str, Any]) -> list[tuple[int | None, dict[str, int]]]:
    """Return what a record adds to each minute: `(minute, sums)`, the shares in whole numbers."""
    sums, first, last = sums_of(record), seen_at(record), last_at(record)
    if first is None or last is None or not 0 < last - first <= HOUR_S:
        return [(None if first is None else first // 60 * 60, sums)]
    lasts, before = last - first, dict.fromkeys(sums, 0)
    shares: list[tuple[int | None, dict[str, int]]] = []
    for minute in range(first // 60 * 60, last, 60):
        done = min(minute + 60, last) - first
        carried = {name: n // lasts * done + n % lasts * done // lasts for name, n in sums.items()}
        share = {name: carried[name] - before[name] for name in sums}
        for name in ("records", "flows"):
            share[name] = 0 if shares else sums[name]
        shares.append((minute, share))
        before = carried
    return shares


def vpc_of(record: Mapping[str, Any], *, is_initiator: bool) -> str | None:
    """Return the VPC of one end."""
    is_src = record["initiator_is_src"] == is_initiator
    value: str | None = record.get("src_vpc_id" if is_src else "dst_vpc_id")
    return value


def end_facts(record: Mapping[str, Any]) -> Record:
    """Return what the edges keep of both ends."""
    facts: Record = {}
    for end, address in zip(("initiator", "responder"), ends(record), strict=True):
        number = ipaddress.ip_address(address) if address else None
        is_told = number is not None
        facts[end] = address
        facts[f"{end}_vpc_id"] = (
            vpc_of(record, is_initiator=end == "initiator") if is_told else None
        )
        facts[f"{end}_ip4"] = int(number) if number and number.version == 4 else None
        facts[f"{end}_ip6"] = f"{int(number):032x}" if number and number.version == 6 else None
    return facts


def with_numbers(record: Record) -> Record:
    """Return a record with the numbers of its addresses."""
    numbers: Record = {}
    for side in ("src", "dst"):
        address = record.get(f"pkt_{side}addr") or record.get(f"{side}addr")
        number = ipaddress.ip_address(address) if address else None
        numbers[f"{side}_ip4"] = int(number) if number and number.version == 4 else None
        numbers[f"{side}_ip6"] = f"{int(number):032x}" if number and number.version == 6 else None
    return record | numbers


def add_own_end(found: dict[tuple[Any, ...], Record], record: Record) -> None:
    """Add what a record says of its interface's own address."""
    at, side = seen_at(record), record.get("reporter")
    if side is None or record.get(f"{side}addr") is None:
        return
    day = None if at is None else at // 86_400 * 86_400
    known = ("account_id", "subnet_id", "interface_id", "instance_id", "az_id", "region")
    row: Record = {"day_start": day, "address": record[f"{side}addr"]}
    row |= {"vpc_id": record.get(f"{side}_vpc_id")} | {n: record.get(n) for n in known}
    kept = found.setdefault(tuple(row.values()), row | {"records": 0})
    kept["records"] += 1
    kept["first_seen"] = _least(min, kept.get("first_seen"), at)
    kept["last_seen"] = _least(max, kept.get("last_seen"), last_at(record))


def write_cache(cache: Path, *batches: Iterable[Record]) -> Path:
    """Write batches of records as commits of their own; returns the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    with closing(open_catalog(cache, read_only=False)) as catalog:
        catalog.execute(
            "INSERT OR IGNORE INTO meta VALUES ('schema_version', ?), ('version', '0')",
            (str(SCHEMA_VERSION),),
        )
        for records in batches:
            _commit(cache, catalog, list(records))
    return cache


def numbered(cache: Path, copy: Path, dates: Iterable[str] | None = None) -> Path:
    """Copy a cache and number the places of its rollups, as compaction does; sum up its days.

    Args:
        cache: Left as it is; without replaced parts.
        copy: Where the copy goes.
        dates: Only the parts of these; None: all.
    """
    shutil.copytree(cache, copy)
    with CacheWriter(copy) as writer:
        with Plan(writer) as plan:
            days = {part.date for part in plan.live.values()} & set(dates or _dates(plan))
        for date in sorted(days):
            with Plan(writer) as plan:
                plan.numbering = Numbering(plan)
                for kind in NUMBER_COLUMNS:
                    for hour in sorted({part.hour for part in plan.live_in(kind, date)}, key=str):
                        parts = plan.live_in(kind, date, hour)
                        rows = plan.engine.read(kind, [part.path for part in parts])
                        new = plan.write(kind, date, hour, summed(kind, rows))
                        plan.replace(parts, new, SEVERAL_BATCHES)
                plan.numbering.finish(date)
                if date != UNDATED:
                    sum_up(plan, [date], None)
                writer.apply(plan)
        for week in sorted({tuple(week_of(date)) for date in days if date != UNDATED}):
            with Plan(writer) as plan:
                sum_up(plan, week, None)
                writer.apply(plan)
    return copy


def _dates(plan: Plan) -> set[str]:
    return {part.date for part in plan.live.values()}


def _commit(cache: Path, catalog: sqlite3.Connection, records: list[Record]) -> None:
    batch = catalog.execute("SELECT coalesce(max(batch_id), 0) + 1 FROM batches").fetchone()[0]
    tables = {
        "flows": [dict(with_numbers(r), line=n) for n, r in enumerate(records)],
        **_rollups(records),
    }
    catalog.execute("BEGIN")
    for kind, rows in tables.items():
        _write_parts(cache, catalog, kind, rows, batch)
    traffic = [r for r in records if r["is_counted"] is not None]
    quiet = [r for r in records if r["is_counted"] is None]
    skipped = sum(r["log_status"] == "SKIPDATA" for r in quiet)
    firsts = [t for t in map(seen_at, traffic) if t is not None]
    lasts = [t for t in map(last_at, traffic) if t is not None]
    catalog.execute(
        "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            batch, COMMITTED_AT + batch, 1, len(records), len(records), 0, len(quiet) - skipped,
            skipped, len(traffic) - len(firsts), sum(r.get("packets") or 0 for r in traffic),
            sum(r.get("bytes") or 0 for r in traffic), min(firsts, default=None),
            max(lasts, default=None),
        ),
    )  # fmt: skip
    catalog.execute("UPDATE meta SET value = value + 1 WHERE name = 'version'")
    catalog.execute("COMMIT")


def _rollups(records: list[Record]) -> dict[str, list[Record]]:
    sums: dict[str, dict[tuple[Any, ...], Record]] = defaultdict(dict)

    def add(kind: str, keys: Record, values: Mapping[str, int]) -> Record:
        row = sums[kind].setdefault(tuple(keys.values()), dict(keys))
        for name, value in values.items():
            if name in TABLES[kind]:
                row[name] = row.get(name, 0) + value
        return row

    for record in records:
        at = seen_at(record)
        hour = {"hour_start": None if at is None else at // HOUR_S * HOUR_S}
        if record["is_counted"] is None:
            add("coverage", hour | {"log_status": record["log_status"]}, {"records": 1})
            continue
        values, (initiator, responder) = sums_of(record), ends(record)
        action = {"action": record.get("action")}
        port = {"service_port": record["service_port"], "protocol": record.get("protocol")}
        row = add("edges", hour | end_facts(record) | port | action, values)
        row["first_seen"] = _least(min, row.get("first_seen"), at)
        row["last_seen"] = _least(max, row.get("last_seen"), last_at(record))
        add("ports", hour | port | action, values)
        facts = {"protocol": record.get("protocol")} | action
        for minute, share in spread(record):
            add("series", hour | {"minute_start": minute} | facts, share)
        add_own_end(sums["ends"], record)
        if initiator is None:
            continue
        request = values["packets"] - values["return_packets"]
        request_bytes = values["bytes"] - values["return_bytes"]
        for address, out in ((initiator, True), (responder, False)):
            sent = (
                (request, request_bytes)
                if out
                else (values["return_packets"], values["return_bytes"])
            )
            received = (
                (values["return_packets"], values["return_bytes"])
                if out
                else (request, request_bytes)
            )
            names = ("sent_packets", "sent_bytes", "received_packets", "received_bytes")
            flows = {
                "records": 1,
                "flows": values["flows"],
                "initiated_flows": values["flows"] * out,
            }
            both = dict(zip(names, sent + received, strict=True))
            place = {"address": address, "vpc_id": vpc_of(record, is_initiator=out)}
            add("talkers", hour | place | action, flows | both)
    return {kind: list(rows.values()) for kind, rows in sums.items()}


def _least(choose: Any, a: int | None, b: int | None) -> int | None:
    return choose([x for x in (a, b) if x is not None], default=None)


def _write_parts(
    cache: Path, catalog: sqlite3.Connection, kind: str, rows: list[Record], batch: int
) -> None:
    time_column = next(iter(TABLES[kind]))
    width = HOUR_S if kind in HOURLY_TABLES else 24 * HOUR_S
    parts: dict[int | None, list[tuple[int | None, Record]]] = defaultdict(list)
    for row in rows:
        at = seen_at(row) if kind == "flows" else row[time_column]
        parts[None if at is None else at // width * width].append((at, row))
    for start, timed in parts.items():
        date, hour = partition_of(kind, start)
        path = part_path(kind, date, hour, f"part-{batch:08d}.parquet")
        (cache / path).parent.mkdir(parents=True, exist_ok=True)
        present = {name for _, row in timed for name in row}
        # Like ingest: flows hold what their format has, rollups hold every column.
        names = [n for n in TABLES[kind] if kind != "flows" or n in present]
        columns = {
            n: pa.array([row.get(n) for _, row in timed], TYPES[TABLES[kind][n]]) for n in names
        }
        pq.write_table(pa.table(columns), cache / path)
        times = [at for at, _ in timed if at is not None]
        catalog.execute(
            "INSERT INTO parts (path, kind, date, hour, first, last, rows, bytes, batch_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                path, kind, date, hour, min(times, default=None), max(times, default=None),
                len(timed), (cache / path).stat().st_size, batch,
            ),
        )  # fmt: skip
