"""Files of keys in memory."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import BinaryIO

import numpy as np

from c4pipe.keys import KeyReader, KeyWriter
from c4pipe.keys.blocks import KeyArray

HEADER = {"of": "all pages", "stage": "spans"}


def numbers(found: Iterable[int]) -> KeyArray:
    return np.array([*found], np.uint64)


def owner_for(key: int) -> int:
    """Some other number of 64 bits."""
    return (key * 0x9E3779B97F4A7C15 + 1) % 2**64


def written(keys: Mapping[int, int], owners: bool = True, cuts: Sequence[int] = ()) -> bytes:
    """The bytes of a file with these keys and owners, added in pieces between the cuts."""
    stream = io.BytesIO()
    writer = KeyWriter(stream, HEADER, owners)
    found = sorted(keys)
    for start, stop in pairwise([0, *cuts, len(found)]):
        part = found[start:stop]
        writer.add(numbers(part), numbers(keys[key] for key in part) if owners else None)
    writer.close()
    assert writer.count == len(keys)
    return stream.getvalue()


class _Counting(io.BytesIO):
    def __init__(self, data: bytes, store: MemoryStore):
        super().__init__(data)
        self._store = store

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._store.bytes_read += len(data)
        return data


class MemoryStore:
    """A `Store` that counts what is read of it."""

    def __init__(self, files: Mapping[str, bytes] | None = None):
        self.files, self.bytes_read = dict(files or {}), 0

    def read(self, path: str) -> BinaryIO:
        if path not in self.files:
            raise FileNotFoundError(2, "No such file or directory", path)
        return _Counting(self.files[path], self)

    @contextmanager
    def write(self, path: str) -> Iterator[BinaryIO]:
        stream = io.BytesIO()
        yield stream
        self.files[path] = stream.getvalue()

    def exists(self, path: str) -> bool:
        return path in self.files

    def remove(self, path: str) -> None:
        self.files = {name: data for name, data in self.files.items() if name != path}


def reader(keys: Mapping[int, int], owners: bool = True) -> KeyReader:
    """A file with these keys and owners, opened."""
    return KeyReader(MemoryStore({"keys/spans.keys": written(keys, owners)}), "keys/spans.keys")
