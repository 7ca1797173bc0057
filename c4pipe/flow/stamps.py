"""Which version of a file an input is: its size and a stamp, when listed and after reading."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from c4pipe.errors import ConfigError
from c4pipe.flow.files import object_named
from c4pipe.flow.web import is_web, web_version

if TYPE_CHECKING:
    from apache_beam.io.filesystem import FileMetadata


class Stamped(NamedTuple):
    """A version of a file. An unknown value matches every other."""

    bytes: int = -1  # -1 if it cannot be opened, or is unknown
    stamp: str = ""  # time of change, or the host's name of the version; "" if unknown

    def changed(self, now: Stamped) -> str:
        """How the file has changed, in words; "" if it has not."""
        if self.bytes >= 0 and now.bytes != self.bytes:
            return f"the file had {self.bytes:,} bytes when it was listed, and {now.bytes:,} when it was read"
        if self.stamp and now.stamp and now.stamp != self.stamp:
            return "the file was rewritten while it was being read"
        return ""


def file_stamped(path: str) -> Stamped:
    """The version of a local file; unknown if there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return Stamped()
    return Stamped(found.st_size, str(found.st_mtime_ns))


def object_stamped(found: FileMetadata) -> Stamped:
    """The version of an object in a bucket, as Beam lists it."""
    return Stamped(found.size_in_bytes, str(found.last_updated_in_seconds or ""))


def web_stamped(url: str) -> Stamped:
    """The version of a file on the web. ConfigError if the host does not have it."""
    version = web_version(url)
    return Stamped(version.size, version.etag or version.last_modified)


def read_stamped(path: str, stream: BinaryIO) -> Stamped:
    """The version of an input that was read, through its stream, whose position is lost."""
    size, stamp = stream.seek(0, os.SEEK_END), ""
    if is_web(path):
        with suppress(ConfigError):  # it existed, and was read
            stamp = web_stamped(path).stamp
    elif "://" in path:
        with suppress(ConfigError):
            found = object_named(path)
            stamp = "" if found is None else object_stamped(found).stamp
    else:
        stamp = str(os.fstat(stream.fileno()).st_mtime_ns)
    return Stamped(size, stamp)
