"""A mixture of objectives."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from model.errors import ConfigError
from model.objectives.base import Examples, Ids, Lengths, Objective, Rngs, Vocabulary


@dataclass(frozen=True)
class Mix(Objective):
    """Each row draws its objective, by weight: `members` holds (objective, weight) pairs.

    >>> from model.objectives import SpanCorruption
    >>> Mix(((SpanCorruption(), 0.75), (SpanCorruption(0.15, 10), 0.25))).lengths(512)
    Lengths(chunk=591, inputs=512, targets=114)

    A row is as long as the longest member needs. The others use its first tokens and skip the rest.
    """

    members: tuple[tuple[Objective, float], ...]

    name: ClassVar = "mix"

    def __post_init__(self) -> None:
        if not self.members or not all(weight > 0 for _, weight in self.members):
            raise ConfigError(f"a mixture needs objectives, each with a weight above 0, got {self.members}")

    @property
    def concatenates(self) -> bool:
        return all(objective.concatenates for objective, _ in self.members)

    @property
    def shortest(self) -> int:
        return max(objective.shortest for objective, _ in self.members)

    def lengths(self, inputs_length: int) -> Lengths:
        every = [objective.lengths(inputs_length) for objective, _ in self.members]
        return Lengths(*(max(column) for column in zip(*every, strict=True)))

    def sentinels(self, inputs_length: int) -> int:
        return max(objective.sentinels(inputs_length) for objective, _ in self.members)

    def __call__(self, chunks: Ids, rngs: Rngs, vocabulary: Vocabulary, inputs_length: int) -> Examples:
        choices = np.array([self._choose(rng) for rng in rngs], np.int64)
        _, *widths = self.lengths(inputs_length)
        mixed = Examples(*(np.full((len(chunks), width), vocabulary.pad, np.int32) for width in widths))
        for number, (objective, _) in enumerate(self.members):
            rows = np.flatnonzero(choices == number)
            own = chunks[rows, : objective.lengths(inputs_length).chunk]
            made = objective(own, [rngs[row] for row in rows.tolist()], vocabulary, inputs_length)
            for whole, part in zip(mixed, made, strict=True):
                whole[rows, : part.shape[1]] = part
        return mixed

    def lengths_of(self, size: int, rng: np.random.Generator, inputs_length: int) -> Lengths:
        objective, _ = self.members[self._choose(rng)]
        return objective.lengths_of(min(size, objective.lengths(inputs_length).chunk), rng, inputs_length)

    def _choose(self, rng: np.random.Generator) -> int:
        """The index of a row's objective."""
        return bisect_right(self._ends, rng.random())

    @cached_property
    def _ends(self) -> list[float]:
        """The end of each member's part of [0, 1)."""
        sums = np.cumsum([weight for _, weight in self.members])
        ends: list[float] = (sums / sums[-1]).tolist()
        return ends
