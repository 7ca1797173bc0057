"""Tasks of text to text: rows of a data set become pairs of strings, and what a model writes becomes a score.

>>> [*MOOD.format({"text": "It rains.", "mood": "sad"}, training=True)]
[TaskExample(inputs='mood: It rains.', targets='sad', answer=0)]
"""

from __future__ import annotations

from model.errors import unknown
from model.tasks.base import UNLABELLED, DataRow, Format, Task, TaskExample, TaskLengths, Template
from model.tasks.metrics import METRICS, Majority, majority

__all__ = [
    "METRICS",
    "TASKS",
    "UNLABELLED",
    "DataRow",
    "Format",
    "Majority",
    "Task",
    "TaskExample",
    "TaskLengths",
    "Template",
    "find_task",
    "majority",
]

MOOD = Task("mood", Template("mood: {text}", "{mood}", labels=("sad", "happy")), ("accuracy",))

TASKS: dict[str, Task] = {task.name: task for task in (MOOD,)}


def find_task(name: str) -> Task:
    """The task of that name; ConfigError with the closest ones if there is none."""
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    return TASKS[name]
