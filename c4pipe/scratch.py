"""Temporary folders that are gone when their process is, however that ended.

Whoever makes one holds a lock in it, and first removes those of the same user whose lock nobody holds: a process that
is killed can tidy nothing.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

PREFIX = "c4pipe-"  # every folder begins with it, and with what it is for
HELD = ".c4pipe-scratch"  # in each: what bears this name was made here, and may be removed; no name of a corpus


@contextmanager
def scratch(purpose: str, below: str | None = None) -> Iterator[Path]:
    """A new folder that no other user can look into, below the one for temporary files or another; then it goes.

    Args:
        purpose: in its name, such as "workers".
    """
    where = below or tempfile.gettempdir()
    _sweep(Path(where))
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-", dir=where))
    lock = -1
    try:
        with suppress(OSError):  # no locks there, and then nobody else removes it
            lock = _hold(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock >= 0:
            os.close(lock)


@contextmanager
def temporary_files(purpose: str) -> Iterator[Path]:
    """A new folder in which all temporary files lie meanwhile, those of libraries and of child processes as well."""
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    with scratch(purpose) as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        try:
            yield folder
        finally:
            tempfile.tempdir = before
            os.environ.pop("TMPDIR")
            if variable is not None:
                os.environ["TMPDIR"] = variable


def lasting_scratch(purpose: str) -> Path:
    """A folder like those of `scratch` that stays as long as this process, one a purpose."""
    return _lasting(purpose, tempfile.gettempdir())


@cache
def _lasting(purpose: str, below: str) -> Path:
    made = scratch(purpose, below)
    atexit.register(made.__exit__, None, None, None)
    return made.__enter__()


def _hold(folder: Path) -> int:
    """Makes the lock of a new folder; a descriptor that holds it. It is there under its name only when it is held."""
    made = folder / f"{HELD}.new"
    lock = os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        made.rename(folder / HELD)
    except OSError:
        os.close(lock)
        raise
    return lock


def _sweep(where: Path) -> None:
    """Removes the folders that a process of this user has left behind when it died."""
    for folder in where.glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is gone, another's, held, or none of ours
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                continue
            lock = os.open(folder / HELD, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
