"""What an objective is: chunks of token ids in, inputs and targets of fixed widths out.

    chunks  (N, <= lengths.chunk)  --objective-->  inputs  (N, lengths.inputs)
                                                   targets (N, lengths.targets)

Row i is a function of only its chunk and its own generator, which depends only on (run seed, chunk number). The rest of
the batch and the worker do not matter.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.text import many
from model.errors import ConfigError

Ids = NDArray[np.int32]
RowCounts = NDArray[np.int64]  # (N,): one per row
Mask = NDArray[np.bool_]
Rngs = Sequence[np.random.Generator]


@dataclass(frozen=True)
class Vocabulary:
    """The ids of a tokenizer.

    `size` counts the sentinels, which have the last ids, but not the padding of the embedding table: T5's is 32,100
    while its table has 32,128 rows, and its first sentinel is 32,099.

    >>> Vocabulary(32_100).sentinel(0), Vocabulary(32_100).sentinel(99)
    (32099, 32000)
    """

    size: int
    sentinels: int = 100
    pad: int = 0
    eos: int = 1
    unk: int = 2

    @property
    def first_sentinel(self) -> int:
        """The lowest id of a sentinel, which is the last sentinel."""
        return self.size - self.sentinels

    def sentinel(self, number: int) -> int:
        """The id of `<extra_id_number>`."""
        return self.size - 1 - number


class Lengths(NamedTuple):
    """Tokens of one row: raw, as inputs, and as targets; the last two include eos."""

    chunk: int
    inputs: int
    targets: int


class Examples(NamedTuple):
    """int32, shaped (N, inputs) and (N, targets); each row ends with eos and is padded."""

    inputs: Ids
    targets: Ids


class Chunks(NamedTuple):
    """Rows of text of various lengths, padded."""

    ids: Ids  # (N, L)
    text: Mask  # (N, L): true for tokens, false for padding
    sizes: RowCounts  # (N,): tokens


class KeptIds(NamedTuple):
    """One sequence per row before gaps are closed: the ids where `keep` is true, left to right. Both (N, any)."""

    ids: Ids
    keep: Mask


def chunk_rng(seed: int, chunk: int) -> np.random.Generator:
    """The generator of one chunk of one run: Philox, a counter under the key (seed, chunk), each below 2**64.

    Streams of neighbouring keys are unrelated, so chunk numbers 0, 1, 2 need no hash.
    """
    return np.random.Generator(np.random.Philox(key=np.array([seed, chunk], np.uint64)))


class ChunkRngs:
    """The generators of a run's chunks, made once and reset for each chunk: 15 times as fast as `chunk_rng`."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rngs: list[np.random.Generator] = []

    def of(self, chunks: Sequence[int]) -> Rngs:
        """Each in the state of a new `chunk_rng`. They are valid until the next call, which resets them."""
        self._rngs += [chunk_rng(self._seed, 0) for _ in chunks[len(self._rngs) :]]
        nothing = [0] * 4  # empty buffer of four numbers, which are made on demand
        for rng, chunk in zip(self._rngs, chunks, strict=False):
            rng.bit_generator.state = {
                "bit_generator": "Philox",
                "state": {"counter": nothing, "key": [self._seed, chunk]},
                "buffer": nothing,
                "buffer_pos": 4,
                "has_uint32": 0,
                "uinteger": 0,
            }
        return self._rngs[: len(chunks)]


class Objective(ABC):
    """A pre-training objective: a frozen dataclass whose fields are its parameters."""

    name: ClassVar[str]

    @property
    def concatenates(self) -> bool:
        """Whether documents are joined before they are cut. If not, a row is one document, or a piece of one."""
        return True

    @property
    def shortest(self) -> int:
        """The fewest tokens of a row."""
        return 2

    @abstractmethod
    def lengths(self, inputs_length: int) -> Lengths:
        """The lengths of a row whose inputs may have `inputs_length` tokens. ConfigError for too few."""

    @abstractmethod
    def lengths_of(self, size: int, rng: np.random.Generator, inputs_length: int) -> Lengths:
        """The lengths of a row of `size` tokens with this fresh generator, as a call would produce them."""

    def sentinels(self, inputs_length: int) -> int:
        """The most different sentinels that a row may need."""
        return 0

    def remedies(self, inputs_length: int, sentinels: int) -> Iterator[str]:
        """Other ways than more sentinels or shorter inputs to make it work with so few `sentinels`."""
        yield from ()

    def check(self, inputs_length: int, vocabulary: Vocabulary) -> None:
        """ConfigError, with advice, if this objective cannot work at this length with this vocabulary."""
        needed = self.sentinels(inputs_length)
        if needed <= vocabulary.sentinels:
            return
        ways = [f"train a tokenizer with --sentinels {needed} (an existing one cannot grow)"]
        shorter = _longest_inputs(self, inputs_length, vocabulary.sentinels)
        if shorter:
            ways.append(f"take --inputs {shorter} or fewer")
        ways += self.remedies(inputs_length, vocabulary.sentinels)
        raise ConfigError(
            f"the objective {self.name} needs up to {many(needed, 'sentinel')} for inputs of {inputs_length} tokens, "
            f"and the vocabulary has {vocabulary.sentinels}: {', or '.join(ways)}."
        )

    @abstractmethod
    def __call__(self, chunks: Ids, rngs: Rngs, vocabulary: Vocabulary, inputs_length: int) -> Examples:
        """The examples of a batch.

        `chunks` is (N, L) int32, L at most `lengths(inputs_length).chunk`; shorter rows are padded with pad, which no
        text contains. `rngs` holds a fresh `chunk_rng` for each row. ConfigError as from `check`; ValueError for rows
        of the wrong length.
        """


class Corruption(Objective):
    """An objective that does the same to every row: `corrupt` selects inputs and targets."""

    @abstractmethod
    def corrupt(self, chunks: Chunks, rngs: Rngs, vocabulary: Vocabulary) -> tuple[KeptIds, KeptIds]:
        """Inputs and targets, without eos. The result for a row does not depend on its padding."""

    def need_room(self, inputs_length: int) -> None:
        """ConfigError unless inputs have room for the shortest row and its eos."""
        if inputs_length <= self.shortest:
            raise ConfigError(f"{self.name} needs inputs of {self.shortest + 1} tokens or more, got {inputs_length}")

    def __call__(self, chunks: Ids, rngs: Rngs, vocabulary: Vocabulary, inputs_length: int) -> Examples:
        self.check(inputs_length, vocabulary)
        lengths = self.lengths(inputs_length)
        text = chunks != vocabulary.pad
        sizes = np.count_nonzero(text, axis=1)
        for size in (int(sizes.min(initial=self.shortest)), int(sizes.max(initial=self.shortest))):
            if not self.shortest <= size <= lengths.chunk:
                raise ValueError(f"{self}: a row of {size} tokens, expected {self.shortest} to {lengths.chunk}")
        inputs, targets = self.corrupt(Chunks(chunks, text, sizes), rngs, vocabulary)
        return Examples(_packed(inputs, lengths.inputs, vocabulary), _packed(targets, lengths.targets, vocabulary))


def _packed(kept: KeptIds, width: int, vocabulary: Vocabulary) -> Ids:
    """The kept ids moved to the left of (N, width), then eos, then pad."""
    counts = kept.keep.sum(axis=1)
    packed = np.full((len(counts), width), vocabulary.pad, np.int32)
    packed[np.arange(width) < counts[:, None]] = kept.ids[kept.keep]
    packed[np.arange(len(counts)), counts] = vocabulary.eos
    return packed


def _longest_inputs(objective: Objective, inputs_length: int, sentinels: int) -> int:
    """The longest inputs below `inputs_length` for which so few sentinels suffice; 0 if none."""
    with suppress(ConfigError):  # too short for any row
        for shorter in range(inputs_length - 1, 0, -1):
            if objective.sentinels(shorter) <= sentinels:
                return shorter
    return 0


def spell(ids: Iterable[int], vocabulary: Vocabulary, words: Sequence[str]) -> str:
    """Ids for people: `words` holds a word for each id below the sentinels; pad is skipped.

    >>> spell([3, 4, 9, 1, 0, 0], Vocabulary(10, sentinels=2), ["", "</s>", "", "A", "cat"])
    'A cat <extra_id_0> </s>'
    """
    text, first = [*words], vocabulary.first_sentinel
    names = [f"<extra_id_{vocabulary.size - 1 - i}>" for i in range(first, vocabulary.size)]
    return " ".join(names[i - first] if i >= first else text[i] for i in ids if i != vocabulary.pad)


def illustrate(objective: Objective, sentence: str, seed: int = 0) -> str:
    """The example made from chunk 0, if it is this sentence and each word is a token: two lines."""
    words = ["<pad>", "</s>", "<unk>", *sentence.split()]
    vocabulary = Vocabulary(len(words) + 100)
    chunk = np.arange(3, len(words), dtype=np.int32)[None]
    made = objective(chunk, [chunk_rng(seed, 0)], vocabulary, inputs_length=64)
    inputs, targets = (spell(rows[0].tolist(), vocabulary, words) for rows in made)
    return f"inputs:  {inputs}\ntargets: {targets}"
