"""What a disk is asked for: to have the bytes of a file and the names in a folder for good, for what lies there must
outlive a loss of power, to lock a file, and to keep what cannot be used.

Not every file system can be asked (FUSE, SMB, NFS, Lustre). Where it lacks the call, what is written is written, and
who comes second is not told; nobody can promise more. A disk that answers with an error has lost something, and that
is an error.
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
_NOT_FOR_US = {errno.EACCES, errno.EPERM, errno.EBADF}  # a folder may be open for writing names, and not for reading


def sync(descriptor: int) -> None:
    """Waits until the disk has what was written to an open file. OSError where it could not be kept."""
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
    """The whole of a file. OSError, as for one that cannot be read, for a pipe or a device: they may never answer."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return path.read_bytes()


_said: set[str] = set()  # folders without locks


def lock(descriptor: int, kind: int, path: Path) -> None:
    """Locks an open file (flock). BlockingIOError where another holds it; a note where the file system has no locks."""
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
    """Renames what cannot be used and must not be lost to `NAME.old`, `NAME.old-2` and so on; the new path."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.old{'' if number == 1 else f'-{number}'}")
        if not os.path.lexists(aside):
            path.rename(aside)
            return aside
    raise AssertionError("there is always another number")
