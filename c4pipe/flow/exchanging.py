"""Exchanges the names of two folders in one step."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from contextlib import suppress

RENAME_EXCHANGE = 2  # linux/fs.h, for renameat2
AT_FDCWD = -100  # linux/fcntl.h


def look_alike(folder: str, other: str) -> None:
    """Copies owner, permissions and attributes of this folder to the other, as far as permitted."""
    with suppress(OSError):
        found = os.stat(folder)
        if (found.st_uid, found.st_gid) != (os.stat(other).st_uid, os.stat(other).st_gid):
            os.chown(other, found.st_uid, found.st_gid)
    with suppress(OSError):
        shutil.copystat(folder, other)


def exchange(one: str, other: str) -> None:
    """Exchanges the names of two folders atomically. OSError if the system or file system cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # not Linux, or an old C library
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    if renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), one)
