"""Confidence intervals of shares, when pages are sampled and pages of a domain are similar."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from statistics import NormalDist

ERROR_RATE = 0.05  # that any interval of a table misses its true value


def told_between(low: str, high: str) -> str:
    """A range in words: a single value if both ends read the same.

    >>> told_between("40", "44"), told_between("6.9 %", "6.9 %")
    ('40 to 44', '6.9 %')
    """
    return low if low == high else f"{low} to {high}"


def critical(comparisons: int, chance: float = ERROR_RATE) -> float:
    """How many standard errors an interval extends to either side, if so many hold simultaneously (Bonferroni).

    >>> round(critical(1), 2), round(critical(100), 2)
    (1.96, 3.48)
    """
    return NormalDist().inv_cdf(1 - chance / 2 / max(1, comparisons))


def wilson_interval(part: float, whole: float, errors: float = critical(1)) -> tuple[float, float]:
    """The interval of Wilson (1927) for a share of `whole` pages, which need not be an integer.

    >>> tuple(round(end, 3) for end in wilson_interval(8, 10))
    (0.49, 0.943)
    """
    if whole <= 0:
        return 0.0, 1.0
    share, square = part / whole, errors * errors
    middle = (share + square / 2 / whole) / (1 + square / whole)
    half = errors / (1 + square / whole) * sqrt(max(0.0, share * (1 - share) / whole + square / 4 / whole / whole))
    return max(0.0, middle - half), min(1.0, middle + half)


def interval_between(least: float, most: float, pages: float, compared: int) -> tuple[float, float]:
    """The interval of a share of `pages` that is known to be between two values, if so many rows hold simultaneously.
    If the share is known only from a sample, half of the error is spent on that and half on the pages."""
    errors = critical(compared if least == most else 2 * compared)
    low, high = (wilson_interval(share * pages, pages, errors)[end] for end, share in enumerate((least, most)))
    return low, high


def design_effect(clusters: Iterable[tuple[int, int]]) -> float:
    """The factor by which the variance of a share grows if whole domains are sampled instead of pages: the variance of
    a ratio over clusters, divided by that of a share (Kish 1965, section 5.4; Rao and Scott 1992). At least 1.

    Args:
        clusters: for each domain the pages that have it, and all.

    >>> round(design_effect([(10, 10), (0, 10)]), 1), design_effect([(1, 2)] * 50)
    (20.0, 1.0)
    """
    found = [(part, whole) for part, whole in clusters if whole]
    pages, hits = sum(whole for _, whole in found), sum(part for part, _ in found)
    if len(found) < 2 or hits in (0, pages):
        return 1.0
    share = hits / pages
    spread = sum((part - share * whole) ** 2 for part, whole in found) * len(found) / (len(found) - 1)
    return max(1.0, spread / (pages * share * (1 - share)))
