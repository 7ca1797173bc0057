"""The denoising objectives of the T5 paper's comparison (arXiv 1910.10683, 3.3): each token is noise independently.

They differ in what the encoder sees instead of the noise, and in how much the decoder must write.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import ClassVar

import numpy as np

from model.errors import ConfigError
from model.objectives.base import Chunks, Corruption, KeptIds, Lengths, Mask, Rngs, Vocabulary
from model.objectives.noise import draws, iid_noise, run_starts, runs_to_sentinels

# The number of noise tokens and of their runs varies from row to row. Widths allow this many standard deviations
# above the mean: 202 for 512. In a row with more (about one in 25,000) the remaining tokens stay clean. T5 truncates
# targets instead, at 192 for 512 (objectives/iid_15_u_u.gin), and so loses text in one row of 3,000.
SPARE_DEVIATIONS = 4


def most_noise(length: int, density: float) -> int:
    """The most noise tokens in a row of `length` tokens: a binomial count."""
    return min(length, ceil(length * density + SPARE_DEVIATIONS * sqrt(length * density * (1 - density))))


def most_runs(length: int, density: float) -> int:
    """The most runs of noise in a row.

    A run starts where noise follows a clean token, with probability v = density (1 - density), and never at two
    consecutive tokens: mean length v and variance about length v (1 - 3 v).
    """
    start = density * (1 - density)
    return min((length + 1) // 2, ceil(length * start + SPARE_DEVIATIONS * sqrt(length * start * (1 - 3 * start))))


@dataclass(frozen=True)
class _Independent(Corruption):
    """The shared parts: the density, and the chunk, which is the inputs without eos."""

    density: float = 0.15  # arXiv 1910.10683, 3.3.3

    def __post_init__(self) -> None:
        if not 0 < self.density < 1:
            raise ConfigError(f"the density of {self.name} is {self.density}, expected more than 0 and less than 1")

    def lengths(self, inputs_length: int) -> Lengths:
        self.need_room(inputs_length)
        return Lengths(inputs_length - 1, inputs_length, self.most_targets(inputs_length - 1) + 1)

    def most_targets(self, length: int) -> int:
        """The most target tokens of a row of `length` tokens, without eos."""
        return length

    def noise(self, chunks: Chunks, rngs: Rngs) -> Mask:
        """(N, L), one row from each generator."""
        noise = np.zeros_like(chunks.text)
        for row, rng, size in zip(noise, rngs, chunks.sizes.tolist(), strict=True):
            row[:size] = self.row_noise(rng, size)
        return noise

    def row_noise(self, rng: np.random.Generator, size: int) -> Mask:
        """(size,), with at most as much noise as the widths of examples allow."""
        noise = iid_noise(rng, size, self.density)
        if np.count_nonzero(noise) > (most := most_noise(size, self.density)):
            noise &= noise.cumsum() <= most
        if np.count_nonzero(run_starts(noise)) > (most := most_runs(size, self.density)):
            noise &= run_starts(noise).cumsum() <= most
        return noise


@dataclass(frozen=True)
class IidDenoising(_Independent):
    """A sentinel replaces each run of noise, and in the targets each run of clean tokens: the paper's baseline.

    >>> from model.objectives import illustrate
    >>> print(illustrate(IidDenoising(), "A thin fog lay on the river that day and nobody saw the far bank"))
    inputs:  <extra_id_0> thin <extra_id_1> lay on the river that day and nobody <extra_id_2> the far bank </s>
    targets: A <extra_id_0> fog <extra_id_1> saw <extra_id_2> </s>

    The targets have no sentinel before a run that starts the row, and one after the last run unless it ends the row.
    (T5 objective `iid_15_u_u`: `noise_span_to_unique_sentinel`, `nonnoise_span_to_unique_sentinel`.)
    """

    name: ClassVar = "iid"

    def sentinels(self, inputs_length: int) -> int:
        return most_runs(inputs_length - 1, self.density) + 1

    def most_targets(self, length: int) -> int:
        return most_noise(length, self.density) + most_runs(length, self.density) + 1

    def corrupt(self, chunks: Chunks, rngs: Rngs, vocabulary: Vocabulary) -> tuple[KeptIds, KeptIds]:
        noise = self.noise(chunks, rngs)
        clean = chunks.text & ~noise
        return runs_to_sentinels(chunks, noise, vocabulary), runs_to_sentinels(chunks, clean, vocabulary)

    def lengths_of(self, size: int, rng: np.random.Generator, inputs_length: int) -> Lengths:
        noise = self.row_noise(rng, size)
        hidden, runs = int(np.count_nonzero(noise)), int(np.count_nonzero(run_starts(noise)))
        clean_runs = runs + 1 - int(noise[0]) - int(noise[-1])
        return Lengths(size, size - hidden + runs + 1, hidden + clean_runs + 1)


@dataclass(frozen=True)
class ReplaceSpans(IidDenoising):
    """A sentinel replaces each run of noise; in the targets each run follows its sentinel, and a last one ends them.

    >>> from model.objectives import illustrate
    >>> print(illustrate(ReplaceSpans(), "A thin fog lay on the river that day and nobody saw the far bank"))
    inputs:  <extra_id_0> thin <extra_id_1> lay on the river that day and nobody <extra_id_2> the far bank </s>
    targets: <extra_id_0> A <extra_id_1> fog <extra_id_2> saw <extra_id_3> </s>

    (As in the paper's Table 3. The released code is `IidDenoising`, which differs if noise starts a row.)
    """

    name: ClassVar = "replace-spans"

    def corrupt(self, chunks: Chunks, rngs: Rngs, vocabulary: Vocabulary) -> tuple[KeptIds, KeptIds]:
        noise = self.noise(chunks, rngs)
        ids = np.pad(chunks.ids, ((0, 0), (0, 1)))
        starts, kept = (np.pad(mask, ((0, 0), (0, 1))) for mask in (run_starts(noise), noise))
        starts[np.arange(len(ids)), chunks.sizes] = True  # one more at the end
        numbered = vocabulary.size - np.cumsum(starts, axis=1, dtype=np.int32)
        interleaved = (len(ids), 2 * ids.shape[1])
        targets = KeptIds(
            np.stack([numbered, ids], axis=2).reshape(interleaved),
            np.stack([starts, kept], axis=2).reshape(interleaved),
        )
        return runs_to_sentinels(chunks, noise, vocabulary), targets

    def lengths_of(self, size: int, rng: np.random.Generator, inputs_length: int) -> Lengths:
        noise = self.row_noise(rng, size)
        hidden, runs = int(np.count_nonzero(noise)), int(np.count_nonzero(run_starts(noise)))
        return Lengths(size, size - hidden + runs + 1, hidden + runs + 2)


@dataclass(frozen=True)
class DropTokens(_Independent):
    """The noise is removed from the inputs without a trace, and the targets are the noise.

    >>> from model.objectives import illustrate
    >>> print(illustrate(DropTokens(), "A thin fog lay on the river that day and nobody saw the far bank"))
    inputs:  thin lay on the river that day and nobody the far bank </s>
    targets: A fog saw </s>

    (T5 objective `iid_15_d_d`: `drop_noise_tokens`, `drop_nonnoise_tokens`.)
    """

    name: ClassVar = "drop-tokens"

    def most_targets(self, length: int) -> int:
        return most_noise(length, self.density)

    def corrupt(self, chunks: Chunks, rngs: Rngs, vocabulary: Vocabulary) -> tuple[KeptIds, KeptIds]:
        noise = self.noise(chunks, rngs)
        return KeptIds(chunks.ids, chunks.text & ~noise), KeptIds(chunks.ids, noise)

    def lengths_of(self, size: int, rng: np.random.Generator, inputs_length: int) -> Lengths:
        hidden = int(np.count_nonzero(self.row_noise(rng, size)))
        return Lengths(size, size - hidden + 1, hidden + 1)


@dataclass(frozen=True)
class Mass(_Independent):
    """The first sentinel replaces every noise token; the targets are the whole text.

    >>> from model.objectives import illustrate
    >>> print(illustrate(Mass(), "A thin fog lay on the river that day and nobody saw the far bank"))
    inputs:  <extra_id_0> thin <extra_id_0> lay on the river that day and nobody <extra_id_0> the far bank </s>
    targets: A thin fog lay on the river that day and nobody saw the far bank </s>

    (T5 objective `iid_15_m_f`: `noise_token_to_sentinel`. MASS-style in the paper.)
    """

    name: ClassVar = "mass"

    def sentinels(self, inputs_length: int) -> int:
        return 1

    def corrupt(self, chunks: Chunks, rngs: Rngs, vocabulary: Vocabulary) -> tuple[KeptIds, KeptIds]:
        ids, text, _ = chunks
        masked = np.where(self.noise(chunks, rngs), np.int32(vocabulary.sentinel(0)), ids)
        return KeptIds(masked, text), KeptIds(ids, text)

    def lengths_of(self, size: int, rng: np.random.Generator, inputs_length: int) -> Lengths:
        return Lengths(size, size + 1, size + 1)


@dataclass(frozen=True)
class Bert(Mass):
    """Like `Mass`, but one noise token in ten becomes a random token instead of the sentinel.

    >>> from model.objectives import illustrate
    >>> print(illustrate(Bert(), "A thin fog lay on the river that day and nobody saw the far bank", seed=42))
    inputs:  A thin fog lay on the river <extra_id_0> day and nobody <extra_id_0> that far bank </s>
    targets: A thin fog lay on the river that day and nobody saw the far bank </s>

    A noise token stays unchanged only by chance. The random token is any except pad, eos and unk; T5 draws from the
    sentinels, too, which are one id in 321 of its vocabulary.
    (T5 objective `iid_15_r10s90_f`: `noise_token_to_random_token_or_sentinel`.)
    """

    name: ClassVar = "bert"
    random: ClassVar[float] = 0.1

    def corrupt(self, chunks: Chunks, rngs: Rngs, vocabulary: Vocabulary) -> tuple[KeptIds, KeptIds]:
        ids, text, sizes = chunks
        noise = self.noise(chunks, rngs)
        kinds, words = draws(rngs, sizes, ids.shape[1]), draws(rngs, sizes, ids.shape[1])
        lowest = vocabulary.unk + 1
        random = (lowest + words * (vocabulary.first_sentinel - lowest)).astype(np.int32)
        changed = np.where(kinds < self.random, random, np.int32(vocabulary.sentinel(0)))
        return KeptIds(np.where(noise, changed, ids), text), KeptIds(ids, text)
