"""What ingest says of simulated traffic, against what really happened."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from ingest.pipeline import load
from ingest.schema import DEFAULT_FIELDS, FLOW_COLUMNS
from ingest.simulate import simulate
from ingest.simulate.incidents import INCIDENTS
from ingest.sources.local import LocalSource
from ingest.store.compact import compact
from ingest.store.read import CacheReader
from ingest.store.write import CacheWriter
from tests.bench.measure import Options

RECORDS = 60_000
HOURS = 6
SEEDS = range(1, 11)
_V5 = tuple(c.field for c in FLOW_COLUMNS if c.since <= 5 and not c.field.startswith("sublocation"))
FORMATS = {
    "v5": _V5,
    "v5 without tcp-flags": tuple(name for name in _V5 if name != "tcp-flags"),
    "v5 without flow-direction": tuple(name for name in _V5 if name != "flow-direction"),
    "v2": DEFAULT_FIELDS,
}
# Goals: the smallest share of right initiators, in percent.
GOALS = {name: 98.0 if name == "v2" else 99.5 for name in FORMATS}

# A conversation is one 5-tuple; without ports it is a pair of addresses, where both must
# not have opened one. What of a conversation lies in the logs says who opened it.
_CONFUSION = """
    WITH records AS (
        SELECT
            {src} AS src, {dst} AS dst,
            CASE WHEN protocol IN (6, 17) THEN srcport END AS srcport,
            CASE WHEN protocol IN (6, 17) THEN dstport END AS dstport,
            protocol, initiator_is_src, service_port, initiator_rule, is_counted
        FROM read_parquet($flows, union_by_name = true)
        WHERE is_counted IS NOT NULL AND initiator_is_src IS NOT NULL
    ), said AS (
        SELECT
            CASE WHEN initiator_is_src THEN src ELSE dst END AS initiator,
            CASE WHEN initiator_is_src THEN dst ELSE src END AS responder,
            CASE WHEN initiator_is_src THEN srcport ELSE dstport END AS initiator_port,
            protocol, service_port, initiator_rule, count(*) AS n
        FROM records GROUP BY ALL
    ), labels AS (
        SELECT initiator, responder, initiator_port, service_port, protocol
        FROM read_parquet($labels) GROUP BY ALL
    ), truth AS (
        SELECT a.* FROM labels AS a LEFT JOIN labels AS b
        ON a.initiator = b.responder AND a.responder = b.initiator AND a.protocol = b.protocol
            AND a.initiator_port IS NOT DISTINCT FROM b.service_port
            AND a.service_port IS NOT DISTINCT FROM b.initiator_port
        WHERE b.protocol IS NULL
    ), judged AS (
        SELECT t.*, s.initiator_rule, true AS is_right, s.n FROM truth AS t JOIN said AS s
        ON t.initiator = s.initiator AND t.responder = s.responder AND t.protocol = s.protocol
            AND t.initiator_port IS NOT DISTINCT FROM s.initiator_port
            AND t.service_port IS NOT DISTINCT FROM s.service_port
        UNION ALL
        SELECT t.*, s.initiator_rule, false, s.n FROM truth AS t JOIN said AS s
        ON t.initiator = s.responder AND t.responder = s.initiator AND t.protocol = s.protocol
            AND t.initiator_port IS NOT DISTINCT FROM s.service_port
            AND t.service_port IS NOT DISTINCT FROM s.initiator_port
    ), conversations AS (
        SELECT initiator, responder, initiator_port, service_port, protocol,
            bool_and(is_right) AS is_right, arg_max(initiator_rule, n) AS rule
        FROM judged GROUP BY ALL
    )
    SELECT rule, count(*) FILTER (WHERE is_right), count(*) FILTER (WHERE NOT is_right)
    FROM conversations GROUP BY rule ORDER BY 2 DESC, 1
"""
# A format without the packet's own addresses shows what a NAT gateway carries as its own.
_NAT = "10.0.0.20"
# Between two interfaces that log, every byte is logged twice and must count once.
_VOLUMES = """
    WITH both_log AS (
        SELECT DISTINCT initiator, responder FROM read_parquet($labels)
        WHERE initiator_logged AND responder_logged
            AND NOT ({no_packet_ends} AND $nat IN (initiator, responder))
    ), truth AS (
        SELECT sum(l."bytes" + l.return_bytes) AS n FROM read_parquet($labels) AS l
        JOIN both_log USING (initiator, responder)
    ), counted AS (
        SELECT sum(f."bytes") AS n FROM (
            SELECT {src} AS src, {dst} AS dst, "bytes"
            FROM read_parquet($flows, union_by_name = true) WHERE is_counted
        ) AS f WHERE EXISTS (
            SELECT 1 FROM both_log AS b
            WHERE (b.initiator = f.src AND b.responder = f.dst)
                OR (b.initiator = f.dst AND b.responder = f.src)
        )
    )
    SELECT truth.n, counted.n FROM truth, counted
"""


@dataclass(slots=True)
class Judged:
    """How ingest did on some simulations of one kind.

    Attributes:
        right, wrong: Conversations whose initiator and service port are right, or turned round.
        by_rule: For each rule how many are right and wrong.
        true_bytes, counted_bytes: Between interfaces that both log.
    """

    right: int = 0
    wrong: int = 0
    by_rule: dict[str, list[int]] | None = None
    true_bytes: int = 0
    counted_bytes: int = 0

    @property
    def share_right(self) -> float:
        """In percent."""
        return 100 * self.right / max(1, self.right + self.wrong)

    @property
    def bytes_off(self) -> float:
        """How far the counted bytes are from the truth, in percent of it."""
        return 100 * (self.counted_bytes - self.true_bytes) / max(1, self.true_bytes)

    def add(self, rows: list[tuple[str, int, int]], volumes: tuple[int, int]) -> None:
        """Add one simulation."""
        self.by_rule = self.by_rule or {}
        for rule, right, wrong in rows:
            sums = self.by_rule.setdefault(rule, [0, 0])
            sums[0], sums[1] = sums[0] + right, sums[1] + wrong
            self.right, self.wrong = self.right + right, self.wrong + wrong
        self.true_bytes += volumes[0] or 0
        self.counted_bytes += volumes[1] or 0


def run(options: Options, console: Console) -> object:
    """Judge every format, interval and share of lost records over the seeds."""
    seeds = list(SEEDS)[:2] if options.quick else list(SEEDS)
    results: dict[str, object] = {}
    table = Table(title=f"initiators and bytes against the truth, {len(seeds)} seeds a row")
    for name in ("format", "interval", "lost", "conversations", "right", "goal", "bytes off"):
        table.add_column(name, justify="left" if name == "format" else "right")
    rules: dict[str, list[int]] = {}
    for (name, fields), interval, lost in itertools.product(
        FORMATS.items(), (60, 600), (0.0, 0.02)
    ):
        judged = Judged()
        for seed in seeds:
            _judge(judged, options.data / "truth", fields, interval, lost, seed)
        results[f"{name}, {interval} s, {lost:.0%} lost"] = asdict(judged)
        table.add_row(
            name, f"{interval} s", f"{lost:.0%}", f"{judged.right + judged.wrong:,}",
            f"{judged.share_right:.2f} %", f"{GOALS[name]} %",
            # What was lost cannot be counted.
            "" if lost else f"{judged.bytes_off:+.3f} %",
        )  # fmt: skip
        for rule, (right, wrong) in (judged.by_rule or {}).items():
            sums = rules.setdefault(rule, [0, 0])
            sums[0], sums[1] = sums[0] + right, sums[1] + wrong
    console.print(table)
    confusion = Table(title="which rule was right, over all rows")
    for name in ("rule", "right", "wrong", "share right"):
        confusion.add_column(name, justify="left" if name == "rule" else "right")
    for rule, (right, wrong) in sorted(rules.items(), key=lambda item: -sum(item[1])):
        confusion.add_row(
            rule, f"{right:,}", f"{wrong:,}", f"{100 * right / (right + wrong):.2f} %"
        )
    console.print(confusion)
    return results


def _judge(
    judged: Judged, folder: Path, fields: Sequence[str], interval: int, lost: float, seed: int
) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    logs, cache = folder / "logs", folder / "cache"
    simulate(
        logs, hours=HOURS, records=RECORDS, seed=seed, incidents=INCIDENTS, fields=fields,
        interval_s=interval, lost=lost,
    )  # fmt: skip
    load(LocalSource(logs), cache)
    with CacheWriter(cache) as writer:
        compact(writer, include_open=True)
    parameters = {
        "flows": CacheReader(cache).snapshot().files("flows"),
        "labels": str(logs / "labels.parquet"),
    }
    ends = {side: f"{side}addr" for side in ("src", "dst")}
    if "pkt-srcaddr" in fields:
        ends = {side: f"coalesce(pkt_{column}, {column})" for side, column in ends.items()}
    rows = duckdb.execute(_CONFUSION.format(**ends), parameters).fetchall()
    no_packet_ends = str("pkt-srcaddr" not in fields).lower()
    volumes_sql = _VOLUMES.format(**ends, no_packet_ends=no_packet_ends)
    volumes = duckdb.execute(volumes_sql, parameters | {"nat": _NAT}).fetchone() or (0, 0)
    judged.add(rows, (volumes[0], volumes[1]))
    shutil.rmtree(folder)
