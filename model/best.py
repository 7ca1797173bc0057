"""The best existing checkpoint of each task, by its first metric in `validation.csv`.

RUN/validation.csv   step, task, split, metric, value, examples        at each evaluation of a fine-tuning
RUN/best.json        {"rte": {"step": 400, "metric": "accuracy", "value": 61.4, "checkpoint": "checkpoints/..."}}
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

MEAN = "mean"  # mean of the first metrics of all tasks, if there are several


class Best(NamedTuple):
    """The highest score of a task; of equal scores the first one."""

    step: int
    metric: str
    value: float

    @property
    def line(self) -> str:
        """It in words; without a right answer there is no step to name."""
        if self.metric in ("accuracy", "em", "exact_match") and not self.value:
            return f"no right answer yet ({self.metric} 0.0)"
        return f"best {self.metric} {self.value:.1f} at step {self.step:,}"


def best_scores(rows: Iterable[Mapping[str, str]], steps: Collection[int]) -> dict[str, Best]:
    """The best score of each task, and of the mean of several, from rows of `validation.csv` at these steps.

    >>> row = {"split": "validation", "metric": "accuracy", "examples": "50"}
    >>> rows = [row | {"step": str(step), "task": "rte", "value": str(value)} for step, value in ((100, 60), (200, 55))]
    >>> best_scores(rows, steps={100, 200})
    {'rte': Best(step=100, metric='accuracy', value=60.0)}
    """
    first: dict[tuple[int, str], tuple[str, float]] = {}
    for row in rows:
        if int(row["step"]) in steps:
            first.setdefault((int(row["step"]), row["task"]), (row["metric"], float(row["value"])))
    tasks = [*dict.fromkeys(task for _, task in first)]
    if len(tasks) > 1:
        for step in sorted({step for step, _ in first}):
            values = [first[step, task][1] for task in tasks if (step, task) in first]
            first[step, MEAN] = (MEAN, sum(values) / len(tasks) if len(values) == len(tasks) else math.nan)
    found: dict[str, Best] = {}
    for (step, task), (metric, value) in sorted(first.items(), key=lambda item: item[0][0]):
        if not math.isnan(value) and (task not in found or value > found[task].value):
            found[task] = Best(step, metric, value)
    return {task: found[task] for task in (*tasks, MEAN) if task in found}
