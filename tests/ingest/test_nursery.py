"""The process that parsers are forked from, started ahead of its use."""

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.ingest.loading import run_python, start_python

# Each runs in a program of its own: one that has threads already must not copy itself.
STARTED = """
import sys, time
from ingest import nursery
nursery.start_ahead()
print(nursery._ahead[0]._process._pid, flush=True)
time.sleep(float(sys.argv[1]))
"""
USED = """
from ingest import nursery
from ingest.nursery import PARSER_MODULE, nursery_of
nursery.start_ahead()
nursery.start_ahead()
(ahead,) = nursery._ahead
other = nursery_of("tests.ingest.hostile_parser")
first, second = nursery_of(PARSER_MODULE), nursery_of(PARSER_MODULE)
print(other is ahead, first is ahead, second is ahead, ahead.is_alive)
for used in (other, first, second):
    used.close()
print(ahead.is_alive)
"""
BROKEN = """
import sys, types
from ingest import nursery
def serve_forks(control):
    print("not to be seen")
    raise OSError("no numpy here")
broken = types.ModuleType("broken")
broken.serve_forks = serve_forks
sys.modules["broken"] = broken
started = nursery.Nursery("broken", is_forked=True)
print(started._process.wait(10), started.end(1), started.last_words())
started.close()
print(started.last_words())
"""
SETTINGS = """
import os, sys, types
from ingest import nursery
def serve_forks(control):
    files = [os.readlink(f"/proc/self/fd/{n}") for n in (0, 1)]
    control.sendall(" ".join([os.environ["OPENBLAS_NUM_THREADS"], *files]).encode())
probe = types.ModuleType("probe")
probe.serve_forks = serve_forks
sys.modules["probe"] = probe
started = nursery.Nursery("probe", is_forked=True)
print(started._control.recv(1_000).decode(), started._process.wait(10), "OPENBLAS" in os.environ)
started.close()
"""


def test_what_was_started_ahead_is_used_once():
    """A second one, and one of another module, is a process of its own."""
    found = run_python("-c", USED)

    assert found.stdout.split() == ["False", "True", "False", "True", "False"], found.stderr


def test_one_that_fails_leaves_its_last_words():
    """And nothing else: what it prints goes nowhere."""
    found = run_python("-c", BROKEN)

    assert found.stdout.splitlines() == ["1 1 OSError: no numpy here", "OSError: no numpy here"]
    assert found.stderr == ""


def test_a_copy_has_settings_and_files_of_its_own():
    """Those of the program stay as they are."""
    found = run_python("-c", SETTINGS)

    assert found.stdout.split() == ["1", os.devnull, os.devnull, "0", "False"], found.stderr


def test_unused_it_ends_with_the_program():
    found = run_python("-c", STARTED, "0")

    assert found.returncode == 0, found.stderr
    assert found.stderr == ""
    assert not Path(f"/proc/{int(found.stdout)}").exists()


def test_it_does_not_outlive_a_program_that_is_killed():
    program = start_python("-c", STARTED, "60", stdout=subprocess.PIPE)
    assert program.stdout is not None
    pid = int(program.stdout.readline())
    os.kill(program.pid, signal.SIGKILL)
    program.communicate(timeout=10)

    over = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < over, f"process {pid} still runs"
        time.sleep(0.02)


def is_running(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"  # Nobody may ask for its end here.
