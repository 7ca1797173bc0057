"""A file as blocks, each preceded by its own checksum: reading returns what was written, or raises `DamagedFile`.

    digest of block 0, block 0, digest of block 1, block 1, ..., digest of the last, the last

A digest covers the block, its number, whether it is the last, and the name of the file. So flipped bits are detected,
as are blocks cut off, moved or repeated, and a file in the place of another. Every block is `BLOCK_BYTES` long except
the last, which is empty only in an empty file. The last one is read when the file is opened, the others on demand.
"""

from __future__ import annotations

import io
import os
from contextlib import closing
from typing import Any, BinaryIO

import mmh3

from c4pipe.errors import DamagedFile

BLOCK_BYTES = 64 << 10  # bytes: a small read costs one block, and the digests 1 part in 4,000
_DIGEST = 16  # bytes of the digest before each block
_STEP = _DIGEST + BLOCK_BYTES


def _digest(name: str, number: int, last: bool, block: Any) -> bytes:
    place = f"{name}\0{number}\0{last:d}\0".encode("utf-8", "backslashreplace")
    return mmh3.mmh3_x64_128_digest(place + mmh3.mmh3_x64_128_digest(block))


class Sealing(io.RawIOBase):
    """Writes its input into `stream` as blocks; `finish` writes the last one. The caller owns the stream."""

    def __init__(self, stream: BinaryIO, name: str):
        super().__init__()
        self._stream, self._name = stream, name
        self._held = bytearray()
        self._blocks = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        at = BLOCK_BYTES - len(self._held)  # where the current block ends
        if len(view) <= at:  # the last block may be full, and only `finish` knows that it is the last
            self._held += view
            return len(view)
        self._put(self._held + view[:at], last=False)
        while at + BLOCK_BYTES < len(view):
            self._put(view[at : at + BLOCK_BYTES], last=False)
            at += BLOCK_BYTES
        self._held = bytearray(view[at:])
        return len(view)

    def tell(self) -> int:
        return self._blocks * BLOCK_BYTES + len(self._held)

    def finish(self) -> None:
        """Writes what is held; without this call the file is damaged."""
        self._put(self._held, last=True)

    def _put(self, block: Any, last: bool) -> None:
        self._stream.write(_digest(self._name, self._blocks, last, block))
        self._stream.write(block)
        self._blocks += 1


def unseal(stream: BinaryIO, name: str, path: str) -> BinaryIO:
    """The contents of such a file, seekable; closing it closes `stream`.

    Raises DamagedFile, here or while it is read, if its bytes are not those written under this name; the message has
    `path`.
    """
    try:
        return io.BufferedReader(_Sealed(stream, name, path), BLOCK_BYTES)
    except BaseException:
        stream.close()
        raise


def check_sealed(stream: BinaryIO, name: str, path: str) -> None:
    """Reads such a file completely, and closes it. Errors as in `unseal`."""
    with closing(unseal(stream, name, path)) as blocks:
        while blocks.read(BLOCK_BYTES):
            pass


class _Sealed(io.RawIOBase):
    """The blocks of a file, each checked at every access. `damage` is what the last check found: pyarrow makes another
    exception of it.
    """

    damage: DamagedFile | None = None

    def __init__(self, stream: BinaryIO, name: str, path: str):
        super().__init__()
        self._stream, self._name, self._path = stream, name, path
        size = stream.seek(0, os.SEEK_END)
        self._blocks = max(1, -(-size // _STEP))
        self._size = size - self._blocks * _DIGEST
        if self._size < (self._blocks - 1) * BLOCK_BYTES:
            raise self._damaged(f"its {size:,} bytes end inside a checksum")
        # Only the last block determines where the file ends; reading past the end returns nothing.
        last = self._blocks - 1
        self._read(last, bytearray(self._size - last * BLOCK_BYTES))
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if self._at < 0:
            raise ValueError(f"negative seek position {self._at}")
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, into: Any) -> int:
        """A long read stops at the end of a block, so that the next one begins at one."""
        view, done = memoryview(into).cast("B"), 0
        while done < len(view) and self._at < self._size:
            number, skipped = divmod(self._at, BLOCK_BYTES)
            size = min(BLOCK_BYTES, self._size - number * BLOCK_BYTES)
            if not skipped and size <= len(view) - done:
                self._read(number, view[done : done + size])
                got = size
            elif done:
                break
            else:
                block = bytearray(size)
                self._read(number, block)
                got = min(size - skipped, len(view))
                view[:got] = block[skipped : skipped + got]
            self._at += got
            done += got
        return done

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(BLOCK_BYTES), b""))

    def _read(self, number: int, into: Any) -> None:
        """One block, into a buffer of its size."""
        self._stream.seek(number * _STEP)
        digest = self._stream.read(_DIGEST)
        got = self._stream.readinto(into)  # type: ignore[attr-defined]
        if got != len(into) or digest != _digest(self._name, number, number == self._blocks - 1, into):
            self.damage = self._damaged(f"block {number:,} of {self._blocks:,} has the wrong checksum")
            raise self.damage

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()

    def _damaged(self, what: str) -> DamagedFile:
        return DamagedFile(f"{self._path} is damaged ({what}). Run the same command again to rebuild it.")
