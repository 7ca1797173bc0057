"""Files on disks and in buckets behind one `Store`, and the inputs of a build."""

from __future__ import annotations

import hashlib
import io
import os
import posixpath
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from c4pipe.errors import ConfigError
from c4pipe.fetch import HttpCache
from c4pipe.files.sealed import Sealing, check_sealed, unseal
from c4pipe.files.storage import LocalStore
from c4pipe.flow.buckets import check_extra, file_systems, is_remote, or_of_bucket
from c4pipe.flow.web import input_cache, is_web
from c4pipe.text.urls import hushed, public

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from apache_beam.io.filesystem import FileMetadata

OBJECT_BUFFER = 1 << 20  # bytes requested from Beam at once, which itself requests 16 times as many from a bucket
UNCOMPRESSED = "uncompressed"  # Beam's CompressionTypes, not loaded yet
NOTE = ".c4pipe"  # a file in each folder that only builds write into: see `flow.ours`
UNSEALED = (NOTE, "inputs", "progress")  # in the staging folder: downloads, and notes that decide nothing


def check_folder(option: str, path: str) -> None:
    """ConfigError if the value cannot be a folder on this machine or in a bucket."""
    if not path:
        raise ConfigError(f"{option} is empty; expected a folder.")
    kind, _, name = path.partition("://")
    if name.strip("/"):
        check_extra(kind, f"{option} {public(path)}")
    if is_remote(path) and not (name.strip("/") and _is_known(path)):
        raise ConfigError(
            f"{option} {public(path)}: expected a folder on this machine, as a plain path, or in a bucket, such as "
            "gs://bucket/folder."
        )


def _is_known(path: str) -> bool:
    """Whether Beam has a file system for the URL."""
    try:
        return file_systems().get_filesystem(path) is not None
    except or_of_bucket(ValueError):
        return False


class BeamStore(LocalStore):
    """Local files as `LocalStore` does it; URLs through Beam's FileSystems, where an object appears when it is closed.

    Files in the folder `staging` are sealed (`files.sealed`) under their names there and the folder's name: reading
    anything else than what was written raises `DamagedFile`. Inputs over http(s) are kept there unsealed while they are
    read. OSError where a bucket cannot be reached. Make one store in each process.
    """

    def __init__(self, staging: str = ""):
        self._staging = staging

    @cached_property
    def _web(self) -> HttpCache:
        return input_cache(self._staging)

    def read(self, path: str) -> BinaryIO:
        name = self.sealed_name(path)
        return self._open(path) if name is None else unseal(self._open(path), name, path)

    def _open(self, path: str) -> BinaryIO:
        if not is_remote(path):
            return super().read(path)
        # Uncompressed: Beam's own gzip reader accepts a truncated file as complete.
        with _as_os_error(path):
            stream = file_systems().open(path, compression_type=UNCOMPRESSED)
        return io.BufferedReader(_ObjectReader(stream, path), OBJECT_BUFFER)

    @contextmanager
    def write(self, path: str, private: bool = False) -> Iterator[BinaryIO]:
        name = self.sealed_name(path)
        with self._create(path, private) as stream:
            if name is None:
                yield stream
            else:
                sealing = Sealing(stream, name)
                yield sealing  # type: ignore[misc]
                sealing.finish()

    @contextmanager
    def _create(self, path: str, private: bool) -> Iterator[BinaryIO]:
        if not is_remote(path):
            with super().write(path, private) as stream:
                yield stream
            return
        whole = io.BytesIO()  # so that an exception leaves no object; a shard is 256 MB
        yield whole
        with _as_os_error(path), file_systems().create(path, compression_type=UNCOMPRESSED) as stream:
            stream.write(whole.getbuffer())

    def sealed_name(self, path: str) -> str | None:
        """The name under which a file is sealed; None for a plain file."""
        below = path.removeprefix(f"{self._staging}/")
        if not self._staging or below == path or below.partition("/")[0] in UNSEALED:
            return None
        return f"{posixpath.basename(self._staging)}/{below}"

    def holds(self, path: str, sha256: str) -> bool:
        """Whether such a file exists and has this sha256."""
        if not self.exists(path):
            return False
        with self.read(path) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256  # type: ignore[arg-type]

    def check(self, path: str) -> None:
        """Reads the whole of a sealed file. DamagedFile if it is damaged; does nothing for a plain file."""
        if name := self.sealed_name(path):
            check_sealed(self._open(path), name, path)

    def exists(self, path: str) -> bool:
        if not is_remote(path):
            return super().exists(path)
        with _as_os_error(path):
            return bool(file_systems().exists(path))

    def remove(self, path: str) -> None:
        if not is_remote(path):
            super().remove(path)
            return
        own = object_named(path)
        found = ([] if own is None else [own.path]) + self.list(path)
        if found:
            with _as_os_error(path):
                file_systems().delete(found)

    def rename(self, paths: Sequence[str], to: Sequence[str]) -> None:
        """Renames objects of a bucket."""
        if paths:
            with _as_os_error(paths[0]):
                file_systems().rename([*paths], [*to])

    def list(self, folder: str) -> list[str]:
        """Every object below a folder in a bucket."""
        return [match.path for match in matches_below(folder)]

    def sizes(self, folder: str) -> dict[str, int]:
        """The bytes of every object below a folder in a bucket, by its path."""
        return {match.path: match.size_in_bytes for match in matches_below(folder)}

    def open_input(self, path: str) -> BinaryIO:
        """An input, refused with OSError if opening it could hang or makes no sense (a pipe, a folder).

        FetchError for one on the web that cannot be fetched.
        """
        if is_web(path):
            return self._web.open(path)
        with _as_os_error(path):
            if not is_remote(path) and not stat.S_ISREG(os.stat(path).st_mode):
                raise OSError("not a regular file")
            return self.read(path)


class _ObjectReader(io.RawIOBase):
    """An object of a bucket, whose errors are OSErrors. Ending before its size is one."""

    def __init__(self, stream: BinaryIO, path: str):
        self._stream, self._path = stream, path
        with _as_os_error(path):
            self._size = stream.seek(0, os.SEEK_END)
            stream.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        at = self._stream.tell()
        whole = memoryview(buffer)
        wanted = min(len(whole), self._size - at)  # at its end a library may send another request
        if wanted <= 0:
            return 0
        with _as_os_error(self._path):
            got: int = self._stream.readinto(whole[:wanted])  # type: ignore[attr-defined]
        if not got:
            raise OSError(f"the object ends after {at:,} of its {self._size:,} bytes")
        return got

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with _as_os_error(self._path):
            return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        self._stream.close()
        super().close()


@contextmanager
def _as_os_error(path: str) -> Iterator[None]:
    """Raises Beam's errors for a path as OSError."""
    try:
        yield
    except or_of_bucket(ValueError) as error:  # a NUL in the path, or a URL scheme unknown to Beam
        raise OSError(hushed(str(error), path)) from None


def matches(pattern: str) -> list[FileMetadata]:
    """The objects that match a Beam pattern. ConfigError where they cannot be listed."""
    check_extra(pattern.partition("://")[0], public(pattern))
    try:
        return list(file_systems().match([pattern])[0].metadata_list)
    except or_of_bucket(ValueError) as error:
        raise ConfigError(f"{public(pattern)} cannot be listed: {hushed(str(error), pattern)}") from None


def matches_below(folder: str) -> list[FileMetadata]:
    """The objects below a folder in a bucket."""
    return [match for match in matches(f"{_unquoted(folder)}/**") if match.path.startswith(f"{folder}/")]


def object_named(path: str) -> FileMetadata | None:
    """The object of exactly this name, whatever its characters; None if there is none."""
    return next((match for match in matches(_unquoted(path)) if match.path == path), None)


def _unquoted(path: str) -> str:
    """A pattern that matches a name, and perhaps others: Beam cannot quote wildcards."""
    return re.sub(r"[\[*]", "?", path)
