"""The texts of the pages of a corpus, in blocks that can be read separately, because a row group is too large.

    blocks  zstd, of 64 KB of pages or one page: 4 B number of pages, 3 x 4 B a page (bytes of URL, date and text), then
            the URL, date and text of each
    index   24 B a block: number of its first page, its bytes, those of its content, offset, checksum (CRC-32)
    tail    8 B offset of the index, 8 B number of pages, 4 B checksum of the index and of these two, 8 B "c4texts1"

Numbers are little-endian. The bytes are a function of the pages, and of the version of zstd.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from c4pipe.errors import BuildError

TEXT_BLOCK = 64 << 10  # bytes of content: a tenth of a millisecond to decompress
MAKE_INDEX = "python -m c4pipe.textindex"  # rebuilds an index
_MAGIC = b"c4texts1"
_TAIL = struct.Struct("<QQI8s")
_BLOCK = np.dtype([("first", "<u4"), ("bytes", "<u4"), ("content", "<u4"), ("offset", "<u8"), ("crc", "<u4")])


class PageText(NamedTuple):
    """A page of a search."""

    url: str
    timestamp: str
    text: bytes  # UTF-8


class TextWriter:
    """Writes the pages of a corpus in their order. The caller owns the stream."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._codec = pa.Codec("zstd")
        self._pages: list[tuple[bytes, ...]] = []
        self._held = self._offset = self.count = 0
        self._index: list[tuple[int, int, int, int, int]] = []

    def add(self, url: bytes, timestamp: bytes, text: bytes) -> None:
        """Adds one page."""
        self._pages.append((url, timestamp, text))
        self._held += len(text) + len(url) + len(timestamp)
        if self._held >= TEXT_BLOCK:
            self._flush()

    @property
    def next(self) -> int:
        """The number of the next page."""
        return self.count + len(self._pages)

    def close(self) -> int:
        """Writes what is held, and the end of the file; returns its checksum. The stream stays open."""
        self._flush()
        ending = np.array(self._index, _BLOCK).tobytes()
        numbers = struct.pack("<QQ", self._offset, self.count)
        checksum = zlib.crc32(ending + numbers)
        self._stream.write(ending + _TAIL.pack(self._offset, self.count, checksum, _MAGIC))
        return checksum

    def _flush(self) -> None:
        if not self._pages:
            return
        sizes = np.array([[len(part) for part in page] for page in self._pages], "<u4")
        parts = (part for page in self._pages for part in page)
        content = struct.pack("<I", len(self._pages)) + sizes.tobytes() + b"".join(parts)
        data = self._codec.compress(content, asbytes=True)
        self._stream.write(data)
        self._index.append((self.count, len(data), len(content), self._offset, zlib.crc32(data)))
        self._offset += len(data)
        self.count += len(self._pages)
        self._pages, self._held = [], 0


class TextReader:
    """The file, of which only the requested blocks are read. Several threads may use it.

    Raises BuildError, here or later, if it is damaged.
    """

    def __init__(self, path: Path, remedy: str):
        """`remedy` says what to do about a damaged file."""
        self._path, self._remedy = path, remedy
        try:
            with path.open("rb") as stream:
                self._data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise self._damaged(str(getattr(error, "strerror", None) or error)) from None
        if len(self._data) < _TAIL.size:
            raise self._damaged("it is too short")
        at, self.count, self.checksum, magic = _TAIL.unpack(self._data[-_TAIL.size :])
        ending = self._data[at : -_TAIL.size]
        numbers = self._data[-_TAIL.size : -_TAIL.size + 16]
        if magic != _MAGIC or zlib.crc32(ending + numbers) != self.checksum or len(ending) % _BLOCK.itemsize:
            raise self._damaged("its end was changed")
        self._index = np.frombuffer(ending, _BLOCK)
        self._codec = pa.Codec("zstd")

    def block_of(self, page: int) -> int:
        """The number of the block that contains a page."""
        return int(np.searchsorted(self._index["first"], page, "right")) - 1

    def block(self, number: int) -> TextBlock:
        """A block, decompressed."""
        first, size, content, offset, crc = self._index[number].item()
        data = self._data[offset : offset + size]
        if zlib.crc32(data) != crc:
            raise self._damaged(f"block {number:,} of {len(self._index):,} has the wrong checksum")
        return TextBlock(first, self._codec.decompress(data, content, asbytes=True))

    def _damaged(self, what: str) -> BuildError:
        return BuildError(f"{self._path} is damaged ({what}). {self._remedy}")


class TextBlock:
    """Some consecutive pages."""

    def __init__(self, first: int, content: bytes):
        self._first, self._content = first, content
        (count,) = struct.unpack_from("<I", content)
        sizes = np.frombuffer(content, "<u4", 3 * count, 4).astype(np.int64)
        begin = 4 + 12 * count
        self._ends: Sequence[int] = [begin, *(begin + np.cumsum(sizes)).tolist()]

    def holds(self, page: int, text: bytes) -> bool:
        """Whether the text of a page contains another one."""
        at = 3 * (page - self._first) + 2
        return self._content.find(text, self._ends[at], self._ends[at + 1]) >= 0

    def page(self, page: int) -> PageText:
        """One of its pages."""
        at = 3 * (page - self._first)
        url, timestamp, text = (self._content[self._ends[n] : self._ends[n + 1]] for n in range(at, at + 3))
        return PageText(url.decode(), timestamp.decode(), text)


def utf8_of(column: Any) -> list[bytes]:
    """The strings of a column of Arrow as UTF-8."""
    found: list[bytes] = column.cast(pa.binary()).to_pylist()
    return found
