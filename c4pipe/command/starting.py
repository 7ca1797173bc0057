"""What is printed when a command cannot even be loaded: there is no main yet to print it."""

from __future__ import annotations

import os
import sys
from traceback import walk_tb
from types import TracebackType

from c4pipe.command.ending import memory_limit, run_command, shortage
from c4pipe.errors import C4Error


def watch_start(loads: bool = False) -> None:
    """Call it in a package whose modules are commands, before they import anything large.

    Changes nothing where a program imports the package: it acts only while Python looks for the module that it is to
    run, or when `loads` says that a command is about to be loaded.
    """
    if loads or sys.argv[:1] == ["-m"]:
        sys.excepthook = _tell


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    loaded = any(frame.f_code is run_command.__code__ for frame, _ in walk_tb(trace))
    # Under a memory limit each library fails in its own way.
    said = "" if loaded else shortage(error if memory_limit() is None else MemoryError(str(error)))
    if not said or isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    print(f"the command cannot be loaded: {said}", file=sys.stderr, flush=True)
    os._exit(C4Error.exit_code)  # half-loaded libraries may crash at shutdown
