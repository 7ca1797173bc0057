"""Loops over flat arrays as machine code, without the start-up time of numba.

    @native("int64(uint32*, int64)")
    def largest(values, n): ...        # now a C function: largest(array.ctypes.data, len(array))

numba compiles the function, once per machine. The result is stored in a file, which later processes link with llvmlite
alone. That takes 0.07 s; importing numba and looking into its own cache takes 0.6 s of CPU.
"""

from __future__ import annotations

import ctypes
import functools
import inspect
import multiprocessing
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import llvmlite  # type: ignore[import-untyped]
from llvmlite import binding as llvm

from c4pipe.native.cache import cached

Function = Callable[..., Any]

SYMBOL = "c4pipe_native"  # the name of each function in its own object code
C_TYPES = {"void": None, "int64": ctypes.c_int64, "uint64": ctypes.c_uint64, "float64": ctypes.c_double}

_engines: list[Any] = []  # each owns the memory of a function
llvm.initialize_native_target()
llvm.initialize_native_asmprinter()


def native(signature: str) -> Callable[[Function], Function]:
    """The function, compiled for this machine: called with addresses (or bytes) and numbers, without the GIL.

    It may use its arguments, what its module declares or imports above it, constants and plain functions. It can
    neither allocate nor raise. Addresses are not checked.

    Args:
        signature: as in C, with numba's names: "int64(uint32*, int64)".
    """

    def compile_it(function: Function) -> Function:
        # The libraries whose constants are compiled in, and the compilers.
        source = b"".join(Path(file).read_bytes() for file in (*_files_of(function), __file__))
        versions = f"{llvmlite.__version__} {sys.version_info[:2]}"
        made_of = [function.__name__, signature, llvm.get_default_triple(), *_processor(), versions, ""]
        name = f"{Path(inspect.getfile(function)).stem}.{function.__name__}"
        code = cached(name, "\n".join(made_of).encode() + source, lambda: _timed_code(function, signature))
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _engines.append(engine)
        types: list[Any] = [C_TYPES.get(word, ctypes.c_void_p) for word in re.findall(r"\w+\*?", signature)]
        return ctypes.CFUNCTYPE(*types)(engine.get_function_address(SYMBOL))

    return compile_it


_PATIENCE = 0.8  # seconds of compiling without a word: numba's import, and about one function
_spent: float | None = 0.0  # seconds of compiling in this process; None once it has been said


def _timed_code(function: Function, signature: str) -> bytes:
    """`object_code`; once a process has much to compile, it says on stderr what it does. Workers say nothing."""
    global _spent
    if _spent is None:
        return object_code(function, signature)
    if _spent > _PATIENCE and multiprocessing.parent_process() is None:
        # All that a build needs take 8 to 10 s of CPU.
        print("Compiling kernels for this machine (first run only; about 10 s of CPU).", file=sys.stderr, flush=True)
        _spent = None
        return object_code(function, signature)
    started = time.monotonic()
    code = object_code(function, signature)
    _spent += time.monotonic() - started
    return code


def object_code(function: Function, signature: str) -> bytes:
    """The output of numba and LLVM for the function, as an object file that needs neither."""
    import numba  # here, not above: see the module's docstring

    # With numpy's rules a division by zero returns the processor's result: nothing can raise, so nothing needs Python.
    # Everything is inlined, because LLVM does not see that a called function cannot raise, and leaves names of numba's
    # in the code that are never resolved.
    compiled = functools.partial(numba.njit, error_model="numpy", forceinline=True)

    def with_compiled(function: Any) -> Any:
        used = {name: compiled(with_compiled(value)) for name, value in _used_by(function)}
        return FunctionType(function.__code__, function.__globals__ | used, function.__name__)

    made = numba.cfunc(re.sub(r"(\w+)\*", r"CPointer(\1)", signature), error_model="numpy")(with_compiled(function))
    module = llvm.parse_assembly(made.inspect_llvm().replace(made.native_name, SYMBOL))
    emitted: bytes = _machine().emit_object(module)
    return emitted


def _used_by(function: Any) -> Iterator[tuple[str, Any]]:
    """The plain functions that one calls, under its names for them."""
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if inspect.isfunction(value):
            yield name, value


def _files_of(function: Any) -> dict[str, None]:
    """The files of a function and of what it uses, its own first."""
    files: dict[str, None] = {inspect.getfile(function): None}
    for _, used in _used_by(function):
        files |= _files_of(used)
    return files


def _machine() -> Any:
    """Code for exactly this processor, at any address."""
    cpu, features = _processor()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=cpu, features=features, opt=3, reloc="pic", codemodel="jitdefault", jit=True
    )


@functools.cache
def _processor() -> tuple[str, str]:
    try:
        features = llvm.get_host_cpu_features().flatten()
    except RuntimeError:  # not available on every platform
        features = ""
    return llvm.get_host_cpu_name(), features
