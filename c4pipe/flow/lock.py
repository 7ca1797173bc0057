"""One build, or array tasks alone, at a time in a folder: a lock that ends with its owner, however that dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TextIO

from c4pipe.disk import lock
from c4pipe.errors import ConfigError
from c4pipe.files.storage import make_folder
from c4pipe.flow.buckets import is_remote

LOCK = ".lock"
LOOKS, ATTEMPTS = 5, 40  # at a name; at a shared lock, within two seconds


def is_lock(path: Path) -> bool:
    """Whether a file is one of our locks: signed, or empty, since its owner may die before signing."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            return False
        text = path.read_bytes()[:4096]
        return (not text and found.st_nlink == 1) or set(json.loads(text)) == {"pid", "host"}
    except (OSError, ValueError, TypeError, RecursionError):
        return False


class FolderLock(AbstractContextManager["FolderLock"]):
    """Held while a build writes into a local folder. ConfigError naming the holder if the folder is locked already.

    A `shared` lock excludes the other kind only: array tasks write side by side into one staging folder.

    The lock is the kernel's (flock) on a file in the folder. It ends with the process that holds it, so there are no
    stale locks to break. Buckets have no locks; there, two builds of one corpus write the same bytes under the same
    names. On a file system without locks a build goes ahead and prints a note.
    """

    def __init__(self, output: str, shared: bool = False, option: str = "--output"):
        """`option` names the folder in errors."""
        self._output, self._named = output, f"{option} {output}"
        self._kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self._path = Path(output) / LOCK
        self._file: TextIO | None = None

    def __enter__(self) -> FolderLock:
        if is_remote(self._output):
            return self
        try:
            make_folder(Path(self._output))
            if self._is_foreign():
                raise ConfigError(f"{self._path} is not the lock of a build. Move it away, or choose another folder.")
            self._file = self._patiently()
        except BlockingIOError:
            raise ConfigError(f"{self._named} is being written by {self._holder()}. Wait for it.") from None
        except OSError as error:
            raise ConfigError(f"{self._named} cannot be written: {error.strerror or error}.") from None
        return self

    def __exit__(self, *exc: object) -> None:
        if self._file is not None:
            with suppress(OSError):  # the folder may have been exchanged, or the disk be gone
                lock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB, self._path)  # not while others share it
                if os.stat(self._path).st_ino == os.fstat(self._file.fileno()).st_ino:
                    self._path.unlink()
            self._file.close()

    def _is_foreign(self) -> bool:
        """Whether a file of that name is no lock. Other holders remove and make theirs meanwhile."""
        return all(os.path.lexists(self._path) and not is_lock(self._path) for _ in range(LOOKS))

    def _patiently(self) -> TextIO:
        """A shared lock is asked for again: the last of others to leave holds the file alone while it removes it."""
        for _ in range(ATTEMPTS - 1):
            try:
                return self._acquire()
            except BlockingIOError:
                if self._kind == fcntl.LOCK_EX:
                    raise
                time.sleep(0.05)
        return self._acquire()

    def _acquire(self) -> TextIO:
        while True:
            file = open(self._path, "a+")  # noqa: SIM115 - it stays open as long as the lock is held
            try:
                lock(file.fileno(), self._kind | fcntl.LOCK_NB, self._path)
                # The last holder may have removed the file between our two steps; then this lock has no file.
                current = os.stat(self._path).st_ino == os.fstat(file.fileno()).st_ino
            except FileNotFoundError:
                current = False
            except BaseException:
                file.close()
                raise
            if current:
                file.truncate(0)
                if self._kind == fcntl.LOCK_EX:  # there is one holder to name
                    file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
                    file.flush()
                return file
            file.close()

    def _holder(self) -> str:
        """The holder of the lock. It signs the file right after locking it, so a short wait finds the name."""
        for _ in range(10):
            with suppress(OSError, ValueError, KeyError, TypeError):
                holder = json.loads(self._path.read_text())
                return f"process {int(holder['pid'])} on {holder['host']}"
            time.sleep(0.05)
        return "another build, or by tasks of an array"
