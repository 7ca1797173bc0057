"""On the disk: the part of a file that is not whole yet, the lock on a folder, the check that a file is whole gzip.

.NAME.part        bytes from the beginning of the file, as far as they came
.NAME.part.json   of which URL, and of which version of it: parts of two versions are never joined
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

_PIECE = 1 << 20  # bytes of text at a time: what bounds the memory of a bomb
_ISAL_ERROR: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # the stub has an instance for the class


class PartialFile:
    """The unfinished file beside its target. Every OSError in here is one of the disk, and comes out as DiskError."""

    def __init__(self, target: Path, url: str) -> None:
        self.target, self._url = target, public(url)  # what is noted is no secret
        self.path = target.with_name(f".{target.name}.part")
        self._note = target.with_name(f".{target.name}.part.json")

    def bytes(self) -> int:
        """How many have come."""
        with suppress(OSError):
            return self.path.stat().st_size
        return 0

    def version(self) -> Version | None:
        """Which version of the URL the bytes are of; None where they cannot be gone on with."""
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
        """Forgets the bytes that are there: those to come are of this version."""
        with disk(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(b"")  # before the note: bytes are never under the note of another version
            free = _free(self.path.parent)
            if free is not None and version.size > free:
                raise DiskError(f"{self.target} needs {version.size / 1e6:,.1f} MB, and {free / 1e6:,.1f} MB are free")
            # In place, so that a kill leaves no third file: a torn note is no note.
            self._note.write_text(json.dumps({"url": self._url, **version._asdict()}))

    @contextmanager
    def append(self) -> Iterator[BinaryIO]:
        """The part, open at its end."""
        with disk(self.path), self.path.open("ab") as out:
            yield out

    def undo_encoding(self, largest: int) -> None:
        """Makes of what was sent what was asked for, where the host has packed it. Errors are those of `undo`."""
        known = self._noted()
        if known is None or not known.encoding or names_itself(self.path, self._url, known.encoding):
            return
        undone = self.path.with_suffix(".undone")
        try:
            with disk(undone):
                undo(self.path, undone, known.encoding, largest)
                self._note.unlink(missing_ok=True)  # first: its count is of what was sent
                undone.replace(self.path)
        finally:
            undone.unlink(missing_ok=True)

    def discard(self) -> None:
        """Removes what has come."""
        with disk(self.path):
            for path in (self.path, self._note):
                path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Gives the file its name: flushed to the disk, renamed, the folder flushed."""
        with disk(self.target):
            sync_path(self.path)
            self.path.replace(self.target)
            sync_path(self.target.parent)
            self._note.unlink(missing_ok=True)


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Turns the OSError of a disk that is full, read-only or broken into one line with path and room."""
    try:
        yield
    except OSError as error:
        free = _free(path.parent)
        room = "" if free is None else f" ({free / 1e6:,.1f} MB free)"
        raise DiskError(f"cannot write {path}: {error.strerror or error}{room}") from error


def _free(folder: Path) -> int | None:
    """Bytes; None where the file system does not tell."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return usage.free if usage.total else None


def check_gzip(path: Path) -> None:
    """TransientError unless a file is gzip data, whole to the last member's checksum. Memory: 2 MB.

    DamagedError where it begins as gzip and is not whole; zero bytes after a member are padding, as for gzip itself.
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
    """A lock on a file (flock): it ends with the process, however that ends. Threads exclude each other too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def take(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Takes the lock, or says False where another has it."""
        kind = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        while True:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                lock(fd, kind, self.path)
                # The one before us may have removed the file: then this is a lock on nothing.
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
        """Lets others in who share, and keeps out who would not."""
        assert self._fd is not None
        lock(self._fd, fcntl.LOCK_SH, self.path)

    def release(self, *, remove: bool = False) -> None:
        """Gives the lock back; `remove` takes its file away too, which only one who has it alone may do."""
        if self._fd is not None:
            if remove:
                self.path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keeps a second fetch out of a folder. ConfigError that says who is in there, or why nobody can be."""
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
