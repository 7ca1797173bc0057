"""The layout of a fastText classifier's file, and what is wrong with a file that differs.

The library's reader never returns on a truncated file; this one reports it. Layout: fastText 0.9.2, FastText::
saveModel, Dictionary::save, DenseMatrix::save, QMatrix::save, ProductQuantizer::save.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from c4pipe.fasttext.kernel import NO_ENTRY, WORD_BITS

FASTTEXT_MAGIC = 793_712_314  # FASTTEXT_FILEFORMAT_MAGIC_INT32
WITHOUT_SUBWORDS = 11  # the version whose classifiers had no character n-grams: FastText::loadModel
SUPERVISED = 3  # args.h model_name::sup
CENTROIDS = 256  # productquantizer.h ProductQuantizer::ksub_
KNOWN_VERSIONS = (WITHOUT_SUBWORDS, 12)  # fasttext.cc FASTTEXT_VERSION
MOST_BUCKETS = 1 << 26  # n-grams have 2,000,000 by default (args.cc)
CACHE_LINE = 64  # bytes; half a line on processors with 128
MOST_TOGETHER, LONGEST_NGRAM = 16, 64  # words, characters; time per word grows with their square
MOST_WEIGHT = 10**9  # absolute; ours: products of more, over MOST_DIMENSIONS, exceed 32 bits. Real weights are tens
MOST_DIMENSIONS = 1 << 16
MOST_UNPACKED = 4 << 30  # bytes of a dequantised matrix

Float32s = npt.NDArray[np.float32]


class FasttextArgs(NamedTuple):
    """The head of a file, as far as a classifier needs it."""

    magic: int
    version: int
    dimensions: int
    window: int
    epochs: int
    min_count: int
    negatives: int
    word_ngrams: int
    loss: int
    kind: int
    buckets: int
    shortest: int
    longest: int
    rate: int
    sampling: float


def regular_file(path: Path) -> Path:
    """The path, if it is a regular file; OSError for a pipe or a device, which may never end."""
    if path.exists() and not path.is_file():
        raise OSError(0, "it is not a regular file")
    return path


class ModelReader:
    """Reads one value after the other from a file's bytes."""

    def __init__(self, data: npt.NDArray[np.uint8]) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> tuple[Any, ...]:
        """Values of a `struct` layout."""
        end = self._up_to(struct.calcsize("<" + layout))
        values = struct.unpack_from("<" + layout, self.data.data, self.at)
        self.at = end
        return values

    def _up_to(self, size: int) -> int:
        """The end of the next so many bytes; ValueError if the file has fewer."""
        if self.at + size > len(self.data):
            raise ValueError(f"it has {len(self.data)} bytes, and needs {self.at + size} or more")
        return self.at + size

    def array(self, dtype: type[np.generic], *shape: int) -> npt.NDArray[Any]:
        """An array with its own memory."""
        count = math.prod(shape)  # not numpy's, which overflows
        size = count * np.dtype(dtype).itemsize
        if min(shape) < 0:
            raise ValueError(f"an array of {' x '.join(map(str, shape))} stands in it")
        end = self._up_to(size)
        raw = np.frombuffer(self.data.data, dtype, count, self.at)  # unaligned, hence the copy
        self.at = end
        return raw.copy().reshape(shape)


def checked_args(settings: FasttextArgs) -> FasttextArgs:
    """The head, if this reader supports it; else ValueError."""
    if settings.magic != FASTTEXT_MAGIC:
        raise ValueError("it does not begin with fastText's mark")
    if settings.version not in KNOWN_VERSIONS:
        raise ValueError(f"it is of version {settings.version}, and {KNOWN_VERSIONS} are known")
    if settings.kind != SUPERVISED:
        raise ValueError("it holds word vectors and no labels")
    for name, value, least, most in (
        ("dimensions", settings.dimensions, 1, MOST_DIMENSIONS),
        ("loss", settings.loss, 1, 4),
        ("buckets", settings.buckets, 0, MOST_BUCKETS),
        ("word n-grams", settings.word_ngrams, 0, MOST_TOGETHER),
        ("shortest n-gram", settings.shortest, 0, LONGEST_NGRAM),
        ("longest n-gram", settings.longest, 0, LONGEST_NGRAM),
    ):
        if not least <= value <= most:
            raise ValueError(f"{name} {value}: expected {least} to {most}")
    return settings


class KeptNgrams(NamedTuple):
    """Which buckets of n-grams have a row."""

    there: npt.NDArray[np.uint64]  # (buckets / 64,) a bit for each, from the lowest on
    before: npt.NDArray[np.int32]  # (buckets / 64,) how many before these 64 have one
    rows: npt.NDArray[np.int32] | None  # (kept,) the row of each kept bucket, by bucket; None: in that order


def kept_ngrams(buckets: int, pruned: npt.NDArray[np.int32] | None) -> KeptNgrams:
    """The (bucket, row) pairs that were not pruned, None for all; ValueError if one of them is out of range."""
    kept, rows = np.ones(-(-buckets // WORD_BITS) * WORD_BITS, bool), None
    kept[buckets:] = False
    if pruned is not None:
        if len(pruned) and (pruned.min() < 0 or pruned[:, 0].max() >= buckets or pruned[:, 1].max() >= len(pruned)):
            raise ValueError("its list of kept n-grams points outside")
        row_of = np.full(buckets, NO_ENTRY, np.int32)
        row_of[pruned[:, 0]] = pruned[:, 1]
        kept[:buckets] = row_of != NO_ENTRY
        rows = row_of[kept[:buckets]]
    counts = kept.reshape(-1, WORD_BITS).sum(axis=1, dtype=np.int32)
    there = np.packbits(kept, bitorder="little").view(np.dtype(np.uint64).newbyteorder("<")).astype(np.uint64)
    return KeptNgrams(there, counts.cumsum(dtype=np.int32) - counts, rows)


def by_bucket(matrix: Float32s, words: int, rows: npt.NDArray[np.int32]) -> Float32s:
    """The rows of words, followed by those of n-grams in this order; each starts at a cache line."""
    shape = (words + len(rows), matrix.shape[1])
    room = np.empty(shape[0] * shape[1] + CACHE_LINE, np.float32)
    start = -room.ctypes.data % CACHE_LINE // room.itemsize
    found = room[start : start + shape[0] * shape[1]].reshape(shape)
    found[:words] = matrix[:words]
    np.take(matrix[words:], rows, axis=0, out=found[words:])
    return found


def read_matrix(reader: ModelReader, quantised: bool, shape: tuple[int, int]) -> Float32s:
    """`shape` of floats, stored either as floats or as codes of centroids."""
    with_norms, *found = reader.take("?2qi") if quantised else (False, *reader.take("2q"))
    if tuple(found[:2]) != shape:
        raise ValueError(f"a matrix of {found[0]} x {found[1]} stands where one of {shape[0]} x {shape[1]} should")
    if not quantised:
        matrix = reader.array(np.float32, *shape)
    else:
        rows, columns = shape
        if 4 * rows * columns > MOST_UNPACKED:
            raise ValueError(f"a matrix of {rows} x {columns} is too large")
        codes = reader.array(np.uint8, rows, found[2] // max(rows, 1))
        matrix = _decode(codes, *_read_centroids(reader, columns, codes.shape[1]))
        if with_norms:
            norms = reader.array(np.uint8, rows, 1)
            with np.errstate(over="ignore", invalid="ignore"):  # checked below
                matrix *= _decode(norms, *_read_centroids(reader, 1, 1))
    if not np.isfinite(matrix).all():
        raise ValueError("it has weights that are not numbers")
    if matrix.size and max(-matrix.min(), matrix.max()) > MOST_WEIGHT:
        raise ValueError(f"it has weights beyond {MOST_WEIGHT:,}, so that scores are not numbers")
    return np.ascontiguousarray(matrix)


def _read_centroids(reader: ModelReader, columns: int, parts: int) -> tuple[Float32s, int, int]:
    """The centroids of all parts of a vector, and the number of dimensions of a part, and of the last one."""
    dimensions, count, part, last = reader.take("4i")
    if dimensions != columns or count != parts or not 0 < last <= part or (parts - 1) * part + last != columns:
        raise ValueError(f"{count} parts of {part} and at last {last} are no {columns} dimensions in {parts} codes")
    return reader.array(np.float32, dimensions * CENTROIDS), part, last


def _decode(codes: npt.NDArray[np.uint8], centroids: Float32s, part: int, last: int) -> Float32s:
    """(rows, dimensions) of codes (rows, parts)."""
    parts = codes.shape[1]
    widths = [part] * (parts - 1) + [last]
    ends = np.cumsum([0, *widths]) * CENTROIDS
    found = [centroids[ends[i] : ends[i + 1]].reshape(CENTROIDS, width)[codes[:, i]] for i, width in enumerate(widths)]
    return np.concatenate(found, axis=1)
