"""What a task is: rows of a data set become pairs of strings, and what a model writes becomes a score.

row --format--> TaskExample (inputs, targets, answer)      what a model reads, should write, and is compared with
what it wrote --format.read--> a prediction --metrics, with the answers--> {"accuracy": 87.5}
"""

from __future__ import annotations

import string
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from model.errors import ConfigError

DataRow = Mapping[str, Any]  # of a data set, by column

UNLABELLED = "<unk>"  # the target of an example without a label, in test sets: t5 preprocessors.py, `glue`


class TaskExample(NamedTuple):
    """A pair of strings, and what a prediction is compared with."""

    inputs: str
    targets: str
    answer: Any = None  # what JSON holds: the number of a class, a list of accepted answers, a group and a label, ...


class Format(ABC):
    """How rows become examples, and how what a model wrote is read: a frozen dataclass, so that a task is a value."""

    labels: tuple[str, ...] = ()  # where targets are words of a closed set, in the order of their numbers

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """That every row must have. Those of labels and answers are not among them, for test sets lack them."""

    @abstractmethod
    def __call__(self, row: DataRow, training: bool) -> Iterable[TaskExample]:
        """The examples of a row: none, one, or several. In training some rows give others than in an evaluation."""

    def read(self, written: str, answer: Any) -> Any:
        """The prediction, of the kind that the metrics take: a label's number, -1 for what is none; else the text."""
        if not self.labels:
            return written
        return self.labels.index(written) if written in self.labels else -1


# (answers, predictions) -> values by name, of 0 to 100 where they are shares; nan where there is nothing to measure
Metric = Callable[[Sequence[Any], Sequence[Any]], dict[str, float]]


class TaskLengths(NamedTuple):
    """Tokens, with their `</s>`: longer inputs and targets are cut."""

    inputs: int = 512
    targets: int = 512


LONG = TaskLengths()


@dataclass(frozen=True)
class Template(Format):
    """Each row is one example: both strings are patterns with the names of columns in braces.

    >>> [*Template("mood: {text}", "{mood}", labels=("sad", "happy"))({"text": "It rains.", "mood": 0}, True)]
    [TaskExample(inputs='mood: It rains.', targets='sad', answer=0)]

    With `labels`, the targets are one column, which holds the number of a label or its word, and the answer is the
    number; without, the answer is the target. A missing label (-1, None or "") becomes `UNLABELLED`.
    """

    inputs: str
    targets: str
    labels: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return fields_of(self.inputs)

    def __call__(self, row: DataRow, training: bool) -> Iterable[TaskExample]:
        inputs = self.inputs.format_map(row)
        if not self.labels:
            targets = self.targets.format_map(row)
            return [TaskExample(inputs, targets, targets)]
        (column,) = fields_of(self.targets)
        number = label_number(row.get(column), self.labels)
        return [TaskExample(inputs, UNLABELLED if number < 0 else self.labels[number], number)]


def fields_of(pattern: str) -> tuple[str, ...]:
    """The names in braces, in order.

    >>> fields_of("{premise} or {hypothesis}")
    ('premise', 'hypothesis')
    """
    return tuple(name for _, name, _, _ in string.Formatter().parse(pattern) if name)


def label_number(value: Any, labels: Sequence[str]) -> int:
    """The number of a label, given as a number, a truth value or its word; -1 for none. ConfigError for another one.

    >>> [label_number(value, ("False", "True")) for value in (1, "True", True, -1, None, "0")]
    [1, 1, 1, -1, -1, 0]
    """
    if value is None or value == "" or value in (-1, "-1"):
        return -1
    if isinstance(value, str) and value in labels:
        return labels.index(value)
    if isinstance(value, bool) and str(value).lower() in labels:
        return labels.index(str(value).lower())
    number = (
        int(value) if isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit()) else -1
    )
    if 0 <= number < len(labels):
        return number
    raise ConfigError(f"{value!r} is no label: expected one of {', '.join(labels)}, its number, or -1 for none")


@dataclass(frozen=True)
class Task:
    """A task of text to text. Four lines make one of your own:

    from model.tasks import Task, Template
    MOOD = Task(
        "mood", Template("mood: {text}", "{mood}", labels=("sad", "happy")), metrics=("accuracy",), source="my own"
    )
    """

    name: str
    format: Format
    metrics: tuple[str, ...]  # names of `METRICS`; the first value of the first one chooses the best checkpoint
    lengths: TaskLengths = LONG
    beams: int = 1  # 1 is greedy; T5 has 4, with length penalty 0.6, for translation and summaries
    source: str = ""  # where prefix, labels, lengths and metrics are from
