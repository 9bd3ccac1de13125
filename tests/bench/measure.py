"""What a command takes, with all processes that it starts."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK_S = 0.02
# Where this is set, a program in a checkout compiles its modules at every start, and those
# that pip has installed do not. Every command runs with the bytecode of its modules kept.
_KEEPS_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True, slots=True)
class Options:
    """What to run.

    Attributes:
        data: Folder for made data; it is kept.
        quick: Fewer repeats, smaller data.
        long: The largest data too.
    """

    data: Path
    quick: bool = False
    long: bool = False

    @property
    def repeats(self) -> int:
        """How often each command runs."""
        return 3 if self.quick else 5


@dataclass(frozen=True, slots=True)
class Usage:
    """What one run took.

    Attributes:
        cpu_s: User and system time of all processes.
        wall_s: Time by the clock.
        peak_bytes: Largest sum of the resident memory of all processes at one moment;
            pages that they share count once each. 0: not watched.
        peak_private_bytes: The same with shared pages counted by share.
    """

    cpu_s: float
    wall_s: float
    peak_bytes: int = 0
    peak_private_bytes: int = 0


def run(
    command: Sequence[str], env: Mapping[str, str] | None = None, *, watch_memory: bool = False
) -> Usage:
    """Run a command to its end.

    The first run of a command may compile its modules; see `_KEEPS_NO_BYTECODE`.

    Args:
        command: Program and arguments.
        env: Variables besides those of this process.
        watch_memory: Find the peak. Looking takes a fifth of the time of a command that keeps
            all cores busy: such a run's time by the clock is no figure.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    settings = {**os.environ, **(env or {})}
    settings.pop(_KEEPS_NO_BYTECODE, None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - the benches write the command
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=settings,
    )
    watch = _MemoryWatch(process.pid)
    if watch_memory:
        watch.start()
    code = process.wait()
    wall = time.monotonic() - begun
    if watch_memory:
        watch.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code:
        raise subprocess.CalledProcessError(code, command)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Usage(cpu, wall, watch.peak, watch.peak_private)


def interleaved(
    commands: Mapping[str, Callable[[bool], Usage]], repeats: int, note: Callable[[str], None]
) -> dict[str, Usage]:
    """Run every command in turn, several rounds, and return the medians of each.

    Memory is watched in a round of its own, at the end.

    Args:
        commands: By name; told whether memory is watched.
        repeats: Rounds.
        note: Told of every run.
    """
    runs: dict[str, list[Usage]] = {name: [] for name in commands}
    for turn in range(repeats):
        for name, command in commands.items():
            usage = command(False)
            runs[name].append(usage)
            note(f"{turn + 1}/{repeats} {name}: {usage.cpu_s:.2f} CPU s, {usage.wall_s:.2f} s")
    return {name: with_peak(median(found), commands[name](True)) for name, found in runs.items()}


def median(runs: Sequence[Usage]) -> Usage:
    """Return the median of both times."""
    return Usage(
        statistics.median(run.cpu_s for run in runs), statistics.median(run.wall_s for run in runs)
    )


def with_peak(timed: Usage, watched: Usage) -> Usage:
    """Return the times of one run and the memory of another."""
    return replace(
        timed, peak_bytes=watched.peak_bytes, peak_private_bytes=watched.peak_private_bytes
    )


def figures(usage: Usage) -> dict[str, float]:
    """Return a run's figures by name."""
    return asdict(usage)


class _MemoryWatch(threading.Thread):
    """Adds up the memory of a process and its descendants, again and again."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = self.peak_private = 0
        self._stop_asked = threading.Event()

    def run(self) -> None:
        while not self._stop_asked.wait(_TICK_S):
            pids = _family(self.pid)
            self.peak = max(self.peak, sum(map(_resident, pids)))
            self.peak_private = max(self.peak_private, sum(map(_proportional, pids)))

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()


def _family(pid: int) -> list[int]:
    pids = [pid]
    for parent in pids:  # The list grows while it is gone through.
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            for task in Path(f"/proc/{parent}/task").iterdir():
                if task.name != str(parent):
                    children += (task / "children").read_text().split()
        except OSError:
            continue
        pids += map(int, children)
    return pids


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
