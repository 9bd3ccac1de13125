"""Run every benchmark, print one table each, and write `build/bench.json`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tests.bench import ingest, page, queries, s3, truth
from tests.bench.measure import Options

# Name to what measures it. Each prints its tables and returns what bench.json keeps.
BENCHES: dict[str, Callable[[Options, Console], object]] = {
    "ingest": ingest.run,
    "s3": s3.run,
    "truth": truth.run,
    "queries": queries.run,
    "page": page.run,
}

BUILD = Path("build")


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="3 repeats of smaller data")
    parser.add_argument("--long", action="store_true", help="the largest data as well")
    arguments = parser.parse_args()
    unknown = set(arguments.benches) - set(BENCHES)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    console = Console(width=None if sys.stdout.isatty() else 150)
    options = Options(BUILD / "bench-data", arguments.quick, arguments.long)
    before = os.getloadavg()
    results: dict[str, object] = {}
    for name, run in BENCHES.items():
        if not arguments.benches or name in arguments.benches:
            results[name] = run(options, console)
    after = os.getloadavg()
    results["load_average"] = {"start": before, "end": after}
    console.print(
        f"load average {before[0]:.1f} at the start, {after[0]:.1f} at the end; "
        f"{os.cpu_count()} cores"
    )
    path = BUILD / "bench.json"
    path.write_text(json.dumps(results, indent=1) + "\n")
    console.print(f"written: {path}")


if __name__ == "__main__":
    main()
