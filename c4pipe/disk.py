"""Until the disk has it: the bytes of a file, the names in a folder. For what lies there must outlive a loss of power.

Not every file system can be asked (FUSE, SMB, NFS, Lustre): where it lacks the call, what is written is written, and
nobody can promise more. A disk that answers with an error has lost something, and that is an error.
"""

from __future__ import annotations

import errno
import os
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
