"""Every view over large caches: cold and warm, one day and the whole range."""

from __future__ import annotations

import copy
import shutil
import statistics
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from rich.console import Console
from rich.table import Table

from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.memo import Memo
from dashboard.analysis.query.source import FlowSource, Limits
from ingest.store.read import CacheReader
from tests.bench.measure import Options

DAY_S = 86_400
HOURS = 7 * 24
SIZES = (10_000_000, 100_000_000)
NAMES = Path("data/sample/known_ips.csv")
# Milliseconds at the 95th percentile that a view may take.
GOAL_MS, FILTERED_GOAL_MS = 150, 600
_FILTER = "port in (443, 8080) and ip in 10.0.0.0/16"
_COLD, _WARM = 5, 20

View = Callable[[FlowSource, FlowQuery], object]
VIEWS: dict[str, View] = {
    "header": lambda source, query: source.totals(query),
    "graph": lambda source, query: source.edges(query),
    "talkers": lambda source, query: source.talkers(query),
    "ports": lambda source, query: source.ports(query),
    "time series": lambda source, query: source.timeline(query),
    "diff": lambda source, query: source.changes(query, _day_before(query)),
    "details": lambda source, query: source.edges(query.replace(filter=_details(query.filter))),
}


def run(options: Options, console: Console) -> object:
    """Measure every size; the large one with `--long`."""
    results: dict[str, object] = {}
    medians: dict[int, dict[str, float]] = {}
    sizes = (1_000_000,) if options.quick else SIZES if options.long else SIZES[:1]
    for size in sizes:
        cache = cache_of(options, size)
        console.print(_sizes(cache))
        source = _source(cache)
        results[f"{size:,} names"] = _timed(source.warm_names)
        console.print(f"  names of a new state of the cache: {results[f'{size:,} names']:,.0f} ms")
        found = _measure(cache)
        medians[size] = {f"{v}, {s}": t["cold median"] for (v, s), t in found.items()}
        console.print(_table(size, found))
        results[f"{size:,}"] = {f"{view}, {span}": times for (view, span), times in found.items()}
        results[f"{size:,} beside"] = _rivals(cache, console)
    if len(medians) == 2:
        small, large = (medians[size] for size in sizes)
        growth = {name: large[name] / max(small[name], 0.1) for name in small}
        results["growth"] = growth
        for name, factor in growth.items():
            console.print(f"  growth 10 M to 100 M, {name}: {factor:.1f} x")
    return results


def _measure(cache: Path) -> dict[tuple[str, str], dict[str, float]]:
    last = CacheReader(cache).snapshot().facts.last or 0
    day = last // DAY_S * DAY_S - DAY_S
    questions = {
        "one day": FlowQuery(start=day, end=day + DAY_S),
        "all": FlowQuery(),
        "one day, filtered": FlowQuery(start=day, end=day + DAY_S, filter=_FILTER),
        "all, filtered": FlowQuery(filter=_FILTER),
    }
    found: dict[tuple[str, str], dict[str, float]] = {}
    named = _source(cache)
    named.warm_names()
    for span, query in questions.items():
        for view, ask in VIEWS.items():
            cold: list[float] = []
            for turn in range(1 + _COLD):
                # Nothing has been answered, but names are known, as in a server that runs all
                # day; so are compiled texts, after the first.
                source = _forgetful(named)
                cold.append(_timed(lambda: ask(source, query.replace(threshold=10 + turn))))  # noqa: B023
            warm = [_timed(lambda: ask(source, query.replace(threshold=10))) for _ in range(_WARM)]  # noqa: B023
            first, *cold = cold
            found[view, span] = {
                "new shape": first,
                "cold median": statistics.median(cold), "cold p95": max(cold),
                "warm median": statistics.median(warm), "warm p95": sorted(warm)[-2],
            }  # fmt: skip
    return found


def _source(cache: Path) -> FlowSource:
    return FlowSource(cache, KnownNames(NAMES), Limits(memory="4GB", threads=2, time_s=120))


def _forgetful(source: FlowSource) -> FlowSource:
    """Return a source that knows what this one does, and keeps what it learns to itself."""
    other = copy.copy(source)
    other._memo = Memo(512)
    other._memo._answers = OrderedDict(source._memo._answers)
    return other


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begun)


def _day_before(query: FlowQuery) -> FlowQuery:
    if query.start is None or query.end is None:
        return query.replace(start=None, end=None)
    return query.replace(start=query.start - DAY_S, end=query.end - DAY_S)


def _details(text: str) -> str:
    claim = "ip = alb-a"
    return f"({text}) and {claim}" if text else claim


def _table(size: int, found: dict[tuple[str, str], dict[str, float]]) -> Table:
    table = Table(title=f"{size:,} records over 7 days, ms")
    for name in (
        "view",
        "range",
        "new shape",
        "cold median",
        "cold p95",
        "warm median",
        "warm p95",
        "goal",
    ):
        table.add_column(name, justify="left" if name in ("view", "range") else "right")
    for (view, span), times in found.items():
        is_filtered = "filtered" in span or view == "details"
        goal = FILTERED_GOAL_MS if is_filtered else GOAL_MS
        mark = "" if times["cold p95"] <= goal else " missed"
        table.add_row(view, span, *(f"{ms:,.1f}" for ms in times.values()), f"{goal}{mark}")
    return table


def _sizes(cache: Path) -> str:
    sums: dict[str, int] = {}
    rows: dict[str, int] = {}
    for part in CacheReader(cache).snapshot().parts:
        sums[part.kind] = sums.get(part.kind, 0) + part.bytes
        rows[part.kind] = rows.get(part.kind, 0) + part.rows
    rollups = sum(n for kind, n in sums.items() if kind != "flows")
    listed = ", ".join(
        f"{kind} {n / 1e6:,.0f} MB ({rows[kind]:,} rows)" for kind, n in sums.items()
    )
    return f"rollups are {100 * rollups / sums['flows']:.1f} % of flows: {listed}"


def _rivals(cache: Path, console: Console) -> dict[str, float]:
    """Ask for the graph over the same raw records, in the plain way of other engines."""
    files = CacheReader(cache).snapshot().files("flows")
    found: dict[str, float] = {}
    for name, ask in _RIVALS.items():
        try:
            found[name] = min(_timed(lambda: ask(files)) for _ in range(2))  # noqa: B023
        except ImportError as error:
            console.print(f"  {name}: not installed ({error})")
            continue
        console.print(f"  top edges over raw Parquet, {name}: {found[name]:,.0f} ms")
    return found


_SQL = (
    "SELECT srcaddr, dstaddr, service_port, protocol, count(*) AS n, sum(bytes) AS b"
    " FROM {table} WHERE is_counted GROUP BY ALL ORDER BY n DESC LIMIT 50"
)


def _plain_duckdb(files: list[str]) -> object:
    return duckdb.execute(
        _SQL.format(table="read_parquet($files, union_by_name = true)"), {"files": files}
    ).fetchall()


def _plain_polars(files: list[str]) -> object:
    keys = ["srcaddr", "dstaddr", "service_port", "protocol"]
    return (
        pl.scan_parquet(files, missing_columns="insert")
        .filter(pl.col("is_counted"))
        .group_by(keys)
        .agg(pl.len().alias("n"), pl.col("bytes").sum())
        .top_k(50, by="n")
        .collect(engine="streaming")
    )


def _chdb(files: list[str]) -> object:
    import chdb  # noqa: PLC0415 - a large package

    folder = Path(files[0]).parents[2]
    table = f"file('{folder}/date=*/hour=*/part-*.parquet', Parquet)"
    keys = "srcaddr, dstaddr, service_port, protocol"
    return chdb.query(
        f"SELECT {keys}, count(*) AS n, sum(bytes) AS b FROM {table} WHERE is_counted"  # noqa: S608
        f" GROUP BY {keys} ORDER BY n DESC LIMIT 50"
    )


_RIVALS: dict[str, Callable[[list[str]], Any]] = {
    "DuckDB": _plain_duckdb,
    "Polars": _plain_polars,
    "chdb": _chdb,
}


def cache_of(options: Options, records: int) -> Path:
    """Make a cache of so many records, closed hours compacted; it is kept."""
    cache = options.data / f"cache-{records}"
    done = cache / ".whole"
    if not done.exists():
        shutil.rmtree(cache, ignore_errors=True)
        logs = options.data / f"logs-{records}"
        steps = (
            ("simulate", str(logs), "--hours", str(HOURS), "--records", str(records),
             "--incidents", "all"),
            ("load", str(logs), "--cache", str(cache)),
            ("compact", "--all", "--grace", "0", "--cache", str(cache)),
        )  # fmt: skip
        for step in steps:
            if step[0] != "simulate" or not (logs / "labels.parquet").exists():
                subprocess.run([sys.executable, "-m", "ingest", *step], check=True)  # noqa: S603
        done.touch()
    return cache
