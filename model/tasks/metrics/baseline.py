"""The baseline for a score: the frequency of each answer, and the score of always giving the most frequent one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from model.tasks.base import Metric

LISTED = 30  # most answers in a balance; STS-B has 26 classes, others fewer, or free text


class Majority(NamedTuple):
    """The most frequent answer of a split."""

    prediction: Any  # in the metric's form; None without answers
    balance: tuple[tuple[Any, float], ...]  # (prediction, percentage for which it is right), frequent first
    values: dict[str, float]  # the metric's values if every prediction is this one


def majority(answers: Sequence[Any], metric: Metric) -> Majority:
    """The most frequent answer, the first of equals, with its score.

    >>> from model.tasks.metrics.classes import accuracy
    >>> majority([1, 0, 1, 1], accuracy)
    Majority(prediction=1, balance=((1, 75.0), (0, 25.0)), values={'accuracy': 75.0})

    Each of several accepted answers counts once. The balance lists at most `LISTED`.
    """
    counts: Counter[str] = Counter()
    for answer in answers:
        counts.update({json.dumps(accepted): None for accepted in _accepted(answer)}.keys())
    balance = tuple((json.loads(key), 100 * count / len(answers)) for key, count in counts.most_common(LISTED))
    if not balance:
        return Majority(None, (), metric([], []))
    prediction = balance[0][0]
    return Majority(prediction, balance, metric(answers, [prediction] * len(answers)))


def _accepted(answer: Any) -> Sequence[Any]:
    """The predictions that are right for an answer, in any form that tasks use."""
    if isinstance(answer, dict):
        return answer["answers"] if "answers" in answer else [answer["label"]]
    if isinstance(answer, list | tuple):
        return [accepted for accepted in answer if accepted]  # an annotator without an answer
    return [answer]
