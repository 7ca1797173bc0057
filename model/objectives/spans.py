"""Span corruption, the objective that T5 and mT5 were trained with."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil, inf
from typing import ClassVar

import numpy as np

from model.errors import ConfigError
from model.objectives.base import Chunks, Corruption, KeptIds, Lengths, Mask, Rngs, Vocabulary
from model.objectives.noise import runs_to_sentinels, span_noise


@dataclass(frozen=True)
class SpanCorruption(Corruption):
    """Random spans of the text become sentinels, and the targets hold the spans.

    >>> from model.objectives import illustrate
    >>> print(illustrate(SpanCorruption(0.3, 2), "A thin fog lay on the river that day and nobody saw the far bank"))
    inputs:  A <extra_id_0> lay on the river that day and nobody saw the <extra_id_1> </s>
    targets: <extra_id_0> thin fog <extra_id_1> far bank </s>

    A row starts clean and ends with noise, so the targets start with the first sentinel; they end with eos, without a
    last sentinel. Of L tokens round(density L) are noise, in round(noise / mean_span) spans, at least one, where halves
    round to even. All rows of full chunks have the same lengths and no padding: 568 tokens give 512 and 114.
    (T5 `preprocessors.random_spans_noise_mask` and `random_spans_helper`; 0.15 and 3: arXiv 1910.10683, 3.3.4.)
    """

    density: float = 0.15
    mean_span: float = 3.0

    name: ClassVar = "span"

    def __post_init__(self) -> None:
        if not 0 < self.density < 1:
            raise ConfigError(f"the density of span corruption is {self.density}, expected more than 0 and less than 1")
        if not 1 <= self.mean_span < inf:
            raise ConfigError(f"the mean span of span corruption is {self.mean_span}, expected 1 or more tokens")

    def noise_and_spans(self, length: int) -> tuple[int, int]:
        """Noise tokens and noise spans in a row of `length` tokens."""
        noise = min(max(round(length * self.density), 1), length - 1)
        spans = max(round(noise / self.mean_span), 1)
        return noise, min(spans, length - noise)  # a span needs a clean token before it

    def lengths(self, inputs_length: int) -> Lengths:
        """The lengths for the longest chunk whose inputs fit.

        >>> SpanCorruption().lengths(512)
        Lengths(chunk=568, inputs=512, targets=114)
        """
        self.need_room(inputs_length)
        return _longest(self, inputs_length)

    def lengths_of_size(self, size: int) -> Lengths:
        """The lengths of a row of `size` tokens: the place of its noise is random, but not its amount."""
        noise, spans = self.noise_and_spans(size)
        return Lengths(size, size - noise + spans + 1, noise + spans + 1)

    def lengths_of(self, size: int, rng: np.random.Generator, inputs_length: int) -> Lengths:
        return self.lengths_of_size(size)

    def sentinels(self, inputs_length: int) -> int:
        return self.noise_and_spans(self.lengths(inputs_length).chunk)[1]

    def remedies(self, inputs_length: int, sentinels: int) -> Iterator[str]:
        for mean_span in range(int(self.mean_span) + 1, inputs_length):
            if replace(self, mean_span=float(mean_span)).sentinels(inputs_length) <= sentinels:
                yield f"--mean-span {mean_span} or more"
                return

    def noise_mask(self, chunks: Chunks, rngs: Rngs) -> Mask:
        """The noise mask, for rows of any sizes."""
        counts = np.array([self.noise_and_spans(size) for size in chunks.sizes.tolist()], np.int64).reshape(-1, 2)
        noise, spans = counts.T
        return span_noise(rngs, chunks.sizes - noise, noise, spans, chunks.text)

    def corrupt(self, chunks: Chunks, rngs: Rngs, vocabulary: Vocabulary) -> tuple[KeptIds, KeptIds]:
        mask = self.noise_mask(chunks, rngs)
        clean = chunks.text & ~mask
        return runs_to_sentinels(chunks, mask, vocabulary), runs_to_sentinels(chunks, clean, vocabulary)


@dataclass(frozen=True)
class BareSpans(SpanCorruption):
    """Span corruption whose targets have no sentinels: the hidden spans, concatenated.

    >>> from model.objectives import illustrate
    >>> print(illustrate(BareSpans(0.3, 2), "A thin fog lay on the river that day and nobody saw the far bank"))
    inputs:  A <extra_id_0> lay on the river that day and nobody saw the <extra_id_1> </s>
    targets: thin fog far bank </s>

    Mixed into fine-tuning at one row in a hundred, it keeps a multilingual model generating all its languages without
    teaching it to answer with sentinels (mT5's domain-preserving training, arXiv 2010.11934, section 5).
    """

    name: ClassVar = "span-bare"

    def lengths_of_size(self, size: int) -> Lengths:
        noise, spans = self.noise_and_spans(size)
        return Lengths(size, size - noise + spans + 1, noise + 1)

    def corrupt(self, chunks: Chunks, rngs: Rngs, vocabulary: Vocabulary) -> tuple[KeptIds, KeptIds]:
        mask = self.noise_mask(chunks, rngs)
        return runs_to_sentinels(chunks, mask, vocabulary), KeptIds(chunks.ids, mask)


@lru_cache  # used for every batch
def _longest(objective: SpanCorruption, inputs_length: int) -> Lengths:
    shortest, beyond = 2, ceil(inputs_length / (1 - objective.density)) + 3
    sizes = range(shortest, beyond)
    fitting = bisect_right(sizes, inputs_length, key=lambda size: objective.lengths_of_size(size).inputs)
    lengths = objective.lengths_of_size(shortest + fitting - 1)
    # If half of the text is noise, T5 drops a token, so that targets are not longer than inputs.
    if objective.density == 0.5 and lengths.targets > lengths.inputs:
        return objective.lengths_of_size(lengths.chunk - 1)
    return lengths
