"""From log objects to a committed cache, beside others that only parse and write."""

from __future__ import annotations

import gzip
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ingest.batch import BatchTask, run_batch
from ingest.schema import DEFAULT_FIELDS
from ingest.sources import LogObject
from ingest.spool import Piece
from tests.bench.measure import Options, Usage, figures, interleaved, with_peak
from tests.bench.measure import run as run_command
from tests.bench.rivals import RIVALS

OURS = "Flow Atlas load"
READER = "flowlogs-reader, bare parsing"
READER_ON_BOTH = "flowlogs-reader on both cores"
FLOOR = "isal decompression alone"
FEW_RECORDS = 10_000  # What a run over so many takes is its start.
_LEAST_CPU_S = 0.01  # The clock's step.
SMALL_OBJECTS, SMALL_RECORDS = 10_000, 200
ROLLUPS = ("edges", "series", "talkers", "ports", "coverage")
FUZZED_LINES = 1_000_000
FUZZ_CHUNK = 20_000


def run(options: Options, console: Console) -> dict[str, Any]:
    """Measure, print, and return the figures."""
    # The first load on a machine compiles the kernels; that is no part of any figure here.
    _load(_simulated(options, 10_000))
    records = 500_000 if options.quick else 2_000_000
    result: dict[str, Any] = {"records": records}
    # Twice: what a command takes to start is a quarter of the first, a tenth of the second.
    for size in (records, 5 * records // 2):
        found = _side_by_side(options, console, size, DEFAULT_FIELDS)
        result[f"side by side, version 2, {size:,} records"] = found
    reader_us = found[READER]["cpu_s"] / size * 1e6
    result["load, version 5"] = _ours_alone(options, console, records)
    result["small objects"] = _small_objects(options, console)
    result["curve"] = _curve(options, console, reader_us)
    result["fuzzed lines"] = _fuzz(console, 100_000 if options.quick else FUZZED_LINES)
    return result


def _side_by_side(
    options: Options, console: Console, records: int, fields: tuple[str, ...]
) -> dict[str, Any]:
    logs, few = _simulated(options, records, fields), _simulated(options, FEW_RECORDS, fields)
    # Starts are measured for all alike, by the same command over next to nothing; once
    # before, for the bytecode and for what the disk has not read yet.
    interleaved(_commands(few), 1, lambda _: None)
    starts = interleaved(_commands(few), options.repeats, lambda _: None)
    found = interleaved(_commands(logs), options.repeats, lambda text: console.print(f"  {text}"))
    rates = {
        name: max(usage.cpu_s - starts[name].cpu_s, _LEAST_CPU_S) / (records - FEW_RECORDS) * 1e6
        for name, usage in found.items()
    }
    table = Table(title=f"{records:,} records, medians of {options.repeats}")
    for heading in (
        "", "CPU s", "of it start", "wall s", "us / record", "peak MB", "x flowlogs-reader",
        "us / record after start", "x after start",
    ):  # fmt: skip
        table.add_column(heading, justify="left" if not heading else "right")
    for name, usage in found.items():
        table.add_row(
            name, f"{usage.cpu_s:.2f}", f"{starts[name].cpu_s:.2f}", f"{usage.wall_s:.2f}",
            f"{usage.cpu_s / records * 1e6:.2f}", f"{usage.peak_bytes / 1e6:,.0f}",
            f"{found[READER].cpu_s / usage.cpu_s:.1f}", f"{rates[name]:.2f}",
            f"{rates[READER] / rates[name]:.1f}",
        )  # fmt: skip
    console.print(table)
    ours, floor = found[OURS], found[FLOOR]
    console.print(
        f"wall / CPU {ours.wall_s / ours.cpu_s:.2f}; "
        f"{ours.cpu_s / floor.cpu_s:.1f} x the floor, decompression alone; "
        f"{found[READER_ON_BOTH].cpu_s / ours.cpu_s:.1f} x flowlogs-reader on two busy cores"
    )
    return {
        name: {
            **figures(usage), "start_cpu_s": starts[name].cpu_s,
            "cpu_us_a_record_after_start": rates[name],
        }
        for name, usage in found.items()
    }  # fmt: skip


def _commands(logs: Path) -> dict[str, Callable[[bool], Usage]]:
    rivals = {name: partial(_rival, name, logs) for name in RIVALS}
    return {OURS: partial(_load, logs), **rivals}


def _ours_alone(options: Options, console: Console, records: int) -> dict[str, float]:
    logs = _simulated(options, records, ())
    found = interleaved({OURS: partial(_load, logs)}, options.repeats, lambda _: None)[OURS]
    console.print(f"version 5 format: {found.cpu_s:.2f} CPU s, {found.wall_s:.2f} s by the clock")
    return figures(found)


def _small_objects(options: Options, console: Console) -> dict[str, float]:
    objects = SMALL_OBJECTS // 10 if options.quick else SMALL_OBJECTS
    logs = small_objects(options, objects)
    found = interleaved({OURS: partial(_load, logs)}, options.repeats, lambda _: None)[OURS]
    rate = objects / found.wall_s
    console.print(f"{objects:,} objects of {SMALL_RECORDS} records: {rate:,.0f} objects/s")
    return {"objects": objects, "objects_per_s": rate, **figures(found)}


def _curve(options: Options, console: Console, reader_us: float) -> list[dict[str, float]]:
    sizes = [200_000, 500_000] if options.quick else [1_000_000, 5_000_000]
    sizes += [50_000_000] if options.long else []
    table = Table(title="The same at every size")
    for heading in (
        "records", "CPU us / record", "x flowlogs-reader", "wall / CPU", "peak MB, summed",
        "shared by share", "flows / gzip", "rollups / flows",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    points = []
    for records in sizes:
        logs = _simulated(options, records)
        with tempfile.TemporaryDirectory(dir=options.data) as cache:
            usage = run_command(_load_command(logs, Path(cache)))
            flows = _size(Path(cache) / "flows")
            rollups = sum(_size(Path(cache) / name) for name in ROLLUPS)
        usage = with_peak(usage, _load(logs, True))
        gzipped = _size(logs / "AWSLogs")
        point = {
            "records": records, **figures(usage), "flows_bytes": flows,
            "gzip_bytes": gzipped, "rollup_bytes": rollups,
        }  # fmt: skip
        points.append(point)
        table.add_row(
            f"{records:,}", f"{usage.cpu_s / records * 1e6:.2f}",
            f"{reader_us * records / usage.cpu_s / 1e6:.1f}",
            f"{usage.wall_s / usage.cpu_s:.2f}", f"{usage.peak_bytes / 1e6:,.0f}",
            f"{usage.peak_private_bytes / 1e6:,.0f}", f"{flows / gzipped:.2f}",
            f"{rollups / flows:.2f}",
        )  # fmt: skip
    console.print(table)
    return points


def _fuzz(console: Console, lines: int) -> dict[str, int]:
    """Read spoiled lines; whatever they hold, each is stored or rejected."""
    drawn = random.Random(1)  # noqa: S311 - the same lines every time
    stored = rejected = 0
    with tempfile.TemporaryDirectory() as folder:
        for begin in range(0, lines, FUZZ_CHUNK):
            content = b"\n".join([" ".join(DEFAULT_FIELDS).encode(), *_spoiled(drawn, FUZZ_CHUNK)])
            path = Path(folder) / "object"
            path.write_bytes(content)
            listed = LogObject("object", str(begin), len(content))
            task = BatchTask(1, [(1, listed, Piece(str(path)))], f"{folder}/parts")
            outcome = run_batch(task).outcomes[0]
            stored += outcome.rows_stored
            rejected += outcome.rows_rejected
            shutil.rmtree(f"{folder}/parts")
    console.print(f"{lines:,} fuzzed lines, no exception: {stored:,} stored, {rejected:,} rejected")
    return {"lines": lines, "stored": stored, "rejected": rejected}


def _spoiled(drawn: random.Random, n: int) -> Iterator[bytes]:
    for _ in range(n):
        port, n_packets, n_bytes = (drawn.randrange(n) for n in (65_536, 99, 10**6))
        line = bytearray(
            b"2 123456789012 eni-%017x 192.0.2.%d 198.51.100.%d %d 443 6 %d %d"
            % (*(drawn.randrange(256) for _ in range(3)), port, n_packets, n_bytes)
        )
        line += b" 1772445600 1772445659 ACCEPT OK"
        for _ in range(drawn.randrange(3)):
            at = drawn.randrange(len(line))
            match drawn.randrange(4):
                case 0:
                    line[at] = drawn.randrange(256)
                case 1:
                    del line[at]
                case 2:
                    line.insert(at, drawn.randrange(256))
                case _:
                    line[at:at] = drawn.choice(
                        [b" ", b"-", b"9" * 20, b"\0", b"\xff", b"::1", b"#"]
                    )
        yield bytes(line).replace(b"\n", b" ")


def _simulated(options: Options, records: int, fields: tuple[str, ...] = DEFAULT_FIELDS) -> Path:
    """Return simulated logs of a day; made once."""
    folder = options.data / f"v{2 if fields else 5}-{records}"
    if not (folder / "labels.parquet").exists():
        shutil.rmtree(folder, ignore_errors=True)
        command = [
            sys.executable, "-m", "ingest", "simulate", str(folder), "--hours", "24",
            "--records", str(records), "--incidents", "all",
        ]  # fmt: skip
        if fields:
            command += ["--format", " ".join(fields)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    return folder


def small_objects(options: Options, objects: int) -> Path:
    """Return many small objects in one prefix; made once."""
    folder = options.data / f"small-{objects}"
    done = folder / "done"
    if done.exists():
        return folder / "AWSLogs"
    shutil.rmtree(folder, ignore_errors=True)
    day = folder / "AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/03/02"
    day.mkdir(parents=True)
    lines = _lines(_simulated(options, objects * SMALL_RECORDS + objects * 4))
    header = " ".join(DEFAULT_FIELDS).encode() + b"\n"
    for number in range(objects):
        body = header + b"".join(next(lines) for _ in range(SMALL_RECORDS))
        name = f"123456789012_vpcflowlogs_eu-central-1_fl-0a_20260302T0000Z_{number:08x}.log.gz"
        (day / name).write_bytes(gzip.compress(body))
    done.touch()
    return folder / "AWSLogs"


def _lines(logs: Path) -> Iterator[bytes]:
    for path in sorted(logs.rglob("*.log.gz")):
        with gzip.open(path) as lines:
            next(lines)
            yield from lines


def _load_command(logs: Path, cache: Path) -> list[str]:
    return [sys.executable, "-m", "ingest", "load", str(logs), "--cache", str(cache)]


def _load(logs: Path, watch_memory: bool = False) -> Usage:
    with tempfile.TemporaryDirectory(dir=logs.parent) as cache:
        return run_command(_load_command(logs, Path(cache)), watch_memory=watch_memory)


def _rival(name: str, logs: Path, watch_memory: bool) -> Usage:
    with tempfile.TemporaryDirectory(dir=logs.parent) as out:
        command = [sys.executable, "-m", "tests.bench.rivals", name, str(logs), out]
        env = {"PYTHONPATH": str(Path.cwd())}
        return run_command(command, env, watch_memory=watch_memory)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
