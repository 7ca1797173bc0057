"""Decides which differences between arms are significant.

The rule: Welch's two-sided t-test of an arm's seeds against those of the baseline, at 5 % over all comparisons of the
study together (Holm's steps). Chance means seeds: of weights, order, corruption and dropout. All arms are scored on the
same examples, so variation between examples is not included.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

LEVEL = 0.05
_POINTS = 20_001


class SeedSpread(NamedTuple):
    """The mean and deviation of values of one quantity."""

    mean: float
    deviation: float  # standard deviation of a value, estimated from the sample; nan for fewer than two
    size: int

    @classmethod
    def of(cls, values: Collection[float]) -> SeedSpread:
        if not values:
            return cls(math.nan, math.nan, 0)
        mean = math.fsum(values) / len(values)
        squares = math.fsum((value - mean) ** 2 for value in values)
        return cls(mean, math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else math.nan, len(values))


def two_sided(t: float, freedom: float) -> float:
    """The probability that |T| exceeds |t|, of Student's distribution.

    With T = sqrt(freedom) tan(angle), its density is proportional to cos(angle) ** (freedom - 1).

    >>> round(two_sided(2.776, 4), 4), round(two_sided(12.706, 1), 4), two_sided(0, 3)
    (0.05, 0.05, 1.0)
    """
    if math.isinf(t):
        return 0.0
    start = math.atan(abs(t) / math.sqrt(freedom))
    areas = []
    for low in (start, 0.0):
        angles = np.linspace(low, math.pi / 2, _POINTS)
        areas.append(float(np.trapezoid(np.cos(angles).clip(min=0) ** (freedom - 1), angles)))
    return areas[0] / areas[1]


def welch(one: SeedSpread, other: SeedSpread, least: float = 0.0) -> float:
    """The probability of so large a difference if both were samples of one quantity; nan with fewer than two of either.

    Args:
        least: minimum deviation: equal values of a metric that moves in steps still have a spread.
    """
    if min(one.size, other.size) < 2:
        return math.nan
    parts = [max(spread.deviation, least) ** 2 / spread.size for spread in (one, other)]
    difference = one.mean - other.mean
    if not sum(parts):
        return 0.0 if difference else 1.0
    pairs = zip(parts, (one.size, other.size), strict=True)
    freedom = sum(parts) ** 2 / sum(part**2 / (count - 1) for part, count in pairs)
    return two_sided(difference / math.sqrt(sum(parts)), freedom)


def holm(probabilities: Sequence[float], level: float = LEVEL) -> list[bool]:
    """Which of several comparisons are significant at a joint level. NaN is not significant, and does not count.

    >>> holm([0.012, 0.04, 0.9, float("nan")])
    [True, False, False, False]
    """
    known = sorted((p, place) for place, p in enumerate(probabilities) if not math.isnan(p))
    held = [False] * len(probabilities)
    for rank, (p, place) in enumerate(known):
        if p > level / (len(known) - rank):
            break
        held[place] = True
    return held


def smallest_step(examples: int) -> float:
    """The deviation due to rounding: a percentage of so many examples moves in steps of 100 / examples."""
    return 100 / examples / math.sqrt(12) if examples else 0.0


class Difference(NamedTuple):
    """The difference of an arm from the baseline, in one metric of one task."""

    task: str
    metric: str
    arm: str
    value: float
    probability: float
    real: bool  # significant at `LEVEL` over the whole study


def arm_differences(
    samples: Mapping[tuple[str, str], Mapping[str, Mapping[int, float]]],
    steps: Mapping[tuple[str, str], float],
    baseline: str,
) -> list[Difference]:
    """The differences of every other arm in everything measured; `steps` are the minimum deviations."""
    found = []
    for (task, metric), arms in samples.items():
        base = SeedSpread.of(arms.get(baseline, {}).values())
        for arm, values in arms.items():
            spread = SeedSpread.of(values.values())
            if arm != baseline and spread.size and base.size:
                p = welch(spread, base, steps.get((task, metric), 0.0))
                found.append(Difference(task, metric, arm, spread.mean - base.mean, p, False))
    held = holm([one.probability for one in found])
    return [one._replace(real=real) for one, real in zip(found, held, strict=True)]
