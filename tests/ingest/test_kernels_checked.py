"""Machine code that ends its process where an index leaves its array runs through all tests.

The code that ships does not look: whoever hands it arrays makes them long enough, for
hostile text too. These tests are what that rests on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ingest.conftest import KERNELS
from tests.ingest.loading import ROOT

MODULES = (
    "conversation", "kernels", "parquet_files", "parse_text", "places", "rollup", "text_reader",
)  # fmt: skip
LOOK = """
import sys
from pathlib import Path
import numpy as np
from ingest.kernels import compiled, dictionaries, text
compiled.load_kernels(Path(sys.argv[1]))
rows = np.array([int(sys.argv[2])], np.int32)
if sys.argv[3] == "columns":
    dictionaries.find_bounds(np.zeros(3, np.int64), rows, np.zeros(2, np.int64))
else:
    text.fill_tokens(np.zeros((1, 2), np.uint64), np.zeros(1 + rows[0], np.int64), rows)
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kernels that look at every index."""
    path = tmp_path_factory.mktemp("kernels") / "checked.o"
    command = [sys.executable, "-m", "ingest.kernels.build", str(path), "--checked"]
    subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603 - our own module
    return path


@pytest.mark.parametrize(
    ("index", "array", "ending"),
    [
        (-1, "columns", -signal.SIGILL), (3, "columns", -signal.SIGILL), (2, "columns", 0),
        (1, "tokens", -signal.SIGILL), (-1, "tokens", 0),
    ],
)  # fmt: skip
def test_an_index_beside_its_array_ends_the_process(
    checked: Path, index: int, array: str, ending: int
) -> None:
    """The check itself: before the first element, behind the last, and in two dimensions."""
    command = [sys.executable, "-c", LOOK, str(checked), str(index), array]
    done = subprocess.run(command, check=False, cwd=ROOT)  # noqa: S603 - our own code
    assert done.returncode == ending


def test_no_kernel_leaves_its_arrays(checked: Path) -> None:
    """Everything that tests of kernels read, hostile lines too, stays within the arrays."""
    modules = [f"tests/ingest/test_{name}.py" for name in MODULES]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *modules]
    environment = {**os.environ, KERNELS: str(checked)}
    done = subprocess.run(  # noqa: S603 - our own tests
        command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout[-4_000:]
