"""Metrics of classes (answers and predictions are label numbers), and of numbers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mean_percent(values: Iterable[float]) -> float:
    """100 times the mean; nan if empty.

    >>> mean_percent([True, True, False, True])
    75.0
    """
    numbers = [*values]
    return 100 * math.fsum(numbers) / len(numbers) if numbers else math.nan


def accuracy(answers: Sequence[Any], predictions: Sequence[Any]) -> dict[str, float]:
    """The share of predictions that equal their answers.

    >>> accuracy([0, 1, 1, 0], [0, 1, 0, -1])
    {'accuracy': 50.0}
    """
    pairs = zip(answers, predictions, strict=True)
    return {"accuracy": mean_percent(answer == prediction for answer, prediction in pairs)}


def matthews(answers: Sequence[int], predictions: Sequence[int]) -> dict[str, float]:
    """Matthews' correlation coefficient, for any number of classes: anything that is not a label is a separate class.

    >>> matthews([0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0])
    {'matthews_corrcoef': 50.0}

    0 if all answers, or all predictions, are of one class, as in scikit-learn.
    """
    return {"matthews_corrcoef": 100 * _matthews(answers, predictions)}


def _matthews(answers: Sequence[int], predictions: Sequence[int]) -> float:
    n = _count(answers, predictions)
    if not n:
        return math.nan
    classes, numbers = np.unique(np.concatenate([answers, predictions]), return_inverse=True)
    true, written = np.bincount(numbers[:n], minlength=len(classes)), np.bincount(numbers[n:], minlength=len(classes))
    together = int((numbers[:n] == numbers[n:]).sum()) * n - int(true @ written)
    spreads = [n * n - int(counts @ counts) for counts in (true, written)]
    return together / math.sqrt(spreads[0] * spreads[1]) if all(spreads) else 0.0


def f1(answers: Sequence[int], predictions: Sequence[int]) -> dict[str, float]:
    """F1 of class 1 among 0 and 1. A prediction that is neither counts as the wrong class.

    >>> f1([1, 1, 0, 0], [1, -1, -1, 0])
    {'f1': 50.0}
    """
    if not _count(answers, predictions):
        return {"f1": math.nan}
    true, written = np.asarray(answers), np.asarray(predictions)
    return {"f1": 100 * _f1(true, np.where((written == 0) | (written == 1), written, 1 - true), 1)}


def mean_f1_3(answers: Sequence[int], predictions: Sequence[int]) -> dict[str, float]:
    """The plain mean of the F1 of classes 0, 1 and 2; a class that never occurs counts 0.

    >>> mean_f1_3([0, 1, 2], [0, 1, -1])["mean_3class_f1"]
    66.66666666666667
    """
    if not _count(answers, predictions):
        return {"mean_3class_f1": math.nan}
    true, written = np.asarray(answers, int), np.asarray(predictions, int)
    return {"mean_3class_f1": mean_percent(_f1(true, written, number) for number in range(3))}


def _f1(true: NDArray[Any], written: NDArray[Any], number: int) -> float:
    """F1 of one class, 0..1; 0 if it never occurs."""
    named = int((true == number).sum()) + int((written == number).sum())
    return 2 * int(((true == number) & (written == number)).sum()) / named if named else 0.0


def multirc(answers: Sequence[Mapping[str, Any]], predictions: Sequence[int]) -> dict[str, float]:
    """MultiRC: F1 over all answers, and the share of questions with all answers right.

    An answer is {"group": its question, "label": 0 or 1}.

    >>> multirc([{"group": 7, "label": 1}, {"group": 7, "label": 0}, {"group": 9, "label": 1}], [1, 1, 1])
    {'f1': 80.0, 'exact_match': 50.0}
    """
    groups: dict[str, list[bool]] = defaultdict(list)
    for answer, prediction in zip(answers, predictions, strict=True):
        groups[group_key(answer)].append(answer["label"] == prediction)
    over_all = f1([answer["label"] for answer in answers], predictions)
    return {**over_all, "exact_match": mean_percent(all(rights) for rights in groups.values())}


def group_key(answer: Mapping[str, Any]) -> str:
    """The key of an example's group: numbers, texts, or lists of them (JSON turns tuples into lists).

    >>> group_key({"group": (3, 1)}) == group_key({"group": [3, 1]})
    True
    """
    group = answer["group"]
    return repr(tuple(group) if isinstance(group, list) else group)


def pearson(answers: Sequence[float], predictions: Sequence[float]) -> dict[str, float]:
    """Pearson's correlation coefficient; nan for fewer than two, if either side is constant, and with nan or inf.

    >>> round(pearson([1.0, 2.0, 3.0], [1.0, 2.0, 2.0])["pearson_corrcoef"], 4)
    86.6025
    """
    _count(answers, predictions)
    return {"pearson_corrcoef": 100 * _correlation(answers, predictions)}


def spearman(answers: Sequence[float], predictions: Sequence[float]) -> dict[str, float]:
    """Spearman's: Pearson's of the ranks, where equal numbers share their mean rank; nan as there.

    >>> round(spearman([1.0, 2.0, 3.0], [10.0, 70.0, 70.0])["spearman_corrcoef"], 4)
    86.6025
    """
    _count(answers, predictions)
    if np.isnan([*answers, *predictions]).any():
        return {"spearman_corrcoef": math.nan}
    return {"spearman_corrcoef": 100 * _correlation(_ranks(answers), _ranks(predictions))}


def _correlation(left: ArrayLike, right: ArrayLike) -> float:
    x, y = np.asarray(left, float), np.asarray(right, float)
    if len(x) < 2 or not np.isfinite([x, y]).all() or (x == x[0]).all() or (y == y[0]).all():
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    return float(np.clip(x / np.linalg.norm(x) @ (y / np.linalg.norm(y)), -1, 1))


def _ranks(numbers: Sequence[float]) -> NDArray[np.float64]:
    """Ranks from 1; equal numbers share their mean rank."""
    _, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[places], np.float64)


def _count(answers: Sequence[Any], predictions: Sequence[Any]) -> int:
    """The number of each; differing numbers of answers and predictions are a bug."""
    if len(answers) != len(predictions):
        raise ValueError(f"{len(answers)} answers and {len(predictions)} predictions")
    return len(answers)
