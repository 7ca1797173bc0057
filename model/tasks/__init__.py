"""Text-to-text tasks: rows of a data set become pairs of strings, and a model's output becomes a score.

>>> [*find_task("rte").format({"sentence1": "It rains.", "sentence2": "It is wet.", "label": 0}, training=True)]
[TaskExample(inputs='rte sentence1: It rains. sentence2: It is wet.', targets='entailment', answer=0)]
"""

from __future__ import annotations

from model.errors import unknown
from model.tasks.base import (
    TASK_SPLITS,
    UNLABELLED,
    DataRow,
    Format,
    Task,
    TaskExample,
    TaskLayout,
    TaskLengths,
    Template,
)
from model.tasks.closed_book import CLOSED_BOOK
from model.tasks.generation import GENERATION
from model.tasks.glue import GLUE
from model.tasks.metrics import METRICS, Majority, majority
from model.tasks.multilingual import MT5
from model.tasks.pronouns import PRONOUNS
from model.tasks.reading import PASSAGES
from model.tasks.superglue import SUPERGLUE

__all__ = [
    "METRICS",
    "TASKS",
    "TASK_SPLITS",
    "UNLABELLED",
    "DataRow",
    "Format",
    "Majority",
    "Task",
    "TaskExample",
    "TaskLayout",
    "TaskLengths",
    "Template",
    "find_task",
    "majority",
]

TASKS: dict[str, Task] = {
    task.name: task for task in (*GLUE, *SUPERGLUE, *PRONOUNS, *PASSAGES, *GENERATION, *MT5, *CLOSED_BOOK)
}


def find_task(name: str) -> Task:
    """The task of that name; ConfigError with the closest ones if there is none."""
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    return TASKS[name]
