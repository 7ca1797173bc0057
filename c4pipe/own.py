"""User modules, which command lines name as MODULE:NAME."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


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
