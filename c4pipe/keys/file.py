"""A file of keys, written once from beginning to end, of which any range can be read separately.

    head    6 B "c4keys", 1 B version, 1 B bytes of an owner (0 or 8), 4 B length, and so many bytes of JSON: the header
    blocks  BLOCK_KEYS keys each, fewer in the last one: `keys.blocks`, then the owners in 8 B each
    index   40 B a block: first key, offset, keys, bytes of a difference, checksum of the block
    tail    8 B offset of the index, 8 B number of keys, 16 B checksum of head, index and these two numbers

Numbers are little-endian, checksums MurmurHash3's 128 bits, as in `files.sealed`. The bytes are a function of header
and keys alone. Checksums cover everything: a changed byte raises BuildError when it is used.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO, Protocol

import mmh3
import numpy as np
from numpy.typing import NDArray

from c4pipe.errors import BuildError
from c4pipe.files.storage import Store
from c4pipe.keys.blocks import BLOCK_KEYS, OWNER_BYTES, KeyArray, pack_keys, unpack_keys, width_of
from c4pipe.text import many

MOST_KEY = 2**64 - 1
_MAGIC, _VERSION = b"c4keys", 1
COPY_AGAIN = "Copy the corpus again or build it again."
_HEAD = struct.Struct("<6sBBI")
_TAIL = struct.Struct("<QQ16s")
_BLOCK = np.dtype([("first", "<u8"), ("offset", "<u8"), ("count", "<u4"), ("width", "<u4"), ("digest", "V16")])


class Writable(Protocol):
    """The target to which a file is written."""

    def write(self, data: Any, /) -> Any:
        """Writes all of the bytes."""


class KeyWriter:
    """Writes keys in ascending order, each once, with or without owners. The caller owns the stream."""

    def __init__(self, stream: Writable, header: Mapping[str, Any], owners: bool):
        """`header`: plain values that identify the file."""
        said = json.dumps(header, sort_keys=True).encode()
        self._head = _HEAD.pack(_MAGIC, _VERSION, OWNER_BYTES if owners else 0, len(said)) + said
        self._stream, self._owned = stream, owners
        self._offset, self.count = 0, 0
        self._index: list[tuple[int, int, int, int, bytes]] = []
        self._held: list[tuple[KeyArray, KeyArray]] = []
        self._waiting = 0  # keys not yet written
        self._last = -1
        self._put(self._head)

    def add(self, keys: KeyArray, owners: KeyArray | None = None) -> None:
        """More keys, after those before, [n] each. Raises ValueError if they do not ascend, or owners do not fit."""
        if self._owned != (owners is not None) or (owners is not None and len(owners) != len(keys)):
            raise ValueError(f"a file {'with' if self._owned else 'without'} owners got others for {len(keys)} keys")
        if not len(keys):
            return
        if int(keys[0]) <= self._last or not (keys[1:] > keys[:-1]).all():
            raise ValueError(f"keys must ascend, each once, behind {self._last}")
        self._last = int(keys[-1])
        self._held.append((keys, keys[:0] if owners is None else owners))
        self._waiting += len(keys)
        if self._waiting >= BLOCK_KEYS:
            self._flush(BLOCK_KEYS)

    def close(self) -> None:
        """Writes what is held, and the end of the file; the stream stays open."""
        self._flush(1)
        index = np.array(self._index, _BLOCK).tobytes()
        numbers = struct.pack("<QQ", self._offset, self.count)
        self._put(index)
        self._put(numbers + _sum(self._head + index + numbers))

    def _flush(self, least: int) -> None:
        """Writes blocks while so many keys are waiting."""
        if not self._held:
            return
        keys, owners = (np.concatenate(parts) for parts in zip(*self._held, strict=True))
        start = 0
        while len(keys) - start >= least:
            stop = start + BLOCK_KEYS
            self._block(keys[start:stop], owners[start:stop])
            start = stop
        self._held, self._waiting = [(keys[start:].copy(), owners[start:].copy())], max(0, len(keys) - start)

    def _block(self, keys: KeyArray, owners: KeyArray) -> None:
        width = width_of(keys)
        data = pack_keys(keys, width) + owners.astype("<u8").tobytes()
        self._index.append((int(keys[0]), self._offset, len(keys), width, _sum(data)))
        self._put(data)
        self.count += len(keys)

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._offset += len(data)


def _sum(data: Any) -> bytes:
    return mmh3.mmh3_x64_128_digest(data)


_Ends = tuple[dict[str, Any], int, NDArray[np.void], str]  # header, bytes of an owner, index, their checksum


class KeyReader:
    """A file of keys, of which only head and index are in memory. It is opened for each query.

    Raises BuildError, here or later, if it is damaged, or not a file of keys.
    """

    def __init__(self, store: Store, path: str, digest: str = "", remedy: str = COPY_AGAIN):
        """`digest`: the expected file's, if it was read before; BuildError for another one. `remedy` says what to do
        about a damaged file."""
        self._store, self.path, self._remedy = store, path, remedy
        with self._open() as stream:
            self.header, self._owner_bytes, self._index, self.digest = self._ends(stream)
        if digest not in ("", self.digest):
            raise BuildError(
                f"{path} was replaced while in use. Run the command again when nothing else changes that corpus."
            )
        self.count = int(self._index["count"].sum(dtype=np.int64))
        self.firsts: KeyArray = self._index["first"].astype(np.uint64)  # the first key of each block

    @property
    def owned(self) -> bool:
        """Whether its keys have owners."""
        return self._owner_bytes > 0

    def between(self, first: int = 0, last: int = MOST_KEY) -> tuple[KeyArray, KeyArray]:
        """The keys from `first` to `last`, inclusive, and their owners: 0 if the file has none. [keys]"""
        start = max(0, int(np.searchsorted(self.firsts, np.uint64(first), "right")) - 1)
        stop = int(np.searchsorted(self.firsts, np.uint64(last), "right"))
        if first > last or start >= stop:
            return np.empty(0, np.uint64), np.empty(0, np.uint64)
        keys, owners = self._all(start, stop)
        begin, end = np.searchsorted(keys, np.uint64(first), "left"), np.searchsorted(keys, np.uint64(last), "right")
        return keys[begin:end], owners[begin:end]

    def check(self) -> None:
        """Reads all of it, block by block: checksums, and whether the keys ascend. Raises BuildError."""
        last = -1
        for number in range(len(self.firsts)):
            keys, _ = self._all(number, number + 1)
            if int(keys[0]) <= last or not (keys[1:] > keys[:-1]).all():
                raise self._damaged(f"the keys of block {number:,} do not ascend")
            last = int(keys[-1])

    def _open(self) -> BinaryIO:
        try:
            return self._store.read(self.path)
        except OSError as error:
            raise BuildError(f"{self.path} cannot be read ({error.strerror or error}). {self._remedy}") from None

    def _all(self, start: int, stop: int) -> tuple[KeyArray, KeyArray]:
        """The keys and owners of the blocks with these numbers, at least one."""
        total, at = int(self._index["count"][start:stop].sum(dtype=np.int64)), 0
        keys, owners = np.empty(total, np.uint64), np.zeros(total, np.uint64)
        with self._open() as stream:
            stream.seek(int(self._index["offset"][start]))
            for number in range(start, stop):
                end = at + int(self._index["count"][number])
                self._block(number, stream.read(self._size(number)), keys[at:end], owners[at:end])
                at = end
        return keys, owners

    def _block(self, number: int, data: bytes, keys: KeyArray, owners: KeyArray) -> None:
        """One block, into keys and owners."""
        first, _, count, width, digest = self._index[number].item()
        if _sum(data) != digest:
            raise self._damaged(f"block {number:,} of {len(self.firsts):,} has the wrong checksum")
        unpack_keys(data, first, count, width, keys)
        if self.owned:
            owners[:] = np.frombuffer(data, "<u8", count, count * width)

    def _size(self, number: int) -> int:
        """Bytes of a block."""
        return int(self._index["count"][number]) * (int(self._index["width"][number]) + self._owner_bytes)

    def _ends(self, stream: BinaryIO) -> _Ends:
        """Head and index."""
        size = stream.seek(0, os.SEEK_END)
        if size < _HEAD.size + _TAIL.size:
            raise self._damaged(f"{many(size, 'byte')} are not a file of keys")
        stream.seek(0)
        head = stream.read(_HEAD.size)
        magic, version, owner_bytes, length = _HEAD.unpack(head)
        if magic != _MAGIC or version != _VERSION:
            raise self._damaged(f"it begins with {head[:7]!r}, not with {_MAGIC + bytes([_VERSION])!r}")
        stream.seek(size - _TAIL.size)
        tail = stream.read(_TAIL.size)
        at, count, digest = _TAIL.unpack(tail)
        begin, end = _HEAD.size + length, size - _TAIL.size
        if not begin <= at <= end or (end - at) % _BLOCK.itemsize:
            raise self._damaged("its index is not where its end says")
        stream.seek(_HEAD.size)
        head += stream.read(length)
        stream.seek(at)
        index = stream.read(end - at)
        if _sum(head + index + tail[:16]) != digest:
            raise self._damaged("its index has the wrong checksum")
        blocks = np.frombuffer(index, _BLOCK)
        sizes = blocks["count"].astype(np.int64) * (blocks["width"].astype(np.int64) + owner_bytes)
        ends = begin + np.cumsum(sizes)
        placed = np.array_equal(blocks["offset"].astype(np.int64), ends - sizes) and [begin, *ends.tolist()][-1] == at
        sound = placed and bool((blocks["count"] > 0).all() and (blocks["width"] <= OWNER_BYTES).all())
        if not sound or blocks["count"].sum(dtype=np.int64) != count:
            raise self._damaged("its index is not of its blocks")
        return json.loads(head[_HEAD.size :]), owner_bytes, blocks, digest.hex()

    def _damaged(self, what: str) -> BuildError:
        return BuildError(f"{self.path} is damaged ({what}). {self._remedy}")
