"""The data of a task by its path: files -> records -> rows -> examples, one by one.

>>> TaskData("rte", find_task("rte"), Path("glue/RTE")).examples("train")  # doctest: +SKIP
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from model.errors import ConfigError, TrainError
from model.tasks.base import DataRow, Task, TaskExample
from model.tasks.faults import by_user, told_fault
from model.tasks.files import files_by_split, sums_of
from model.tasks.metrics import METRICS
from model.tasks.records import DataRecord, records_of

_MISSHAPEN = (KeyError, IndexError, TypeError, ValueError, AttributeError)  # for values of a wrong kind


class RowExample(NamedTuple):
    """An example, and the row it was made from; a row may have several."""

    number: int  # of the row within its split, from 0
    row: DataRow
    example: TaskExample


@dataclass(frozen=True)
class TaskData:
    """A task, the path of its rows, and its name in a run."""

    name: str
    task: Task
    path: Path

    @cached_property
    def splits(self) -> dict[str, tuple[Path, ...]]:
        """The files of each existing split: train, validation, test, in this order."""
        return files_by_split(self.path, self.task.layout, self.task.splits)

    def sums(self, split: str) -> dict[str, str]:
        """The sha256 of each file of a split, by its name below the path; checked against SHA256SUMS if it exists."""
        return sums_of(self.splits[split], self.path.parent if self.path.is_file() else self.path)

    def rows(self, split: str) -> Iterator[DataRecord]:
        """The rows of a split, each with its place, under the format's column names."""
        for path in self.splits[split]:
            for place, record in records_of(path, self._columns, self.task.layout):
                try:
                    rows = [record] if self.task.layout.unnest is None else [*self.task.layout.unnest(record)]
                except _MISSHAPEN as error:
                    raise self._misshapen(place, error) from None
                for row in rows:
                    yield DataRecord(place, self._named(row))

    def examples(self, split: str, training: bool | None = None) -> Iterator[TaskExample]:
        """The examples of a split; in training (the default for `train`), only those with a label.

        ConfigError, with the place, for an invalid row: a missing column, an unknown label, ...
        """
        return (made.example for made in self.examples_by_row(split, training))

    def examples_by_row(self, split: str, training: bool | None = None) -> Iterator[RowExample]:
        """The same, each with its row."""
        training = split == "train" if training is None else training
        for number, (place, row) in enumerate(self.rows(split)):
            self._check(place, row, training)
            try:
                made = [*self.task.format(row, training)]
            except Exception as error:
                if isinstance(error, ConfigError):
                    raise ConfigError(f"{place}: {error}") from None
                if by_user(self.task.format):
                    raise ConfigError(f"{place} is not an example of {self.task.name}: {told_fault(error)}") from None
                if isinstance(error, _MISSHAPEN):
                    raise self._misshapen(place, error) from None
                raise
            for example in made:
                _check_example(place, example)
            yield from (
                RowExample(number, row, example) for example in made if not training or example.answer is not None
            )

    def check(self) -> None:
        """ConfigError if a split has no rows, or its first row gives no example."""
        for split in self.splits:
            training = split == "train"
            rows = [*islice(self.rows(split), 1)]
            if not rows:
                raise ConfigError(f"{self._files(split)} has no rows.")
            self._check(*rows[0], training)
            if not any(True for _ in self.examples(split, training)):
                reason = ": no row has a label" if training else ""
                raise ConfigError(f"{self._files(split)} gives no example for {self.name}{reason}.")
        for split in self.splits:
            first = (one for one in islice(self.examples(split), 100) if one.answer is not None)
            for example in islice(first, 1):
                self._try_metrics(example)
                return

    def _try_metrics(self, example: TaskExample) -> None:
        """ConfigError if a metric cannot compare the answer with a prediction read from the targets or another text."""
        for written in (example.targets, "?"):
            try:
                read = self.task.read(written, example)
            except TrainError as error:
                raise ConfigError(str(error)) from None
            for metric in self.task.metrics:
                try:
                    METRICS[metric]([example.answer], [read])
                except (*_MISSHAPEN, ArithmeticError) as error:
                    raise ConfigError(
                        f"{self.name}: the metric {metric} cannot compare {read!r} with the answer {example.answer!r} "
                        f"({type(error).__name__}): use another metric, or a format whose answers it accepts."
                    ) from None

    def _misshapen(self, place: str, error: Exception) -> ConfigError:
        """The error for a value of another kind than the format expects."""
        said = f"{type(error).__name__}: {error}"
        return ConfigError(f"{place} does not have the shape that {self.task.name} reads ({said}).")

    @property
    def _columns(self) -> tuple[str, ...]:
        return (*self.task.format.columns, *self.task.format.answer_columns)

    def _files(self, split: str) -> str:
        first, *others = self.splits[split]
        return f"{first} (and {len(others)} more)" if others else str(first)

    def _named(self, row: DataRow) -> DataRow:
        """Renames columns from their aliases, unless a column of that name exists."""
        renamed = {name: row[found] for found, name in self.task.layout.aliases if found in row and name not in row}
        return {**row, **renamed} if renamed else row

    def _check(self, place: str, row: DataRow, training: bool) -> None:
        asked = self._columns if training else self.task.format.columns
        missing = [column for column in asked if column not in row]
        if missing:
            also = "".join(f" or {found!r}" for found, name in self.task.layout.aliases if name in missing)
            raise ConfigError(
                f"{place}: no column {', '.join(map(repr, missing))}{also}. {self.task.name} reads {', '.join(asked)}; "
                f"there are {', '.join(map(str, row))}."
            )
        empty = [column for column in self.task.format.columns if row[column] is None]
        if empty:
            raise ConfigError(f"{place}: nothing in column {', '.join(map(repr, empty))}: expected a text.")


def _check_example(place: str, example: TaskExample) -> None:
    """ConfigError for an example that cannot be stored: values that are not texts, an answer that JSON cannot hold."""
    if not isinstance(example, TaskExample):
        raise ConfigError(f"{place}: the format gave a {type(example).__name__}: expected TaskExamples, in a list.")
    for part, text in zip(("inputs", "targets"), example, strict=False):
        if not isinstance(text, str):
            raise ConfigError(f"{place}: the {part} are a {type(text).__name__}: expected a text.")
    try:
        answer = json.dumps(example.answer, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"{place}: the answer cannot be stored as JSON ({error}): use a text or a list.") from None
    try:
        "".join((example.inputs, example.targets, answer)).encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"{place}: {error.object[error.start]!r} is half of a character: fix it there.") from None
