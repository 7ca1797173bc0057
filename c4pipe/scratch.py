"""Temporary folders that are removed with their process, however that ends.

The creator of a folder holds a lock in it, and first removes folders of the same user whose lock is free, because a
killed process cannot clean up.
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

PREFIX = "c4pipe-"  # the beginning of every folder's name, followed by its purpose
HELD = ".c4pipe-scratch"  # in each: marks a folder made here, which may be removed; not a name in a corpus


@contextmanager
def scratch(purpose: str, below: str | None = None) -> Iterator[Path]:
    """A new folder that no other user can read, below the one for temporary files or another; removed afterwards.

    Args:
        purpose: in its name, such as "workers".
    """
    where = below or tempfile.gettempdir()
    _sweep(Path(where))
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-", dir=where))
    lock = -1
    try:
        with suppress(OSError):  # no locks there, and then no process removes it
            lock = _hold(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock >= 0:
            os.close(lock)


@contextmanager
def temporary_files(purpose: str) -> Iterator[Path]:
    """A new folder for all temporary files in this block, including those of libraries and of child processes."""
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
    """A folder like those of `scratch` that lasts as long as this process, one per purpose."""
    return _lasting(purpose, tempfile.gettempdir())


@cache
def _lasting(purpose: str, below: str) -> Path:
    made = scratch(purpose, below)
    atexit.register(made.__exit__, None, None, None)
    return made.__enter__()


def _hold(folder: Path) -> int:
    """Creates the lock of a new folder; returns a descriptor that holds it. Its name only appears once it is held."""
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
    """Removes the folders that dead processes of this user left behind."""
    for folder in where.glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is gone, another user's, held, or not ours
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                continue
            lock = os.open(folder / HELD, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
