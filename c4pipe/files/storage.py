"""Where files are opened, written and removed: the only interface between the pipeline and a file system.

A file appears under its name whole or not at all: it is written next to it under a temporary name, flushed to disk
and renamed, and the folder is flushed. `flow.files` adds gs:// and s3://, where an object appears when it is closed.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from c4pipe.disk import sync, sync_path

TEMPORARY = ".tmp"  # suffix of a file while it is written


class Store(Protocol):
    """Files by name. Names are paths or URLs, joined with `/`."""

    def read(self, path: str) -> BinaryIO:
        """The file, opened at its beginning; the caller closes it."""

    @contextmanager
    def write(self, path: str) -> Iterator[BinaryIO]:
        """A new file that appears at the end of the block; nothing appears if the block raises."""

    def exists(self, path: str) -> bool:
        """Whether there is a file of that name, which is then complete."""

    def remove(self, path: str) -> None:
        """Removes a file or a whole folder; does nothing if it does not exist."""


class LocalStore:
    """Files on a disk."""

    def read(self, path: str) -> BinaryIO:
        return open(path, "rb")

    @contextmanager
    def write(self, path: str, private: bool = False) -> Iterator[BinaryIO]:
        """`private`: only the owner may read it."""
        target = Path(path)
        make_folder(target.parent)
        temporary = draft_of(target)
        try:
            with open(temporary, "wb") as stream:
                if private:
                    os.chmod(temporary, 0o600)  # before anything is in it
                yield stream
                stream.flush()
                sync(stream.fileno())
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        sync_path(target.parent)

    def exists(self, path: str) -> bool:
        return os.path.isfile(path)

    def remove(self, path: str) -> None:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            Path(path).unlink(missing_ok=True)


def draft_of(target: Path) -> Path:
    """The temporary file of a file that this process writes. Two attempts at one file may run at once, on two machines;
    each has its own, and the bytes are equal.
    """
    machine = zlib.crc32(os.uname().nodename.encode())  # its name may have 64 characters, and a file's 255
    return target.with_name(f".{target.name}.{machine:08x}-{os.getpid()}{TEMPORARY}")


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents; all of them are flushed to disk when this returns."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_path(folder.parent)
