"""The process that parsers are forked from, started ahead of its use."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ingest import nursery
from ingest.nursery import PARSER_MODULE, nursery_of, start_ahead
from tests.ingest.loading import run_python, start_python

STARTED = """
import sys, time
from ingest import nursery
nursery.start_ahead()
print(nursery._ahead[0]._process.pid, flush=True)
time.sleep(float(sys.argv[1]))
"""


@pytest.fixture
def ahead():
    start_ahead()
    (started,) = nursery._ahead
    yield started
    started.close()


def test_what_was_started_ahead_is_used_once(ahead):
    start_ahead()
    first, second = nursery_of(PARSER_MODULE), nursery_of(PARSER_MODULE)
    second.close()

    assert first is ahead
    assert second is not ahead
    assert ahead.is_alive


def test_another_module_gets_a_process_of_its_own(ahead):
    other = nursery_of("tests.ingest.hostile_parser")
    other.close()

    assert other is not ahead
    assert nursery_of(PARSER_MODULE) is ahead


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
