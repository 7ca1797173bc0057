"""Files on disk: the incomplete part of a file, the lock on a folder, the check that a file is complete gzip.

.NAME.part        bytes from the beginning of the file, as far as received
.NAME.part.json   its URL and version: parts of two versions are never joined
NAME              the whole file, checked: it appears by a rename
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import shutil
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from isal import igzip, isal_zlib

from c4pipe.disk import lock, sync_path
from c4pipe.errors import ConfigError
from c4pipe.fetch.encoding import names_itself, undo
from c4pipe.fetch.policy import DamagedError, DiskError, TransientError, Version, one_line
from c4pipe.text.urls import public

_PIECE = 1 << 20  # bytes of text at a time, which bounds memory for a bomb
_ISAL_ERROR: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # the stub has an instance for the class


class PartialFile:
    """The incomplete file next to its target. Every OSError in here comes from the disk, and is raised as DiskError."""

    def __init__(self, target: Path, url: str) -> None:
        self.target, self._url = target, public(url)  # no secrets are stored
        self.path = target.with_name(f".{target.name}.part")
        self._note = target.with_name(f".{target.name}.part.json")

    def bytes(self) -> int:
        """The bytes received so far."""
        with suppress(OSError):
            return self.path.stat().st_size
        return 0

    def version(self) -> Version | None:
        """The version to which the bytes belong; None if they cannot be continued."""
        known = self._noted()
        usable = known is not None and known.validator is not None and 0 < self.bytes() <= known.size
        return known if usable else None

    def _noted(self) -> Version | None:
        try:
            note = json.loads(self._note.read_bytes())
            known = Version(note["size"], note["etag"], note["last_modified"], note["encoding"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return known if note["url"] == self._url else None

    def begin(self, version: Version) -> None:
        """Drops the existing bytes: the next ones belong to this version."""
        with disk(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(b"")  # before the note, so bytes never go with another version's note
            free = _free(self.path.parent)
            if free is not None and version.size > free:
                raise DiskError(f"{self.target} needs {version.size / 1e6:,.1f} MB, and {free / 1e6:,.1f} MB are free")
            # In place, so that a kill leaves no third file: a torn note counts as none.
            self._note.write_text(json.dumps({"url": self._url, **version._asdict()}))

    @contextmanager
    def append(self) -> Iterator[BinaryIO]:
        """The part, open at its end."""
        with disk(self.path), self.path.open("ab") as out:
            yield out

    def undo_encoding(self, largest: int) -> None:
        """Decodes the bytes if the host encoded them. Errors are those of `undo`."""
        known = self._noted()
        if known is None or not known.encoding or names_itself(self.path, self._url, known.encoding):
            return
        undone = self.path.with_suffix(".undone")
        try:
            with disk(undone):
                undo(self.path, undone, known.encoding, largest)
                self._note.unlink(missing_ok=True)  # first, because its count is that of the encoded bytes
                undone.replace(self.path)
        finally:
            undone.unlink(missing_ok=True)

    def discard(self) -> None:
        """Removes the bytes received."""
        with disk(self.path):
            for path in (self.path, self._note):
                path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Moves the file to its name: flushed to disk, renamed, the folder flushed."""
        with disk(self.target):
            sync_path(self.path)
            self.path.replace(self.target)
            sync_path(self.target.parent)
            self._note.unlink(missing_ok=True)


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Turns the OSError of a full, read-only or broken disk into one line with path and free space."""
    try:
        yield
    except OSError as error:
        free = _free(path.parent)
        room = "" if free is None else f" ({free / 1e6:,.1f} MB free)"
        raise DiskError(f"cannot write {path}: {error.strerror or error}{room}") from error


def _free(folder: Path) -> int | None:
    """Bytes; None if the file system does not report them."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return usage.free if usage.total else None


def check_gzip(path: Path) -> None:
    """Raises TransientError unless a file is gzip data, complete to the last member's checksum. Memory: 2 MB.

    Raises DamagedError if it begins as gzip but is incomplete; zero bytes after a member are padding, as in gzip
    itself.
    """
    with path.open("rb") as file:
        head = file.read(512)
    if not head.startswith(b"\x1f\x8b"):
        page = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        raise TransientError("no bytes" if not head else f"{'a web page' if page else 'other data'} instead of gzip")
    try:
        with igzip.open(path, "rb") as text:  # type: ignore[no-untyped-call]
            while text.read(_PIECE):
                pass
    except EOFError:
        raise DamagedError("cut short in the middle of a gzip member") from None
    except (gzip.BadGzipFile, _ISAL_ERROR, zlib.error) as error:
        raise DamagedError(f"damaged gzip data ({error})") from error


class Lock:
    """A lock on a file (flock): it ends with the process, however that ends. It also excludes other threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def take(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Takes the lock, or returns False if another process has it."""
        kind = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        while True:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                lock(fd, kind, self.path)
                # The previous owner may have removed the file: then this lock is on nothing.
                with suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(fd), os.stat(self.path)):
                        self._fd = fd
                        return True
            except BlockingIOError:
                os.close(fd)
                return False
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)

    def share(self) -> None:
        """Makes the lock shared: others may only join as sharers."""
        assert self._fd is not None
        lock(self._fd, fcntl.LOCK_SH, self.path)

    def release(self, *, remove: bool = False) -> None:
        """Releases the lock; `remove` also deletes its file, which only an exclusive owner may do."""
        if self._fd is not None:
            if remove:
                self.path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keeps a second fetch out of a folder. ConfigError names the owner, or says why the folder cannot be locked."""
    lock = Lock(folder / ".fetch.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = lock.take(wait=False)
        if taken:
            lock.path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n")
    except OSError as error:
        lock.release()
        raise ConfigError(f"--output {folder} cannot be written: {error.strerror or error}.") from None
    if not taken:
        holder = "its end is near"
        with suppress(OSError):
            holder = one_line(lock.path.read_text(errors="replace").strip()) or holder
        raise ConfigError(f"--output {folder} is in use by another fetch ({holder}). Wait for it, or stop it.")
    try:
        yield
    finally:
        lock.release(remove=True)
