"""A fastText classifier, read from its file and run without the library: several times as fast, with equal results.

Besides a text's probabilities it reports each word's contribution, because the model is linear up to its last step.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from c4pipe.errors import ConfigError
from c4pipe.fasttext.file import (
    WITHOUT_SUBWORDS,
    FasttextArgs,
    Float32s,
    ModelReader,
    by_bucket,
    checked_args,
    kept_ngrams,
    read_matrix,
    regular_file,
)
from c4pipe.fasttext.kernel import (
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

HIERARCHICAL, ONE_VS_ALL = 1, 4  # args.h loss_name; all others predict by a softmax
SIGMOID_ENDS, SIGMOID_STEPS = 8, 32  # loss.cc reads the sigmoid of one-vs-all off a table, 32 entries to a unit
MOST_COUNTED = 10**15  # loss.cc HierarchicalSoftmaxLoss::buildTree treats it as larger than any count
LABEL = 1  # dictionary.h entry_type
LINE_END = b" </s>"  # dictionary.cc Dictionary::EOS, as a separate word


class FastTextModel:
    """A supervised model. Labels are those of the file: "__label__en"."""

    labels: tuple[str, ...]
    words: int  # number of known words, including the end of a line
    loss: int  # HIERARCHICAL, ONE_VS_ALL; all others predict by a softmax
    tree: npt.NDArray[np.int32] | None  # of a hierarchical softmax, see `huffman`

    def __init__(self, path: Path) -> None:
        """Reads a file.

        Raises:
            ConfigError: the file is missing, not a fastText classifier, or truncated.
        """
        try:
            self._read(ModelReader(np.fromfile(regular_file(path), np.uint8)))
        except OSError as error:
            raise ConfigError(f"cannot read the fastText model {path}: {error.strerror}.") from error
        except (ValueError, struct.error, MemoryError) as error:
            raise ConfigError(f"{path} is not a complete fastText classifier: {error}.") from error

    def _read(self, reader: ModelReader) -> None:
        settings = self._settings = checked_args(FasttextArgs(*reader.take("2i12id")))
        self.loss = settings.loss
        self._longest = 0 if settings.version == WITHOUT_SUBWORDS else settings.longest

        entries, self.words, labels, _, pairs = reader.take("3i2q")
        if not (0 <= self.words <= entries == self.words + labels and labels):
            raise ValueError(f"{entries} entries are not {self.words} words and {labels} labels")
        start = reader.at
        if start + entries * (1 + ENTRY_TAIL) > len(reader.data):
            raise ValueError(f"it ends within its dictionary of {entries} entries")
        self._offsets = np.empty(entries, np.int64)
        self._table = np.full(1 << (2 * entries).bit_length(), NO_ENTRY, np.int32)
        reader.at = index_words(
            reader.data.ctypes.data, len(reader.data), start, self._offsets.ctypes.data, entries,
            self._table.ctypes.data, len(self._table),
        )  # fmt: skip
        if reader.at == NO_END:
            raise ValueError("it ends within its dictionary")
        if reader.at == TOO_ALIKE:
            raise ValueError("too many entries of its dictionary have the same hash")
        self._names = reader.data[: reader.at].copy()
        ends = [*self._offsets[self.words + 1 :].tolist(), reader.at]  # of the labels, which come last
        parts = [self._names[at:end].tobytes() for at, end in zip(self._offsets[self.words :], ends, strict=True)]
        self.labels = tuple(part[: -1 - ENTRY_TAIL].decode() for part in parts)
        for part, label in zip(parts, self.labels, strict=True):
            if part[-1] != LABEL or not (label and label.isprintable()):
                raise ValueError(f"{label[:40]!r} stands among its labels, and is none")
        counts = [int.from_bytes(part[-ENTRY_TAIL:-1], "little", signed=True) for part in parts]
        pruned = reader.array(np.int32, pairs, 2) if pairs >= 0 else None

        (quantised,) = reader.take("?")
        kept = settings.buckets if pruned is None else len(pruned)
        self._inputs = read_matrix(reader, quantised, (self.words + kept, settings.dimensions))
        (outputs_too,) = reader.take("?")
        self._outputs = read_matrix(reader, quantised and outputs_too, (labels, settings.dimensions))
        if reader.at != len(reader.data):
            raise ValueError(f"it ends at byte {reader.at}, and {len(reader.data) - reader.at} bytes follow")
        self._ngrams = kept_ngrams(settings.buckets, pruned)
        if self._ngrams.rows is not None:
            self._inputs = by_bucket(self._inputs, self.words, self._ngrams.rows)
        self.tree = None
        if settings.loss == HIERARCHICAL:
            if not MOST_COUNTED > counts[0] >= counts[-1] >= 0 or counts != sorted(counts, reverse=True):
                raise ValueError("the counts of its labels do not fall")
            self.tree = huffman(counts)

    def probabilities(self, text: str) -> Float32s | None:
        """(labels,) the probability of each; None if the model knows no part of the text.

        Lines are joined: to a model a text is one line, and the end of a line is a word.
        """
        hidden, added = self._read_line(_line(text))
        if not added:
            return None
        scores = np.empty(len(self._outputs), np.float32)
        outputs_of(
            self._outputs.ctypes.data, len(scores), hidden.ctypes.data, len(hidden), np.float32(1 / added),
            scores.ctypes.data,
        )  # fmt: skip
        if self.tree is not None:
            reached = np.ones(2 * len(scores) - 1, np.float32)
            descend(scores.ctypes.data, len(scores), self.tree.ctypes.data, reached.ctypes.data)
            return reached[: len(scores)]
        if self.loss == ONE_VS_ALL:
            steps = np.floor((np.clip(scores, -SIGMOID_ENDS, SIGMOID_ENDS) + SIGMOID_ENDS) * SIGMOID_STEPS)
            found = 1 / (1 + np.exp(SIGMOID_ENDS - steps / SIGMOID_STEPS))
        else:
            powers = np.exp(scores - scores.max())
            found = powers / powers.sum()
        return np.asarray(found + LOG_GUARD, np.float32)

    def word_outputs(self, text: str) -> WordOutputs | None:
        """What each word of a text contributes to each output; None if the model knows no part of the text.

        The row of a character n-gram belongs to its word, that of several words is shared equally among them.
        """
        line = _line(text)
        spans = np.full((len(line) // 2 + 1, 2), NO_ENTRY, np.int64)
        shares = np.zeros((len(spans), len(self._outputs)), np.float64)
        _, added = self._read_line(line, shares, spans)
        if not added:
            return None
        words = int((spans[:, 0] != NO_ENTRY).sum())
        names = tuple(line[start:end].decode("utf-8", "replace") for start, end in spans[:words].tolist())
        return WordOutputs(names, shares[:words] / added)

    def _read_line(self, line: bytes, shares: Any = None, spans: Any = None) -> tuple[Float32s, int]:
        """(hidden, rows) of `add_line`, which fills `shares` and `spans` if given."""
        settings = self._settings
        hidden = np.zeros(settings.dimensions, np.float32)
        hashes, marked = np.empty(len(line) // 2 + 1, np.int32), np.empty(len(line) + 2, np.uint8)
        sharing, ngrams = spans is not None, self._ngrams
        added = add_line(
            line, len(line), self._names.ctypes.data, self._offsets.ctypes.data, self._table.ctypes.data,
            len(self._table), self.words, ngrams.there.ctypes.data, ngrams.before.ctypes.data, settings.buckets,
            settings.shortest, self._longest, settings.word_ngrams, self._inputs.ctypes.data, settings.dimensions,
            hashes.ctypes.data, marked.ctypes.data, hidden.ctypes.data, self._outputs.ctypes.data, len(self._outputs),
            shares.ctypes.data if sharing else None, spans.ctypes.data if sharing else None, sharing,
        )  # fmt: skip
        return hidden, added


class WordOutputs(NamedTuple):
    """The words of a text, the end of its line last, and their contributions."""

    words: tuple[str, ...]
    shares: npt.NDArray[np.float64]  # (words, outputs); the sum over the words is the model's output


def _line(text: str) -> bytes:
    """The bytes of a text as one line, with the end of it."""
    return text.encode("utf-8", "replace").replace(b"\n", b" ") + LINE_END


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
