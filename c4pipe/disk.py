"""Operations on disk: making the bytes of a file and the names in a folder durable, so that they survive a loss of
power; locking a file; and setting unusable files aside.

Not every file system supports these (FUSE, SMB, NFS, Lustre). If it lacks the call, written data counts as durable, and
a second process is not detected; nothing more can be guaranteed. If a disk returns an error, it has lost something, so
that is raised.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import sys
from itertools import count
from pathlib import Path

_NO_SUCH_CALL = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_NOT_FOR_US = {errno.EACCES, errno.EPERM, errno.EBADF}  # a folder may allow creating names, but not reading


def sync(descriptor: int) -> None:
    """Waits until the disk has stored what was written to an open file. Raises OSError if it could not."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:
            raise


def sync_path(path: Path) -> None:
    """The same for a file by its name, or for the names in a folder."""
    passed = _NOT_FOR_US if path.is_dir() else set()
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            sync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in passed:
            raise


def read_file(path: Path) -> bytes:
    """The contents of a file. Raises OSError, as for an unreadable one, for a pipe or a device, which may never
    return."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return path.read_bytes()


_said: set[str] = set()  # folders without locks


def lock(descriptor: int, kind: int, path: Path) -> None:
    """Locks an open file (flock). BlockingIOError if another process holds it; a note if there are no locks."""
    try:
        fcntl.flock(descriptor, kind)
    except OSError as error:
        if error.errno not in {*_NO_SUCH_CALL, errno.ENOLCK}:
            raise
        if (folder := str(path.parent)) not in _said:
            _said.add(folder)
            print(
                f"note: {path} cannot be locked ({error.strerror}): this file system has no locks, so another process "
                "in the same folder would go unnoticed.",
                file=sys.stderr,
            )


def put_aside(path: Path) -> Path:
    """Renames a file that cannot be used and must not be lost to `NAME.old`, `NAME.old-2` and so on; returns the
    path."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.old{'' if number == 1 else f'-{number}'}")
        if not os.path.lexists(aside):
            path.rename(aside)
            return aside
    raise AssertionError("there is always another number")
