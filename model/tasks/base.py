"""The definition of a task: rows of a data set become pairs of strings, and a model's output becomes a score.

row --format--> TaskExample (inputs, targets, answer)      a model's input, expected output, and the answer for scoring
its output --format.read--> a prediction --metrics, with the answers--> {"accuracy": 87.5}
"""

from __future__ import annotations

import string
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any, NamedTuple

from model.errors import ConfigError, TrainError
from model.tasks.faults import by_user, told_fault

DataRow = Mapping[str, Any]  # row of a data set, by column

_SENTINEL = "<extra_id_0>"
UNLABELLED = "<unk>"  # the target of an example without a label, in test sets: t5 preprocessors.py, `glue`


class TaskExample(NamedTuple):
    """A pair of strings, and the answer with which a prediction is compared."""

    inputs: str
    targets: str
    # JSON: the number of a class, a list of accepted answers, a group and a label, ...; None for a row without a
    # label, which can be answered, but neither trained on nor scored.
    answer: Any = None


class Format(ABC):
    """How rows become examples, and how outputs are read: a frozen dataclass, so that a task is a value."""

    labels: tuple[str, ...] = ()  # the words of targets from a closed set, in the order of their numbers

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Columns that every row must have, except those of labels and answers, which test sets lack."""

    @property
    def answer_columns(self) -> tuple[str, ...]:
        """Further columns that a row needs for training."""
        return ()

    @abstractmethod
    def __call__(self, row: DataRow, training: bool) -> Iterable[TaskExample]:
        """The examples of a row: none, one, or several. Some rows give different examples in training and
        evaluation.
        """

    def read(self, written: str, example: TaskExample) -> Any:
        """The prediction in the metrics' form: a label's number, -1 for anything else; without labels the text."""
        if not self.labels:
            return written
        return self.labels.index(written) if written in self.labels else -1


# (answers, predictions) -> values by name, shares from 0 to 100; nan if there is nothing to measure
Metric = Callable[[Sequence[Any], Sequence[Any]], dict[str, float]]


class TaskLengths(NamedTuple):
    """Lengths in tokens, including `</s>`: longer inputs and targets are cut."""

    inputs: int = 512
    targets: int = 512


LONG = TaskLengths()


@dataclass(frozen=True)
class Template(Format):
    """Each row is one example: both strings are patterns with column names in braces.

    >>> [*Template("mood: {text}", "{mood}", labels=("sad", "happy"))({"text": "It rains.", "mood": 0}, True)]
    [TaskExample(inputs='mood: It rains.', targets='sad', answer=0)]

    With `labels`, the targets are one column, which holds the number or the word of a label, and the answer is the
    number. Without, the answer is the target. A missing label (-1, None, "" or "-") becomes `UNLABELLED`.
    """

    inputs: str
    targets: str
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for pattern in (self.inputs, self.targets):
            _expect(isinstance(pattern, str), "Template", pattern, "two patterns, as in 'mood: {text}' and '{mood}'")
            try:
                fields = [name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None]
            except ValueError as error:
                raise ConfigError(f"Template {pattern!r}: {error}. Double a literal brace, as in {{{{.") from None
            _expect(all(fields), "Template", pattern, "the name of a column in each pair of braces")
        _expect(
            _are_names(self.labels), "labels of a Template", self.labels, "a tuple of texts, as in ('sad', 'happy')"
        )
        if self.labels and len(fields_of(self.targets)) != 1:
            raise ConfigError(
                f"Template with labels has the targets {self.targets!r}: expected one column, as in '{{mood}}'"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        return fields_of(self.inputs)

    @property
    def answer_columns(self) -> tuple[str, ...]:
        return fields_of(self.targets)

    def __call__(self, row: DataRow, training: bool) -> Iterable[TaskExample]:
        inputs = filled_in(self.inputs, row)
        if not self.labels:
            if any(row.get(column) is None for column in fields_of(self.targets)):
                return [TaskExample(inputs, UNLABELLED)]
            targets = filled_in(self.targets, row)
            return [TaskExample(inputs, targets, targets)]
        (column,) = fields_of(self.targets)
        return [labelled(inputs, row.get(column), self.labels)]


def filled_in(pattern: str, row: DataRow) -> str:
    """A pattern with the values of columns, which must be texts or numbers; else ConfigError."""
    for column in fields_of(pattern):
        if column in row and not isinstance(row[column], str | Number):
            raise ConfigError(f"column {column!r} holds a {type(row[column]).__name__}: expected a text or a number")
    return pattern.format_map(row)


def _expect(right: bool, what: str, value: Any, expected: str) -> None:
    if not right:
        raise ConfigError(f"{what} is {value!r}: expected {expected}")


def _are_names(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(name, str) for name in value)


def labelled(inputs: str, value: Any, labels: Sequence[str]) -> TaskExample:
    """The example whose target is the word of a label, in any form that `label_number` reads."""
    number = label_number(value, labels)
    return TaskExample(inputs, UNLABELLED) if number < 0 else TaskExample(inputs, labels[number], number)


def featured(prefix: str, *features: str) -> str:
    """The pattern of T5's classification tasks: each text after its name.

    >>> featured("rte", "hypothesis", "premise")
    'rte hypothesis: {hypothesis} premise: {premise}'
    """
    return " ".join([prefix, *(f"{feature}: {{{feature}}}" for feature in features)])


def nested_column(table: Any, name: str) -> list[Any]:
    """A column of a table inside a row, stored as lists by name or as a list of rows; [] for None.

    >>> nested_column({"text": ["a", "b"]}, "text") == nested_column([{"text": "a"}, {"text": "b"}], "text")
    True
    """
    if table is None:
        return []
    return [*table[name]] if isinstance(table, Mapping) else [row[name] for row in table]


def fields_of(pattern: str) -> tuple[str, ...]:
    """The names in braces, in order.

    >>> fields_of("{premise} or {hypothesis}")
    ('premise', 'hypothesis')
    """
    return tuple(name for _, name, _, _ in string.Formatter().parse(pattern) if name)


def label_number(value: Any, labels: Sequence[str]) -> int:
    """The number of a label, given as a number, a boolean or its word; -1 for none. ConfigError for anything else.

    >>> [label_number(value, ("False", "True")) for value in (1, "True", True, 1.0, -1, None, "0", "-")]
    [1, 1, 1, 1, -1, -1, 0, -1]
    """
    if value is None or value in ("", "-", "-1", -1):
        return -1
    if isinstance(value, str) and value in labels:
        return labels.index(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of integers with gaps is read as floats
    digits = isinstance(value, str) and value.isascii() and value.isdigit()
    if (isinstance(value, int) or digits) and 0 <= int(value) < len(labels):
        return int(value)
    raise ConfigError(f"{value!r} is not a label: expected one of {', '.join(labels)}, its number, or -1 for none")


@dataclass(frozen=True)
class TaskLayout:
    """How a task's files differ from one row per line with the format's column names."""

    aliases: tuple[tuple[str, str], ...] = ()  # (name in files, name in the format); the latter has priority
    headless: tuple[str, ...] = ()  # the columns of a TSV file whose first line is a row already
    unnest: Callable[[DataRow], Iterable[DataRow]] | None = None  # the rows of a record that may hold several
    gaps: bool = False  # skip lines with too few columns, which the published file has; else an error
    only: tuple[str, ...] = ()  # parts of names: if a file of a split has one, files without it are not read
    never: tuple[str, ...] = ()  # parts of names of files that are not read


ROW_A_LINE = TaskLayout()
TASK_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Task:
    """A text-to-text task. Four lines make your own:

    from model.tasks import Task, Template
    MOOD = Task(
        "mood", Template("mood: {text}", "{mood}", labels=("sad", "happy")), metrics=("accuracy",), source="my own"
    )
    """

    name: str
    format: Format
    metrics: tuple[str, ...]  # names of `METRICS`; the first value of the first one selects the best checkpoint
    lengths: TaskLengths = LONG
    beams: int = 1  # 1 is greedy; T5 uses 4, with length penalty 0.6, for translation and summaries
    source: str = ""  # where prefix, labels, lengths and metrics are from
    layout: TaskLayout = ROW_A_LINE
    splits: tuple[str, ...] = TASK_SPLITS  # used splits: data that T5 only scores are never trained on
    # T5's `_1_sentinel`: the first sentinel ends the inputs, even if they are cut, and starts the targets.
    sentinel: bool = False

    def __post_init__(self) -> None:
        """ConfigError for an invalid task. `model.tasks.naming` checks the metrics."""
        name = f"Task {self.name}:"
        _expect(isinstance(self.format, Format), f"{name} format", self.format, "a Format, such as a Template")
        for part in ("labels", "columns", "answer_columns"):
            value = getattr(self.format, part)
            _expect(_are_names(value), f"{name} {part} of the format", value, "a tuple of texts")
        right = _are_names(self.metrics) and bool(self.metrics)
        _expect(right, f"{name} metrics", self.metrics, "a tuple of names, as in ('accuracy',)")
        right = isinstance(self.lengths, TaskLengths) and all(isinstance(one, int) and one > 1 for one in self.lengths)
        _expect(right, f"{name} lengths", self.lengths, "TaskLengths of 2 tokens or more, as in TaskLengths(512, 84)")
        _expect(isinstance(self.beams, int) and self.beams > 0, f"{name} beams", self.beams, "1 or more")
        _expect(isinstance(self.layout, TaskLayout), f"{name} layout", self.layout, "a TaskLayout")
        right = _are_names(self.splits) and bool(self.splits) and {*self.splits} <= {*TASK_SPLITS}
        _expect(right, f"{name} splits", self.splits, f"a tuple, some of {', '.join(TASK_SPLITS)}")

    def read(self, written: str, example: TaskExample) -> Any:
        """The prediction for the metrics, from a model's output. TrainError for a fault in a user's format."""
        if self.sentinel and written.startswith(_SENTINEL):
            written = written.removeprefix(_SENTINEL).strip()
        try:
            return self.format.read(written, example)
        except Exception as error:
            if not by_user(self.format):
                raise
            raise TrainError(f"{self.name} cannot read what was written, {written!r}: {told_fault(error)}") from None
