"""Megatron-LM's indexed data set, version 1 (megatron/core/datasets/indexed_dataset.py).

    PREFIX.bin   the tokens of all documents, concatenated, each of 2 or 4 bytes
    PREFIX.idx   9 bytes  MMIDIDX and two zeros
                 8        the version, 1
                 1        code of the token type: 8 for uint16, 4 for int32
                 8        number of sequences: documents with at least one token
                 8        number of documents, plus one
                 4 each   tokens of each sequence
                 8 each   its offset in PREFIX.bin, in bytes
                 8 each   number of sequences before each document, and before the end

All numbers are little-endian.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

INDEX_MAGIC = b"MMIDIDX\x00\x00"
VERSION = 1
NARROW_BELOW = 65_500  # DType.optimal_dtype: smaller vocabularies take two bytes a token
TOKEN_CODES = {"uint16": 8, "int32": 4}  # DType


def token_type(size: int) -> np.dtype:
    """The type of tokens whose ids are below `size`.

    >>> token_type(65_499), token_type(65_500)
    (dtype('uint16'), dtype('int32'))
    """
    return np.dtype("<u2" if size < NARROW_BELOW else "<i4")


def write_index(stream: BinaryIO, lengths: NDArray[np.int32], kind: np.dtype) -> None:
    """Writes the .idx of documents with these numbers of tokens: [documents]."""
    filled = lengths > 0
    sequences = lengths[filled].astype("<i4")
    ends = np.cumsum(sequences, dtype="<i8") * kind.itemsize
    stream.write(INDEX_MAGIC)
    stream.write(struct.pack("<QB", VERSION, TOKEN_CODES[kind.name]))
    stream.write(struct.pack("<QQ", len(sequences), len(lengths) + 1))
    stream.write(sequences.tobytes())
    stream.write((ends - sequences.astype("<i8") * kind.itemsize).tobytes())
    stream.write(np.concatenate([[0], np.cumsum(filled)]).astype("<i8").tobytes())
