"""User modules, which command lines name as MODULE:NAME, and what goes wrong in them.

A mistake in a user's code is reported in one line with its place. Exceptions of our own code stay bugs, which crash.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from types import FrameType, ModuleType
from typing import NamedTuple

_OURS = {"c4pipe", "beam_jobs", "model"}  # packages whose exceptions are bugs


def import_own(name: str) -> ModuleType:
    """The module, from Python's path or else from the working folder; errors as from `import_module`.

    Python itself only searches the working folder for a command started by `python -m`, and then first. Here it is
    searched last, so a model.py in it does not hide the package.
    """
    top = name.partition(".")[0]
    with suppress(FileNotFoundError, ValueError):  # a deleted working folder; an invalid name
        if top and os.getcwd() not in sys.path and find_spec(top) is None:
            sys.path.append(os.getcwd())
    return import_module(name)


class OwnFault(NamedTuple):
    """An exception in a user's code."""

    said: str  # what was raised, in one line
    place: str  # file and line
    frames: tuple[FrameType, ...]  # of the user's code, outermost first


def own_fault(error: BaseException, modules: Iterable[str]) -> OwnFault | None:
    """The exception in words, if a user's module raised it; None if our own code did.

    Args:
        modules: the user's modules. Frames of other modules in the same packages count; libraries' frames do not.
    """
    tops = {name.partition(".")[0] for name in modules}
    frames: list[FrameType] = []
    line = 0
    for frame, number in traceback.walk_tb(error.__traceback__):
        top = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if top in tops and not frame.f_code.co_filename.startswith("<"):  # not what `dataclass` generates
            frames.append(frame)
            line = number
        elif top in _OURS:
            frames.clear()
    if not frames:
        return None
    said = " ".join(f"{type(error).__name__}: {error}".removesuffix(": ").split())
    return OwnFault(said, f"{os.path.basename(frames[-1].f_code.co_filename)}, line {line}", tuple(frames))


def failed_import(error: Exception, module: str) -> str:
    """An exception of `import_own` in words, with its place in the user's code; "" if our own code raised it."""
    if isinstance(error, SyntaxError):
        return f"{os.path.basename(error.filename or module)}, line {error.lineno}: {error.msg}"
    found = own_fault(error, [module])
    return f"{found.place}: {found.said}" if found else ""
