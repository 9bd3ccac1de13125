"""A parser process that objects can take down: they say how in their first line."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from ingest import parser_nursery, parser_process
from ingest.batch import BatchResult, BatchTask, run_batch

MARK = b"# please "


class PanicError(BaseException):
    """As what a panic in Rust arrives."""


def obey(task: BatchTask) -> BatchResult:
    """Do what the objects ask for; parse them if the process still lives."""
    for _, _, piece in task.objects:
        content = piece.read()
        if content.startswith(MARK):
            _obey(*content.splitlines()[0].removeprefix(MARK).decode().split())
    return run_batch(task)


def _obey(wish: str, argument: str = "") -> None:
    if wish == "abort":
        os.abort()
    elif wish == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif wish == "exit":
        os._exit(3)
    elif wish == "hang":
        signal.pause()
    elif wish == "grow":
        grown = []
        while True:
            grown.append(bytearray(b"x" * (1 << 20)))
    elif wish == "want":
        bytearray(int(argument) << 20)
    elif wish == "panic":
        raise PanicError(argument)
    elif wish == "disk":
        raise OSError(28, "No space left on device")
    elif wish == "wait":
        # The first process to come here waits for its murderer; later ones pass.
        marker = Path(argument)
        if not marker.exists():
            part = marker.with_suffix(".part")
            part.write_text(str(os.getpid()))
            part.replace(marker)
            signal.pause()


def main() -> None:
    """Serve as a parser that obeys."""
    if "--broken" in os.environ.get("FLOW_ATLAS_TEST", ""):
        sys.exit("cannot import name 'batch'")
    parser_process.run_batch = obey
    parser_nursery.main()
