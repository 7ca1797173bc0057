"""The name by which a command was called, so that messages name commands as the user can type them.

Texts name commands as `python -m beam_jobs.build_c4`. A command that was called as `c4pipe build` prints that instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_name = ""
_spoken: Mapping[str, str] = {}


@contextmanager
def called_as(name: str, spoken: Mapping[str, str]) -> Iterator[None]:
    """Inside the block, this process is the command of that name.

    Args:
        name: what was typed, such as "c4pipe build".
        spoken: how texts name commands, mapped to what the user types.
    """
    global _name, _spoken
    before = _name, _spoken
    _name, _spoken = name, spoken
    try:
        yield
    finally:
        _name, _spoken = before


def own_name(otherwise: str = "") -> str:
    """The name by which this command was called, or `otherwise` if none was set."""
    return _name or otherwise


def as_called(text: str) -> str:
    """A text for a person, with commands named the way this one was called.

    >>> with called_as("c4pipe build", {"python -m jobs.build": "c4pipe build", "make build IN=": "c4pipe build "}):
    ...     as_called("Run python -m jobs.build. Or: make build IN=wet, but not python -m jobs.build.all")
    'Run c4pipe build. Or: c4pipe build wet, but not python -m jobs.build.all'
    """
    if not _spoken:
        return text
    longest = sorted(_spoken, key=len, reverse=True)
    ends = (re.escape(said) + (r"(?!\w|\.\w)" if said[-1].isalnum() else "") for said in longest)
    return re.sub(rf"\b(?:{'|'.join(ends)})", lambda found: _spoken[found[0]], text)
