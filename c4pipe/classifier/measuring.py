"""The quality of a classifier on unseen domains: precision and recall at thresholds, and its words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import inf, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.classifier.sides import TrainingLine
from c4pipe.compare.intervals import host_ratio
from c4pipe.compare.null import quantile
from c4pipe.fasttext.logits import word_logits
from c4pipe.fasttext.model import FastTextModel

KEPT_SHARES = (0.9, 0.75, 0.5, 0.25, 0.1, 0.05, 0.01)  # of the held-out pages: thresholds that keep this share
EVEN = 0.5  # also a threshold
_SURE = 0.95  # confidence of an interval
WORDS_OF = 2_000  # pages of each side whose words are analysed
WORDS_TOLD = 20  # per direction
_NO_SPREAD = 1e-12  # of a variance: rounding error of 0 in 64 bits
_LEAST_PAGES = 3  # pages of both sides with a word, for it to be reported


class Interval(NamedTuple):
    """A share, and its interval that covers the truth in 95 of 100 draws of domains."""

    value: float
    low: float
    high: float


class AtThreshold(NamedTuple):
    """For pages with a score of `above` or more."""

    above: float
    kept: int  # pages of both sides
    precision: Interval | None  # share of the good side among them; None without pages
    recall: Interval  # share of the good side that is kept


class WordGap(NamedTuple):
    """A word's contribution to the difference between the mean logits of both sides."""

    word: str
    gap: float
    pages: int  # pages of both sides with the word


class WordsEachWay(NamedTuple):
    """The words that separate the sides most. All words together make `gap`."""

    gap: float
    good: list[WordGap]  # words that raise scores, more common on the good side
    bad: list[WordGap]  # words that lower them, more common on the other
    pages: int


def scores_of(model: FastTextModel, label: int, lines: Iterable[TrainingLine]) -> NDArray[np.float32]:
    """(lines,) scores; 0 if the model knows no part of a line."""
    found = (model.probabilities(each.line) for each in lines)
    return np.array([0.0 if each is None else each[label] for each in found], np.float32)


def thresholds_of(scores: NDArray[np.float32]) -> list[float]:
    """The scores that the shares of KEPT_SHARES reach, and EVEN, ascending, each once."""
    ordered = np.sort(scores)[::-1]
    reached = (float(str(ordered[max(0, int(share * len(ordered)) - 1)])) for share in KEPT_SHARES)
    return sorted({EVEN, *(min(score, 1.0) for score in reached if score > 0)})


def at_thresholds(
    scores: NDArray[np.float32], good: NDArray[np.bool_], groups: NDArray[np.integer], thresholds: Sequence[float]
) -> list[AtThreshold]:
    """Precision and recall at each threshold.

    Args:
        groups: [pages] the number of the domain of each, from 0 on.
    """
    found = []
    for above in thresholds:
        kept = scores >= np.float32(above)
        precision = _share(kept & good, kept, groups) if kept.any() else None
        found.append(AtThreshold(above, int(kept.sum()), precision, _share(kept & good, good, groups)))
    return found


def _share(hits: NDArray[np.bool_], of: NDArray[np.bool_], groups: NDArray[np.integer]) -> Interval:
    """hits / of. Domains are resampled (`compare.intervals`). If that has no spread (all hits or none, all domains the
    same), the interval ends where so many domains without an exception would be seen in 1 of 40 draws (Clopper and
    Pearson)."""
    ratio = host_ratio(hits.astype(np.float64), of.astype(np.float64), groups)
    domains = len(np.unique(groups[of]))
    if ratio.variance < _NO_SPREAD:
        reach = 1 - ((1 - _SURE) / 2) ** (1 / domains)
    elif ratio.variance == inf:
        reach = 1.0
    else:
        reach = quantile(ratio.freedom, _SURE) * sqrt(ratio.variance)
    return Interval(ratio.value, max(0.0, ratio.value - reach), min(1.0, ratio.value + reach))


def words_each_way(
    model: FastTextModel, label: int, sides: tuple[Sequence[TrainingLine], Sequence[TrainingLine]]
) -> WordsEachWay:
    """The words that contribute most to the difference of the sides, from at most WORDS_OF lines of each."""
    means: list[dict[str, float]] = []
    totals, pages = defaultdict[str, float](float), defaultdict[str, int](int)
    read = 0
    for lines in sides:
        chosen, mean = lines[:WORDS_OF], defaultdict[str, float](float)
        for each in chosen:
            found = word_logits(model, label, each.line)
            words = [] if found is None else [*zip(found.words, found.shares.tolist(), strict=True)]
            for word, share in words:
                mean[word] += share / len(chosen)
                totals[word] += share
            for word in {word for word, _ in words}:
                pages[word] += 1
        means.append(mean)
        read += len(chosen)
    gaps = [WordGap(word, means[0].get(word, 0.0) - means[1].get(word, 0.0), pages[word]) for word in sorted(totals)]
    told = sorted((each for each in gaps if pages[each.word] >= _LEAST_PAGES), key=lambda each: -each.gap)
    good = [each for each in told if totals[each.word] > 0 and each.gap > 0]
    bad = [each for each in told if totals[each.word] < 0 and each.gap > 0]
    return WordsEachWay(sum(each.gap for each in gaps), good[:WORDS_TOLD], bad[:WORDS_TOLD], read)
