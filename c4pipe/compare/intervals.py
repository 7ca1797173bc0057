"""How far a share or a mean in a sample of pages may be from that of all such pages, and how certain a difference is.

Pages of one host are similar, so hosts are resampled: the variance is that over redrawn hosts (the infinitesimal
jackknife, which the bootstrap over hosts approaches with enough draws). A share that depends on a few hosts has few
degrees of freedom.
"""

from __future__ import annotations

from math import inf, lgamma, log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.compare.null import quantile

_AS_GOOD_AS_NORMAL = 1e4  # degrees of freedom


class HostRatio(NamedTuple):
    """A ratio of sums over pages."""

    value: float
    variance: float
    freedom: float  # degrees of freedom: about the number of hosts that decide it


class Gap(NamedTuple):
    """How much more of something B has than A."""

    difference: float
    half: float  # half the width of the interval; infinite if undetermined

    @property
    def is_sure(self) -> bool:
        """Whether 0 is outside the interval."""
        return abs(self.difference) > self.half


def host_ratio(top: NDArray[np.floating], below: NDArray[np.floating], hosts: NDArray[np.integer]) -> HostRatio:
    """sum(top) / sum(below) of a side's pages.

    Args:
        hosts: [pages] the number of each page's host, from 0 on.
    """
    whole = float(below.sum())
    if whole <= 0:
        return HostRatio(0.0, inf, 1.0)
    value = float(top.sum()) / whole
    parts = np.bincount(hosts, top - value * below) / whole
    squares = parts[parts != 0] ** 2
    total = float(squares.sum())
    if total == 0:
        return HostRatio(value, 0.0, float(max(1, len(parts) - 1)))
    count = np.count_nonzero(np.bincount(hosts))
    freedom = total**2 / float((squares**2).sum())
    return HostRatio(value, total * count / max(1, int(count) - 1), max(1.0, freedom - 1))


def gap(a: HostRatio, b: HostRatio, chance: float) -> Gap:
    """B less A, with an interval that misses the true value in `chance` of all samples (Welch and Satterthwaite)."""
    variance = a.variance + b.variance
    if variance == 0 or variance == inf:
        return Gap(b.value - a.value, inf)
    freedom = variance**2 / max(a.variance**2 / a.freedom + b.variance**2 / b.freedom, variance**2 / _AS_GOOD_AS_NORMAL)
    return Gap(b.value - a.value, quantile(freedom, 1 - chance) * sqrt(variance))


def upper_tail(least: int, of: int, share: float) -> float:
    """The chance of `least` or more hits in `of` draws, each of which hits with probability `share`.

    >>> round(upper_tail(9, 10, 0.5), 4)
    0.0107
    """
    if least <= 0:
        return 1.0
    hits = np.arange(least, of + 1)
    ways = lgamma(of + 1) - _log_factorials(of)[hits] - _log_factorials(of)[of - hits]
    return float(min(1.0, np.exp(ways + hits * log(share) + (of - hits) * log(1 - share)).sum()))


def least_ratio(more: int, fewer: int, size_more: int, size_fewer: int, chance: float) -> float:
    """The lower bound of how many times as often something occurs on one side as on the other, too high with at most
    `chance` (Clopper and Pearson's interval of the share of all hosts that have it).

    >>> round(least_ratio(40, 10, 100, 100, 0.005), 2)
    1.63
    """
    low, high = 0.0, more / (more + fewer)
    for _ in range(50):
        middle = (low + high) / 2
        if upper_tail(more, more + fewer, middle or 1e-300) < chance:
            low = middle
        else:
            high = middle
    return low / (1 - low) * size_fewer / size_more if low < 1 else inf


_FACTORIALS: list[NDArray[np.float64]] = [np.zeros(1)]


def _log_factorials(most: int) -> NDArray[np.float64]:
    """[most + 1 or more] The logarithms of 0!, 1!, 2!, ..."""
    if len(_FACTORIALS[0]) <= most:
        numbers = np.maximum(np.arange(2 * most + 2, dtype=np.float64), 1)
        _FACTORIALS[0] = np.cumsum(np.log(numbers))
    return _FACTORIALS[0]
