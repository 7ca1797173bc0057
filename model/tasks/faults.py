"""Reports faults in a user's code, such as a `Format`, in one line with their place. A fault in ours stays a bug."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from model.errors import C4Error

_OURS = Path(__file__).resolve().parent.parent
_NOT_THEIRS = tuple(map(str, (_OURS, sys.prefix, sys.base_prefix)))


def told_fault(error: BaseException) -> str:
    """FILE:LINE of the last line in the user's code, if any, and what was raised."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if not one.filename.startswith((*_NOT_THEIRS, "<"))]
    place = "".join(f"{one.filename}:{one.lineno}: " for one in (own or frames)[-1:])
    said = str(error) if isinstance(error, C4Error) else f"{type(error).__name__}: {error}"
    return " ".join(f"{place}{said}".split())


def by_user(thing: object) -> bool:
    """Whether the class of an object is a user's."""
    return not type(thing).__module__.startswith("model.")
