"""Holds back libraries that a command does not need while other libraries check whether they are installed."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType

from c4pipe.command.calling import own_name


class _Gate(MetaPathFinder):
    """Finds nothing, and reports modules that are held back as not installed."""

    def __init__(self, names: Collection[str]):
        self._names = names

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name in self._names:
            raise ModuleNotFoundError(f"{name} is held back", name=name)


@contextmanager
def held_back(*names: str) -> Iterator[None]:
    """Inside the block, these modules cannot be imported, as if not installed. Modules already loaded stay."""
    gate = _Gate(frozenset(names))
    sys.meta_path.insert(0, gate)
    try:
        yield
    finally:
        sys.meta_path.remove(gate)


def spare_pandas() -> None:
    """Makes pyarrow, if loaded, behave as if pandas were not installed: it imports pandas with the first array it
    makes.

    That import takes 0.25 s of CPU, and no command of ours needs it. Code that imports pandas later gets it, and
    `to_pandas` and `from_pandas` work; a Series passed to `pyarrow.array` before then is treated as a Python sequence.
    Does nothing if this process is not a command of ours, or has already loaded pandas.
    """
    pyarrow = sys.modules.get("pyarrow")
    if pyarrow is not None and "pandas" not in sys.modules and is_command():
        with held_back("pandas"):
            pyarrow.array([])


def is_command() -> bool:
    """Whether this process was started to run a command of ours, by `c4pipe` or `python -m`; False where a program
    calls its main.
    """
    if own_name():
        return True
    started = getattr(sys.modules.get("__main__"), "__spec__", None)
    return started is not None and started.name.partition(".")[0] in ("c4pipe", "beam_jobs", "model")
