"""Errors, by what the reader must do about them.

    C4Error
    ├─ ConfigError   wrong usage, found before any work: change the command (exit code 2)
    ├─ AssetError    an external file is missing or has the wrong checksum: fetch it (exit code 2)
    └─ BuildError    the work itself failed: free space, repair the input, run again (exit code 1)
       └─ DamagedFile   one of the build's own files was changed since it was written: it must be rebuilt

Bad data is never an exception: it is a counted `Reason`. Anything else that is raised is a bug.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class C4Error(Exception):
    """Base of every error that is a message to the user; shown on one line, without a traceback.

    `exit_code` is the exit code of a command that ends with it.
    """

    exit_code = 1


class ConfigError(C4Error):
    """An argument or a combination of arguments cannot work. The message says what was expected."""

    exit_code = 2


class AssetError(C4Error):
    """A word list, domain list or model file is missing or damaged. The message names the command that fetches it."""

    exit_code = 2


class BuildError(C4Error):
    """The build cannot continue."""


class DamagedFile(BuildError):  # noqa: N818 - it is what was found
    """A build's own intermediate file was changed since it was written. The message names it."""


def unknown(kind: str, name: str, known: Iterable[str], hints: Iterable[str] | None = None) -> ConfigError:
    """The error for a name that is not in a table: closest names first, to make typing errors obvious.

    `hints` are names of the table that may be meant; None uses those with similar spelling.
    """
    names = list(known)
    if hints is None:
        hints = difflib.get_close_matches(name, names, n=len(names), cutoff=0.5)
    close = [*dict.fromkeys(hints)]
    rest = [n for n in names if n not in close]
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return ConfigError(f"unknown {kind} {name!r}.{hint} Known: {', '.join(close + rest)}.")
