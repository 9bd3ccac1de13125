"""Where the kernels' machine code lies; cheap to ask, without numpy and llvmlite."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

SOURCES = Path(__file__).parent


def folders() -> tuple[Path, ...]:
    """Return the folders that may hold it, by preference."""
    return SOURCES / "__pycache__", Path("~/.cache/flow-atlas").expanduser()


@functools.cache
def name_of_sources() -> str:
    """Return what names of files begin with that were compiled from these very sources."""
    digest = hashlib.blake2b(digest_size=10)
    for source in sorted(SOURCES.glob("*.py")):
        digest.update(source.read_bytes())
    return f"kernels-{digest.hexdigest()}"


def is_compiled() -> bool:
    """Tell whether the machine code is there, so that loading takes no time.

    Code for another processor passes as well: then loading takes longer than was told.
    """
    return any(any(folder.glob(f"{name_of_sources()}-*.o")) for folder in folders())
