"""A folder of complete files of the web that stays below a size, for several processes at once.

url --open--> lock of the entry --there, or download--> file, open; the oldest that nobody reads make room
"""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from c4pipe.fetch.client import Client
from c4pipe.fetch.download import Check, download
from c4pipe.fetch.files import Lock, check_gzip, disk
from c4pipe.text.urls import unsigned

_NAME = 32  # hexadecimal digits of an entry's name: 128 bits of the URL's sha256


class HttpCache:
    """Files by URL, without its signature; together below `max_bytes`, not counting open ones.

    A file is fetched once, whole and checked, and never refreshed: the files of a crawl never change. The least
    recently opened file is removed first; a file stays while it is open, however large it is. Threads may share a
    cache, and processes its folder: each process creates its own object, after the fork.
    """

    def __init__(
        self, folder: str | Path, max_bytes: int, client: Client | None = None, check: Check | None = check_gzip
    ) -> None:
        self._folder, self._max = Path(folder), max_bytes
        self._client, self._check = client or Client(), check
        with disk(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)

    def open(self, url: str) -> BinaryIO:
        """The file behind a URL, from the folder if it is there; the caller closes it.

        A second process that needs the same file waits for the first. Raises FetchError and DiskError as `download`
        does.
        """
        path = self._folder / hashlib.sha256(unsigned(url).encode()).hexdigest()[:_NAME]
        lock = Lock(path.with_suffix(".lock"))
        try:
            with disk(lock.path):
                lock.take(shared=True)
                if not path.is_file():
                    lock.release()
                    lock.take()
            if not path.is_file():  # no other process has added it in between
                download(self._client, url, path, self._check)
            with disk(path):
                with suppress(OSError):  # not every file system allows it
                    os.utime(path)  # used now
                file = path.open("rb", buffering=0)
                lock.share()
        except BaseException:
            lock.release()
            raise
        self._make_room()
        return _Held(file, lock)

    def _make_room(self) -> None:
        """Removes entries, least recently used first, until the rest is small enough. Those in use stay."""
        entries = sorted(_entries(self._folder), key=lambda entry: entry.used)
        total = sum(entry.bytes for entry in entries)
        for entry in entries:
            if total <= self._max:
                return
            lock = Lock(self._folder / f"{entry.name}.lock")
            with suppress(OSError):
                if lock.take(wait=False):
                    for path in entry.paths:
                        path.unlink(missing_ok=True)
                    lock.release(remove=True)
                    total -= entry.bytes


class _Held(io.BufferedReader):
    """A file that cannot be evicted until it is closed."""

    def __init__(self, raw: io.FileIO, lock: Lock) -> None:
        super().__init__(raw, 256 * 1024)
        self._lock = lock

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._lock.release()


class _Entry(NamedTuple):
    name: str
    bytes: int
    used: float  # seconds since 1970
    paths: list[Path]  # the file, or what an interrupted download left


def _entries(folder: Path) -> list[_Entry]:
    found: dict[str, _Entry] = {}
    for path in folder.iterdir():
        name = path.name.lstrip(".").partition(".")[0]
        if len(name) != _NAME or path.suffix == ".lock":
            continue
        try:
            stat = path.stat()
        except OSError:
            continue  # evicted by another process just now
        old = found.get(name, _Entry(name, 0, 0.0, []))
        found[name] = _Entry(name, old.bytes + stat.st_size, max(old.used, stat.st_mtime), [*old.paths, path])
    return list(found.values())
