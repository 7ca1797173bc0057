"""A source of rows: an entry, the rule by which its documents become rows, and its share of the mixture.

    Source(entry, Denoising(SpanCorruption(), 512), rate=0.9)       texts of a corpus, corrupted by an objective
    Source(entry, TextToText(512, 84), rate=0.1)                    pairs of a task, unchanged

A rule is a frozen value that defines the tokens of a document, and how rows are drawn from a lane of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from model.corpus import Entry
from model.errors import ConfigError
from model.lane import LONGEST_DOCUMENT, Encoder, Tokens
from model.objectives import Objective, Vocabulary
from model.pairs import PackedPairs, SinglePairs
from model.rows import Packed, RowBuilder, Single, Widths


class StreamTokenizer(Encoder, Protocol):
    """What the stream needs from `model.tokens.Tokenizer`."""

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def fingerprint(self) -> str: ...


class Rule(Protocol):
    """The rule by which the documents of an entry become rows."""

    @property
    def pack(self) -> bool:
        """Whether a row may hold several short examples, separated by segments."""

    @property
    def widths(self) -> Widths:
        """The widths of its rows."""

    def rows(self, sample: Sequence[Tokens]) -> float:
        """The approximate number of rows made from some encoded documents."""

    def scored(self, document: Any) -> str:
        """The text of a document from which targets are made."""

    def check(self, vocabulary: Vocabulary) -> None:
        """ConfigError if it cannot work with this vocabulary."""

    def encoder(self, tokenizer: StreamTokenizer) -> Encoder:
        """The encoder of documents."""

    def builder(self, vocabulary: Vocabulary, seed: int) -> RowBuilder[Any]:
        """The builder of rows from lanes; `seed` is that of the corruption."""


@dataclass(frozen=True)
class Denoising:
    """Texts, corrupted by a pre-training objective."""

    objective: Objective
    inputs_length: int
    pack: bool = False

    @property
    def widths(self) -> Widths:
        return Widths(*self.objective.lengths(self.inputs_length)[1:])

    def rows(self, sample: Sequence[Tokens]) -> float:
        return sum(map(len, sample)) / self.objective.lengths(self.inputs_length).chunk

    def scored(self, document: str) -> str:
        return document

    def check(self, vocabulary: Vocabulary) -> None:
        self.objective.check(self.inputs_length, vocabulary)

    def encoder(self, tokenizer: StreamTokenizer) -> Encoder:
        return tokenizer

    def builder(self, vocabulary: Vocabulary, seed: int) -> RowBuilder[Any]:
        return (Packed if self.pack else Single)(self.objective, vocabulary, self.inputs_length, seed)


@dataclass(frozen=True)
class TextToText:
    """Pairs of inputs and targets, each cut to its length, including a final eos, as in T5.

    With `sentinel` the first sentinel ends the inputs, before eos, and starts the targets, as in span corruption. This
    helps models trained on span corruption on small data sets (seqio's experimental `_1_sentinel`).
    """

    inputs_length: int
    targets_length: int
    pack: bool = False
    sentinel: bool = False

    def __post_init__(self) -> None:
        for name, length in (("inputs", self.inputs_length), ("targets", self.targets_length)):
            if not 2 <= length <= LONGEST_DOCUMENT // 2:
                raise ConfigError(f"--{name} {length}: expected 2 to {LONGEST_DOCUMENT // 2:,} tokens, including eos")

    @property
    def widths(self) -> Widths:
        return Widths(self.inputs_length, self.targets_length)

    def rows(self, sample: Sequence[Tokens]) -> float:
        return sum(map(len, sample)) / sum(self.widths) if self.pack else len(sample)

    def scored(self, document: tuple[str, str]) -> str:
        return document[1]

    def check(self, vocabulary: Vocabulary) -> None:
        pass

    def pairs(self, tokenizer: StreamTokenizer) -> PairEncoder:
        """The encoder of pairs, and of inputs alone."""
        return PairEncoder(tokenizer, self.widths, self.sentinel)

    def encoder(self, tokenizer: StreamTokenizer) -> Encoder:
        return self.pairs(tokenizer)

    def builder(self, vocabulary: Vocabulary, seed: int) -> RowBuilder[Any]:
        return (PackedPairs if self.pack else SinglePairs)(self.widths)


class PairEncoder(NamedTuple):
    """Pairs of texts as tokens: inputs, eos, targets, eos. No text contains an eos, so the first one separates the
    two.
    """

    tokenizer: StreamTokenizer
    widths: Widths
    sentinel: bool = False

    def encode(self, documents: Sequence[Any]) -> list[Tokens]:
        """The tokens of documents that are (inputs, targets)."""
        inputs, targets = zip(*documents, strict=True) if documents else ((), ())
        return [np.concatenate(pair) for pair in zip(self.inputs(inputs), self._targets(targets), strict=True)]

    def inputs(self, texts: Sequence[str]) -> list[Tokens]:
        """The tokens of inputs alone, with eos."""
        most = self.widths.inputs - 1 - len(self._mark)
        return [np.concatenate((ids[:most], self._mark, self._eos)) for ids in self.tokenizer.encode(texts)]

    def _targets(self, texts: Sequence[str]) -> list[Tokens]:
        most = self.widths.targets - 1 - len(self._mark)
        return [np.concatenate((self._mark, ids[:most], self._eos)) for ids in self.tokenizer.encode(texts)]

    def cut(self, documents: Sequence[Any]) -> tuple[int, int]:
        """For documents that are (inputs, targets): how many inputs, and targets, are cut."""
        rooms = (width - 1 - len(self._mark) for width in self.widths)
        sides = zip(rooms, zip(*documents, strict=True), strict=True)
        inputs, targets = (sum(len(ids) > room for ids in self.tokenizer.encode(texts)) for room, texts in sides)
        return inputs, targets

    @property
    def _mark(self) -> Tokens:
        return np.array([self.tokenizer.vocabulary.sentinel(0)] if self.sentinel else [], np.int32)

    @property
    def _eos(self) -> Tokens:
        return np.array([self.tokenizer.vocabulary.eos], np.int32)


@dataclass(frozen=True)
class Source:
    """A part of the stream."""

    entry: Entry
    rule: Rule
    rate: float  # relative rate of rows among all sources
