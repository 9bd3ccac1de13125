"""Functions over arrays that run as machine code.

numba compiles all kernels once, in a process of its own (`ingest.kernels.build`), to one
object file; llvmlite loads it in a few milliseconds. Processes that only run kernels
never import numba, which takes longer than parsing half a million records.

The file's name tells of the kernels' sources, of llvmlite and of the processor, so a
changed kernel never meets older code. It lies beside the sources where they may be
written, else in the user's cache folder; where neither may, every process compiles for
itself.
"""

from __future__ import annotations

import atexit
import ctypes
import fcntl
import functools
import hashlib
import inspect
import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite
import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt

from ingest.kernels.machine_code import SOURCES, folders, name_of_sources

_log = logging.getLogger(__name__)

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
IntRows = npt.NDArray[np.int32]
LongRows = npt.NDArray[np.int64]
HashRows = npt.NDArray[np.uint64]

# In a kernel, arithmetic on these stays whole and of 64 bits.
long: Callable[[Any], int] = cast("Any", np.int64)
word: Callable[[Any], int] = cast("Any", np.uint64)

# Annotation of a kernel's argument: type of its elements, and dimensions.
ARGUMENTS: dict[str, tuple[str, int]] = {
    "int": ("int64", 0),
    "Bytes": ("uint8", 1),
    "Ints": ("int32", 1),
    "Longs": ("int64", 1),
    "Hashes": ("uint64", 1),
    "IntRows": ("int32", 2),
    "LongRows": ("int64", 2),
    "HashRows": ("uint64", 2),
}
MODULES = ("tables", "words", "text", "ends", "places", "groups", "own", "dictionaries", "pages")
INLINED = "is_inlined"

_F = TypeVar("_F", bound=Callable[..., Any])
_engines: list[Any] = []  # The code lives as long as its engine.


def word_at(data: Bytes, pos: int) -> int:
    """Return the eight bytes at a position as one number, in the machine's own order."""
    return word(int.from_bytes(data[pos : pos + 8].tobytes(), sys.byteorder))


def trailing_zeros(number: int) -> int:
    """Return how many zeros a number of 64 bits, which is not 0, ends with in binary."""
    bits = int(number)
    return word((bits & -bits).bit_length() - 1)


class Kernel:
    """A function that is called with numbers and arrays, and returns a number.

    It runs without the interpreter's lock and does not check indexes: a caller hands over
    arrays that are long enough. Types and memory layout of the arguments are checked.
    """

    def __init__(self, function: Callable[..., int]) -> None:
        self.python = function
        self.name = function.__name__
        functools.update_wrapper(self, function)
        # Annotations are texts: `from __future__ import annotations`.
        self.parameters = [
            (name, *ARGUMENTS[str(parameter.annotation)])
            for name, parameter in inspect.signature(function).parameters.items()
        ]
        self._dtypes = [
            np.dtype(kind) if dimensions else None for _, kind, dimensions in self.parameters
        ]
        self._code: Callable[..., int] | None = None

    def __call__(self, *arguments: Any) -> int:
        """Run the machine code."""
        if self._code is None:
            width = sum(1 + dimensions for _, _, dimensions in self.parameters)
            kind = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * width)
            self._code = kind(_loaded().get_function_address(f"kernel_{self.name}"))
        flat: list[int] = []
        for argument, dtype in zip(arguments, self._dtypes, strict=True):
            if dtype is None:
                flat.append(argument)
            else:
                if argument.dtype != dtype or not argument.flags.c_contiguous:
                    msg = f"{self.name}: {argument.dtype} where {dtype} without gaps is due"
                    raise TypeError(msg)
                # Small parts take longer to hand over than to work on.
                shape = argument.shape
                flat.append(0 if 0 in shape else _address(argument))
                flat += shape
        return self._code(*flat)


def _address(array: Any) -> int:
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except TypeError:  # It is read-only; this way is slower.
        address: int = array.__array_interface__["data"][0]
        return address


def kernel(function: Callable[..., int]) -> Kernel:
    """Compile a function; its annotations name the types of its arguments."""
    return Kernel(function)


def inlined(function: _F) -> _F:
    """Compile a function as a part of the kernels that call it."""
    setattr(function, INLINED, True)
    return function


def load_kernels(path: Path | None = None) -> None:
    """Load the machine code; compile it first where it is not there, within half a minute.

    Args:
        path: An object file of `ingest.kernels.build` to load instead, before any kernel ran.
    """
    if path is not None:
        _engine(path)
    _loaded()


def _loaded() -> Any:
    if not _engines:
        _load_or_build()
    return _engines[-1]


def _load_or_build() -> None:
    name = _file_name()
    for folder in folders():
        path = folder / name
        if not path.exists():
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=folder):
                    pass
            except OSError:
                continue
            with (folder / "kernels.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not path.exists():  # Another process may have been first.
                    _log.info("kernels are compiled once: %s", path)
                    _build(path)
                    _remove_older(path)
        _engine(path)
        return
    with tempfile.TemporaryDirectory() as own:
        _build(Path(own) / name)
        _engine(Path(own) / name)


def _remove_older(path: Path) -> None:
    """Remove what these sources were compiled to before; the user's folder serves others too."""
    if path.is_relative_to(SOURCES):
        for older in set(path.parent.glob("kernels-*.o")) - {path}:
            older.unlink(missing_ok=True)


def _file_name() -> str:
    llvm.initialize_native_target()
    machine = f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
    told = f"{llvmlite.__version__} {machine}".encode()
    return f"{name_of_sources()}-{hashlib.blake2b(told, digest_size=10).hexdigest()}.o"


def _build(path: Path) -> None:
    subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "ingest.kernels.build", str(path.absolute())],
        check=True,
        stdin=subprocess.DEVNULL,
        cwd=SOURCES.parents[1],  # So that it finds this very package.
    )


def _engine(path: Path) -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(path.read_bytes()))
    engine.finalize_object()
    _engines.append(engine)
    atexit.register(_engines.clear)
