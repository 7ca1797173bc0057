"""The index of Megatron-LM, byte for byte, and read as that reads it."""

from __future__ import annotations

import io
import struct
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.tokens.megatron import token_type, write_index

TYPES = {1: "u1", 2: "i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f8", 7: "<f4", 8: "<u2"}  # of Megatron's DType


class Indexed(NamedTuple):
    """What Megatron-LM's _IndexReader takes from a .idx."""

    kind: str
    lengths: list[int]
    pointers: list[int]
    documents: list[int]


def read_index(data: bytes) -> Indexed:
    """By megatron/core/datasets/indexed_dataset.py, written anew."""
    assert data[:9] == b"MMIDIDX\x00\x00"
    version, code, sequences, documents = struct.unpack("<QBQQ", data[9:34])
    assert version == 1
    lengths = np.frombuffer(data, "<i4", sequences, 34)
    pointers = np.frombuffer(data, "<i8", sequences, 34 + lengths.nbytes)
    ends = np.frombuffer(data, "<i8", documents, 34 + lengths.nbytes + pointers.nbytes)
    assert len(data) == 34 + lengths.nbytes + pointers.nbytes + ends.nbytes
    return Indexed(TYPES[code], lengths.tolist(), pointers.tolist(), ends.tolist())


def read_documents(prefix: Path) -> list[list[int]]:
    """The tokens of each document."""
    index, data = read_index(Path(f"{prefix}.idx").read_bytes()), Path(f"{prefix}.bin").read_bytes()
    width = np.dtype(index.kind).itemsize
    assert len(data) == sum(index.lengths) * width
    pairs = zip(index.lengths, index.pointers, strict=True)
    rows = [np.frombuffer(data, index.kind, length, start).tolist() for length, start in pairs]
    return [[*chain.from_iterable(rows[start:stop])] for start, stop in pairwise(index.documents)]


def index_of(lengths: list[int], size: int) -> bytes:
    stream = io.BytesIO()
    write_index(stream, np.array(lengths, np.int32), token_type(size))
    return stream.getvalue()


# What IndexedDatasetBuilder of megatron-core 0.16.1 wrote of documents of 3, 0 and 2 tokens.
GOLDEN = {
    1000: (
        "4d4d4944494458000001000000000000000802000000000000000400000000000000030000000200000000000000000000000600000000000000"
        "0000000000000000010000000000000001000000000000000200000000000000"
    ),
    100_000: (
        "4d4d4944494458000001000000000000000402000000000000000400000000000000030000000200000000000000000000000c00000000000000"
        "0000000000000000010000000000000001000000000000000200000000000000"
    ),
}


@pytest.mark.parametrize("size", GOLDEN)
def test_the_bytes_are_those_of_megatron(size: int) -> None:
    assert index_of([3, 0, 2], size).hex() == GOLDEN[size]


@pytest.mark.parametrize(("size", "kind"), [(65_499, "<u2"), (65_500, "<i4")])
def test_large_vocabularies_take_four_bytes(size: int, kind: str) -> None:
    assert token_type(size).str == kind


@given(st.lists(st.integers(0, 70_000), max_size=40), st.sampled_from([100, 100_000]))
def test_an_index_says_where_each_document_begins(lengths: list[int], size: int) -> None:
    found = read_index(index_of(lengths, size))
    width = 2 if size == 100 else 4
    assert found.lengths == [length for length in lengths if length]
    assert found.pointers == [sum(found.lengths[:i]) * width for i in range(len(found.lengths))]
    assert found.documents == [sum(length > 0 for length in lengths[:i]) for i in range(len(lengths) + 1)]
