"""How far apart two samples of the same corpus are: the yardstick for a difference.

Both corpora are divided into parts, and the pages of one site are in the same part of both. Each part is left out once,
from both at the same time. The resulting changes of the difference give its variance (the jackknife over groups), at
the measured size. What the corpora have in common, pages or sites, cancels, as it must. Pages of a site are similar:
resampled by page, equal corpora were declared different in 3 of 40 trials, by site in none (`python -m bench.compare`).
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CERTAINTY = 0.99  # of every interval
LAW = 1.1  # the variance over other pages falls as their number to this power: `python -m bench.compare`

Reals = NDArray[np.float64]


def jackknife(less: Reals) -> Reals:
    """(k,) The variance of a number, from its values without each part.

    Args:
        less: (parts, k) for k numbers at once.
    """
    parts = len(less)
    spread: Reals = np.sum((less - less.mean(axis=0)) ** 2, axis=0) * (parts - 1) / parts
    return spread


def ratio_variance(amounts: Reals, sizes: Reals) -> float:
    """The variance of sum(amounts) / sum(sizes) over other draws of as many documents."""
    number = len(sizes)
    rest = amounts - sizes * (amounts.sum() / sizes.sum())
    return float(number / (number - 1) * np.sum(rest**2) / sizes.sum() ** 2)


def tail(t: float, freedom: float) -> float:
    """The probability that Student's t with these degrees of freedom is at least as far from 0 as `t`."""
    angles, beyond = _beyond(freedom)
    far = np.interp(np.arctan(abs(t) / np.sqrt(freedom)), angles, beyond)
    return float(far)


def quantile(freedom: float, certainty: float = CERTAINTY) -> float:
    """The distance from 0 within which Student's t is with this certainty."""
    angles, beyond = _beyond(freedom)
    angle = np.interp(certainty - 1, -beyond, angles)
    return float(np.tan(angle) * np.sqrt(freedom))


def _beyond(freedom: float) -> tuple[Reals, Reals]:
    """t is sqrt(freedom) * tan(angle), and the angle has the density cos(angle) ** (freedom - 1): the angles from 0
    to a right one, and the probability of one farther from 0, to about 1e-8."""
    angles = np.linspace(0, np.pi / 2, 100_001)
    middles = (angles[1:] + angles[:-1]) / 2
    mass = np.cos(middles) ** (freedom - 1)
    left = np.concatenate((np.cumsum(mass[::-1])[::-1], [0.0]))
    return angles, left / left[0]


class Null(NamedTuple):
    """The yardstick for a difference."""

    of_pages: float  # the variance over other pages, at the measured size
    of_documents: float  # over other documents of the test
    parts: int  # of the corpora
    freedom: float  # degrees of freedom of the documents' variance

    @property
    def error(self) -> float:
        """The standard deviation."""
        return sqrt(self.of_pages + self.of_documents)

    @property
    def degrees(self) -> float:
        """Degrees of freedom of both variances together (Welch and Satterthwaite)."""
        parts = self.of_pages**2 / (self.parts - 1) + self.of_documents**2 / self.freedom
        return (self.of_pages + self.of_documents) ** 2 / parts if parts else self.parts - 1

    @property
    def half(self) -> float:
        """Half the width of the interval, at `CERTAINTY`."""
        return quantile(self.degrees) * self.error

    def chance(self, difference: float) -> float:
        """The chance of a difference this large or larger between two samples of one corpus."""
        return tail(difference / self.error, self.degrees) if self.error else float(difference == 0)

    def times(self, half: float) -> float | None:
        """How many times as many pages would reduce `half` to this; None if no number would, because the test has too
        few documents."""
        wanted = (half / quantile(self.degrees)) ** 2 - self.of_documents
        return (self.of_pages / wanted) ** (1 / LAW) if wanted > 0 else None
