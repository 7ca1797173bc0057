"""Metrics by name, each a function of answers and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from model.tasks.base import Metric


def accuracy(answers: Sequence[Any], predictions: Sequence[Any]) -> dict[str, float]:
    """The share of predictions that equal their answers.

    >>> accuracy([0, 1, 1, 0], [0, 1, 0, -1])
    {'accuracy': 50.0}
    """
    right = sum(answer == prediction for answer, prediction in zip(answers, predictions, strict=True))
    return {"accuracy": 100 * right / len(answers) if answers else float("nan")}


METRICS: dict[str, Metric] = {"accuracy": accuracy}
