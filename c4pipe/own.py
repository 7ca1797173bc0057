"""Modules of a user's own, which are named on command lines as MODULE:NAME."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


def import_own(name: str) -> ModuleType:
    """The module, from where Python looks or else from the working folder; errors as from `import_module`.

    Python looks there only where a command was started by `python -m`, and then first. Here it comes last: a model.py
    that lies there is not taken for the package.
    """
    top = name.partition(".")[0]
    with suppress(FileNotFoundError, ValueError):  # a working folder that is gone; a name that is none
        if top and os.getcwd() not in sys.path and find_spec(top) is None:
            sys.path.append(os.getcwd())
    return import_module(name)
