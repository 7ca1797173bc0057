"""The objectives that hide nothing: language modelling with and without a prefix, and deshuffling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.objectives.base import Chunks, Corruption, KeptIds, Lengths, Rngs, Vocabulary
from model.objectives.noise import draws


@dataclass(frozen=True)
class PrefixLM(Corruption):
    """A text split at random into a start and its continuation.

    >>> from model.objectives import illustrate
    >>> print(illustrate(PrefixLM(), "A thin fog lay on the river that day and nobody saw the far bank", seed=2))
    inputs:  A thin fog lay on the river </s>
    targets: that day and nobody saw the far bank </s>

    The cut is uniform over 1 .. L - 1. Documents are not joined, unless the mixture it is part of joins them.
    (T5 objective `prefix_lm`: `random_prefix_noise_mask`.)
    """

    concatenates: bool = False

    name: ClassVar = "prefix-lm"

    def lengths(self, inputs_length: int) -> Lengths:
        self.need_room(inputs_length)
        return Lengths(inputs_length - 1, inputs_length, inputs_length)

    def corrupt(self, chunks: Chunks, rngs: Rngs, vocabulary: Vocabulary) -> tuple[KeptIds, KeptIds]:
        ids, text, sizes = chunks
        cuts = np.array([self._cut(rng, size) for rng, size in zip(rngs, sizes.tolist(), strict=True)], np.int64)
        prefix = np.arange(ids.shape[1]) < cuts[:, None]
        return KeptIds(ids, prefix), KeptIds(ids, text & ~prefix)

    def lengths_of(self, size: int, rng: np.random.Generator, inputs_length: int) -> Lengths:
        cut = self._cut(rng, size)
        return Lengths(size, cut + 1, size - cut + 1)

    def _cut(self, rng: np.random.Generator, size: int) -> int:
        return 1 + int(rng.random() * (size - 1))


@dataclass(frozen=True)
class LM(Corruption):
    """The targets are the whole text. The inputs are only eos, so that an encoder has an input.

    >>> from model.objectives import illustrate
    >>> print(illustrate(LM(), "A thin fog lay on the river that day and nobody saw the far bank"))
    inputs:  </s>
    targets: A thin fog lay on the river that day and nobody saw the far bank </s>
    """

    name: ClassVar = "lm"
    shortest: ClassVar = 1

    def lengths(self, inputs_length: int) -> Lengths:
        self.need_room(inputs_length)
        return Lengths(inputs_length - 1, 1, inputs_length)

    def corrupt(self, chunks: Chunks, rngs: Rngs, vocabulary: Vocabulary) -> tuple[KeptIds, KeptIds]:
        return KeptIds(chunks.ids, np.zeros_like(chunks.text)), KeptIds(chunks.ids, chunks.text)

    def lengths_of(self, size: int, rng: np.random.Generator, inputs_length: int) -> Lengths:
        return Lengths(size, 1, size + 1)


@dataclass(frozen=True)
class Deshuffling(Corruption):
    """The tokens in random order, to be restored to the original order.

    >>> from model.objectives import illustrate
    >>> print(illustrate(Deshuffling(), "A thin fog lay on the river that day and nobody saw the far bank"))
    inputs:  A fog saw and thin day far the on lay the nobody bank river that </s>
    targets: A thin fog lay on the river that day and nobody saw the far bank </s>

    Documents are not joined. (T5 objective `deshuffle`: `permute_noise_tokens` at density 1.)
    """

    name: ClassVar = "deshuffle"
    concatenates: ClassVar = False

    def lengths(self, inputs_length: int) -> Lengths:
        self.need_room(inputs_length)
        return Lengths(inputs_length - 1, inputs_length, inputs_length)

    def corrupt(self, chunks: Chunks, rngs: Rngs, vocabulary: Vocabulary) -> tuple[KeptIds, KeptIds]:
        ids, text, sizes = chunks
        order = draws(rngs, sizes, ids.shape[1]).argsort(axis=1)  # padding stays on the right
        return KeptIds(np.take_along_axis(ids, order, axis=1), text), KeptIds(ids, text)

    def lengths_of(self, size: int, rng: np.random.Generator, inputs_length: int) -> Lengths:
        return Lengths(size, size + 1, size + 1)
