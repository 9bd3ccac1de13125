"""Compile all kernels to one object file: `python -m ingest.kernels.build FILE`.

Kernels index from the front only. numba asks of every index whether it counts from the
end; that took an eighth of a load's time, so it is left out here. With `--checked` behind
the file, code that reads or writes beside an array ends its process: that is for tests.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np import arrayobj

from ingest.kernels.compiled import INLINED, MODULES, Kernel, trailing_zeros, word_at
from ingest.kernels.words import WORD_BYTES

# What LLVM itself makes of loops, and the C library holds.
_ALLOWED = ("llvm.", "memset", "memcpy", "memmove", "memcmp", "bcmp")


def build(path: Path, *, is_checked: bool = False) -> None:
    """Write the object file, at once and whole.

    Args:
        path: Where to.
        is_checked: Its code ends the process where an index leaves its array.
    """
    arrayobj.fix_integer_index = _checked_index if is_checked else _plain_index
    target = None
    modules = [importlib.import_module(f"ingest.kernels.{name}") for name in MODULES]
    for module in modules:
        _replace_inlined(module)
    for module in modules:
        for kernel in vars(module).values():
            if isinstance(kernel, Kernel):
                compiled = llvm.parse_assembly(_llvm_of(kernel))
                if target is None:
                    target = compiled
                else:
                    target.link_in(compiled)
    if target is None:
        msg = "there are no kernels"
        raise ValueError(msg)
    machine = _machine()
    _keep_kernels_only(target, machine)
    _refuse_unknown_symbols(target)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(machine.emit_object(target))
    Path(file.name).replace(path)


def _replace_inlined(module: ModuleType) -> None:
    """Let the kernels of a module find compiled functions under the plain ones' names."""
    for name, function in list(vars(module).items()):
        if function is word_at:
            setattr(module, name, _load_word)
        elif function is trailing_zeros:
            setattr(module, name, _count_zeros)
        elif getattr(function, INLINED, False) and not hasattr(function, "py_func"):
            setattr(module, name, _compiled(function))


def _plain_index(context: Any, builder: Any, kind: Any, index: Any, size: Any) -> Any:
    """Take an index as it is; in the place of numba's function of these arguments."""
    del size
    return context.cast(builder, index, kind, types.intp)


def _checked_index(context: Any, builder: Any, kind: Any, index: Any, size: Any) -> Any:
    index = context.cast(builder, index, kind, types.intp)
    _trap_unless_below(builder, index, size)
    return index


def _trap_unless_below(builder: Any, index: Any, size: Any) -> None:
    trap = builder.module.declare_intrinsic("llvm.trap", (), ir.FunctionType(ir.VoidType(), ()))
    # Without a sign, a negative number is above all others.
    with builder.if_then(builder.icmp_unsigned(">=", index, size), likely=False):
        builder.call(trap, ())


@intrinsic
def _load_word(typing: Any, data: Any, pos: Any) -> Any:
    """Load eight bytes at once, from any address."""
    del typing

    def load(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        if arrayobj.fix_integer_index is _checked_index:
            last = builder.add(arguments[1], ir.IntType(64)(WORD_BYTES - 1))
            _trap_unless_below(builder, arguments[1], array.nitems)
            _trap_unless_below(builder, last, array.nitems)
        pointer = builder.gep(array.data, [arguments[1]])
        pointer = builder.bitcast(pointer, ir.IntType(64).as_pointer())
        return builder.load(pointer, align=1)

    return types.uint64(data, pos), load


@intrinsic
def _count_zeros(typing: Any, number: Any) -> Any:
    """Count by the processor's own instruction."""
    del typing

    def count(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.uint64(number), count


_COMPILED: dict[Any, Any] = {}


def _compiled(function: Any) -> Any:
    if function not in _COMPILED:
        _COMPILED[function] = numba.njit(error_model="numpy", inline="never")(function)
    return _COMPILED[function]


def _llvm_of(kernel: Kernel) -> str:
    """Wrap a kernel in a function that takes pointers and lengths, and compile both."""
    inner = numba.njit(error_model="numpy")(kernel.python)
    received: list[str] = []
    passed: list[str] = []
    kinds: list[Any] = []
    for name, kind, dimensions in kernel.parameters:
        if not dimensions:
            received.append(name)
            passed.append(name)
            kinds.append(types.int64)
            continue
        sizes = [f"{name}_{axis}" for axis in range(dimensions)]
        received += [name, *sizes]
        passed.append(f"carray({name}, ({', '.join(sizes)},))")
        pointer: Any = types.CPointer(getattr(types, kind))  # type: ignore[no-untyped-call]
        kinds += [pointer, *[types.int64] * dimensions]
    source = (
        f"def kernel_{kernel.name}({', '.join(received)}):\n    return inner({', '.join(passed)})\n"
    )
    scope: dict[str, Any] = {"inner": inner, "carray": numba.carray}  # type: ignore[attr-defined]
    exec(source, scope)  # noqa: S102 - made of the kernel's own signature
    function = numba.cfunc(types.int64(*kinds), error_model="numpy")(scope[f"kernel_{kernel.name}"])
    text: str = function.inspect_llvm()
    return text.replace(f"@{function.native_name}", f"@kernel_{kernel.name}").replace(
        f'@"{function.native_name}"', f"@kernel_{kernel.name}"
    )


def _keep_kernels_only(module: Any, machine: Any) -> None:
    """Drop what numba adds for calls from Python, and what can be shown not to happen."""
    for function in module.functions:
        if not function.is_declaration and not function.name.startswith("kernel_"):
            function.linkage = "internal"
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    passes = llvm.create_pass_builder(machine, tuning)
    passes.getModulePassManager().run(module, passes)


def _refuse_unknown_symbols(module: Any) -> None:
    """Refuse code that calls into numba or Python: it would end the process that loads it."""
    unknown = [
        function.name
        for function in module.functions
        if function.is_declaration and not function.name.startswith(_ALLOWED)
    ]
    if unknown:
        msg = f"kernels must neither raise nor allocate, these call {', '.join(unknown)}"
        raise ValueError(msg)


def _machine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="pic",
        codemodel="jitdefault",
    )


if __name__ == "__main__":
    os.umask(0o022)
    build(Path(sys.argv[1]), is_checked="--checked" in sys.argv)
