"""Compares a file with what is recorded of it: its existence and its bytes."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from c4pipe.files.pinned import sha256_of
from c4pipe.text import many
from c4pipe.verify.findings import AGAIN, Finding, damaged


class Expected(NamedTuple):
    """What is recorded of a file."""

    path: str  # relative to the folder
    bytes: int | None  # None if not recorded
    sha256: str
    by: str  # the file with that record
    do: str = AGAIN


def file_finding(folder: Path, file: Expected) -> Finding | None:
    """What is wrong with a file; None if it matches the record. Pipes and devices are not opened."""
    path = folder / file.path
    size = "a file" if file.bytes is None else f"a file of {many(file.bytes, 'byte')}"
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            what = "a folder" if stat.S_ISDIR(found.st_mode) else "something that is not a file"
            return damaged(path, "missing", f"{what} is in its place", f"{size}, says {file.by}", file.do)
        if file.bytes not in (None, found.st_size):
            return damaged(path, "bytes", many(found.st_size, "byte"), f"{file.bytes:,}, says {file.by}", file.do)
        sha256 = sha256_of(path)
    except FileNotFoundError:
        what = "a link to nothing" if path.is_symlink() else "not there"
        return damaged(path, "missing", what, f"{size}, says {file.by}", file.do)
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        what = getattr(error, "strerror", None) or str(error)
        return damaged(path, "unreadable", f"cannot be read ({what})", f"{size}, says {file.by}", file.do)
    if sha256 != file.sha256:
        return damaged(path, "sha256", f"its sha256 is {sha256}", f"{file.sha256}, says {file.by}", file.do)
    return None
