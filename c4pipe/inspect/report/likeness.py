"""Whether validation resembles train: the mean length of its pages, and how far chance alone can move such a mean."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

from c4pipe.inspect.report.queries import SplitCounts
from c4pipe.inspect.report.yardsticks import FEWEST

NORMAL_99 = 2.576  # standard deviations of a normal distribution that contain 99 of 100 values


class SplitLikeness(NamedTuple):
    """Mean lengths in characters, and the bounds of validation's in 99 of 100 splits."""

    train: float
    validation: float
    low: float
    high: float

    @property
    def alike(self) -> bool:
        return self.low <= self.validation <= self.high


def split_likeness(parts: Iterable[SplitCounts]) -> SplitLikeness | None:
    """By the central limit theorem, with the deviation of the lengths of all pages. None if validation has fewer pages
    than `FEWEST`, for which a mean says nothing.
    """
    counts: dict[str, list[int]] = {"train": [0] * 3, "validation": [0] * 3}
    for part in parts:
        if part.split in counts:
            more = (part.pages, part.chars, part.squares)
            counts[part.split] = [a + b for a, b in zip(counts[part.split], more, strict=True)]
    (pages, chars, squares), (few, theirs, others) = counts["train"], counts["validation"]
    if few < FEWEST or not pages:
        return None
    every, mean = pages + few, (chars + theirs) / (pages + few)
    margin = NORMAL_99 * sqrt(max(0.0, (squares + others) / every - mean**2) / few)
    return SplitLikeness(chars / pages, theirs / few, chars / pages - margin, chars / pages + margin)
