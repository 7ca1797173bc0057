"""A fastText classifier, read from its file and asked without the library: several times as fast, to the same answer.

The library's reader runs for ever on a file that is cut off; this one says so. Layout: fastText 0.9.2, FastText::
saveModel, Dictionary::save, DenseMatrix::save, QMatrix::save, ProductQuantizer::save.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from c4pipe.errors import ConfigError
from c4pipe.langid.fasttext_kernel import (
    ENTRY_TAIL,
    LOG_GUARD,
    NO_END,
    NO_ENTRY,
    TOO_ALIKE,
    add_line,
    descend,
    index_words,
    outputs_of,
)

FASTTEXT_MAGIC = 793_712_314  # FASTTEXT_FILEFORMAT_MAGIC_INT32
WITHOUT_SUBWORDS = 11  # the version in which classifiers had no n-grams of characters: FastText::loadModel
SUPERVISED = 3  # args.h model_name::sup
HIERARCHICAL, ONE_VS_ALL = 1, 4  # args.h loss_name; all others are a softmax when asked
CENTROIDS = 256  # productquantizer.h ProductQuantizer::ksub_
SIGMOID_ENDS, SIGMOID_STEPS = 8, 32  # loss.cc reads the sigmoid of one-vs-all off a table, 32 entries to a unit
MOST_COUNTED = 10**15  # loss.cc HierarchicalSoftmaxLoss::buildTree takes it for more than any count
LABEL = 1  # dictionary.h entry_type
KNOWN_VERSIONS = (WITHOUT_SUBWORDS, 12)  # fasttext.cc FASTTEXT_VERSION
MOST_BUCKETS = 1 << 26  # n-grams have 2,000,000 by default (args.cc); each takes 4 bytes here
MOST_TOGETHER, LONGEST_NGRAM = 16, 64  # words, characters; time to read a word grows with their square
MOST_UNPACKED = 4 << 30  # bytes of a matrix that was quantised
LINE_END = b" </s>"  # dictionary.cc Dictionary::EOS, as a word of its own

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
    """The path, if a file lies there that ends; OSError for a pipe or a device, which may not."""
    if path.exists() and not path.is_file():
        raise OSError(0, "it is no regular file")
    return path


class _Reader:
    """Takes one value after the other from a file's bytes."""

    def __init__(self, data: npt.NDArray[np.uint8]) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> tuple[Any, ...]:
        """Values of a `struct` layout."""
        values = struct.unpack_from("<" + layout, self.data.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: type[np.generic], *shape: int) -> npt.NDArray[Any]:
        """An array of its own."""
        count = math.prod(shape)  # not numpy's, which overflows
        size = count * np.dtype(dtype).itemsize
        if min(shape) < 0 or self.at + size > len(self.data):
            raise ValueError(f"it has {len(self.data)} bytes, and needs {self.at + size} or more")
        raw = np.frombuffer(self.data.data, dtype, count, self.at)  # at an odd place: hence the copy
        self.at += size
        return raw.copy().reshape(shape)


class FastTextModel:
    """A supervised model. Labels stand as in the file: "__label__en"."""

    labels: tuple[str, ...]

    def __init__(self, path: Path) -> None:
        """Reads a file.

        Raises:
            ConfigError: there is no such file, it is no fastText classifier, or it is cut off.
        """
        try:
            self._read(_Reader(np.fromfile(regular_file(path), np.uint8)))
        except OSError as error:
            raise ConfigError(f"cannot read the fastText model {path}: {error.strerror}.") from error
        except (ValueError, struct.error, MemoryError) as error:
            raise ConfigError(f"{path} is not a whole fastText classifier: {error}.") from error

    def _read(self, reader: _Reader) -> None:
        settings = self._settings = _checked(FasttextArgs(*reader.take("2i12id")))
        self._longest = 0 if settings.version == WITHOUT_SUBWORDS else settings.longest

        entries, self._words, labels, _, pairs = reader.take("3i2q")
        if not (0 <= self._words <= entries == self._words + labels and labels):
            raise ValueError(f"{entries} entries are not {self._words} words and {labels} labels")
        start = reader.at
        if start + entries * (1 + ENTRY_TAIL) > len(reader.data):
            raise ValueError(f"it ends within its dictionary of {entries} entries")
        self._offsets = np.empty(entries, np.int64)
        self._table = np.full(1 << (2 * entries).bit_length(), NO_ENTRY, np.int32)
        reader.at = index_words(reader.data, start, self._offsets, self._table)
        if reader.at == NO_END:
            raise ValueError("it ends within its dictionary")
        if reader.at == TOO_ALIKE:
            raise ValueError("too many entries of its dictionary have the same hash")
        self._names = reader.data[: reader.at].copy()
        ends = [*self._offsets[self._words + 1 :].tolist(), reader.at]  # of the labels, which come last
        parts = [self._names[at:end].tobytes() for at, end in zip(self._offsets[self._words :], ends, strict=True)]
        self.labels = tuple(part[: -1 - ENTRY_TAIL].decode() for part in parts)
        for part, label in zip(parts, self.labels, strict=True):
            if part[-1] != LABEL or not (label and label.isprintable()):
                raise ValueError(f"{label[:40]!r} stands among its labels, and is none")
        counts = [int.from_bytes(part[-ENTRY_TAIL:-1], "little", signed=True) for part in parts]
        pruned = reader.array(np.int32, pairs, 2) if pairs >= 0 else None

        (quantised,) = reader.take("?")
        kept = settings.buckets if pruned is None else len(pruned)
        self._inputs = _read_matrix(reader, quantised, (self._words + kept, settings.dimensions))
        (outputs_too,) = reader.take("?")
        self._outputs = _read_matrix(reader, quantised and outputs_too, (labels, settings.dimensions))
        if reader.at != len(reader.data):
            raise ValueError(f"it ends at byte {reader.at}, and {len(reader.data) - reader.at} bytes follow")
        self._rows = _rows_of(settings.buckets, self._words, pruned)
        self._tree = None
        if settings.loss == HIERARCHICAL:
            if not MOST_COUNTED > counts[0] >= counts[-1] >= 0 or counts != sorted(counts, reverse=True):
                raise ValueError("the counts of its labels do not fall")
            self._tree = huffman(counts)

    def probabilities(self, text: str) -> Float32s | None:
        """(labels,) the probability of each; None where the model knows no part of the text.

        Lines are run together: to a model a text is one line, and the end of one is a word.
        """
        line = np.frombuffer(bytearray(text.encode("utf-8", "replace").replace(b"\n", b" ") + LINE_END), np.uint8)
        settings = self._settings
        hidden = np.zeros(settings.dimensions, np.float32)
        added = add_line(
            line, self._names, self._offsets, self._table, self._rows, self._words,
            settings.shortest, self._longest, settings.word_ngrams, self._inputs, hidden,
        )  # fmt: skip
        if not added:
            return None
        scores = outputs_of(self._outputs, hidden, np.float32(1 / added))
        if self._tree is not None:
            return np.asarray(descend(scores[: len(self.labels) - 1], self._tree))
        if settings.loss == ONE_VS_ALL:
            steps = np.floor((np.clip(scores, -SIGMOID_ENDS, SIGMOID_ENDS) + SIGMOID_ENDS) * SIGMOID_STEPS)
            found = 1 / (1 + np.exp(SIGMOID_ENDS - steps / SIGMOID_STEPS))
        else:
            powers = np.exp(scores - scores.max())
            found = powers / powers.sum()
        return np.asarray(found + LOG_GUARD, np.float32)


def huffman(counts: Sequence[int]) -> npt.NDArray[np.int32]:
    """(labels - 1, 2) the children of each inner node, see `descend`. Counts must fall, as they do in a file.

    >>> huffman([5, 2, 1]).tolist()
    [[2, 1], [3, 0]]
    """
    labels = len(counts)
    weights = [*counts, *[MOST_COUNTED] * (labels - 1)]  # loss.cc HierarchicalSoftmaxLoss::buildTree, which looks ahead
    children = np.empty((max(labels - 1, 0), 2), np.int32)
    leaf, inner = labels - 1, labels
    for made in range(labels, 2 * labels - 1):
        for side in range(2):
            if leaf >= 0 and weights[leaf] < weights[inner]:
                children[made - labels, side] = leaf
                leaf -= 1
            else:
                children[made - labels, side] = inner
                inner += 1
        weights[made] = sum(weights[child] for child in children[made - labels])
    return children


def _checked(settings: FasttextArgs) -> FasttextArgs:
    """The head, if this reader knows what it says; ValueError."""
    if settings.magic != FASTTEXT_MAGIC:
        raise ValueError("it does not begin with fastText's mark")
    if settings.version not in KNOWN_VERSIONS:
        raise ValueError(f"it is of version {settings.version}, and {KNOWN_VERSIONS} are known")
    if settings.kind != SUPERVISED:
        raise ValueError("it holds word vectors and no labels")
    for name, value, least, most in (
        ("dimensions", settings.dimensions, 1, 1 << 16),
        ("loss", settings.loss, 1, 4),
        ("buckets", settings.buckets, 0, MOST_BUCKETS),
        ("word n-grams", settings.word_ngrams, 0, MOST_TOGETHER),
        ("shortest n-gram", settings.shortest, 0, LONGEST_NGRAM),
        ("longest n-gram", settings.longest, 0, LONGEST_NGRAM),
    ):
        if not least <= value <= most:
            raise ValueError(f"{name} {value}: expected {least} to {most}")
    return settings


def _rows_of(buckets: int, words: int, pruned: npt.NDArray[np.int32] | None) -> npt.NDArray[np.int32]:
    """(buckets,) the row of each n-gram, NO_ENTRY where it was pruned away; ValueError where that is nowhere."""
    if pruned is None:
        return np.arange(words, words + buckets, dtype=np.int32)
    if len(pruned) and (pruned.min() < 0 or pruned[:, 0].max() >= buckets or pruned[:, 1].max() >= len(pruned)):
        raise ValueError("its list of kept n-grams points outside")
    rows = np.full(buckets, NO_ENTRY, np.int32)
    rows[pruned[:, 0]] = pruned[:, 1] + words
    return rows


def _read_matrix(reader: _Reader, quantised: bool, shape: tuple[int, int]) -> Float32s:
    """`shape` of floats, whether they stand so in the file or as codes of centroids."""
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
            matrix *= _decode(norms, *_read_centroids(reader, 1, 1))
    if not np.isfinite(matrix).all():
        raise ValueError("it has weights that are no numbers")
    return np.ascontiguousarray(matrix)


def _read_centroids(reader: _Reader, columns: int, parts: int) -> tuple[Float32s, int, int]:
    """The centroids of all parts of a vector, and how many dimensions a part has, and the last one."""
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
